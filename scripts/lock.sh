#!/usr/bin/env bash
# Make the lock files in requirements/ anew. Needs uv (pip install uv). `scripts/lock.sh --upgrade` takes newer releases.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  uv pip compile --quiet --python-version 3.10 --no-annotate --custom-compile-command scripts/lock.sh "$@"
}

# pyproject.toml limits the lock to Linux and to the CPythons that we support, which uv then repeats in every line.
shorten() {
  sed -i "s/ and platform_python_implementation == 'CPython'//; s/ ; python_full_version < '3.14' and sys_platform == 'linux'$//; s/ and sys_platform == 'linux'$//" "$1"
}

compile --universal requirements/lock.in --output-file requirements/lock.txt "$@"
shorten requirements/lock.txt
# The tests' second environment has the same releases of all but ROS.
compile --universal requirements/jazzy.in --constraint <(grep -v '^ros-' requirements/lock.txt) \
  --output-file requirements/jazzy.txt "$@"
shorten requirements/jazzy.txt

# Built where the ROS wheels are: on x86-64. The oldest Python's numpy builds what every newer numpy can load.
generators() {
  compile --python-platform x86_64-unknown-linux-gnu "requirements/$1.in" --constraint "requirements/$2.txt" \
    --output-file "requirements/$1.txt" "${@:3}"
}
generators interfaces lock "$@"
generators jazzy_interfaces jazzy "$@"

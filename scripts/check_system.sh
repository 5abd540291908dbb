#!/usr/bin/env bash
# Check what .venv cannot bring itself: room on the disk, Python with venv and headers, and compilers. Installs what is
# missing when this runs as root or when sudo asks for nothing; else says in one line what to install.
# Usage: scripts/check_system.sh PYTHON MEGABYTES
set -euo pipefail

python=$1
needed=$2

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

version_fits() {
  "$python" -c 'import sys; raise SystemExit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

has_headers() {
  "$python" -c 'import os, sysconfig; raise SystemExit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
}

missing_packages() {
  # A Python from elsewhere (pyenv, conda) brings both itself; Debian and Ubuntu split them off.
  local name
  name=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
  "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "$name-venv"
  has_headers || echo "$name-dev"
  command -v cc >/dev/null && command -v c++ >/dev/null || echo build-essential
}

[[ $(uname -s) == Linux ]] || fail "This set-up needs Linux. On other systems, install ROS 2 from its own packages."
[[ $(uname -m) == x86_64 ]] || fail "The ROS 2 wheels are for x86-64 only. On a robot, install ROS 2 and colcon from its distribution (README, \"On a robot\")."
free=$(df --output=avail -BM . | tail -n 1 | tr -dc '0-9')
((free >= needed)) || fail "Setting up takes $needed MB in $PWD, and only $free MB are free there. Make room, and run this again."
if ! command -v "$python" >/dev/null; then
  packages=(python3 python3-venv python3-dev)
else
  version_fits || fail "Python 3.10 to 3.13 is needed; $python is $("$python" --version 2>&1). Name another: make PYTHON=python3.12 …"
  packages=()
fi
if ((${#packages[@]} == 0)); then
  mapfile -t packages < <(missing_packages)
else
  command -v cc >/dev/null && command -v c++ >/dev/null || packages+=(build-essential)
fi
((${#packages[@]})) || exit 0

exec "$(dirname "$0")/install_packages.sh" "${packages[@]}"

#!/usr/bin/env bash
# Install Debian packages when this runs as root or when sudo asks for nothing; else say in one line what to install.
# Usage: scripts/install_packages.sh PACKAGE...
set -euo pipefail

packages=("$@")
remedy="Missing: ${packages[*]}. Install them: sudo apt-get install ${packages[*]}"

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

command -v apt-get >/dev/null || fail "Missing, as Debian names them: ${packages[*]}. Install them with your package manager."
if ((EUID == 0)); then
  root=()
elif sudo -n true 2>/dev/null; then
  root=(sudo -n)
else
  fail "$remedy"
fi
printf '    installing %s\n' "${packages[*]}"
"${root[@]}" apt-get update -qq || true  # old lists may do
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" >/dev/null || fail "$remedy"

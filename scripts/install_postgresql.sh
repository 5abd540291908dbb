#!/usr/bin/env bash
# Install PostgreSQL for the tests that share a search over a database, where that needs no question: as root, as in CI.
# Elsewhere those tests are skipped, and say so.
set -euo pipefail

command -v initdb >/dev/null && exit 0
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && exit 0
command -v apt-get >/dev/null && ((EUID == 0)) || {
  echo "    PostgreSQL is not installed: tests that need it are skipped (sudo apt-get install postgresql)"
  exit 0
}
apt-get update -qq || true  # old lists may do
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null

#!/usr/bin/env bash
# Run one step of the Makefile: say what it does, and at the end how long it took.
# Usage: scripts/step.sh TITLE COMMAND [ARGUMENT...]
set -uo pipefail

title=$1
shift
printf '==> %s\n' "$title"
begin=$SECONDS
"$@"
code=$?
took=$((SECONDS - begin))
if ((code == 0)); then
  printf '    done in %d min %02d s\n' $((took / 60)) $((took % 60))
else
  printf '    FAILED after %d min %02d s: %s (exit code %d)\n' $((took / 60)) $((took % 60)) "$title" "$code" >&2
fi
exit "$code"

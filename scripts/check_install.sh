#!/usr/bin/env bash
# Check that a colcon install has all that `ros2 run` and `ros2 launch` look for.
# Usage: scripts/check_install.sh PREFIX
set -euo pipefail

prefix=$1
name=edge_compress
missing=0

need() {
  test "$1" "$prefix/$2" && return
  printf 'missing: %s\n' "$prefix/$2" >&2
  missing=1
}

need -f "share/ament_index/resource_index/packages/$name"
need -f "share/$name/package.xml"
for executable in camera compressor detector evaluator sim_camera status_image $name; do
  need -x "lib/$name/$executable"
done
# Everything in launch/, config/ and worlds/ must have been installed, at the same place.
while IFS= read -r file; do
  need -f "share/$name/$file"
done < <(find launch config worlds -type f)
exit "$missing"

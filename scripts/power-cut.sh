#!/usr/bin/env bash
# A power cut: the data folder is on an ext4 image that writes back nothing by itself (commit=600); while acknowledged writes come in, the
# image is copied, and a node is started on the copy. It has what was synced, and every write that was acknowledged before the copy began
# must be there. Needs root (loop mounts) and a build.
#   scripts/power-cut.sh [CUTS] [MODE]     (default 5 cuts, batch)
set -euo pipefail
cuts=${1:-5}
mode=${2:-batch}
root=$(cd "$(dirname "$0")/.." && pwd)
if [ "$(id -u)" != 0 ]; then
  echo "power-cut: needs root for loop mounts" >&2
  exit 1
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/ferrosa-power.XXXXXX")
cleanup() {
  umount "$work/cut" 2>/dev/null || true
  umount "$work/live" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
mkdir "$work/live" "$work/cut"
truncate -s 512M "$work/live.img"
mkfs.ext4 -qF "$work/live.img"
mount -o loop,commit=600,noatime "$work/live.img" "$work/live"
node "$root/dist/test/crash/power-cut.js" "$work" "$cuts" "$mode"

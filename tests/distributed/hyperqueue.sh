#!/usr/bin/env bash
# The recipe for HyperQueue: a server and two workers, one of them killed with -9 in the middle of a part.
#
#   PYTHON=venv/bin/python tests/distributed/hyperqueue.sh     the venv has the package `hyperqueue`
set -euo pipefail
# shellcheck source=tests/distributed/lib.sh
. "$(dirname "$0")/lib.sh"
python=$(command -v "${PYTHON:-python3}")
PATH=$(cd "$(dirname "$python")" && pwd):$PATH
node=$root/tests/distributed/hq_node.py

scratch
started=()
finish() {
  for pid in "${started[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

block sweep.py > sweep.py
for name in server one two; do
  case $name in
    server) arguments=(server hq-server) ;;
    *) arguments=(worker hq-server "$name") ;;
  esac
  "$python" "$node" "${arguments[@]}" > "$name.log" 2>&1 &
  started+=($!)
  disown
  until_true 60 test -f "${arguments[-1]}.pid"
done

SERVER=$PWD/hq-server bash -euc "$(block hyperqueue)" > recipe.log 2>&1 &
recipe=$!
started+=("$recipe")

# The part that worker two is at, once some of its rows are there and some are not.
victim=$(cat two.pid)
in_the_middle() {
  local child out n
  kill -0 "$recipe" 2>/dev/null || { cat recipe.log ./*.log >&2; die "the recipe ended before the kill"; }
  child=$(pgrep -P "$victim") || return 1
  out=$(tr '\0' '\n' 2>/dev/null < "/proc/$child/cmdline" | grep '^part-') || return 1
  n=$(rows "$out")
  part=$out
  [ "$n" -ge 64 ] && [ "$n" -lt 320 ]
}
until_true 120 in_the_middle
kill -9 "$victim"
echo "worker two killed at row $(rows "$part") of 320 of $part"

wait "$recipe" || { cat recipe.log ./*.log >&2; die "the recipe failed"; }
resumed=$(cat ./*.stdout | grep -c 'of them from before') || true
[ "$resumed" = 1 ] || { find . -name '*.std*' -exec cat {} + >&2; find . >&2; die "$resumed parts were gone on with, not 1"; }
whole "$(cat sweep.py)"
cmp results.csv whole.csv || die "another result than that of an undisturbed sweep"
echo "results.csv: $(rows results.csv) points, byte for byte those of an undisturbed sweep"

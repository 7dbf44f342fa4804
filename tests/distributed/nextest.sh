#!/usr/bin/env bash
# The recipe for nextest: every scenario runs in exactly one partition, and no test of any other name.
set -euo pipefail
# shellcheck source=tests/distributed/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$root"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The features that the other tests are built with, so that nothing is built twice; one line a test, without colours.
recipe=$(block nextest | sed "s/nextest run/nextest run --locked ${FEATURES:+--features $FEATURES}/")
NEXTEST_STATUS_LEVEL=pass CARGO_TERM_COLOR=never bash -euc "$recipe" > "$work/log" 2>&1 || { cat "$work/log" >&2; die "a partition failed"; }
sed -n 's/^ *PASS \[[^]]*\] *\(([^)]*) *\)\{0,1\}flashstall::scenarios //p' "$work/log" | sort > "$work/ran"

# What the harness lists has run, each once; and each file is among it, under its path.
features=(${FEATURES:+--features "$FEATURES"})
cargo test --locked --quiet "${features[@]}" --test scenarios -- --list --format terse |
  sed -n 's/: test$//p' | sort | diff - "$work/ran" >&2 || die "what ran is not what there is"
find scenarios -name '*.toml' | sed 's,^scenarios/,,; s,\.toml$,,; s,/,::,g' | sort > "$work/files"
comm -23 "$work/files" "$work/ran" | { ! grep . >&2; } || die "these did not run"
partitions=$(grep -c 'Summary' "$work/log")
[ "$partitions" = 2 ] || { cat "$work/log" >&2; die "$partitions partitions, not 2"; }
echo "$(wc -l < "$work/ran") tests of $(wc -l < "$work/files") scenarios, each in one of $partitions partitions"

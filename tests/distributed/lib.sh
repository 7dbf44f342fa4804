# Shared by the recipes' tests. Each runs what docs/distributed.md shows, not a copy of it.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# block NAME: the fenced block below `<!-- run: NAME -->` in the document.
block() {
  local text
  text=$(awk -v want="<!-- run: $1 -->" '
    $0 == want { found = 1; next }
    found && /^```/ { if (inside) exit; inside = 1; next }
    inside' "$root/docs/distributed.md")
  [ -n "$text" ] || die "docs/distributed.md has no block '$1'"
  printf '%s\n' "$text"
}

# A folder as a user has it, with `flashstall` on the path: $work.
scratch() {
  local binary=${FLASHSTALL:-${CARGO_TARGET_DIR:-$root/target}/debug/flashstall}
  [ -x "$binary" ] || die "no $binary: build it, or say where it is with FLASHSTALL"
  work=$(mktemp -d)
  mkdir "$work/bin"
  ln -s "$(realpath "$binary")" "$work/bin/flashstall"
  ln -s "$root/scenarios" "$root/firmware-under-test" "$work/"
  export PATH=$work/bin:$PATH
  cd "$work" || die "no $work"
}

# until_true SECONDS COMMAND...: waits until COMMAND succeeds.
until_true() {
  local limit=$((SECONDS + $1)); shift
  until "$@"; do
    [ "$SECONDS" -lt "$limit" ] || die "waited in vain for: $*"
    sleep 0.02
  done
}

rows() { if [ -f "$1" ]; then grep -c '^[0-9]' "$1" || true; else echo 0; fi; }

# whole TEXT: the sweep whose axes TEXT has, in one piece: what its parts together must be, byte for byte.
whole() {
  local grid=() axis
  while read -r axis; do grid+=(--grid "$axis"); done < <(grep -oE '(baud|erase|phase)=[0-9a-z.,/]*[0-9a-z]' <<<"$1")
  [ "${#grid[@]}" = 6 ] || die "not three axes in: $1"
  flashstall sweep scenarios/hawk-midi/before.toml "${grid[@]}" --out whole.csv
}

#!/usr/bin/env bash
# Whether a zip that scripts/bundle.sh built from this commit is built again to the same bytes, in another directory and from
# nothing. As that costs a release build, only `stop` and `start` are built again unless --all is said; what could make the
# others differ, a path of this machine in a program, is looked for in all of them.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"

all=false
if [ "${1:-}" = --all ]; then
    all=true
    shift
fi
if [ $# -ne 1 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
    printf 'usage: test-reproducible.sh [--all] ZIP\nBuilds what is in a zip of scripts/bundle.sh once more elsewhere and compares the bytes.\n'
    [ $# -eq 1 ] && exit 0
    exit 2
fi
[ -f "$1" ] || fail "\`$1\` is no file, needed a zip: ./scripts/bundle.sh --jar FILE makes one"
zip=$(cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
require_program unzip
require_program git
cd -- "$root"
[ -z "$(git status --porcelain --untracked-files=no)" ] ||
    fail "there are changes that are not committed, and only a commit can be built again: commit them first"

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
quietly unzip -q "$zip" -d "$work/unpacked"
failures=0
for path in "$root/" "${CARGO_HOME:-$HOME/.cargo}/" "$(target_directory "$root")/"; do
    for hook in "$work"/unpacked/hooks/*; do
        if grep -qaF -- "$path" "$hook"; then
            say "error: \`hooks/$(basename -- "$hook")\` has a path of this machine in it: \`$path\`"
            failures=$((failures + 1))
        fi
    done
done
[ "$failures" -eq 0 ] || exit 1
say "no path of this machine is in any program of $(basename -- "$zip")"

# The tools are the same pinned ones; everything that is built, is built again.
again=$work/another/directory
git clone --quiet -- "$root" "$again"
mkdir -p -- "$again/target/tools"
ln -s -- "$(target_directory "$root")/tools/zigbuild" "$again/target/tools/zigbuild"
unset CARGO_TARGET_DIR
if "$all"; then
    jar=$(find "$work/unpacked" -maxdepth 1 -type f ! -name appspec.yml ! -name hooks.toml)
    name=$(basename -- "$zip" .zip)
    "$again/scripts/bundle.sh" --jar "$jar" --name "$name" >&2
    for ending in '' .sha256 .cdx.json; do
        if ! cmp -- "$zip$ending" "$again/dist/$name.zip$ending"; then
            fail_bytes=true
        fi
    done
else
    built=$("$again/scripts/bundle.sh" --only-build stop,start)
    for hook in stop start; do
        if ! cmp -- "$work/unpacked/hooks/$hook" "$built/$hook"; then
            fail_bytes=true
        fi
    done
fi
if "${fail_bytes:-false}"; then
    say "error: built again in another directory, the bytes differ (see above); needed the same"
    exit 1
fi
say "built again in another directory from nothing: the same bytes"

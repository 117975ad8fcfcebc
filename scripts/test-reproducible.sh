#!/usr/bin/env bash
# Whether what scripts/bundle.sh built from this commit, a bundle or a released archive, is built again to the same bytes, in another
# directory and from nothing. As that costs a release build, only `stop` and `start` are built again unless --all is said; what
# could make the others differ, a path of this machine in a program, is looked for in all of them. An archive is packed again.
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
    printf 'usage: test-reproducible.sh [--all] ZIP\nBuilds what is in a bundle or an archive of scripts/bundle.sh once more elsewhere and compares the bytes.\n'
    [ $# -eq 1 ] && exit 0
    exit 2
fi
[ -f "$1" ] || fail "\`$1\` is no file, needed a zip: ./scripts/bundle.sh makes one, with --jar FILE or --release"
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
compare() {
    if ! cmp -- "$1" "$2"; then
        fail_bytes=true
    fi
}
released=false
[ ! -f "$work/unpacked/RELEASE" ] || released=true
if "$all" && "$released"; then
    target=$(sed -n 's/^target //p' "$work/unpacked/RELEASE")
    "$again/scripts/bundle.sh" --release --target "$target" >&2
    compare "$zip" "$again/dist/$(basename -- "$zip")"
elif "$all"; then
    jar=$(find "$work/unpacked" -maxdepth 1 -type f ! -name appspec.yml ! -name hooks.toml)
    name=$(basename -- "$zip" .zip)
    "$again/scripts/bundle.sh" --jar "$jar" --name "$name" >&2
    for ending in '' .sha256 .cdx.json; do
        compare "$zip$ending" "$again/dist/$name.zip$ending"
    done
else
    built=$("$again/scripts/bundle.sh" --only-build stop,start)
    for hook in stop start; do
        compare "$work/unpacked/hooks/$hook" "$built/$hook"
        cp -- "$built/$hook" "$work/unpacked/hooks/$hook"
    done
    if "$released"; then
        of_release() {
            sed -n "s/^$1 //p" "$work/unpacked/RELEASE"
        }
        (
            cd -- "$again"
            ./target/debug/bundle release --binaries "$work/unpacked/hooks" --output "$work/$(basename -- "$zip")" --target "$(of_release target)" \
                --commit "$(of_release commit)" --glibc 2.17 --date "$(git log -1 --format=%ct)" >/dev/null
        )
        compare "$zip" "$work/$(basename -- "$zip")"
    fi
fi
if "${fail_bytes:-false}"; then
    say "error: built again in another directory, the bytes differ (see above); needed the same"
    exit 1
fi
say "built again in another directory from nothing: the same bytes"

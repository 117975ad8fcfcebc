#!/usr/bin/env bash
# The artifact: builds the hooks so that they start on old hosts too, and packs them with a jar into what CodeDeploy is given, or
# without one into a released archive, of which others make that with their jar.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"

usage() {
    cat <<'TEXT'
usage: bundle.sh --jar FILE [--target TRIPLE] [--name NAME]
       bundle.sh --release [--target TRIPLE]
       bundle.sh --write-table [--target TRIPLE]
       bundle.sh --only-build HOOK,... [--target TRIPLE]

Builds the hooks and writes dist/NAME.zip: appspec.yml, hooks.toml, hooks/ and the jar. Beside it NAME.zip.sha256, and
NAME.zip.cdx.json, which tells what is linked into the hooks (CycloneDX). A bundle that would fail on the host is refused.
The same commit, jar and target give the same bytes.

  --jar FILE       what is to be deployed; it keeps its name
  --target TRIPLE  the hosts' machine: x86_64-unknown-linux-gnu or aarch64-unknown-linux-gnu, which run with glibc 2.17 and
                   later, or the same with -musl, which run anywhere. Unless said, this machine's processor, with musl if
                   Rust has it installed and with glibc otherwise
  --name NAME      what the zip is called, without .zip; the jar's name unless said
  --release        write dist/zero-downtime-hooks-VERSION-TRIPLE.zip and its .sha256 instead: the hooks with what those need who
                   build none, bundle.sh first of all (docs/artifact.md)
  --write-table    build once more from nothing and write what was measured into docs/artifact.md; makes no zip
  --only-build HOOK,...
                   build these as for a bundle, and print the directory that they are in; makes no zip
  --help           this text

Needs cargo, git and Python 3, which brings the linker (cargo-zigbuild and zig, from PyPI, into the target directory).
exit codes: 0 done, 1 refused (the last lines say why), 2 it could not be built
TEXT
}

# The oldest glibc that Rust itself supports, against which every crate was built with success for x86-64; nobody has tried
# arm64 yet. Amazon Linux 2 has 2.26.
readonly glibc=2.17

jar='' target='' name='' only='' write_table=false release=false
while [ $# -gt 0 ]; do
    case "$1" in
        --help | -h)
            usage
            exit 0
            ;;
        --release) release=true ;;
        --write-table) write_table=true ;;
        --jar | --target | --name)
            [ $# -ge 2 ] || fail "\`$1\` has no value: see --help"
            declare "${1#--}=$2"
            shift
            ;;
        --only-build)
            [ $# -ge 2 ] || fail "\`$1\` has no value: see --help"
            only=$2
            shift
            ;;
        --jar=* | --target=* | --name=*)
            option=${1%%=*}
            declare "${option#--}=${1#*=}"
            ;;
        *) fail "\`$1\` is unknown: see --help" ;;
    esac
    shift
done
if "$release"; then
    [ -z "$jar$name" ] || fail "\`--release\` packs no jar: leave \`--jar\` and \`--name\` out"
elif ! "$write_table" && [ -z "$only" ]; then
    [ -n "$jar" ] || fail "no jar was given, needed the one to deploy: bundle.sh --jar build/libs/application.jar"
    [ -f "$jar" ] || fail "\`$jar\` is no file, needed the jar to deploy: build it first, or correct \`--jar\`"
    jar=$(cd -- "$(dirname -- "$jar")" && pwd)/$(basename -- "$jar")
    if [ -z "$name" ]; then
        name=$(basename -- "$jar")
        name=${name%.*}
    fi
    case "$name" in
        */* | .*) fail "\`$name\` is no file's name: give a word to \`--name\`" ;;
    esac
fi

require_cargo
require_program git
cd -- "$root"
target_directory=$(target_directory "$root")

# Everything in the zip has the commit's date.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) ||
        fail "$root is no git checkout that can be read (see above): set SOURCE_DATE_EPOCH to a date in seconds since 1970"
    [ -z "$(git status --porcelain)" ] ||
        say "there are changes that are not committed: this bundle is not that of commit $(git rev-parse --short HEAD), whose date it has"
fi
export SOURCE_DATE_EPOCH

# What `--version` of the programs names. Twelve digits always: git's own short form grows with the repository.
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
commit=$(git rev-parse HEAD 2>/dev/null | cut -c -12) || commit=unknown
[ -z "$(git status --porcelain --untracked-files=no 2>/dev/null)" ] || commit+=-changed

has_target() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ]
}

if [ -z "$target" ]; then
    processor=$(uname -m)
    [ "$processor" != arm64 ] || processor=aarch64
    target=$processor-unknown-linux-musl
    if has_target "$target"; then
        say "building for $target, which is installed; --target $processor-unknown-linux-gnu builds against glibc $glibc"
    else
        target=$processor-unknown-linux-gnu
    fi
fi
case "$target" in
    x86_64-unknown-linux-gnu | aarch64-unknown-linux-gnu) build_for=$target.$glibc ;;
    x86_64-unknown-linux-musl | aarch64-unknown-linux-musl) build_for=$target ;;
    *) fail "\`$target\` is no machine that bundles are made for, needed one of those in --help" ;;
esac
has_target "$target" ||
    fail "Rust's standard library for \`$target\` is not installed: run \`rustup target add $target\`, or build on such a machine"

tools=$target_directory/tools/zigbuild
require_python_packages "$tools" ziglang==0.17.1 cargo-zigbuild==0.24.1

say "building the program that packs"
cargo build --quiet --locked --target-dir "$target_directory" -p bundle || fail "the build failed (its messages are above)"
bundle=$target_directory/debug/bundle

# With a directory of its own, as other flags would build everything again at each change of hands.
artifact=$target_directory/artifact
# cargo-zigbuild gives the program the oldest interfaces of glibc, and brings a C compiler for crates that need one: compilers
# that the environment names would be taken instead of it.
build_group() {
    local packages=() package map cargo_home=${CARGO_HOME:-$HOME/.cargo}
    for package in "$@"; do
        packages+=(-p "$package")
    done
    # No path of this machine may be in the programs: where a source is does not change what it does. rustc puts its own
    # sources, where they are installed, in the place of their name for everybody.
    local paths=(
        "$root=/source"
        "$cargo_home=/cargo"
        "$(rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')"
        "$target_directory=/target"
    )
    # The programs end at a panic, so that nobody unwinds their stack: what is compiled here brings no tables for it (0.03 MB of switch).
    local rust_flags='-Cforce-unwind-tables=no' c_flags='-fno-unwind-tables -fno-asynchronous-unwind-tables'
    for map in "${paths[@]}"; do
        rust_flags+=$'\x1f'"--remap-path-prefix=$map"
        # What a C compiler is told is split at blanks.
        [[ $map == *' '* ]] || c_flags+=" -ffile-prefix-map=$map"
    done
    # Only here, so that what is built by hand is not built anew for each commit.
    env -u CC -u CXX -u AR -u HOST_CC -u HOST_CXX -u TARGET_CC -u TARGET_CXX -u RUSTFLAGS \
        ZERO_DOWNTIME_HOOKS_VERSION="$version (commit $commit, $target)" \
        PATH="$tools/bin:$PATH" CARGO_ENCODED_RUSTFLAGS="$rust_flags" CFLAGS="$c_flags" \
        ZIG_GLOBAL_CACHE_DIR="$target_directory/zig-cache" CARGO_ZIGBUILD_CACHE_DIR="$target_directory/zig-cache" \
        cargo zigbuild --quiet --release --locked --target-dir "$artifact" --target "$build_for" "${packages[@]}"
}

if "$write_table"; then
    rm -rf -- "$artifact"
fi
if [ -n "$only" ]; then
    IFS=, read -r -a group <<<"$only"
    build_group "${group[@]}" || fail "the build failed (its messages are above)"
    printf '%s\n' "$artifact/$target/release"
    exit
fi
load=$(cut -d ' ' -f 1 /proc/loadavg)
say "building the hooks for $target (the first release build takes minutes)"
# Of this shell's children; not in a subshell, which has none.
processor_time() {
    times >"$target_directory/times"
    used=$(tail -n 1 "$target_directory/times" | tr -d s |
        awk '{ split($1, own, "m"); split($2, kernel, "m"); print int(own[1] * 60 + own[2] + kernel[1] * 60 + kernel[2]) }')
}
processor_time
used_before=$used begun=$SECONDS
while read -r -a group; do
    build_group "${group[@]}" || fail "the build failed (its messages are above)"
done < <("$bundle" groups)
took=$((SECONDS - begun))
processor_time
used=$((used - used_before))
say "built in $took s ($used s of processor time on $(nproc) cores, load $load before)"

binaries=$artifact/$target/release
if "$write_table"; then
    "$bundle" table --binaries "$binaries" --date "$SOURCE_DATE_EPOCH" --document docs/artifact.md \
        --built "For \`$target\`, commit $(git rev-parse --short HEAD), $(date -u +%F): built from nothing in $took s on $(nproc) \
cores ($used s of processor time; load $load before)."
    exit
fi
if "$release"; then
    archive=dist/zero-downtime-hooks-$version-$target.zip
    "$bundle" release --binaries "$binaries" --output "$root/$archive" --target "$target" --commit "$commit" --glibc "$glibc" \
        --date "$SOURCE_DATE_EPOCH"
    say "next: unzip -q $archive -d DIR, then DIR/bundle.sh --jar FILE makes a bundle, on a machine without Rust as well"
    exit
fi
"$bundle" assemble --binaries "$binaries" --jar "$jar" --output "$root/dist/$name.zip" --target "$target" \
    --glibc "$glibc" --date "$SOURCE_DATE_EPOCH"
say "next: ./scripts/simulate.sh --bundle dist/$name.zip replays it here; then upload it for CodeDeploy"

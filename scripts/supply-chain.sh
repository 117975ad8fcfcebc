#!/usr/bin/env bash
# Whether everything in Cargo.lock may be shipped: its licences, the crates that are banned, where it comes from. deny.toml says
# what may; cargo-deny compares.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"
cd -- "$root"

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    printf 'usage: supply-chain.sh\nCompares Cargo.lock with deny.toml. Builds cargo-deny the first time.\n'
    exit 0
fi

require_cargo
readonly version=0.20.2
tools=$(target_directory "$root")/tools/cargo-deny-$version

if [ ! -x "$tools/bin/cargo-deny" ]; then
    say "building cargo-deny $version in $tools (once; it takes a minute or two)"
    # It runs for a second, once in a while: what would make it fast would make this take many times as long.
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
        quietly cargo install --quiet --locked --version "=$version" --root "$tools" --target-dir "$tools/build" cargo-deny ||
        fail "cargo-deny could not be built (its messages are above)"
    rm -rf -- "$tools/build"
fi

"$tools/bin/cargo-deny" --locked check licenses bans sources

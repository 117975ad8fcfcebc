#!/usr/bin/env bash
# Compares three ways to deploy under load: the shell scripts that the hooks replace, the hooks with "reload", and the hooks with
# "instant". Writes docs/benchmarks.md, docs/benchmarks.json and docs/cutover.svg. With --feel: what users feel of a deploy of a real
# application; writes docs/feel.md, docs/feel.json and docs/feel.svg. With --boots: how long one boots; writes docs/boots.md and
# docs/boots.json. With --processes: what hooks take on a host with many processes; writes docs/processes.md. With --reloads TIMES:
# what a reload of nginx costs each kind of client; writes docs/reloads.md and docs/reloads.json.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"
cd -- "$root"

quick=false shop=false reloads=false
for argument in "$@"; do
    case "$argument" in
        --quick) quick=true ;;
        --feel | --boots) shop=true ;;
        --reloads | --reloads=*) reloads=true ;;
        --help | -h) exec cargo run --quiet --locked -p bench -- --help ;;
    esac
done

require_cargo
require_nginx
# What the scripts need, which are compared with.
require_program curl
require_program lsof

target=$(target_directory "$root")
if "$shop"; then
    require_java_and_maven
    for release in v1 v2; do
        build_spring_jar "$root" "$target/shop" "$release" shop
    done
    set -- --jars "$target/shop" "$@"
fi
mapfile -t packages < <(hook_packages "$root")
packages+=(-p demo-app -p bench)
# Whether a request fails does not depend on how the hooks were built, and nothing else is asked of --quick and --reloads.
if "$quick" || "$reloads"; then
    say "building the hooks and the program that measures"
    cargo build --quiet --locked --target-dir "$target" "${packages[@]}" || fail "the build failed (its messages are above)"
    exec "$target/debug/bench" "$@"
fi
say "building the hooks as they are shipped, and the program that measures (the first build takes some minutes)"
cargo build --quiet --locked --release --target-dir "$target" "${packages[@]}" ||
    fail "the build failed (its messages are above)"
exec "$target/release/bench" "$@"

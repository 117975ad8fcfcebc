#!/usr/bin/env bash
# Builds an nginx that is newer than the distributions' ones, for the tests of what only such a one can do, and prints where its
# program is. Its source and that of PCRE2, which its `if` and `set` need, are those of two crates, pinned by checksum in
# tests/recent-nginx/Cargo.lock. Built once, in a fraction of a minute; nothing is installed.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    printf 'usage: recent-nginx.sh\nBuilds an nginx with keepalive_min_timeout, unless it is built already, and prints its path.\n'
    exit 0
fi

manifest=$root/tests/recent-nginx/Cargo.toml
# Whoever changes the versions gets another directory, and with it another build.
directory=$(target_directory "$root")/tools/nginx-$(cksum <"$root/tests/recent-nginx/Cargo.lock" | cut -d ' ' -f 1)
readonly manifest directory
readonly built=$directory/nginx

# source_of CRATE: where Cargo keeps the source of a crate.
source_of() {
    cargo metadata --locked --offline --format-version 1 --filter-platform "$host" --manifest-path "$manifest" |
        grep -o "\"manifest_path\":\"[^\"]*/$1-[^\"/]*/Cargo.toml\"" | cut -d '"' -f 4 | xargs dirname
}

# The files of PCRE2 that are included by others are no units of their own.
build_pcre2() {
    local unit
    for unit in "$1"/src/*.c; do
        case "$unit" in
            */pcre2_jit_match.c | */pcre2_jit_misc.c | */pcre2_ucptables.c) ;;
            *) printf '%s\0' "$unit" ;;
        esac
    done | (cd -- "$1" && xargs -0 -n 4 -P "$processors" cc -O1 -w -c -DHAVE_CONFIG_H -DHAVE_MEMMOVE -DHAVE_STDLIB_H \
        -DPCRE2_CODE_UNIT_WIDTH=8 -DPCRE2_STATIC -DSTDC_HEADERS -DSUPPORT_PCRE2_8 -DSUPPORT_UNICODE -Isrc -Ideps -Iinclude)
    (cd -- "$1" && ar rcs libpcre2-8.a ./*.o)
}

build_nginx() {
    cd -- "$1"
    # Without gzip, which would need zlib. Configured, not installed: the paths in it are those of nobody.
    sh auto/configure --without-http_gzip_module --with-cc-opt="-O1 -I$2/include" --with-ld-opt="-L$2"
    make -j "$processors"
}

build() {
    local host processors
    host=$(rustc -vV | sed -n 's/^host: //p')
    processors=$(nproc)
    say "building a recent nginx in $directory (once)"
    rm -rf -- "$directory"
    mkdir -p -- "$directory"
    quietly cargo fetch --locked --target "$host" --manifest-path "$manifest" ||
        fail "the sources could not be fetched (Cargo's messages are above): the registry of crates must be within reach the first time"
    cp -R -- "$(source_of nginx-src)/nginx" "$directory/source"
    cp -R -- "$(source_of pcre2-sys)/upstream" "$directory/pcre2"
    quietly build_pcre2 "$directory/pcre2" || fail "PCRE2 could not be compiled (the compiler's messages are above)"
    (quietly build_nginx "$directory/source" "$directory/pcre2") ||
        fail "nginx could not be compiled (its messages are above)"
    # Last, and in one step: a build that was interrupted has no program.
    mv -- "$directory/source/objs/nginx" "$built"
    rm -rf -- "$directory/source" "$directory/pcre2"
}

require_cargo
require_program make
require_program cc gcc
require_program flock util-linux
mkdir -p -- "$(dirname -- "$directory")"
# Whoever comes second waits for the first one's.
exec 9>"$directory.lock"
flock 9
[ -x "$built" ] || build
printf '%s\n' "$built"

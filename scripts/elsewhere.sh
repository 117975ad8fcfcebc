#!/usr/bin/env bash
# Whether the programs of a built artifact start elsewhere: runs each in the root file systems of older distributions, as root.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"

if [ $# -ne 1 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
    cat <<'TEXT'
usage: elsewhere.sh ZIP

Unpacks the zip into root file systems of older distributions (made with debootstrap, kept in the target directory) and runs
each hook there, without a network: --version, --help, and once in earnest up to a setting that cannot hold there. Which
distributions, depends on what this machine's mirror still has.

exit codes: 0 all of them start, 1 one does not, 2 it could not be tried
TEXT
    [ $# -eq 1 ] && exit 0
    exit 2
fi
[ "$(id -u)" -eq 0 ] || fail "changing the root directory needs root: sudo ./scripts/elsewhere.sh $1"
[ -f "$1" ] || fail "\`$1\` is no file, needed a zip of scripts/bundle.sh"
zip=$1
require_program unzip
require_program unshare util-linux
require_program debootstrap

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
quietly unzip -q "$zip" -d "$work/bundle" || fail "\`$zip\` could not be unpacked (see above)"

# Bytes 18 and 19 of a program say for which processor it is.
case "$(od -An -tu2 -j18 -N2 "$work/bundle/hooks/stop" | tr -d ' ')" in
    62) processor=x86_64 ;;
    183) processor=aarch64 ;;
    *) fail "\`hooks/stop\` of \`$zip\` is for a processor that is not known here" ;;
esac
if [ "$processor" != "$(uname -m)" ]; then
    say "\`$zip\` is for $processor and this machine is $(uname -m): nothing can be run here, so the symbol check alone speaks"
    exit 0
fi

# Oldest first, with the version of glibc that each has.
distribution=$(sed -n 's/^ID=//p' /etc/os-release | tr -d '"')
case "$distribution" in
    debian) suites='stretch:2.24 buster:2.28 bullseye:2.31' ;;
    ubuntu) suites='bionic:2.27 focal:2.31' ;;
    *) fail "which older distributions to try is known for Debian and Ubuntu, and this is \`$distribution\`" ;;
esac
mirror=''
if command -v apt-get >/dev/null 2>&1; then
    mirror=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' | grep -v security | head -n 1)
fi
cache=$(target_directory "$root")/elsewhere
mkdir -p -- "$cache"

# A whole one, or none: it is made beside its place.
make_root() {
    local suite=$1 directory=$cache/$1
    [ ! -d "$directory" ] || return 0
    say "making a root file system of $distribution $suite with debootstrap"
    rm -rf -- "$directory.new"
    if ! debootstrap --variant=minbase "$suite" "$directory.new" ${mirror:+"$mirror"} >"$cache/$suite.log" 2>&1; then
        rm -rf -- "$directory.new"
        return 1
    fi
    mv -- "$directory.new" "$directory"
}

# Runs a program there, with its own processes and no network but its own, which leads nowhere.
run_in() {
    local directory=$1
    shift
    # shellcheck disable=SC2016 # the inner shell expands it
    unshare --mount --net --pid --fork --kill-child sh -c \
        'mount -t proc proc "$1/proc" && directory=$1 && shift && exec chroot "$directory" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' \
        sh "$directory" "$@"
}

failures=0
# check NAME EXPECTED-CODE WORDS PROGRAM...: the words have to be in what it says.
check() {
    local name=$1 expected=$2 words=$3 directory=$4 status=0 told
    shift 4
    told=$(run_in "$directory" "$@" 2>&1) || status=$?
    if [ "$status" -eq "$expected" ] && [[ $told == *"$words"* ]]; then
        say "  $name: as it should"
    else
        say "  $name: exit code $status, needed $expected and the words \`$words\`; it said: $told"
        failures=$((failures + 1))
    fi
}

tried=0 missing=''
for entry in $suites; do
    suite=${entry%:*} version=${entry#*:}
    if ! make_root "$suite"; then
        missing+="${missing:+, }$suite (glibc $version)"
        continue
    fi
    tried=$((tried + 1))
    directory=$cache/$suite
    say "$distribution $suite, $(run_in "$directory" ldd --version | head -n 1)"
    rm -rf -- "$directory/bundle"
    cp -a -- "$work/bundle" "$directory/bundle"
    for hook in "$directory"/bundle/hooks/*; do
        hook=$(basename -- "$hook")
        check "$hook --version" 0 "$hook" "$directory" "/bundle/hooks/$hook" --version
        check "$hook --help" 0 "Usage" "$directory" "/bundle/hooks/$hook" --help
    done
    # It reads the settings, asks the machine, and then finds no application's directory.
    check "stop, in earnest" 10 "FAILED stop (exit code 10)" "$directory" \
        env HOOKS_APP_DIRECTORY=/nowhere "HOOKS_APP_ARTIFACT=/bundle/*.jar" /bundle/hooks/stop
    rm -rf -- "$directory/bundle"
done
[ -z "$missing" ] ||
    say "not to be had from this machine's mirror: $missing; for glibc that old the symbol check of scripts/bundle.sh alone speaks"
[ "$tried" -gt 0 ] || say "no older distribution was to be had: the symbol check alone speaks"
if [ "$failures" -gt 0 ]; then
    say "$failures of these runs did not end as they should"
    exit 1
fi

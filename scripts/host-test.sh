#!/usr/bin/env bash
# Boots real hosts, each with a systemd of its own, in containers and with kernels of their own, and deploys on them through the
# agent's service. As root.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"
cd -- "$root"

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    cat <<'TEXT'
usage: host-test.sh [--all] [NAME | OPTION OF THE TESTS]...

Makes a root file system (mmdebstrap, from this machine's own package sources, once; kept in the target directory) and a disk of
it, boots hosts from them, with systemd-nspawn on this machine's kernel and with kernels of their own (user-mode-linux), and
tells the stories in tests/booted-host/stories on them: all but the long ones, or those whose names have NAME in them. Nothing of
the machine's network, mounts, accounts or services is touched, and nothing is left when it ends, however it ends.

  --all  the long stories too: a power cut at every point of a deploy, with both cutovers, takes most of an hour

exit codes: 0 all stories hold, 2 they could not be told, 130 interrupted, another one if a story does not hold
TEXT
    exit 0
fi

if [ "${1:-}" = --all ]; then
    shift
    set -- --include-ignored "$@"
fi

[ "$(id -u)" -eq 0 ] || fail "booting hosts needs root: sudo ./scripts/host-test.sh"
require_cargo
require_program ip iproute2
require_program strip binutils
require_program unshare util-linux
require_program setpriv util-linux
require_program nsenter util-linux
require_program flock util-linux
require_program mmdebstrap
require_java_and_maven
require_program systemd-nspawn systemd-container
require_program linux.uml user-mode-linux
require_program mke2fs e2fsprogs

# What a host is booted from: this machine's own distribution, so that programs that were built here run there. Other sources
# that it may have are left out.
readonly packages=curl,dbus,iproute2,libpam-systemd,logrotate,lsof,nginx,sudo,systemd,systemd-sysv,unzip,zip
distribution=$(sed -n 's/^ID=//p' /etc/os-release)
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
sources=()
for file in /etc/apt/sources.list "/etc/apt/sources.list.d/$distribution.sources"; do
    if [ -f "$file" ] && grep -qE '^(deb |Types:.*deb)' "$file"; then
        sources+=("$file")
    fi
done
[ "${#sources[@]}" -gt 0 ] ||
    fail "/etc/apt has no sources of $distribution $suite, needed them to make a root file system: run this on Debian or Ubuntu"

target=$(target_directory "$root")
kept=$target/booted-host
mkdir -p -- "$kept"

# The hierarchy is the machine's, wherever it is mounted; where it is not, for this run alone.
mounted=''
if ! control_groups=$(findmnt --noheadings --first-only --output TARGET --types cgroup2); then
    control_groups=$kept/control-groups-$$ mounted=$kept/control-groups-$$
    mkdir -p -- "$mounted"
    mount -t cgroup2 none "$mounted" ||
        fail "control groups of version 2 cannot be mounted in \`$mounted\`, and a host needs them: is this a container?"
fi
unfinished='' name=''

# remove_run NAME: all that a run has started is in its control group, and what it mounted is mounted for that alone.
remove_run() {
    local group=$control_groups/booted-host-$1
    if [ -d "$group" ]; then
        echo 1 >"$group/cgroup.kill"
        until grep -qx 'populated 0' "$group/cgroup.events"; do
            sleep 0.01
        done
        find "$group" -depth -type d -exec rmdir {} \;
    fi
    rm -rf -- "$kept/run-$1"
}

clean_up() {
    if [ -n "$name" ]; then
        remove_run "$name"
    fi
    if [ -n "$mounted" ]; then
        umount -- "$mounted" && rmdir -- "$mounted"
    fi
    rm -rf -- ${unfinished:+"$unfinished"}
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

exec {lock}>"$kept/lock"
flock "$lock"
# Whoever was killed could not clean up: a run holds its directory for as long as anything of it lives. A number of a process would not
# do, which another one may have by then, as in a namespace of its own.
for earlier in "$kept"/run-*; do
    if [ -d "$earlier" ] && flock --nonblock "$earlier" true; then
        remove_run "${earlier##*-}"
    fi
done
run=$(mktemp -d "$kept/run-XXXXXX")
chmod 755 -- "$run"
name=${run##*-} control_group=$control_groups/booted-host-${run##*-}
exec {held}<"$run"
flock "$held"
flock --unlock "$lock"
mkdir -p -- "$run/programs" "$control_group/apart"

# apart PROGRAM...: with mounts and processes that are nobody else's, without a terminal that somebody in it could wait for, and
# ended together with this script, whatever ends that.
apart() {
    local status=0
    # shellcheck disable=SC2016 # the inner shells expand it
    setsid setpriv --pdeathsig KILL sh -c 'echo 0 >"$1" && shift && exec "$@"' sh "$control_group/apart/cgroup.procs" \
        unshare --mount --pid --fork --kill-child --mount-proc sh -c '"$@"; exit $?' sh "$@" </dev/null &
    wait $! || status=$?
    return "$status"
}

# make_root_file_system DIRECTORY: a whole one, or none.
# shellcheck disable=SC2016 # mmdebstrap's own shell expands $1
make_root_file_system() {
    unfinished=$1.new
    rm -rf -- "$unfinished"
    apart mmdebstrap --quiet --mode=root --variant=minbase "--include=$packages" \
        --customize-hook='chroot "$1" useradd --create-home --shell /bin/bash deploy' \
        --customize-hook='chroot "$1" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer' \
        --customize-hook='echo booted >"$1/etc/hostname"' \
        --customize-hook='echo 127.0.0.1 localhost booted >"$1/etc/hosts"' \
        "$suite" "$unfinished" "${sources[@]}" >"$1.log" 2>&1 ||
        fail "the root file system could not be made: \`$1.log\` says why"
    mv -- "$unfinished" "$1"
    unfinished=''
}

# make_image ROOT_FILE_SYSTEM: its disk, ROOT_FILE_SYSTEM.ext4, for hosts with a kernel of their own: a whole one, or none. Each
# of them keeps in a file of its own what is other on its disk.
make_image() {
    unfinished=$1.ext4.new
    mke2fs -q -F -t ext4 -L root -d "$1" "$unfinished" 8G >&2 || fail "an image of \`$1\` could not be made"
    mv -- "$unfinished" "$1.ext4"
    unfinished=''
}

# Whatever it is made by is in its name, so a change makes another one.
recipe=$(printf '%s\n' "$suite" "$packages" "$(declare -f make_root_file_system make_image)" "$(cat -- "${sources[@]}")" | sha256sum)
root_file_system=$kept/root-${recipe:0:16}
flock "$lock"
if [ ! -d "$root_file_system" ]; then
    say "making a root file system of $suite with mmdebstrap in $root_file_system (once)"
    make_root_file_system "$root_file_system"
fi
if [ ! -f "$root_file_system.ext4" ]; then
    make_image "$root_file_system"
fi
flock --unlock "$lock"

say "building the hooks and the stories"
mapfile -t hooks < <(hook_packages "$root")
build=(--workspace --target-dir "$target")
cargo build --quiet --locked "${build[@]}" "${hooks[@]/#--package=/--bin=}" --bin demo-app --bin codedeploy-agent --bin commands ||
    fail "the build failed (its messages are above)"
stories=("${build[@]}" --features booted-host/boot --test booted)
cargo test --quiet --locked "${stories[@]}" --no-run || fail "the build failed (its messages are above)"

for release in v1 v2; do
    build_spring_jar "$root" "$target/spring-app" "$release"
done

# What only a debugger reads is most of a program that was not built to be shipped, and each deploy copies it three times.
for program in "${hooks[@]#--package=}" demo-app codedeploy-agent commands; do
    strip -o "$run/programs/$program" "$target/debug/$program"
done

export BOOTED_HOST_ROOT_FILE_SYSTEM=$root_file_system BOOTED_HOST_IMAGE=$root_file_system.ext4 BOOTED_HOST_DIRECTORY=$run
export BOOTED_HOST_JARS=$target/spring-app
export BOOTED_HOST_PROGRAMS=$run/programs BOOTED_HOST_CONTROL_GROUP=$control_group
# systemd-nspawn keeps notes in /run: here they are in one that goes with it.
# shellcheck disable=SC2016 # the inner shell expands it
apart sh -c 'mount -t tmpfs tmpfs /run && "$@"' sh cargo test --locked "${stories[@]}" -- "$@"

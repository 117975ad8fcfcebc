#!/usr/bin/env bash
# What the other scripts need on this machine. Sourced, it gives them functions; run with names of programs, it installs those
# that are missing: scripts/requirements.sh nginx sudo
#
# Packages come from the system's own package manager, each is announced in one line first, and no service of the system is
# started or stopped.

# Everything but results goes to standard error, so that a script's output can be piped on.
say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "error: $*"
    exit 2
}

# Runs a command whose output matters only if it fails.
quietly() {
    local output status=0
    output=$("$@" 2>&1) || status=$?
    if [ "$status" -ne 0 ]; then
        printf '%s\n' "$output" >&2
    fi
    return "$status"
}

# Whether a program is there. Distributions put servers where an ordinary user's PATH does not reach.
has_program() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]
}

package_manager() {
    local manager
    for manager in apt-get dnf yum apk; do
        if command -v "$manager" >/dev/null 2>&1; then
            printf '%s\n' "$manager"
            return
        fi
    done
    return 1
}

# Runs a command as root; sudo asks for a password only where somebody can type one.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

install_package() {
    case "$1" in
        apt-get)
            quietly as_root apt-get -qq update || say "the package lists could not be renewed; trying with the old ones"
            quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$2"
            ;;
        dnf | yum) quietly as_root "$1" -q -y install "$2" ;;
        apk) quietly as_root apk add --quiet --no-cache "$2" ;;
    esac
}

# Debian's packages start their service at once, unless this file says no. One that is there already is somebody's decision.
readonly policy_file=/usr/sbin/policy-rc.d

install_without_starting() {
    local status=0
    if [ "$1" != apt-get ]; then
        install_package "$1" "$2"
    elif [ -e "$policy_file" ]; then
        say "$policy_file exists already: whether a service starts now is left to it and to the package manager"
        install_package "$1" "$2"
    else
        say "if $2 has a service, it is not started now"
        trap 'as_root rm -f "$policy_file"; exit 130' INT TERM HUP
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy_file && chmod 755 $policy_file" || status=$?
        [ "$status" -ne 0 ] || install_package "$1" "$2" || status=$?
        as_root rm -f "$policy_file"
        trap - INT TERM HUP
        return "$status"
    fi
}

# require_program PROGRAM [PACKAGE]: installs the package (named like the program unless said) if the program is missing.
require_program() {
    local program=$1 package=${2:-$1} manager
    if has_program "$program"; then
        return
    fi
    manager=$(package_manager) ||
        fail "\`$program\` is not installed, and none of apt-get, dnf, yum and apk is here to install it: install it by hand"
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        fail "\`$program\` is not installed, and installing it needs root or sudo: run \`$manager install $package\` as root"
    fi
    say "installing the package $package with $manager, since \`$program\` is missing"
    install_without_starting "$manager" "$package" ||
        fail "$manager could not install $package (its output is above): install it by hand"
    hash -r
    has_program "$program" ||
        fail "$manager installed $package, but there is no program \`$program\`: install it by hand"
}

# The simulation starts an nginx of its own; the system's is never touched.
require_nginx() {
    require_program nginx
}

require_cargo() {
    has_program cargo ||
        fail "\`cargo\` is not in PATH: install Rust (with rustup), then run this again"
}

require_java_and_maven() {
    has_program java || fail "\`java\` is not in PATH: install a JDK of version 17 or later, then run this again"
    has_program mvn || fail "\`mvn\` is not in PATH: install Maven 3.6.3 or later, then run this again"
}

# A stand-in for AWS is a Python program, which the tests install apart from the system's. Debian packages what that takes apart
# from Python itself.
require_python() {
    require_program python3
    if python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
        return
    fi
    if [ "$(package_manager)" = apt-get ]; then
        say "installing the package python3-venv with apt-get, since \`python3\` cannot make environments"
        install_without_starting apt-get python3-venv || true
    fi
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        fail "\`python3 -m venv\` needs the module ensurepip, which is missing: install it by hand"
}

# require_java_that_links: a JVM of version 24 or later, which archives classes with what they are linked to, beside the one in PATH.
# That stays the one in PATH.
require_java_that_links() {
    local release program chosen=()
    for release in /usr/lib/jvm/*/release; do
        if [ -f "$release" ] && [ "$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$release")" -ge 24 ]; then
            return
        fi
    done
    if [ "$(package_manager)" = apt-get ]; then
        say "installing the package openjdk-25-jdk-headless with apt-get, since /usr/lib/jvm has no JVM of version 24 or later"
        for program in java javac; do
            chosen+=("$program" "$(readlink -f -- "$(command -v "$program")")")
        done
        if install_without_starting apt-get openjdk-25-jdk-headless; then
            # Where these were no alternatives before, nothing was changed.
            as_root update-alternatives --set "${chosen[0]}" "${chosen[1]}" || true
            as_root update-alternatives --set "${chosen[2]}" "${chosen[3]}" || true
            return
        fi
    fi
    fail "/usr/lib/jvm has no JVM of version 24 or later, needed one beside \`java\`: install one there, of any vendor"
}

# build_spring_jar PROJECT DIRECTORY RELEASE [shop]: the sample service under this name; what is newer than its sources stays. "shop"
# is the same as large as what people deploy.
build_spring_jar() {
    local app=$1/tests/spring-app jars=$2 release=$3 name=spring-app arguments=()
    if [ "${4:-}" = shop ]; then
        name=shop arguments=(-Pshop)
    fi
    if [ -f "$jars/$name-$release.jar" ] &&
        [ -z "$(find "$app/src" "$app/pom.xml" -newer "$jars/$name-$release.jar" -print -quit)" ]; then
        return
    fi
    say "building the Spring Boot sample $release with Maven (the first time Maven downloads Spring Boot)"
    mvn -q -B -Dstyle.color=never -f "$app/pom.xml" package "${arguments[@]}" -DskipTests "-Drelease=$release" "-Doutput.directory=$jars" >&2 ||
        fail "Maven could not build tests/spring-app (its output is above)"
}

# require_python_packages DIRECTORY PACKAGE==VERSION...: has exactly these in a virtual environment of their own.
require_python_packages() {
    local directory=$1
    shift
    if [ -f "$directory/complete" ] && [ "$(cat -- "$directory/complete")" = "$*" ]; then
        return
    fi
    require_python
    say "installing $* from PyPI into $directory"
    rm -rf -- "$directory"
    mkdir -p -- "$(dirname -- "$directory")"
    quietly python3 -m venv "$directory" || fail "\`python3 -m venv $directory\` failed (its output is above)"
    quietly "$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$@" ||
        fail "pip could not install $* (its output is above)"
    printf '%s' "$*" >"$directory/complete"
}

# hook_packages PROJECT: Cargo's options for all hooks, one in a line; each is a folder named like its package.
hook_packages() {
    local folder
    for folder in "$1"/hooks/*/; do
        printf -- '--package=%s\n' "$(basename -- "$folder")"
    done
}

# Where Cargo puts what it builds; a path that is not whole is meant from the project's directory.
target_directory() {
    case "${CARGO_TARGET_DIR:-target}" in
        /*) printf '%s\n' "$CARGO_TARGET_DIR" ;;
        *) printf '%s\n' "$1/${CARGO_TARGET_DIR:-target}" ;;
    esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    if [ $# -eq 0 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
        printf 'usage: requirements.sh PROGRAM...\nInstalls those of the programs that are missing, by the package of the same name.\n'
        exit 0
    fi
    for program in "$@"; do
        require_program "$program"
    done
fi

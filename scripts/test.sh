#!/usr/bin/env bash
# Everything that CI runs: format, lints, documents, supply chain, pipeline, tests. Installs what it needs. A test that cannot
# run fails.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"
cd -- "$root"

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    printf 'usage: test.sh\nFormat, lints, documents, supply chain, pipeline and tests, as CI runs them. Run it as root: some stories become other users.\n'
    exit 0
fi

step() {
    printf '\n== %s\n' "$*"
}

# The stories run hooks as another user, in mount and network namespaces that they make themselves.
[ "$(id -u)" -eq 0 ] || fail "the tests need root, to run hooks as another user in namespaces of their own: sudo ./scripts/test.sh"
require_cargo
require_nginx
require_program sudo
require_program ip iproute2
require_program unshare util-linux
require_program curl
require_program jq
require_program setpriv util-linux
require_program chromium
require_program java openjdk-17-jdk-headless
require_program mvn maven
require_java_that_links
require_python

step "format"
cargo fmt --all --check

step "lints"
cargo clippy --workspace --all-targets --features bundle/artifact,booted-host/boot --locked -- -D warnings

step "documents"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet

step "supply chain"
./scripts/supply-chain.sh

step "pipeline"
./scripts/check-pipeline.sh

step "tests"
# No test asks the metadata address of a cloud, whatever it tests.
export AWS_EC2_METADATA_DISABLED=true
# Random tests print their seeds, and at night there is time for more of their cases (tests/random).
if [ "${TRAVIS_EVENT_TYPE:-}" = cron ]; then
    export RANDOM_TIMES="${RANDOM_TIMES:-30}"
fi
# Most stories wait for processes and clocks more than they compute.
RUST_TEST_THREADS=$(($(nproc) * 2)) cargo test --workspace --locked --no-fail-fast

step "deploys on hosts that boot"
./scripts/host-test.sh

step "the simulation, as a reader of the README would run it"
./scripts/simulate.sh
./scripts/simulate.sh --agent 2

step "nothing is lost in deploys, cutovers and kills, beside the scripts that lost requests"
./scripts/bench.sh --quick

step "the artifact and the released archive: built, measured, built once more elsewhere, and then tested as they are"
target=$(target_directory "$root")
build_spring_jar "$root" "$target/spring-app" v1
./scripts/bundle.sh --jar "$target/spring-app/spring-app-v1.jar" --name ci
# Of the programs that were just built.
archive=$(./scripts/bundle.sh --release | head -n 1)
./scripts/test-reproducible.sh "$archive"
./scripts/test-artifact.sh dist/ci.zip "$archive"

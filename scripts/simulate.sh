#!/usr/bin/env bash
# The main job on one machine, without AWS: builds the hooks, then deploys with them as CodeDeploy would, on a private nginx in a
# temporary directory, under load that counts every failed request.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"

usage() {
    cat <<'TEXT'
usage: simulate.sh [--spring] [--bundle DIR|ZIP] [--agent 1|2] [--keep] [--json] [--html FILE]

Deploys on this machine as CodeDeploy would: a private nginx, the agent's way of running the hooks, real releases, and clients
that count every failed request. Tells of a first release, a second one under load, one that never becomes healthy, one that
crashes at boot, a third good one, and the way back by hand. Neither AWS nor the system's nginx is touched.

  --spring          deploy real Spring Boot jars (built with Maven) instead of a demo service that boots in 0.2 s
  --bundle DIR|ZIP  replay your own bundle: deploy it, deploy it again under load, go back; its own hooks are run
  --agent 1|2       which of AWS's agents to play: 1 (in Ruby, up to 1.8; the default) or 2 (in Rust)
  --keep            keep the directory with the logs, the bundles and the ledger, and say where it is
  --json            print the result as one JSON object
  --html FILE       write the result as a page for a browser as well: who answered when, how long that took, each hook's share
  --help            this text

Needs cargo and nginx (installed by the system's package manager if it is missing); --spring needs a JDK and Maven.

exit codes: 0 all went as it should and no request was lost, 1 something did not (the last lines say what), 2 it could not be
carried out, 130 interrupted. What it started and wrote is gone at the end in any case.
TEXT
}

spring=false
for argument in "$@"; do
    case "$argument" in
        --help | -h)
            usage
            exit 0
            ;;
        --spring) spring=true ;;
    esac
done

require_cargo
require_nginx
if "$spring"; then
    require_java_and_maven
fi

target=$(target_directory "$root")
say "building the hooks and the simulation (the first build takes a few minutes)"
# In the project's directory, whose rust-toolchain.toml names the compiler.
mapfile -t hooks < <(hook_packages "$root")
(
    cd -- "$root"
    cargo build --quiet --locked --target-dir "$target" "${hooks[@]}" -p demo-app -p simulate
) || fail "the build failed (its messages are above)"

if "$spring"; then
    for release in v1 v2 v5; do
        build_spring_jar "$root" "$target/spring-app" "$release"
    done
    set -- --jars "$target/spring-app" "$@"
fi
exec "$target/debug/simulate" "$@"

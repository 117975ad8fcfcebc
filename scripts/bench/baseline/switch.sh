#!/usr/bin/env bash
# A baseline (see profile.sh): no event of its own, health.sh calls it. Rewrites the include in place and reloads nginx, whose
# command returns before the reload has come into force.

switch_proxy() {
    # The one line that the scripts did not have.
    : > $BASELINE_SWITCHES

    port=$(idle_port)
    echo "> to port $port"
    echo "set \$service_url http://127.0.0.1:$port;" | tee $BASELINE_INCLUDE

    echo "> reload"
    $BASELINE_RELOAD
}

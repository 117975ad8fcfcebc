#!/usr/bin/env bash
# A baseline (see profile.sh): ValidateService. Sleeps, asks up to ten times, ten seconds apart, and then switches.

here=$(dirname $(readlink -f $0))
source $here/profile.sh
source $here/switch.sh

port=$(idle_port)
echo "> curl -s http://localhost:$port/profile"
sleep 10

for attempt in {1..10}; do
    answer=$(curl -s http://localhost:$port/profile)
    found=$(echo $answer | grep 'real' | wc -l)

    if [ $found -ge 1 ]; then
        echo "> healthy"
        switch_proxy
        break
    fi
    echo "> not healthy: $answer"

    if [ $attempt -eq 10 ]; then
        echo "> not healthy after ten attempts; nginx is left as it is"
        exit 1
    fi
    sleep 10
done

#!/usr/bin/env bash
# A baseline (see profile.sh): AfterInstall. Ends whatever has a connection to or from the idle port, and then sleeps.

here=$(dirname $(readlink -f $0))
source $here/profile.sh

port=$(idle_port)
echo "> what runs on port $port"
pid=$(lsof -ti tcp:$port)

if [ -z "$pid" ]; then
    echo "> nothing"
else
    echo "> kill -15 $pid"
    kill -15 $pid
    sleep 5
fi

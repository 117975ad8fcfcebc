#!/usr/bin/env bash
# A BASELINE, to measure against; nothing that anybody should run on a host. What the well-known scripts did, written anew from a
# description of what they did, with their sleeps and their faults: a door that fails makes `real2` the current one, names of
# files are not quoted, nothing is checked. The sandbox is private, so paths, ports, java and the reload come from variables:
#
#   BASELINE_APP         the application's directory; the agent has put the jar into its zip/
#   BASELINE_PROPERTIES  where application-oauth.properties and application-real-db.properties are
#   BASELINE_DOOR        nginx, as in http://127.0.0.1:80
#   BASELINE_PORT1, BASELINE_PORT2  the ports of real1 and real2
#   BASELINE_JAVA        the program that runs a jar
#   BASELINE_INCLUDE     service-url.inc
#   BASELINE_RELOAD      the command that reloads nginx (the scripts': sudo service nginx reload)
#   BASELINE_SWITCHES    a file that is written when the switch begins, so that its beginning can be seen from outside
#
# profile.sh: who is idle. Shared by the others.

idle_profile() {
    status=$(curl -s -o /dev/null -w "%{http_code}" $BASELINE_DOOR/profile)

    if [ "$status" -ge 400 ]; then
        current=real2
    else
        current=$(curl -s $BASELINE_DOOR/profile)
    fi

    if [ "$current" = real1 ]; then
        echo real2
    else
        echo real1
    fi
}

idle_port() {
    profile=$(idle_profile)

    if [ "$profile" = real1 ]; then
        echo $BASELINE_PORT1
    else
        echo $BASELINE_PORT2
    fi
}

#!/bin/sh
# Tells a channel of Slack how a deploy ended: report.notify = ["/home/ec2-user/notify/slack.sh"] in hooks.toml. The webhook's address,
# which is a secret, is the only line of the file `slack-webhook` beside this script. Needs curl and jq.
set -eu
webhook=$(cat "$(dirname "$0")/slack-webhook")
jq '{text: .text}' |
    curl --fail --silent --show-error --max-time 4 --output /dev/null \
        --header 'Content-Type: application/json' --data-binary @- "$webhook"

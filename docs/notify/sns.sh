#!/bin/sh
# Publishes how a deploy ended to a topic of Amazon SNS, which sends mails, for example: in hooks.toml
# report.notify = ["/home/ec2-user/notify/sns.sh", "arn:aws:sns:ap-northeast-2:111122223333:deploys"]. The host's role needs
# sns:Publish for that topic. Needs the aws command and jq.
set -eu
verdict=$(cat)
subject=$(printf '%s' "$verdict" | jq --raw-output '(if .succeeded then "OK " else "FAILED " end) + .hook + " on " + .host')
text=$(printf '%s' "$verdict" | jq --raw-output '.text')
aws sns publish --topic-arn "$1" --subject "$subject" --message "$text" >/dev/null

#!/usr/bin/env bash
# Prepares a host once, as root, so that no deploy needs sudo: the account, the application's directory, nginx's part, the manager
# that keeps releases running. Needs nothing but a bundle: copy this file and the bundle to the host.
set -euo pipefail
umask 022
# An ordinary user's has no programs of root's, and whoever looks with --dry-run may be one.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

usage() {
    cat <<'TEXT'
usage: install.sh [--dry-run] [--remove] [--user USER] BUNDLE

Prepares this host for a bundle, a zip or the directory that one was unpacked in: makes the account that deploys and the
application's directory, brings in nginx's part (traffic stays where it is), and lets that account have a manager of units that
runs without a login. With `proxy.cutover = "reload"` it writes the rules of sudo that a deploy needs; else a deploy needs none.
What is so already is left as it is. Each command is printed as it is run.

  --dry-run    print the same, and change nothing
  --remove     take it back without taking the site down: nginx names the port that serves now. The account, releases, logs and
               the ledger stay
  --user USER  the account that deploys; unless said, that of `runas` in appspec.yml
  --help       this text

exit codes: 0 done, 1 a command failed, 10 the bundle or the settings are not right, 11 a hook runs, 13 not allowed, 40 nginx does
not take it and is as it was; others are those of `switch --install`. The last lines say what and why.
TEXT
}

# Standard output is what could be pasted: commands, and notes as comments. Everything else goes to standard error.
say() {
    printf '%s\n' "$*" >&2
}

note() {
    printf '# %s\n' "$*"
}

# refuse CODE SENTENCE [ADVICE]
refuse() {
    say "error: $2"
    [ -z "${3:-}" ] || say "$3"
    exit "$1"
}

quoted() {
    printf '%q' "$1"
}

# run COMMAND [CODE]: prints it, and runs it; the code is that of this script where it fails, or `own` for the command's.
run() {
    local status=0 code=${2:-1}
    printf '%s\n' "$1"
    if "$dry_run"; then
        return
    fi
    eval "$1" >&2 || status=$?
    [ "$code" != own ] || code=$status
    [ "$status" -eq 0 ] || refuse "$code" "\`$1\` ended with $status (its words are above)"
}

dry_run=false remove=false wanted_user='' bundle=''
while [ $# -gt 0 ]; do
    case "$1" in
        --help | -h)
            usage
            exit 0
            ;;
        --dry-run) dry_run=true ;;
        --remove) remove=true ;;
        --user)
            [ $# -ge 2 ] || refuse 10 "\`--user\` has no value: see --help"
            wanted_user=$2
            shift
            ;;
        --user=*) wanted_user=${1#--user=} ;;
        -*) refuse 10 "\`$1\` is unknown: see --help" ;;
        *)
            [ -z "$bundle" ] || refuse 10 "\`$1\` is a second bundle, needed one: see --help"
            bundle=$1
            ;;
    esac
    shift
done
[ -n "$bundle" ] || refuse 10 "no bundle was given, needed the zip that is deployed or its directory: install.sh application.zip"
as_root=true
if [ "$(id -u)" -ne 0 ]; then
    "$dry_run" || refuse 13 "this changes the host, which needs root: run it with sudo; --dry-run shows what it would do"
    as_root=false
    say "not run as root: what only root may see counts as not there"
fi
for variable in "${!HOOKS_@}"; do
    say "the variable \`$variable\` is not looked at: what is prepared is what the bundle's hooks.toml says"
    unset "$variable"
done

unpacked='' way_back=()
clean_up() {
    [ "${#way_back[@]}" -eq 0 ] || put_back
    rm -rf -- ${unpacked:+"$unpacked"}
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

[ -e "$bundle" ] || refuse 10 "\`$bundle\` is not there, needed the zip that is deployed or the directory that it was unpacked in"
bundle=$(realpath -- "$bundle")
if [ -f "$bundle" ]; then
    command -v unzip >/dev/null || refuse 10 "\`$bundle\` is a file, and \`unzip\` is not installed: install it, or name a directory"
    unpacked=$(mktemp -d)
    unzip -q "$bundle" -d "$unpacked" >&2 || refuse 10 "\`$bundle\` is no zip that can be unpacked, needed the bundle that is deployed"
    bundle=$unpacked
fi
for file in appspec.yml hooks.toml hooks/switch hooks/status; do
    [ -f "$bundle/$file" ] || refuse 10 "\`$bundle\` has no \`$file\`, needed a bundle as scripts/bundle.sh makes it"
done
for file in hooks/switch hooks/status; do
    "$bundle/$file" --version >/dev/null ||
        refuse 10 "\`$bundle/$file\` cannot be run here: look at its mode, the host's processor, and how that disk is mounted"
done

# The settings, one in a line: section, key, line and value as it is written. A form that is not read is an error, never a default.
settings=$(
    LC_ALL=C awk '
        # A line with each text as `@`, and without its comment.
        function bare(line) {
            gsub(/"([^"\\]|\\.)*"/, "@", line)
            gsub(/\047[^\047]*\047/, "@", line)
            sub(/#.*/, "", line)
            sub(/[ \t]+$/, "", line)
            sub(/^[ \t]+/, "", line)
            return line
        }
        NR == 1 { sub(/^\357\273\277/, "") }
        { sub(/\r$/, ""); left = bare($0) }
        in_list { if (left ~ /\]/) in_list = 0; next }
        left == "" { next }
        left ~ /^\[[ \t]*[A-Za-z0-9_-]+[ \t]*\]$/ { section = left; gsub(/[][ \t]/, "", section); next }
        left ~ /^[A-Za-z0-9_-]+[ \t]*=[ \t]*(@|[A-Za-z0-9+.:_-]+|\[.*)$/ {
            key = left
            sub(/[ \t]*=.*/, "", key)
            value = $0
            sub(/^[^=]*=[ \t]*/, "", value)
            if (value ~ /^"/) { match(value, /^"([^"\\]|\\.)*"/); value = substr(value, 1, RLENGTH) }
            else if (value ~ /^\047/) { match(value, /^\047[^\047]*\047/); value = substr(value, 1, RLENGTH) }
            else if (value ~ /^\[/ && left !~ /\]/) { in_list = 1 }
            printf "%s.%s\t%d\t%s\n", section, key, NR, value
            next
        }
        { printf "line %d", NR; exit 1 }
    ' "$bundle/hooks.toml"
) || refuse 10 "\`$bundle/hooks.toml\`, ${settings##*$'\n'}: this form is not read here, needed \`key = \"text\"\` below its \`[section]\`"

# written KEY: the value as it is written, and its line; nothing where nobody writes it.
written() {
    local key
    while IFS=$'\t' read -r key line value; do
        if [ "$key" = "$1" ]; then
            return
        fi
    done <<<"$settings"
    return 1
}

# setting KEY DEFAULT: `$text` is what hooks.toml says; the default is what holds where nobody writes the key.
setting() {
    text=$2
    if written "$1"; then
        case "$value" in
            \"*\\*) refuse 10 "\`$bundle/hooks.toml\`, line $line: \`$1\` has a \`\\\` in it, needed a text without one" ;;
            \"*\" | \'*\') text=${value:1:-1} ;;
            *) refuse 10 "\`$bundle/hooks.toml\`, line $line: \`$1\` is \`$value\`, needed a text in quotes on one line" ;;
        esac
    fi
}

# path KEY DEFAULT: the same, a whole path, in which `{name}` is the application's name.
path() {
    setting "$1" "$2"
    text=${text//'{name}'/${name:-}}
    case "$text/" in
        */../* | */./* | *//* | *[[:cntrl:]]* | *[{}]*) refuse 10 "\`$1\` of hooks.toml is \`$text\`, needed a plain path" ;;
        /*) ;;
        *) refuse 10 "\`$1\` of hooks.toml is \`$text\`, needed a whole path, from the root on" ;;
    esac
}

path app.directory '/home/ec2-user/app/step3'
directory=$text
setting app.supervisor 'detached'
supervisor=$text
setting proxy.cutover 'reload'
cutover=$text
path proxy.include '/etc/nginx/conf.d/service-url.inc'
include=$text
name=${include##*/}
name=${name%.*}
[[ $name =~ ^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$ ]] ||
    refuse 10 "\`proxy.include\` of hooks.toml is \`$include\`, needed a name of letters, digits, \`_\`, \`-\` and \`.\`"
path proxy.upstreams '/etc/nginx/conf.d/{name}.conf'
groups_file=$text
path proxy.flag '/var/lib/{name}/green'
flag=$text
setting proxy.variable 'service_url'
variable=$text
path proxy.pid_file '/run/nginx.pid'
pid_file=$text
nginx=nginx
if written proxy.nginx; then
    nginx='' rest=${value#[}
    while [[ $rest =~ ^[[:space:]]*(\"([^\"\\]*)\"|\'([^\']*)\')[[:space:]]*,?(.*)$ ]]; do
        nginx+=${nginx:+ }$(quoted "${BASH_REMATCH[2]}${BASH_REMATCH[3]}")
        rest=${BASH_REMATCH[4]}
    done
    [[ -n $nginx && $rest =~ ^[[:space:]]*\] ]] ||
        refuse 10 "\`$bundle/hooks.toml\`, line $line: \`proxy.nginx\` is \`$value\`, needed a list of texts on one line"
fi
case "$supervisor" in
    auto | systemd | user | detached) ;;
    *) refuse 10 "\`app.supervisor\` of hooks.toml is \`$supervisor\`, needed \`auto\`, \`systemd\`, \`user\` or \`detached\`" ;;
esac
case "$cutover" in
    instant | reload) ;;
    *) refuse 10 "\`proxy.cutover\` of hooks.toml is \`$cutover\`, needed \`instant\` or \`reload\`" ;;
esac
[[ $variable =~ ^[A-Za-z0-9_]+$ ]] || refuse 10 "\`proxy.variable\` of hooks.toml is \`$variable\`, needed letters, digits and \`_\`"

# As whom the hooks run: one account for all of them, or none, which is the agent's own user.
accounts=$(
    LC_ALL=C awk '
        { sub(/\r$/, ""); sub(/(^|[ \t])#.*/, "") }
        /^hooks:[ \t]*$/ { in_hooks = 1; next }
        /^[^ \t-]/ && !/runas/ { in_hooks = 0; next }
        in_hooks && /^[ \t]*(-[ \t]+)?location:/ { hooks++; next }
        in_hooks && /^[ \t]*(-[ \t]+)?runas:[ \t]*[^ \t]/ {
            sub(/^[ \t]*(-[ \t]+)?runas:[ \t]*/, "")
            sub(/[ \t]+$/, "")
            if ($0 ~ /^".*"$/ || $0 ~ /^\047.*\047$/) $0 = substr($0, 2, length($0) - 2)
            print
            named++
            next
        }
        /runas/ { print "line " NR; unread = 1; exit }
        END { if (unread) exit 1; if (named && named < hooks) print "root" }
    ' "$bundle/appspec.yml"
) || refuse 10 "\`$bundle/appspec.yml\`, ${accounts##*$'\n'}: this form is not read here, needed \`runas: USER\` on a line of its own"
accounts=$(sort -u <<<"$accounts")
case "$accounts" in
    '') user=${wanted_user:-root} ;;
    *$'\n'*) refuse 10 "\`$bundle/appspec.yml\` has hooks that run as ${accounts//$'\n'/, }; needed one \`runas\` for all of them" ;;
    *)
        user=$accounts
        [ -z "$wanted_user" ] || [ "$wanted_user" = "$user" ] ||
            refuse 10 "\`runas\` in \`$bundle/appspec.yml\` is \`$user\`, and \`--user\` is \`$wanted_user\`" \
                "name the account that deploys, or leave \`--user\` out"
        ;;
esac
[[ $user =~ ^[A-Za-z_][A-Za-z0-9_.-]*$ ]] || refuse 10 "\`$user\` is no name of an account, needed one such as \`ec2-user\`"

lingering=/var/lib/systemd/linger/$user
# Files with a `.` in their name are none that sudo reads.
rules_file=/etc/sudoers.d/hooks-$(tr -c 'A-Za-z0-9_\n' - <<<"$name")
named_include=$include include_text='' block='' served_without='' served_with='' scheme=''

has_user() {
    id -u -- "$user" >/dev/null 2>&1
}

has_manager() {
    has_user && [ -e "/run/user/$(id -u -- "$user")/systemd/private" ]
}

# What the include says; `$block` is its choice by a flag, as `switch` writes it.
read_include() {
    local space='[[:space:]]' value choice
    [ -e "$include" ] || return 0
    # Other files name it as the settings do.
    include=$(realpath -- "$include")
    include_text=$(cat -- "$include" && printf x) || refuse 13 "\`$include\` (\`proxy.include\`) cannot be read"
    include_text=${include_text%x}
    value="set$space+[\$]$variable$space+(http://)?([A-Za-z0-9._-]+);$space*"
    choice="$value(#[^"$'\n'"]*$space+)?if$space*[(]-f$space+([^)[:space:]]+)[)]$space*[{]$space*${value}[}]"
    if [[ $include_text =~ $choice ]]; then
        block=${BASH_REMATCH[0]} scheme=${BASH_REMATCH[1]}
        served_without=${BASH_REMATCH[2]} flag=${BASH_REMATCH[4]} served_with=${BASH_REMATCH[6]}
    fi
}

# has_owner DIRECTORY WHAT: it is the deploying account's, or nobody's yet.
has_owner() {
    local owner
    [ -e "$1" ] || return 0
    [ -d "$1" ] || refuse 10 "\`$1\` ($2) is no directory, needed one, or nothing"
    owner=$(stat --dereference --format=%U -- "$1")
    [ "$owner" = "$user" ] || refuse 13 "\`$1\` ($2) belongs to \`$owner\`, and \`$user\` deploys; it was left alone" \
        "if it is this application's, run \`chown -R $user: $(quoted "$1")\`; else name another one in hooks.toml"
}

# Whatever would be refused later is refused here, before anything changes.
check_before_install() {
    local told code=0
    has_user || command -v useradd >/dev/null || refuse 10 "\`$user\` has no account, and \`useradd\` is not here: make that account"
    has_owner "$directory" "\`app.directory\`"
    has_owner "$directory/ledger" "below \`app.directory\`"
    installed=false rules=''
    if [ "$cutover" = instant ]; then
        has_owner "${flag%/*}" "of \`proxy.flag\`"
        if "$as_root"; then
            told=$("$bundle/hooks/switch" --install --dry-run 2>&1) || code=$?
            if [ "$code" -ne 0 ]; then
                say "$told"
                refuse "$code" "nginx's part cannot be brought in (see above); nothing was changed"
            fi
            [[ $told != *'is installed already'* ]] || installed=true
        fi
    elif [ "$user" != root ]; then
        command -v visudo >/dev/null ||
            refuse 10 "\`proxy.cutover = \"reload\"\` needs sudo, which is not installed: install it, or set \`instant\`"
        rules=$("$bundle/hooks/status" --sudo-rules "$user") || refuse 10 "the rules of sudo could not be found out (see above)"
    fi
}

install_account() {
    if has_user; then
        note "already so: the account \`$user\`, which deploys"
    else
        run "useradd --system --create-home --shell /bin/bash $(quoted "$user")"
    fi
}

install_directory() {
    local home
    if [ -d "$directory" ]; then
        note "already so: \`$directory\` is there, and belongs to \`$user\`"
    else
        home=$(getent passwd "$user" | cut -d : -f 6) || home=/home/$user
        if [[ $directory/ == "$home"/* ]]; then
            # That account may have put anything in the way there, which root would follow.
            run "runuser -u $user -- mkdir -p -m 755 $(quoted "$directory")"
        else
            run "install -d -m 755 $(quoted "$directory")"
            run "chown -h $user: $(quoted "$directory")"
        fi
    fi
    "$dry_run" || runuser -u "$user" -- test -w "$directory" ||
        refuse 13 "\`$user\` cannot write in \`$directory\`" \
            "let it pass the directories above: \`namei -l $(quoted "$directory")\` shows them"
}

install_in_nginx() {
    if [ "$cutover" = reload ]; then
        note "nothing to do in nginx: \`proxy.cutover = \"reload\"\` rewrites the include at each deploy"
    elif "$installed"; then
        note "already so: nginx has the instant cutover"
    else
        run "$(quoted "$bundle/hooks/switch") --install" own
        # Its owner is that of the application's directory.
        "$dry_run" || has_owner "${flag%/*}" "of \`proxy.flag\`"
    fi
}

install_manager() {
    local version=0
    if [ "$user" = root ]; then
        note "nothing to do for systemd: the units of root's releases are the system's"
    elif [ "$supervisor" = detached ] || [ "$supervisor" = systemd ]; then
        note "nothing to do for systemd: \`app.supervisor\` is \`$supervisor\`"
    elif [ ! -d /run/systemd/system ]; then
        note "systemd does not run on this host: releases are children of nobody (docs/supervisor.md)"
    elif [ -e "$lingering" ] && has_manager; then
        note "already so: \`$user\` has a manager of units that runs without a login"
    else
        read -r _ version _ < <(systemctl --version) || true
        if [ "${version%%[!0-9]*}" -lt 230 ]; then
            note "systemd $version has no manager that \`$user\` could use: releases are children of nobody (docs/supervisor.md)"
            return
        fi
        run "loginctl enable-linger $user"
        run "systemctl start \"user@\$(id -u $user).service\""
    fi
}

install_rules() {
    if [ -z "$rules" ]; then
        if [ -e "$rules_file" ]; then
            note "a deploy needs these rules no more"
            run "rm -f -- $rules_file"
        fi
    elif [ -e "$rules_file" ] && [ "$(cat -- "$rules_file")" = "$rules" ]; then
        note "already so: sudo has the rules in \`$rules_file\`"
    else
        run "install -m 440 /dev/stdin $rules_file.new <<<$(quoted "$rules")"
        run "visudo --check --file $rules_file.new || { rm -f -- $rules_file.new; false; }"
        run "mv -fT -- $rules_file.new $rules_file"
    fi
}

# The port on this host to which nginx sends requests for a group, as long as that answers.
port_of() {
    { sed 's/#.*//' -- "$groups_file" | tr '\n' ' '; } | LC_ALL=C awk -v RS='}' -v group="$1" '
        split($0, part, /[{]/) > 1 {
            words = split(part[1], word, " ")
            if (word[words - 1] != "upstream" || tolower(word[words]) != tolower(group)) next
            directives = split(part[2], directive, ";")
            for (i = 1; i <= directives; i++) {
                if (directive[i] ~ /^[ \t]*server[ \t]+127\.0\.0\.1:[0-9]+/ && directive[i] !~ /[ \t]backup/) {
                    sub(/^[^:]*:/, "", directive[i])
                    sub(/[^0-9].*/, "", directive[i])
                    print directive[i]
                    exit
                }
            }
        }'
}

is_listened_on() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# nginx's workers: `$accepting`, and `$ending`, which only finish what they have.
look_at_workers() {
    local child title children
    accepting='' ending=''
    children=$(cat "/proc/$master/task/$master/children") || return 0
    for child in $children; do
        title=$(tr '\0' ' ' 2>/dev/null <"/proc/$child/cmdline") || continue
        case "$title" in
            'nginx: worker process is shutting down'*) ending+=" $child" ;;
            'nginx: worker process'*) accepting+=" $child" ;;
        esac
    done
}

# reload_nginx: whether nginx has new workers that accept, and no old one that does.
reload_nginx() {
    local before child deadline=$((SECONDS + 10)) old
    look_at_workers
    before=$accepting
    printf '%s\n' "$nginx -s reload"
    eval "$nginx -s reload" >&2 || return 1
    while [ "$SECONDS" -lt "$deadline" ]; do
        look_at_workers
        old=false
        for child in $accepting; do
            [[ " $before " != *" $child "* ]] || old=true
        done
        if [ -n "$accepting" ] && ! "$old"; then
            return 0
        fi
        sleep 0.02
    done
    return 1
}

# Takes back what was begun and not ended, and lets nginx read it again where it may have read something else.
put_back() {
    local command
    say "putting nginx's files back"
    for command in "${way_back[@]}"; do
        say "$command"
        eval "$command" >&2 || say "error: \`$command\` failed: look NOW at \`$include\`"
    done
    way_back=()
    if eval "$nginx -t" >&2; then
        reload_nginx >&2 || say "error: nginx did not reload: look NOW whether it has workers"
    fi
}

# The include gets the port that serves in the place of the choice by the flag, and the groups go.
remove_from_nginx() {
    local beside=${include%/*}/.${include##*/} kept='' port other group plain kept_groups deadline
    local by_file='[(][[:space:]]*!?-[efx][[:space:]]'
    if [ -z "$block" ] && [[ $include_text =~ $by_file ]]; then
        refuse 10 "\`$include\` chooses by a file, in a form that \`switch\` does not write" \
            "name the port in it yourself, then come back"
    fi
    # A host that an earlier version set up has one name for every application's file.
    if [ -n "$block" ] && [ -z "$(port_of "$served_without" 2>/dev/null)" ] && [ -e "${groups_file%/*}/service-url.conf" ]; then
        groups_file=${groups_file%/*}/service-url.conf
    fi
    # Files of versions that wrote no mark begin with the other line.
    if [ -e "$groups_file" ] &&
        grep -qF -e "of the application behind \`$named_include\`" -e '# The two slots, each with' "$groups_file"; then
        kept=$groups_file
    fi
    if [ -z "$block" ] && [ -z "$kept" ]; then
        note "already so: nginx has nothing of the instant cutover"
        return
    fi
    if [ -n "$block" ]; then
        group=$served_without other=$served_with
        if [ -e "$flag" ]; then
            group=$served_with other=$served_without
        fi
        port=$(port_of "$group") && other=$(port_of "$other") && [ -n "$port" ] && [ -n "$other" ] ||
            refuse 10 "\`$groups_file\` does not tell the ports of \`$served_without\` and \`$served_with\`" \
                "name the port that serves in \`$include\` yourself, then come back"
        # nginx has gone on to the other one by itself.
        if ! is_listened_on "$port" && is_listened_on "$other"; then
            port=$other
        fi
        note "port $port serves now"
    fi
    if ! "$dry_run"; then
        master=$(cat -- "$pid_file" 2>/dev/null) && [[ $master =~ ^[0-9]+$ ]] && [ -d "/proc/$master" ] ||
            refuse 40 "nginx does not run (\`$pid_file\`): start it, then come back; nothing was changed"
    fi
    run "$nginx -t" 40
    if [ -n "$block" ]; then
        run "cp --preserve=all -- $(quoted "$include") $(quoted "$beside.installed")"
        run "cp --preserve=all -- $(quoted "$include") $(quoted "$beside.next")"
        plain=${include_text%%"$block"*}set\ \$$variable\ ${scheme}127.0.0.1:$port\;${include_text#*"$block"}
        run "printf %s $(quoted "$plain") >$(quoted "$beside.next")"
        "$dry_run" || way_back+=("mv -fT -- $(quoted "$beside.installed") $(quoted "$include")")
        run "mv -fT -- $(quoted "$beside.next") $(quoted "$include")"
    fi
    if [ -n "$kept" ]; then
        # No name that nginx's configuration would read.
        kept_groups=${kept%/*}/.${kept##*/}.installed
        "$dry_run" || way_back+=("mv -fT -- $(quoted "$kept_groups") $(quoted "$kept")")
        run "mv -fT -- $(quoted "$kept") $(quoted "$kept_groups")"
    fi
    run "$nginx -t" 40
    if "$dry_run"; then
        printf '%s\n' "$nginx -s reload"
    else
        reload_nginx || refuse 40 "nginx did not reload within 10 s: its error log says why"
    fi
    way_back=()
    if [ -n "$block" ]; then
        run "rm -f -- $(quoted "$beside.installed")"
    fi
    [ -z "$kept" ] || run "rm -f -- $(quoted "$kept_groups")"
    if ! "$dry_run"; then
        # A request whose head is on its way to an old worker is still led by the flag.
        deadline=$((SECONDS + 10))
        while look_at_workers && [ -n "$ending" ] && [ "$SECONDS" -lt "$deadline" ]; do
            sleep 0.02
        done
    fi
}

remove_flag() {
    local aside=${flag%/*}/.${flag##*/}.aside
    if [ ! -e "${flag%/*}" ]; then
        note "already so: there is no flag"
        return
    fi
    if [ -e "$flag" ] || [ -e "$aside" ]; then
        run "rm -f -- $(quoted "$flag") $(quoted "$aside")"
    fi
    if [ -z "$(find "${flag%/*}" -mindepth 1 ! -path "$flag" ! -path "$aside" -print -quit)" ]; then
        run "rmdir -- $(quoted "${flag%/*}")"
    else
        note "\`${flag%/*}\` stays: something else is in it"
    fi
}

# What the manager of the deploying account runs, ours or not: without linger it would end with the last login.
running_units() {
    local id unit file ask
    for file in "$directory"/units/*.json; do
        if [ -e "$file" ]; then
            printf '%s\n' "$(basename -- "$file" .json)"
        fi
    done
    if ! has_manager || ! "$as_root"; then
        return 0
    fi
    id=$(id -u -- "$user")
    ask=(runuser -u "$user" -- env "XDG_RUNTIME_DIR=/run/user/$id" systemctl --user)
    while read -r unit _; do
        file=$("${ask[@]}" show --property=FragmentPath -- "$unit")
        case "${file#FragmentPath=}" in
            '' | /usr/lib/systemd/* | /lib/systemd/*) ;;
            *) printf '%s\n' "$unit" ;;
        esac
    done < <("${ask[@]}" list-units --type=service,timer --state=active,activating --plain --no-legend)
}

remove_manager() {
    local running file id
    if [ "$user" = root ] || [ ! -e "$lingering" ]; then
        note "already so: nobody has to have a manager of units that runs without a login"
        return
    fi
    running=$(running_units)
    if [ -n "$running" ]; then
        note "the manager of \`$user\` stays: it runs ${running//$'\n'/, }. To be without units deploy twice with"
        note "\`app.supervisor = \"detached\"\` in hooks.toml, then run this again"
        return
    fi
    id=$(id -u -- "$user")
    for file in "$directory"/units/*.service; do
        if [ -e "$file" ] && has_manager; then
            run "runuser -u $user -- env XDG_RUNTIME_DIR=/run/user/$id systemctl --user disable --quiet $(quoted "${file##*/}")"
        fi
    done
    run "loginctl disable-linger $user"
}

remove_rules() {
    if [ -e "$rules_file" ]; then
        run "rm -f -- $rules_file"
    else
        note "already so: sudo has no rules in \`$rules_file\`"
    fi
}

# No hook runs meanwhile: its lock is held until this ends.
hold_lock() {
    local lock=$directory/ledger/lock
    if "$dry_run" || [ ! -e "$lock" ]; then
        return
    fi
    exec 9<>"$lock"
    flock --nonblock 9 || refuse 11 "a hook runs on this host (\`$lock\` is held); nothing was changed" "wait for its end, then come back"
    ! grep -q '"intent": *{' "$directory/ledger/ledger.json" 2>/dev/null ||
        refuse 11 "an earlier cutover was ended in the middle and is not settled; nothing was changed" \
            "run \`hooks/stop\` as \`$user\`, which settles it, then come back"
}

read_include
if "$remove"; then
    hold_lock
    remove_from_nginx
    remove_flag
    remove_rules
    remove_manager
    note "the account \`$user\`, and releases, logs and the ledger in \`$directory\` stay, and so does what runs"
else
    check_before_install
    install_account
    install_directory
    install_in_nginx
    install_manager
    install_rules
fi
if "$dry_run"; then
    say "that is all; nothing was changed (--dry-run)"
else
    say "done"
fi

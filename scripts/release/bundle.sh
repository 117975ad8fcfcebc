#!/bin/sh
# What CodeDeploy is given, from a released archive of the hooks and a jar: for those who build no hooks, with nothing but a shell,
# unzip and zip. It lies in the archive, and works as well where it was fetched alone.
set -eu
umask 022

usage() {
    cat <<'TEXT'
usage: bundle.sh --jar FILE [--hooks ARCHIVE|DIR|URL] [--sha256 SUM] [--name NAME]

Writes dist/NAME.zip in this directory: appspec.yml, hooks.toml, hooks/ and the jar. Beside it NAME.zip.sha256, and
NAME.zip.cdx.json, which tells what is linked into the hooks (CycloneDX). If this directory has an appspec.yml or a hooks.toml of
its own, that one is taken instead of the released one. A bundle that would fail on the host is refused.

  --jar FILE      what is to be deployed; it keeps its name
  --hooks WHERE   the released hooks: the archive, the directory that it was unpacked in, or its address; unless said, the
                  directory that this script lies in
  --sha256 SUM    the archive's checksum, as you noted it; unless said, that in ARCHIVE.sha256 beside it
  --name NAME     what the zip is called, without .zip; the jar's name unless said
  --help          this text

Needs unzip, zip, and sha256sum or shasum; for an address also curl.
exit codes: 0 done, 1 refused (the last lines say why), 2 it could not be made
TEXT
}

# Standard output is only the result.
say() {
    printf '%s\n' "$*" >&2
}

# fail SENTENCE: it could not be made.
fail() {
    say "error: $*"
    exit 2
}

# refuse SENTENCE: what was found is not what it should be.
refuse() {
    say "error: $*"
    exit 1
}

jar='' hooks='' wanted_sum='' name=''
while [ $# -gt 0 ]; do
    case "$1" in
        --help | -h)
            usage
            exit 0
            ;;
        --jar | --hooks | --sha256 | --name)
            [ $# -ge 2 ] || fail "\`$1\` has no value: see --help"
            option=$1 value=$2
            shift
            ;;
        --jar=* | --hooks=* | --sha256=* | --name=*) option=${1%%=*} value=${1#*=} ;;
        *) fail "\`$1\` is unknown: see --help" ;;
    esac
    shift
    case "$option" in
        --jar) jar=$value ;;
        --hooks) hooks=$value ;;
        --sha256) wanted_sum=$value ;;
        --name) name=$value ;;
    esac
done
[ -n "$jar" ] || fail "no jar was given, needed the one to deploy: bundle.sh --jar build/libs/application.jar"
[ -f "$jar" ] || fail "\`$jar\` is no file, needed the jar to deploy: build it first, or correct \`--jar\`"
jar_name=$(basename -- "$jar")
[ -n "$name" ] || name=${jar_name%.*}
case "$name" in
    */* | .* | '') fail "\`$name\` is no file's name: give a word to \`--name\`" ;;
esac
jar=$(cd -- "$(dirname -- "$jar")" && pwd)/$jar_name

for program in unzip zip; do
    command -v "$program" >/dev/null ||
        fail "\`$program\` is not installed, which unpacks and packs: install the package $program (apt-get, dnf, apk or brew)"
done
if command -v sha256sum >/dev/null; then
    sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }
elif command -v shasum >/dev/null; then
    sum_of() { shasum -a 256 <"$1" | cut -d ' ' -f 1; }
else
    fail "neither \`sha256sum\` nor \`shasum\` is installed, one of which checks the hooks: install coreutils"
fi

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# fetch URL FILE
fetch() {
    curl --fail --silent --show-error --location --retry 3 --output "$2" -- "$1" >&2 ||
        fail "\`$1\` could not be fetched (see above): correct \`--hooks\`, or fetch it yourself and name the file"
}

# unpack ARCHIVE NAME SUM-FILE: into `$released`, after its checksum was compared.
unpack() {
    if [ -z "$wanted_sum" ]; then
        [ -f "$3" ] || fail "\`$2.sha256\` is not beside the archive, needed its checksum: fetch it too, or pass it as \`--sha256\`"
        read -r wanted_sum _ <"$3" || true
    fi
    found=$(sum_of "$1")
    [ "$found" = "$wanted_sum" ] ||
        refuse "\`$2\` has the sha256 \`$found\`, needed \`$wanted_sum\`: it is damaged, or another one: fetch it again"
    released=$work/released
    unzip -q "$1" -d "$released" >"$work/told" 2>&1 ||
        refuse "\`$2\` is no archive that can be unpacked ($(head -n 1 "$work/told")): fetch a released archive of the hooks"
}

hooks=${hooks:-$(cd -- "$(dirname -- "$0")" && pwd)}
case "$hooks" in
    *://*)
        command -v curl >/dev/null || fail "\`curl\` is not installed, which fetches \`$hooks\`: install it, or fetch the archive by hand"
        fetch "$hooks" "$work/archive.zip"
        [ -n "$wanted_sum" ] || fetch "$hooks.sha256" "$work/archive.sha256"
        unpack "$work/archive.zip" "$hooks" "$work/archive.sha256"
        ;;
    *)
        if [ -d "$hooks" ]; then
            [ -z "$wanted_sum" ] ||
                fail "\`$hooks\` is a directory, and \`--sha256\` is an archive's: leave it out, or name the archive"
            released=$hooks
        elif [ -f "$hooks" ]; then
            unpack "$(cd -- "$(dirname -- "$hooks")" && pwd)/$(basename -- "$hooks")" "$hooks" "$hooks.sha256"
        else
            fail "\`$hooks\` is not there, needed a released archive of the hooks, or the directory that it was unpacked in"
        fi
        ;;
esac

readonly bill=hooks.cdx.json
programs='hooks/stop hooks/start hooks/health hooks/switch hooks/status'

# take FILE: puts a released file into the bundle, if it is as it was released.
take() {
    [ -f "$released/SHA256SUMS" ] && [ -f "$released/$1" ] ||
        refuse "\`$hooks\` has no \`$1\` with its checksum, needed an unpacked release of the hooks: unpack a released archive again"
    listed=$(awk -v file="$1" '$2 == file { print $1; exit }' "$released/SHA256SUMS")
    found=$(sum_of "$released/$1")
    [ "$found" = "$listed" ] ||
        refuse "\`$1\` of \`$hooks\` is not as it was released: its sha256 is \`$found\`, needed \`${listed:-one in SHA256SUMS}\`: unpack the archive again"
    cp -- "$released/$1" "$work/bundle/$1"
}

# own_or_released FILE: that of this directory, if it has one.
own_or_released() {
    if [ ! -f "$1" ]; then
        take "$1"
        return
    fi
    cmp -s -- "$1" "$released/$1" || say "\`$1\` is that of this directory, not the released one"
    cp -- "$1" "$work/bundle/$1"
}

mkdir -p -- "$work/bundle/hooks"
for file in RELEASE "$bill" $programs; do
    take "$file"
done
own_or_released appspec.yml
own_or_released hooks.toml

# of_release KEY: what the archive says of itself.
of_release() {
    sed -n "s/^$1 //p" "$work/bundle/RELEASE"
}
say "hooks $(of_release version) of commit $(of_release commit), for $(of_release target)"

# Everything that is wrong is told at once.
wrong() {
    printf '  - %s\n' "$*" >>"$work/wrong"
}

# of_app KEY DEFAULT: a setting of [app] in hooks.toml, as it is written.
of_app() {
    tr -d '\r' <"$work/bundle/hooks.toml" | awk -v key="$1" -v otherwise="$2" '
        /^[ \t]*\[/ { section = $0; sub(/#.*/, "", section); gsub(/[][ \t]/, "", section); next }
        section == "app" && $0 ~ "^[ \t]*" key "[ \t]*=" {
            sub(/^[^=]*=[ \t]*/, "")
            if (/^"/) { sub(/^"/, ""); sub(/".*/, "") }
            else if (/^\047/) { sub(/^\047/, ""); sub(/\047.*/, "") }
            else { sub(/[ \t]*(#.*)?$/, ""); gsub(/[ \t]/, "") }
            otherwise = $0
            exit
        }
        END { print otherwise }'
}

# attribute NAME: a main attribute of the jar. A long one goes on in lines that begin with a blank; an empty line ends them.
attribute() {
    tr -d '\r' <"$work/manifest" | LC_ALL=C awk -v name="$1" '
        $0 == "" { exit }
        found && /^ / { value = value substr($0, 2); next }
        found { exit }
        tolower(substr($0, 1, index($0, ":") - 1)) == name { found = 1; value = substr($0, index($0, ":") + 1); sub(/^[ \t]+/, "", value) }
        END { print value }'
}

# Whether the jar can be started, as `stop` looks at it on the host.
check_jar() {
    status=0
    # 1 is a warning: a jar that starts as a script has bytes before it.
    unzip -p "$jar" META-INF/MANIFEST.MF >"$work/manifest" 2>"$work/told" || status=$?
    advice="build it again, or set \`app.command\` in hooks.toml"
    if [ "$status" -eq 11 ]; then
        wrong "the artifact \`$jar_name\` has no \`META-INF/MANIFEST.MF\`, needed an executable jar: $advice"
    elif [ "$status" -gt 1 ]; then
        wrong "the artifact \`$jar_name\` is no whole jar ($(sed -n '/[a-z]/ { s/^ *//; p; q; }' "$work/told")): it was cut off, or is something else: $advice"
    elif [ -z "$(attribute main-class)" ]; then
        wrong "the artifact \`$jar_name\` has no \`Main-Class\` in its manifest, needed an executable (boot) jar: $advice"
    else
        case "$(attribute main-class)" in
            org.springframework.boot.loader.*) return 0 ;;
        esac
        # Its copy on the host stands alone in a directory of its own.
        beside=$(attribute class-path | tr -s ' ' '\n' | grep -i '\.jar$' || true)
        if printf '%s\n' "$beside" | grep -qv -e '\.\.' -e '^/' -e '^file:' -e '^$'; then
            wrong "the artifact \`$jar_name\` is a thin jar that needs \`$(printf '%s' "$beside" | awk -v ORS='' '{ print (NR > 1 ? "`, `" : "") $0 }')\` beside it: build a fat jar"
        fi
    fi
}

# Whether `app.artifact` means the jar, and nothing else that lies at the top of the bundle.
check_pattern() {
    pattern=$(of_app artifact '{directory}/zip/*.jar')
    directory=$(dirname -- "$pattern" | sed "s|{directory}|$(of_app directory /home/ec2-user/app/step3)|")
    pattern=${pattern##*/}
    before=${pattern%%"*"*} after=${pattern#*"*"}
    candidates='' count=0 others=''
    printf '%s\n' appspec.yml hooks.toml "$jar_name" | LC_ALL=C sort >"$work/top"
    while IFS= read -r file; do
        case "$pattern" in
            *'*'*)
                case "$file" in
                    "$before"*"$after") ;;
                    *) continue ;;
                esac
                ;;
            *) [ "$file" = "$pattern" ] || continue ;;
        esac
        case "$file" in
            *-plain.jar | *-sources.jar | *-javadoc.jar) others=$file ;;
            *) candidates="$candidates${candidates:+, }\`$file\`" count=$((count + 1)) only=$file ;;
        esac
    done <"$work/top"
    advice="correct the pattern, or the jar's name"
    mistake="\`app.artifact\` of hooks.toml does not mean exactly \`$jar_name\`: in \`$directory\` it"
    if [ "$count" -gt 1 ]; then
        wrong "$mistake found $count candidates ($candidates), needed exactly one: $advice"
    elif [ "$count" -eq 1 ]; then
        [ "$only" = "$jar_name" ] || wrong "\`app.artifact\` of hooks.toml means \`$only\`, needed \`$jar_name\`: $advice"
    elif [ -n "$others" ]; then
        wrong "$mistake found only \`$others\`, which does not start by itself; needed a boot jar: $advice"
    else
        wrong "$mistake found no \`$pattern\`: $advice"
    fi
}

# Whether appspec.yml runs what is in the bundle, and each hook that a deploy needs.
check_app_spec() {
    tr -d '\r' <"$work/bundle/appspec.yml" | awk '
        /^[ \t]*[A-Za-z]+:[ \t]*(#.*)?$/ { event = $1; sub(/:.*/, "", event) }
        /^[ \t]*(-[ \t]*)?[{]?[ \t]*location:/ || /[{,][ \t]*location:/ {
            sub(/.*location:[ \t]*/, "")
            if (/^["\047]/) { quote = substr($0, 1, 1); $0 = substr($0, 2); sub(quote ".*", "") }
            sub(/[ \t]*([,}].*|#.*)?$/, "")
            sub(/^\//, "")
            print event "\t" $0
        }' >"$work/scripts"
    in_it=''
    for file in appspec.yml hooks.toml $programs; do
        in_it="$in_it\`$file\`, "
    done
    while IFS='	' read -r event script; do
        case " appspec.yml hooks.toml $programs " in
            *" $script "*) ;;
            *) wrong "\`$event\` in appspec.yml runs \`$script\`, which is not in the bundle; in it are $in_it\`$jar_name\`: correct \`location\`" ;;
        esac
    done <"$work/scripts"
    for hook in hooks/stop hooks/start hooks/health hooks/switch; do
        cut -f 2 "$work/scripts" | grep -qxF -- "$hook" ||
            wrong "in appspec.yml no event runs \`$hook\`: let \`hooks\` of appspec.yml name each once, with one \`runas\`: AfterInstall: stop; ApplicationStart: start; ValidateService: health, then switch. Then deploy again"
    done
}

: >"$work/wrong"
case "$jar_name" in
    appspec.yml | hooks | hooks.toml)
        wrong "the artifact is called \`$jar_name\`, which has a meaning of its own in a bundle: rename it"
        ;;
    *)
        if [ ! -s "$jar" ]; then
            wrong "the artifact \`$jar_name\` is empty: build it again"
        elif [ "$(of_app command '[]')" = '[]' ]; then
            check_jar
        fi
        check_pattern
        ;;
esac
check_app_spec
if [ -s "$work/wrong" ]; then
    say "error: this bundle would fail on the host:"
    cat -- "$work/wrong" >&2
    exit 1
fi

# One date, one order, fixed modes: the same release, jar and zip give the same bytes. A zip has no time zone.
export TZ=UTC
mv -- "$work/bundle/$bill" "$work/$bill"
touched=$(of_release date)
rm -- "$work/bundle/RELEASE"
cp -- "$jar" "$work/bundle/$jar_name"
(
    cd -- "$work/bundle"
    chmod 644 appspec.yml hooks.toml "./$jar_name"
    chmod 755 hooks/*
    touch -t "$touched" appspec.yml hooks.toml hooks/* "./$jar_name"
    # shellcheck disable=SC2086 # the programs' names, one by one
    zip -q -9 -X -D ../bundle.zip appspec.yml hooks.toml $programs "./$jar_name" >&2
) || fail "zip could not pack the bundle (its words are above)"

zip=dist/$name.zip
mkdir -p dist
sum=$(sum_of "$work/bundle.zip")
mv -- "$work/$bill" "$zip.cdx.json"
printf '%s  %s\n' "$sum" "$name.zip" >"$zip.sha256"
# In one step, wherever the temporary directory is: whoever looks finds a whole one.
mv -- "$work/bundle.zip" "$zip.new"
mv -- "$zip.new" "$zip"
printf '%s\nsha256 %s\n' "$zip" "$sum"
say "next: upload it for CodeDeploy; on a host, \`hooks/stop --dry-run\` says what is still missing there"

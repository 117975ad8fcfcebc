#!/usr/bin/env bash
# Whether the files that carry a release to AWS are what their readers take them for: .travis.yml and an application's by Travis's
# schema, the workflow in docs/travis.md and an application's by GitHub's, and each IAM policy as JSON. Nothing is asked of AWS, Travis or GitHub.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    printf 'usage: check-pipeline.sh\nChecks .travis.yml, docs/travis/*.yml, the workflow in docs/travis.md and docs/iam/*.json. Needs Python 3; the rest it installs.\n'
    exit 0
fi

# Both schemas come with it.
readonly version=0.39.0
tools=$(target_directory "$root")/tools/check-jsonschema-$version

install_checker() {
    require_program python3
    # Debian's python3 makes an environment only with this package, which brings no program of its own.
    if ! python3 -c 'import ensurepip' 2>/dev/null && [ "$(package_manager || true)" = apt-get ]; then
        say "installing the package python3-venv with apt-get, since Python cannot make an environment without it"
        install_package apt-get python3-venv || fail "apt-get could not install python3-venv (its output is above)"
    fi
    say "installing check-jsonschema $version in $tools"
    rm -rf -- "$tools"
    quietly python3 -m venv "$tools" || fail "Python could not make an environment in $tools (its output is above)"
    quietly "$tools/bin/pip" install --quiet --disable-pip-version-check "check-jsonschema==$version" ||
        fail "pip could not install check-jsonschema (its output is above)"
}

# Prints the only block of YAML in a document.
yaml_block() {
    awk '/^```yaml$/ { inside = 1; blocks++; next }
         /^```$/ { inside = 0 }
         inside { print }
         END { exit blocks != 1 }' "$1"
}

# Asked like this, and not whether the file is there, so that an installation that was cut short is made again.
"$tools/bin/check-jsonschema" --version >/dev/null 2>&1 || install_checker

"$tools/bin/check-jsonschema" --builtin-schema vendor.travis "$root/.travis.yml" "$root/docs/travis/application.travis.yml"

yaml_block "$root/docs/travis.md" >"$tools/deploy.yml" || fail "docs/travis.md must hold one block of YAML, the workflow"
"$tools/bin/check-jsonschema" --builtin-schema vendor.github-workflows "$tools/deploy.yml" "$root/docs/travis/application.github.yml"

for policy in "$root"/docs/iam/*.json; do
    "$tools/bin/python" -m json.tool "$policy" >/dev/null || fail "$policy is not JSON"
done

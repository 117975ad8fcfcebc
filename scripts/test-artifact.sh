#!/usr/bin/env bash
# Tests a zip that scripts/bundle.sh built, and nothing else: its checksum, its bill of materials, whether its programs start on
# older hosts, and whole deploys with the hooks that are in it. As root.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"

if [ $# -ne 1 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
    printf 'usage: test-artifact.sh ZIP\nTests a zip of scripts/bundle.sh, with a jar in it that java can run. As root.\n'
    [ $# -eq 1 ] && exit 0
    exit 2
fi
[ -f "$1" ] || fail "\`$1\` is no file, needed a zip: ./scripts/bundle.sh --jar FILE makes one"
zip=$(cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
cd -- "$root"

say "== the checksum and the bill of materials beside it"
(cd -- "$(dirname -- "$zip")" && sha256sum --strict -c "$(basename -- "$zip").sha256")
schema=$(target_directory "$root")/tools/cyclonedx
require_python_packages "$schema" 'cyclonedx-python-lib[json-validation]==11.12.0'
"$schema/bin/python" - "$zip.cdx.json" <<'PYTHON'
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

with open(sys.argv[1], encoding="utf-8") as file:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read())
sys.exit(f"error: `{sys.argv[1]}` is no CycloneDX 1.6: {error}" if error else 0)
PYTHON
say "$zip.cdx.json follows the schema of CycloneDX 1.6"

say "== sizes and needs, against their limits"
unpacked=$(mktemp -d)
trap 'rm -rf -- "$unpacked"' EXIT
require_program unzip
quietly unzip -q "$zip" -d "$unpacked" || fail "\`$zip\` could not be unpacked (see above)"
cargo run --quiet --locked -p bundle -- table --binaries "$unpacked/hooks" --appspec "$unpacked/appspec.yml" \
    --settings "$unpacked/hooks.toml" --date "$(stat -c %Y "$unpacked/appspec.yml")"

say "== elsewhere"
./scripts/elsewhere.sh "$zip"

say "== deployed through the agent, generations 1 and 2"
ARTIFACT=$zip cargo test --quiet --locked -p bundle --features artifact --test artifact

for agent in 1 2; do
    say "== replayed as a user would, agent $agent"
    ./scripts/simulate.sh --bundle "$zip" --agent "$agent"
done

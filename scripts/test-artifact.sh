#!/usr/bin/env bash
# Tests a zip that scripts/bundle.sh built, and nothing else: its checksum, its bill of materials, whether its programs start on
# older hosts, and whole deploys with the hooks that are in it; and the released archive of the same build, as those use it who
# have no Rust. As root.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$root/scripts/requirements.sh"

if [ $# -ne 2 ]; then
    printf 'usage: test-artifact.sh ZIP ARCHIVE\nTests a zip of scripts/bundle.sh, with a jar in it that java can run, and its archive of --release. As root.\n'
    [ "${1:-}" = --help ] || [ "${1:-}" = -h ] || exit 2
    exit 0
fi
[ -f "$1" ] || fail "\`$1\` is no file, needed a zip: ./scripts/bundle.sh --jar FILE makes one"
[ -f "$2" ] || fail "\`$2\` is no file, needed a released archive: ./scripts/bundle.sh --release makes one"
zip=$(cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
archive=$(cd -- "$(dirname -- "$2")" && pwd)/$(basename -- "$2")
cd -- "$root"

say "== the checksums and the bills of materials"
for file in "$zip" "$archive"; do
    (cd -- "$(dirname -- "$file")" && sha256sum --strict -c "$(basename -- "$file").sha256")
done
unpacked=$(mktemp -d)
trap 'rm -rf -- "$unpacked"' EXIT
require_program unzip
quietly unzip -q "$zip" -d "$unpacked/bundle" || fail "\`$zip\` could not be unpacked (see above)"
quietly unzip -q "$archive" -d "$unpacked/release" || fail "\`$archive\` could not be unpacked (see above)"
(cd -- "$unpacked/release" && sha256sum --strict --quiet -c SHA256SUMS)
schema=$(target_directory "$root")/tools/cyclonedx
require_python_packages "$schema" 'cyclonedx-python-lib[json-validation]==11.12.0'
"$schema/bin/python" - "$zip.cdx.json" "$unpacked/release/hooks.cdx.json" <<'PYTHON'
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read())
    if error:
        sys.exit(f"error: `{path}` is no CycloneDX 1.6: {error}")
PYTHON
say "$zip.cdx.json and that of the archive follow the schema of CycloneDX 1.6"

say "== sizes and needs, against their limits"
cargo run --quiet --locked -p bundle -- table --binaries "$unpacked/bundle/hooks" --appspec "$unpacked/bundle/appspec.yml" \
    --settings "$unpacked/bundle/hooks.toml" --date "$(stat -c %Y "$unpacked/bundle/appspec.yml")"

say "== elsewhere"
./scripts/elsewhere.sh "$zip"

say "== deployed through the agent, generations 1 and 2"
require_program zip
require_program curl
ARTIFACT=$zip ARCHIVE=$archive cargo test --quiet --locked -p bundle --features artifact --test artifact

for agent in 1 2; do
    say "== replayed as a user would, agent $agent"
    ./scripts/simulate.sh --bundle "$zip" --agent "$agent"
done

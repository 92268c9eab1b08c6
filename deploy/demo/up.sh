#!/usr/bin/env bash
# Leaves an invented authority running on this machine, for a person to ask. `make up` runs it; Ctrl-C stops it.
set -euo pipefail
cd "$(dirname "$0")/../.."

place=target/up
cargo build --quiet --package throughline
throughline=target/debug/throughline
if [ ! -e "$place/dev/throughline.toml" ]; then
    "$throughline" generate --children "${CHILDREN:-1000}" --out "$place/authority"
    "$throughline" dev init --authority "$place/authority" --out "$place/dev" --token-hours 168
    first=yes
fi
config=$place/dev/throughline.toml
"$throughline" up --config "$config" 2> "$place/up.log" &
up=$!
trap 'kill -TERM "$up" 2> "$place/kill.log" || true; wait "$up" || true' EXIT
"$throughline" status --config "$config" --wait 60 > "$place/started.txt" || { cat "$place/up.log"; exit 1; }
if [ "${first:-}" = yes ]; then
    "$throughline" facts record --config "$config" "$place/dev/facts.jsonl"
    for person in approver-1 approver-2; do
        "$throughline" sharing approve --as "$person" --readers "$place/dev/readers" --yes
    done
    for connector in education-school-census social-care-cin-census health-hl7v2; do
        cp "$place/authority/$connector"/* "$place/dev/drop/$connector/incoming/"
    done
fi
"$throughline" status --config "$config" --wait 3600
field() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$place/authority/demo.json"; }
child=$(sed 's/.*{"scheme":"UPN","issuer":"\([^"]*\)","value":"\([^"]*\)"}.*/UPN:\1:\2/' "$place/authority/demo.json")
echo
echo "up. In another terminal, for instance:"
echo "  $throughline timeline $child --readers $place/dev/readers --as $(field school) --purpose education_provision"
echo "  $throughline disclosures --config $config"
echo "  $throughline quarantine list --config $config"
echo "Logs: $place/up.log. Ctrl-C stops it; the next \`make up\` goes on with what is there."
wait "$up"

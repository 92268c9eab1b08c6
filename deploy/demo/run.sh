#!/usr/bin/env bash
# Throughline from nothing to an answer, on this machine: an invented authority's records become timelines that different
# readers see differently, each answer on record. Everything is made under target/demo. `make demo` runs it.
set -euo pipefail
cd "$(dirname "$0")/../.."

children=${CHILDREN:-400}
demo=target/demo
step() { printf '\n== %s\n' "$*"; }

step "building (the first time takes some minutes)"
cargo build --quiet --package throughline
throughline=$PWD/${CARGO_TARGET_DIR:-target}/debug/throughline
case ${CARGO_TARGET_DIR:-} in /*) throughline=$CARGO_TARGET_DIR/debug/throughline ;; esac

rm -rf "$demo"
mkdir -p "$demo"
step "inventing an authority of $children children"
"$throughline" generate --children "$children" --all --out "$demo/authority"

step "certificates, keys and readers, from an authority that only this machine knows"
"$throughline" dev init --authority "$demo/authority" --out "$demo/dev" --listen 127.0.0.1:0 --mllp-listen 127.0.0.1:0
config=$demo/dev/throughline.toml
# The rest of what a council has: connectors that `dev init` leaves off, and tables that a mapping file reads.
connectors="education-sen2 education-ctf social-care-dfe-api health-fhir"
mappings="health-camhs-mhsds health-therapy-waits social-care-early-help-module social-care-team-around-child"
section() {
    printf '\n[connectors.%s]\ncontrollers = [%s]\ndrop_folder = "drop/%s"\npoll_ms = 250\n' "$1" "$2" "$1" >> "$config"
}
for connector in $connectors; do
    case $connector in
        social-care-*) section "$connector" '"la-878-social-care"' ;;
        health-*) section "$connector" '"ods-ryx"' ;;
        *) section "$connector" '"school-*", "la-*"' ;;
    esac
done
for mapping in $mappings; do
    cp "connectors/mapped/mappings/$mapping.toml" "$demo/dev/"
    section "$mapping" '"la-878-*", "ods-rx9"'
    echo "mapping = \"$mapping.toml\"" >> "$config"
done

step "one process: connectors, embedded log, projection, service"
"$throughline" up --config "$config" 2> "$demo/up.log" &
up=$!
trap 'kill "$up" 2> "$demo/kill.log" || true' EXIT
"$throughline" status --config "$config" --wait 60 > "$demo/started.txt" || { cat "$demo/up.log"; exit 1; }
"$throughline" facts record --config "$config" "$demo/dev/facts.jsonl"
for person in approver-1 approver-2; do
    "$throughline" sharing approve --as "$person" --readers "$demo/dev/readers" --yes
done

step "three sectors' records, dropped where council IT would drop them"
for connector in education-school-census social-care-cin-census health-hl7v2 $connectors $mappings; do
    cp "$demo/authority/$connector"/* "$demo/dev/drop/$connector/incoming/"
    echo "$connector: $(ls "$demo/authority/$connector" | wc -l) file(s)"
done
"$throughline" status --config "$config" --wait 600 | tee "$demo/status.txt"

# One child, by the reference that each reader holds.
field() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$demo/authority/demo.json"; }
reference() { sed "s/.*{\"scheme\":\"$1\",\"issuer\":\"\([^\"]*\)\",\"value\":\"\([^\"]*\)\"}.*/$1:\1:\2/" "$demo/authority/demo.json"; }
ask() { "$throughline" timeline "$1" --readers "$demo/dev/readers" --as "$2" --purpose "$3" | tee -a "$demo/answers.txt"; }

step "the child's social worker, in an open section 47 enquiry"
ask "$(reference LA_CHILD_ID)" "$(field socialCare)" child_protection
step "the same child, at school: what is withheld, why, and whom to ask"
ask "$(reference UPN)" "$(field school)" education_provision
step "the same child, at the practice"
ask "$(reference NHS_NUMBER)" "$(field practice)" direct_care
step "the same child, for an organisation that does not work with them"
ask "$(reference NHS_NUMBER)" "$(field unrelated)" education_provision

step "what was just disclosed, to whom"
"$throughline" disclosures --config "$config" | tee "$demo/disclosures.txt"

step "stopping, and proving that the store is what the log gives"
kill -TERM "$up"
wait "$up"
trap - EXIT
"$throughline" verify --config "$config"

step "a bundle for an auditor, verified with nothing but the ledger's public key"
key=$demo/dev/data/keys/ledger/1.vkey
"$throughline" audit verify --config "$config" --key "$key"
"$throughline" audit export --config "$config" --out "$demo/bundle"
"$throughline" audit verify --bundle "$demo/bundle" --key "$key"
if command -v python3 > /dev/null; then python3 docs/audit/verify_bundle.py "$demo/bundle" "$key"; fi

events=$(sed -n 's/^status: .* events=\([0-9]*\) .*/\1/p' "$demo/status.txt")
disclosures=$(sed -n 's/^disclosures: \([0-9]*\) on record.*/\1/p' "$demo/disclosures.txt")
withheld=$(sed -n 's/^timeline: .* in_part=\([0-9]*\) services_withheld=\([0-9]*\) .*/\1 \2/p' "$demo/answers.txt" | awk '{n += $1 + $2} END {print n}')
test "$disclosures" -ge 4
echo
echo "demo: ok children=$children events=$events disclosures=$disclosures withheld=$withheld"

#!/usr/bin/env bash
# The demonstration on Apache Kafka, each part a process of its own: two nodes that serve, three connectors, a broker. One node
# is restarted while readers ask the other. Everything is made under target/demo-kafka. `make demo-kafka` runs it.
set -euo pipefail
cd "$(dirname "$0")/../.."

children=${CHILDREN:-100}
demo=$PWD/target/demo-kafka
step() { printf '\n== %s\n' "$*"; }

step "building (the first time takes some minutes)"
cargo build --quiet --package throughline
throughline=$PWD/target/debug/throughline
case ${CARGO_TARGET_DIR:-} in
    "") ;;
    /*) throughline=$CARGO_TARGET_DIR/debug/throughline ;;
    *) throughline=$PWD/$CARGO_TARGET_DIR/debug/throughline ;;
esac
deploy/kafka/setup

rm -rf "$demo"
mkdir -p "$demo"
running=()
stop_all() {
    for process in "${running[@]}"; do kill -TERM "$process" 2> "$demo/kill.log" || true; done
    for process in "${running[@]}"; do wait "$process" || true; done
    deploy/kafka/down "$demo/kafka" || true
}
trap stop_all EXIT

step "one node of Apache Kafka"
eval "$(deploy/kafka/up "$demo/kafka")"

step "inventing an authority of $children children"
"$throughline" generate --children "$children" --out "$demo/authority"
"$throughline" dev init --authority "$demo/authority" --out "$demo/dev" --listen 127.0.0.1:0 --mllp-listen 127.0.0.1:0
port=$(sed -n 's/^listen = "127.0.0.1:\([0-9]*\)"/\1/p' "$demo/dev/throughline.toml")

# A file for each process: its own data, its own part, and the keys, which are one folder because this is one machine.
configuration() {
    printf 'data = "data-%s"\n[keys]\nfolder = "data/keys"\nmake = true\n[log]\nkind = "kafka"\nbootstrap = "%s"\nsecurity = "plaintext"\n%s\n' \
        "$1" "$KAFKA_BOOTSTRAP" "$2" > "$demo/dev/$1.toml"
}
serving() {
    printf '[serve]\nlisten = "127.0.0.1:%s"\ncertificate = "tls/service.pem"\nkey = "tls/service.key"\nclient_ca = "tls/ca.pem"\norganisation = "throughline-local-hub"\nhub_contact = "The information hub"\ndrain_s = 1\n' "$1"
}
connecting() {
    printf '[connectors.%s]\ncontrollers = ["%s"]\norganisation = "throughline-local-hub"\ndrop_folder = "drop/%s"\npoll_ms = 250\n' "$1" "$2" "$1"
}
configuration admin ""
configuration serve-1 "$(serving "$port")"
configuration serve-2 "$(serving "$((port + 1))")"
connectors=(education-school-census social-care-cin-census health-hl7v2)
configuration education-school-census "$(connecting education-school-census 'school-*')"
configuration social-care-cin-census "$(connecting social-care-cin-census 'la-*')"
configuration health-hl7v2 "$(connecting health-hl7v2 'ods-*')"
of() { echo "$demo/dev/$1.toml"; }

step "the topics"
"$throughline" topics apply --replication 1 --min-insync-replicas 1 --config "$(of admin)" | tail -n 1

step "two nodes that serve, and three connectors, each a process"
start() {
    "$throughline" "${@:2}" --config "$(of "$1")" 2>> "$demo/$1.log" &
    started=$!
    running+=("$started")
}
start serve-1 serve
first=$started
"$throughline" status --config "$(of serve-1)" --wait 60 > "$demo/started.txt" || { cat "$demo/serve-1.log"; exit 1; }
start serve-2 serve
for connector in "${connectors[@]}"; do start "$connector" connect "$connector"; done
"$throughline" facts record --config "$(of serve-1)" "$demo/dev/facts.jsonl"
for person in approver-1 approver-2; do
    "$throughline" sharing approve --as "$person" --readers "$demo/dev/readers" --yes
done
for connector in "${connectors[@]}"; do
    mkdir -p "$demo/dev/drop/$connector/incoming"
    cp "$demo/authority/$connector"/* "$demo/dev/drop/$connector/incoming/"
done
for connector in "${connectors[@]}"; do
    "$throughline" status --config "$(of "$connector")" --wait 600
done
for node in serve-1 serve-2; do
    "$throughline" status --config "$(of "$node")" --wait 600 | tee "$demo/status.txt"
done

# One child, asked of either node.
field() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$demo/authority/demo.json"; }
reference() { sed "s/.*{\"scheme\":\"$1\",\"issuer\":\"\([^\"]*\)\",\"value\":\"\([^\"]*\)\"}.*/$1:\1:\2/" "$demo/authority/demo.json"; }
sed "s/:$port\"/:$((port + 1))\"/" "$demo/dev/readers/$(field school).toml" > "$demo/dev/readers/second-node.toml"
ask() { "$throughline" timeline "$(reference UPN)" --readers "$demo/dev/readers" --as "$1" --purpose education_provision; }

step "the same child at school, asked of the first node and of the second"
ask "$(field school)" | tail -n 1 | tee "$demo/answers.txt"
ask second-node | tail -n 1 | tee -a "$demo/answers.txt"
step "the first node is restarted, and the second answers"
kill -TERM "$first"
ask second-node | tail -n 1 | tee -a "$demo/answers.txt"
wait "$first"
"$throughline" verify --config "$(of serve-1)"
start serve-1 serve
"$throughline" status --config "$(of serve-1)" --wait 60 | tail -n 2
ask "$(field school)" | tail -n 1 | tee -a "$demo/answers.txt"

events=$(sed -n 's/^status: .* events=\([0-9]*\) .*/\1/p' "$demo/status.txt")
test "$(sed 's/ decision=.*//' "$demo/answers.txt" | sort -u | wc -l)" -eq 1
echo
echo "demo-kafka: ok children=$children events=$events nodes=2 connectors=3 answers=$(wc -l < "$demo/answers.txt")"

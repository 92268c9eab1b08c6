#!/usr/bin/env bash
# Rehearses the loss of a Kafka cluster on this machine, with an invented authority: a node's disk is copied while it is stopped,
# lost, and put back; then every partition must have the Merkle root that it had, and the store made from it the same state.
#
#   deploy/backup/rehearse-kafka.sh          (after `make kafka` and `cargo build --package throughline`; about a minute)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
throughline=$target/debug/throughline
place=$(mktemp -d)
node=
processes=()
finish() {
    for pid in "${processes[@]}" $node; do kill -TERM "$pid" 2> "$place/kill.log" || true; done
    wait
    rm -rf "$place"
}
trap finish EXIT
# The ports are chosen by the demonstration's own set-up, which takes those that are free.
free() {
    "$throughline" dev init --authority "$place/authority" --out "$place/port-$1" --listen 127.0.0.1:0 --mllp-listen 127.0.0.1:0 > "$place/dev.log"
    sed -n 's/^listen = ".*:\([0-9]*\)"/\1/p' "$place/port-$1/throughline.toml" | head -1
}
# Until it has taken in and read everything: its configuration, its log.
ready() { "$throughline" status --config "$1" --wait 120 > "$place/status" 2>&1 || { cat "$place/status" "$2"; exit 1; }; }

"$throughline" generate --children 30 --out "$place/authority"
"$throughline" dev init --authority "$place/authority" --out "$place/dev" --listen 127.0.0.1:0 --mllp-listen 127.0.0.1:0
client=$(free client)
controller=$(free controller)
cat > "$place/node.properties" <<END
listeners=CLIENT://127.0.0.1:$client,CONTROLLER://127.0.0.1:$controller
advertised.listeners=CLIENT://127.0.0.1:$client
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:$controller
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
END
start_node() {
    "$(deploy/kafka/home)/current/node" "$place/disk" "$place/node.properties" > "$place/node.log" 2>&1 < /dev/null &
    node=$!
    for _ in $(seq 300); do
        sleep 0.2
        grep -q '^kafka: apache' "$place/node.log" && return
        kill -0 "$node" 2> "$place/kill.log" || break
    done
    cat "$place/node.log"
    exit 1
}
stop() { kill -TERM "$1"; wait "$1" || true; }

start_node
grep '^kafka: apache' "$place/node.log"
# One file for the service, one for the feed; the keys are the demonstration's, made as they are needed.
shared="[log]
kind = \"kafka\"
bootstrap = \"127.0.0.1:$client\"
security = \"plaintext\"

[keys]
folder = \"$place/dev/data/keys\"
make = true
"
sed -e '/^\[connectors/,/^$/d' -e "s|^data = .*|data = \"$place/serve\"|" "$place/dev/throughline.toml" > "$place/dev/serve.toml"
echo "$shared" >> "$place/dev/serve.toml"
cat > "$place/dev/connect.toml" <<END
data = "$place/connect"

$shared
[connectors.health-hl7v2]
controllers = ["ods-*"]
organisation = "throughline-local-hub"
drop_folder = "$place/dev/drop/health-hl7v2"
poll_ms = 50
END
"$throughline" topics apply --config "$place/dev/serve.toml" --replication 1 --min-insync-replicas 1 | tail -1

"$throughline" serve --config "$place/dev/serve.toml" 2> "$place/serve.log" & serve=$!
"$throughline" connect health-hl7v2 --config "$place/dev/connect.toml" 2> "$place/connect.log" & connect=$!
processes=("$serve" "$connect")
ready "$place/dev/serve.toml" "$place/serve.log"
ready "$place/dev/connect.toml" "$place/connect.log"
cp "$place"/authority/health-hl7v2/*.hl7 "$place/dev/drop/health-hl7v2/incoming/"
ready "$place/dev/connect.toml" "$place/connect.log"
ready "$place/dev/serve.toml" "$place/serve.log"
stop "$connect"
stop "$serve"
processes=()
"$throughline" verify --roots --config "$place/dev/serve.toml" | tee "$place/before" | tail -1

echo "the node is stopped, its disk copied, and lost; the service's store with it"
stop "$node"
tar --create --directory "$place" --file "$place/disk.tar" disk
rm -rf "$place/disk" "$place/serve"
tar --extract --directory "$place" --file "$place/disk.tar"
start_node
"$throughline" topics plan --config "$place/dev/serve.toml" --replication 1 --min-insync-replicas 1 | tail -1
"$throughline" rebuild --config "$place/dev/serve.toml"
"$throughline" verify --roots --config "$place/dev/serve.toml" > "$place/after"
diff "$place/before" "$place/after"
echo "rehearsed: ok partitions=$(grep -c '^ throughline\.' "$place/after") every root and the state as before"

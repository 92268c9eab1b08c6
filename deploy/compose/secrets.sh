#!/usr/bin/env bash
# Makes what the Compose file needs and no repository may hold: certificates, keys, one password, all drawn here and now, and
# the folders that the processes write to. Once, before the first start:
#
#   deploy/compose/secrets.sh [ORGANISATION ...]
#
# It writes secrets/, state/ and .env beside itself, for the user who runs it (for root: user 10001) and nobody else. The
# organisations are those whose records are to be sealed; without any, those of the example configurations. For real use, have
# your own authority sign the certificates, and keep a copy of secrets/serve/keys where the log is not (docs/OPERATING.md, Keys).
set -euo pipefail
umask 077
cd "$(dirname "${BASH_SOURCE[0]}")"
[[ $# -gt 0 ]] && organisations=("$@") || organisations=(la-878-social-care ods-rh8 school-8784000)
# Who runs the service, and who looks after what no school is named in: as the example configurations have it.
organisations+=(la-878-information-hub la-878-education)
[[ ! -e secrets ]] || { echo "secrets/ is there: nothing was made anew, since the log could not be read without the old" >&2; exit 1; }
mkdir secrets
trap 'echo "interrupted: remove $PWD/secrets and begin again" >&2' ERR

# An authority: DIR NAME.
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=$2" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -keyout "$1/ca.key" -out "$1/ca.pem" 2> "$1/openssl.log"
}
# A certificate: AUTHORITY-DIR OUT NAME USAGE [DNS ...].
certificate() {
    local ca=$1 out=$2 name=$3 usage=$4 names=""
    shift 4
    for dns in "$@"; do names+="DNS:$dns,"; done
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$out.key" -out "$out.csr" 2> "$ca/openssl.log"
    { echo "basicConstraints=critical,CA:FALSE"; echo "extendedKeyUsage=$usage"; [[ -z $names ]] || echo "subjectAltName=${names%,}"; } > "$out.ext"
    openssl x509 -req -in "$out.csr" -CA "$ca/ca.pem" -CAkey "$ca/ca.key" -CAcreateserial -days 365 -extfile "$out.ext" \
        -out "$out.pem" 2> "$ca/openssl.log"
    rm "$out.csr" "$out.ext"
}

mkdir -p secrets/authority-kafka secrets/authority-readers secrets/kafka secrets/keys/wrapping secrets/grafana
authority secrets/authority-kafka "Throughline Kafka authority"
authority secrets/authority-readers "Throughline readers authority"

certificate secrets/authority-kafka secrets/kafka/node kafka serverAuth,clientAuth kafka
cat secrets/kafka/node.key >> secrets/kafka/node.pem
rm secrets/kafka/node.key
cp secrets/authority-kafka/ca.pem secrets/kafka/ca.pem

openssl rand -hex 32 > secrets/keys/pseudonym.key
for organisation in "${organisations[@]}"; do
    mkdir -p "secrets/keys/wrapping/$organisation"
    openssl rand -hex 32 > "secrets/keys/wrapping/$organisation/1.key"
done

# What a process gets: its Kafka certificate, and the wrapping keys of the organisations that match its pattern and no others.
process() {
    local name=$1 pattern=$2 dir=secrets/$1 organisation
    mkdir -p "$dir/kafka" "$dir/keys/wrapping"
    certificate secrets/authority-kafka "$dir/kafka/client" "throughline-$name" clientAuth
    cp secrets/authority-kafka/ca.pem "$dir/kafka/ca.pem"
    [[ -n $pattern ]] || return 0
    cp secrets/keys/pseudonym.key "$dir/keys/pseudonym.key"
    for organisation in "${organisations[@]}"; do
        # shellcheck disable=SC2053 # a pattern on purpose
        [[ $organisation == $pattern ]] && cp -r "secrets/keys/wrapping/$organisation" "$dir/keys/wrapping/"
    done
    return 0
}
shopt -s extglob
process admin ""
process serve "*"
process education-school-census "@(school-*|la-*-education)"
process social-care-cin-census "la-*-social-care"
process health-hl7v2 "ods-*"

mkdir secrets/serve/tls
certificate secrets/authority-readers secrets/serve/tls/service serve serverAuth localhost serve-1 serve-2
cp secrets/authority-readers/ca.pem secrets/serve/tls/readers-ca.pem
openssl rand -base64 24 > secrets/grafana/admin-password
find secrets -name openssl.log -delete

mkdir -p state/kafka state/prometheus state/grafana state/serve-1 state/serve-2
for connector in education-school-census social-care-cin-census health-hl7v2; do
    mkdir -p "state/connect-$connector" "state/drop/$connector"
done
# Nothing runs as root, whoever runs this.
uid=$(id -u)
if [[ $uid -eq 0 ]]; then
    uid=10001
    chown -R "$uid:$uid" secrets state
fi
echo "THROUGHLINE_UID=$uid" > .env
echo "secrets: made in $PWD/secrets for the processes of user $uid and ${#organisations[@]} organisations"

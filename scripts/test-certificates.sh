#!/bin/bash
# Makes the certificates that tests use, valid for a hundred years: scripts/test-certificates.sh
set -euo pipefail
cd "$(dirname "$0")/../test/fixtures/tls"
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=$1" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
# signed NAME AUTHORITY SUBJECT-ALTERNATIVE-NAMES
signed() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 36500 -out "$1.pem" \
    -extfile <(printf 'subjectAltName=%s\n' "$3") 2>/dev/null
  rm "$1.csr"
}
authority ca
authority stranger
signed server ca DNS:localhost,IP:127.0.0.1
signed renewed ca DNS:localhost,IP:127.0.0.1
signed client-ann ca URI:spiffe://test/ann
signed client-nobody ca URI:spiffe://test/nobody
signed client-nameless ca DNS:nameless
signed client-stranger stranger URI:spiffe://test/ann
rm -f ./*.srl ca.key stranger.key

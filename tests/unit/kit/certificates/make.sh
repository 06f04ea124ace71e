#!/bin/sh
# Makes the certificates beside it anew: two authorities and what they signed. Valid for a hundred
# years, worth nothing outside of these tests.
set -eu
cd "$(dirname "$0")"
authority() {
    openssl ecparam -name prime256v1 -genkey -noout -out "$1-ca.key"
    openssl req -x509 -new -key "$1-ca.key" -days 36500 -subj "/CN=$1 test authority" -out "$1-ca.pem"
}
signed() { # authority, file, alternative names
    openssl ecparam -name prime256v1 -genkey -noout -out "$2.key"
    openssl req -new -key "$2.key" -subj "/CN=$2" -out "$2.csr"
    printf 'subjectAltName=%s\n' "$3" > "$2.ext"
    openssl x509 -req -in "$2.csr" -CA "$1-ca.pem" -CAkey "$1-ca.key" -CAcreateserial \
        -days 36500 -extfile "$2.ext" -out "$2.pem"
    rm "$2.csr" "$2.ext"
}
authority own
authority foreign
signed own server "IP:127.0.0.1,URI:urn:orderhub:service:intake"
signed own viewer "URI:urn:orderhub:viewer:ana"
signed own nameless "IP:127.0.0.1"
signed foreign stranger "URI:urn:orderhub:admin:mallory"
rm -f ./*-ca.key ./*.srl

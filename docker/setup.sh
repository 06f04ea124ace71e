#!/bin/sh
# Makes what the containers must know of each other, once: an authority, a certificate for each
# service and for one person, the database's password and the installation's secret.
#
#   setup.sh FOLDER split|embedded [NAME...]
#
# split: for four services and a database; embedded: for one hub. NAMEs are further DNS names or
# addresses they answer at. FOLDER/ca stays with whoever signs; every other folder is given to one
# container. Run again it renews what ends within 30 days or lacks a NAME, and leaves the rest.
set -eu
umask 077

folder=$1
case $2 in
split) SERVICES="intake rules fulfilment orchestrator" ;;
embedded) SERVICES="hub" ;;
*)
    echo "setup.sh: $2 is neither split nor embedded" >&2
    exit 2
    ;;
esac
shift 2
DAYS=825
RENEW_S=2592000

key() { # file
    openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

fresh() { # certificate
    [ -s "$1" ] && openssl x509 -in "$1" -noout -checkend "$RENEW_S" >/dev/null 2>&1
}

signed() { # folder, subject, alternative names
    if [ "$(cat "$1/names" 2>/dev/null)" = "$3" ] && fresh "$1/tls.pem" &&
        openssl verify -CAfile "$folder/ca/ca.pem" "$1/tls.pem" >/dev/null 2>&1; then
        return
    fi
    key "$1/tls.key.new"
    openssl req -new -key "$1/tls.key.new" -subj "/CN=$2" -out "$1/tls.csr"
    printf '%s\n' \
        "subjectAltName=$3" \
        "basicConstraints=critical,CA:FALSE" \
        "keyUsage=critical,digitalSignature" \
        "extendedKeyUsage=serverAuth,clientAuth" >"$1/tls.ext"
    openssl x509 -req -in "$1/tls.csr" -CA "$folder/ca/ca.pem" -CAkey "$folder/ca/ca.key" \
        -CAserial "$folder/ca/ca.srl" -CAcreateserial -days "$DAYS" -sha256 -extfile "$1/tls.ext" \
        -out "$1/tls.pem.new" 2>/dev/null
    rm "$1/tls.csr" "$1/tls.ext"
    mv "$1/tls.key.new" "$1/tls.key"
    mv "$1/tls.pem.new" "$1/tls.pem"
    printf '%s\n' "$3" >"$1/names"
    echo "signed $2"
}

mkdir -p "$folder/ca" "$folder/operator"
if ! fresh "$folder/ca/ca.pem"; then
    key "$folder/ca/ca.key"
    openssl req -x509 -new -key "$folder/ca/ca.key" -sha256 -days 3650 -subj "/CN=OrderHub" \
        -addext "basicConstraints=critical,CA:TRUE" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$folder/ca/ca.pem"
    echo "made an authority"
fi
if [ ! -s "$folder/ca/secret" ]; then
    openssl rand -hex 32 >"$folder/ca/secret"
fi

others=""
for name in "$@"; do
    case $name in
    *[!0-9.]*) others="$others,DNS:$name" ;;
    *) others="$others,IP:$name" ;;
    esac
done
for service in $SERVICES; do
    mkdir -p "$folder/$service"
    signed "$folder/$service" "$service" \
        "DNS:$service,DNS:localhost,IP:127.0.0.1$others,URI:urn:orderhub:service:$service"
    cp "$folder/ca/ca.pem" "$folder/$service/ca.pem"
    cp "$folder/ca/secret" "$folder/$service/secret"
done
if [ "$SERVICES" != hub ]; then
    mkdir -p "$folder/database"
    if [ ! -s "$folder/database/password" ]; then
        openssl rand -hex 24 >"$folder/database/password"
    fi
    for service in $SERVICES; do
        # libpq's password file: host:port:database:user:password
        printf '*:*:*:orderhub:%s\n' "$(cat "$folder/database/password")" >"$folder/$service/pgpass"
    done
fi
signed "$folder/operator" "operator" "URI:urn:orderhub:admin:operator"
cp "$folder/ca/ca.pem" "$folder/operator/ca.pem"

#!/bin/sh
# Usage: smime.sh DIR HOME
# Makes a CA and certificates in DIR and tells gpgsm of the GnuPG home HOME: the CA is trusted there, the
# owner's private key is protected by the passphrase "locked". DIR then has ca, friend, stranger, expired and
# owner, each .pem and .key; the stranger's CA is one that nobody trusts. Every certificate names servers
# that nobody may ask.
set -eu
dir=$1
export GNUPGHOME="$2"
cd "$dir"

authority() { # NAME
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 30 \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign,cRLSign
}

person() { # NAME SUBJECT ADDRESS CA DAYS
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2"
    cat >"$1.ext" <<END
basicConstraints = CA:FALSE
keyUsage = digitalSignature, keyEncipherment
extendedKeyUsage = emailProtection
subjectAltName = email:$3
crlDistributionPoints = URI:http://mail.evil.test/crl
authorityInfoAccess = OCSP;URI:http://mail.evil.test/ocsp
END
    openssl x509 -req -in "$1.csr" -CA "$4.pem" -CAkey "$4.key" -CAcreateserial -days "$5" -extfile "$1.ext" \
        -out "$1.pem"
}

# About one PKCS#12 file in two hundred is one that gpgsm 2.2 cannot parse; the next has another salt.
owner_key() {
    openssl pkcs12 -export -legacy -in owner.pem -inkey owner.key -passout pass:locked -out owner.p12
    printf locked | gpgsm --batch --pinentry-mode loopback --passphrase-fd 0 --import owner.p12
}

# What failed is worth more than that something did.
trap 'code=$?; [ $code = 0 ] || cat smime.log >&2' EXIT
{
    # Like in gnupg-home.sh: gpgsm, too, waits five seconds for an agent that it starts itself.
    gpg-agent --quiet --daemon </dev/null || gpg-connect-agent --no-autostart /bye
    authority ca
    authority other
    person friend Friend friend@corp.example ca 20
    person owner 'John Smith' jsmith@corp.example ca 20
    person stranger Friend friend@corp.example other 20
    gpgsm --batch --import ca.pem other.pem friend.pem stranger.pem
    owner_key || owner_key || owner_key
    openssl x509 -in ca.pem -noout -fingerprint -sha1 | sed 's/.*=\(.*\)/\1 S relax/' >"$GNUPGHOME/trustlist.txt"
    gpgconf --kill gpg-agent
} >smime.log 2>&1

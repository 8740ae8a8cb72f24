#!/bin/sh
# The drawing of the house against the includes: arrows between folders, one facade for each
# library, nothing that prints below cli/ and fetchd/, and the sizes that keep files readable.

cd "${srcdir:-.}" || exit 1
. tests/lib/tap.sh

# Prints the sources of the folders named (all of them with no argument).
sources() {
    [ $# -gt 0 ] || set -- core policy net mime archive crypto store fetchd cli
    find "$@" -name '*.[ch]' | sort
}

# FILE:HEADER for each include of the files on stdin; C's quotes and brackets are kept.
includes() {
    xargs grep -H '^[[:space:]]*#[[:space:]]*include' |
        sed 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*\([<"][^>"]*[>"]\).*/:\1/'
}

# nothing TEXT FOUND: FOUND, a list of faults, must be empty.
nothing() {
    is "$2" '' "$1"
}

# arrow FOLDER REACHES…: its quoted includes lie in itself and in what its arrow reaches, or are
# configure's own config.h.
arrow() {
    allowed=$(echo "$@" | tr ' ' '|')
    nothing "$1 uses only: $*" \
        "$(sources "$1" | includes | grep ':"' | grep -vE ":\"(($allowed)/[^/]*|config\.h)\"$")"
}

# facade HEADERS FILES TEXT: angle includes that begin with HEADERS stand in FILES alone.
facade() {
    nothing "$3" "$(sources | includes | grep -E ":<($1)" | grep -vE "^($2):")"
}

# calls FUNCTIONS FOLDER…: where one of FUNCTIONS is called.
calls() {
    functions=$1
    shift
    sources "$@" | xargs grep -nE "(^|[^a-z_])($functions)[[:space:]]*\\("
}

# longer LINES: the files on stdin that have more.
longer() {
    xargs wc -l | awk -v most="$1" '$2 != "total" && $1 > most { print $2 ": " $1 " lines" }'
}

# Files that ARCHITECTURE.md names and nobody has.
missing_files() {
    grep -oE '(core|policy|net|mime|archive|crypto|store|fetchd|cli)/[a-z0-9-]+\.[ch]' ARCHITECTURE.md |
        sort -u | while read -r file; do [ -f "$file" ] || echo "$file"; done
}

# Keys and sections of the table that postern.conf(5) does not describe.
missing_in_manual() {
    sed -n 's/^    \(\[[A-Z_]*\] = \)\{0,1\}{"\([a-z_]*\)",.*/\2/p' core/keytable.c | sort -u |
        while read -r name; do
            grep -qE "^\.(It Ic $name =|Ss \[$name[] ])" doc/postern.conf.5 || echo "$name"
        done
}

# Sources and the tests' files that no local.mk names, so that the tarball would lack them.
unlisted() {
    lists=$(find . -name local.mk -exec cat {} +)
    { sources && find tests -name '*.[ch]' -o -name '*.sh' -o -name '*.py'; } | while read -r file; do
        printf '%s\n' "$lists" | grep -qE "(^|[[:space:]])${file%.c}(\.c)?([[:space:]]|\$)" || echo "$file"
    done
}

# Names in the map of attacks that the file before them does not have.
missing_tests() {
    grep '^| [0-9]' tests/ATTACKS.md | grep -o '`[a-z0-9/_.-]*`' | tr -d '`' | while read -r word; do
        case $word in
        *.c) file=tests/unit/$word ;;
        *.sh) file=tests/integration/$word ;;
        p[0-9]*) grep -qsE "(^|[^a-z0-9_])$word([^a-z0-9_]|\$)" "$file" || echo "$word in $file" ;;
        esac
    done
}

# Rules of refusals that no test names; our own faults, want of memory and what is bounded before are left out.
untested_rules() {
    sources | grep '\.c$' | xargs cat | tr -s '\n ' '  ' | grep -oE 'POSTERN_ERROR_[A-Z]+, "[a-z.-]+"' |
        grep -v _BUG | sed 's/.*"\(.*\)"/\1/' | sort -u | grep -vxE 'server\.memory|secret\.size' |
        while read -r rule; do
            grep -rqF -e "$rule" tests/unit tests/integration || echo "$rule"
        done
}

# Refusals, our own faults apart, that do not say what to do.
without_mend() {
    sources | grep '\.c$' | while read -r file; do
        tr -s '\n ' '  ' <"$file" | grep -oE 'POSTERN_ERROR_[A-Z]+, "[a-z._-]+", NULL' | grep -v _BUG | sed "s|^|$file: |"
    done
}

arrow core
arrow policy core
arrow net policy core
arrow mime core
arrow archive core
arrow crypto mime core
arrow store crypto mime core
arrow fetchd store archive crypto mime net policy core
arrow cli fetchd store archive crypto mime net policy core

facade 'openssl/(ssl|tls1|bio)' 'net/(tls|tls-start|tlsport)\.c' \
    'libssl is known to net/tls.c and tls-start.c, and to what tries old versions, alone'
facade 'openssl/(x509|pem|ocsp)' 'net/(tls|certificate|staple)\.[ch]' \
    'certificates are known to net/tls and the files that check them alone'
facade 'openssl/(evp|kdf|core_names|params|hmac|aes|rand|ec|sha)' 'crypto/aead\.c|net/(certificate|mech-password|mech-scram)\.c' \
    'ciphers and hashes are known to crypto/aead.c (and to what checks pins and logs in) alone'
facade gsasl 'net/mech-scram\.c' 'GNU SASL is known to net/mech-scram.c alone'
facade json-glib 'cli/[a-z0-9-]*\.[ch]|net/mech-token\.c' \
    'JSON is written by cli/, and read by net/mech-token.c, alone'
facade gpgme 'crypto/(pgp[a-z-]*|smime)\.[ch]' 'GPGME is known to crypto/pgp* and crypto/smime.c alone'
facade gmime '(mime/[a-z0-9-]*|crypto/pgpmime)\.[ch]' \
    'GMime is known to mime/ and crypto/pgpmime.c alone'
facade sqlite3 'store/[a-z0-9-]*\.[ch]' 'SQLite is known to store/ alone'
facade libetpan 'net/[a-z0-9-]*\.[ch]' 'libetpan is known to net/ alone'
facade pwquality 'crypto/strength\.c' 'libpwquality is known to crypto/strength.c alone'
facade zlib 'net/deflate\.c' 'zlib is known to net/deflate.c alone'
facade zstd 'crypto/[a-z0-9-]*\.[ch]' 'zstd is known to crypto/ alone'
facade libpsl 'policy/[a-z0-9-]*\.[ch]' 'the public suffix list is known to policy/ alone'
facade seccomp 'fetchd/confine\.c' 'libseccomp is known to fetchd/confine.c alone'
facade 'gssapi|krb5' 'fetchd/gss\.c' 'Kerberos is known to fetchd/gss.c alone'
facade keyutils 'crypto/[a-z0-9-]*\.[ch]' 'the kernel keyring is known to crypto/ alone'

nothing 'nothing below fetchd/ and cli/ prints' "$(calls \
    'v?f?printf|f?puts|putchar|perror|g_print|g_printerr|g_warning|g_message' \
    core policy net mime archive crypto store)"
# A variable that changes trust or policy would be a switch (P1, P3).
nothing 'policy/ and net/ read no environment variable' \
    "$(calls 'g_getenv|getenv|secure_getenv|g_get_environ' policy net)"

nothing 'every login passes the guard' \
    "$(calls 'link_(open|fetcher|mailer|try|begin)' fetchd cli | grep -vE '^fetchd/(link|link-letter|link-state|loginguard|call)\.[ch]:')"

nothing 'no file has more than 500 lines' "$(sources | longer 500)"
nothing 'no header has more than 150 lines' "$(sources | grep '\.h$' | longer 150)"

nothing 'every file stands in the list of its folder' "$(unlisted)"

nothing 'tests/ATTACKS.md names only tests that exist' "$(missing_tests)"
nothing 'p10_109 every rule that refuses stands in a test' "$(untested_rules)"
nothing 'p10_109 every refusal says what to do' "$(without_mend)"

nothing 'postern.conf(5) describes every section and key' "$(missing_in_manual)"
if [ -f ARCHITECTURE.md ]; then
    nothing 'ARCHITECTURE.md names only files that exist' "$(missing_files)"
else
    skip 'ARCHITECTURE.md names only files that exist' 'there is none yet'
fi

done_testing

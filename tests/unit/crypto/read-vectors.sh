#!/bin/sh
# The vectors of test-vectors.c and test-page-vectors.c, read by the independent reader.
: "${srcdir:=.}"
python3 -c 'import cryptography' 2>/dev/null || {
    echo '1..0 # SKIP python3-cryptography is not installed'
    exit 0
}
command -v zstd >/dev/null || {
    echo '1..0 # SKIP zstd is not installed'
    exit 0
}
PYTHONDONTWRITEBYTECODE=1 exec python3 "$srcdir/tests/lib/read-vectors.py" \
    "$srcdir/tests/vectors/seal.ini" "$srcdir/tests/vectors/pages.ini"

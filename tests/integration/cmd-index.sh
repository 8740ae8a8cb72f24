#!/bin/sh
# The index: fed from the vault, built anew at will, and never in doubt about what it lacks.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
store=$COMPANY/home/john/.local/share/postern
error() { /usr/bin/python3 -c "import json; print(json.load(open('$out'))['error']['$1'])"; }
number() { /usr/bin/python3 -c "import json; print(json.load(open('$out'))['$1'])"; }

run as john postern index
code_is 0 'an empty vault has an index'
out_has '^0 messages indexed$' 'of nothing'
company_fill john --count 1
run as john fetchd --once
as john postern -q lock
run as john postern index
code_is 0 'what came while it was locked is absorbed'
out_has '^1 message indexed$' 'and counted'
company_fill john --count 7
as john postern -q lock
run as john fetchd --once
run as john postern --json index
is "$code-$(number messages)" 0-8 'in JSON too'
ok [ "$(number bytes)" -gt 4096 ] -- 'with the size of it'
run as john postern -q index
is "$code-$(wc -c <$out)-$(wc -c <$err)" 0-0-0 'quietly: nothing is said'

before=$(user_ids john '')
run as john postern index --rebuild
code_is 0 'it is built anew'
out_has '^8 messages indexed$' 'whole'
is "$(user_ids john '')" "$before" 'and the ids stay'

# What is wrong with it is told, and building it anew is the mend.
size=$(stat -c %s "$store/index.db")
as john python3 - "$store/index.db" <<'END'
import sys
with open(sys.argv[1], 'r+b') as file:
    file.seek(100)
    file.write(b'\0' * 100)
END
for words in index 'search x' status; do
    # shellcheck disable=SC2086
    run as john postern --json $words
    code_is 74 "$words: a damaged index"
    is "$(error rule)" index.damage 'by its rule'
    is "$(error mend | grep -c -- "'postern index --rebuild'")" 1 'and the mend'
done
run as john postern index --rebuild
code_is 0 'which helps'
is "$(user_ids john '')" "$before" 'without a loss'
head -c 20 "$store/index.db" >$TESTDIR/short
cat $TESTDIR/short >"$store/index.db"
run as john postern --json search x
code_is 74 'a cut index'
run as john postern -q index --rebuild
code_is 0 'is built anew'
ok [ "$(stat -c %s "$store/index.db")" -ge $((size / 2)) ] -- 'to its size'

# --- mail that arrived encrypted: each message is opened once ---------------------------------------
printf 'debug 1024\nlog-file %s/agent.log\n' $TESTDIR >>$COMPANY/home/john/.gnupg/gpg-agent.conf
: >$TESTDIR/agent.log
chmod 666 $TESTDIR/agent.log
chmod 755 $TESTDIR
as john gpgconf --kill gpg-agent
operations() { grep -c ' <- PKDECRYPT' $TESTDIR/agent.log; }
since() { echo $(($(operations) - before)); }
hits() { user_json john 'len(d)' "$@"; }
sessions() { as john /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" sessions "$store/vault.db" >$TESTDIR/sessions; }
n=0
while [ $n -lt 50 ]; do
    n=$((n + 1))
    inner=$(printf 'Content-Type: text/plain\r\n\r\nOuagadougou needle%d\r\n' $n |
        as john gpg --batch --quiet --armor --trust-model always --encrypt --recipient "$(company_key john)")
    company_deliver john <<END
From: Friend <friend@corp.example>
To: john@corp.example
Subject: sealed letter
Message-ID: <sealed-$n@corp.example>
MIME-Version: 1.0
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="seal"

--seal
Content-Type: application/pgp-encrypted

Version: 1

--seal
Content-Type: application/octet-stream

$inner
--seal--
END
done
as john postern -q unlock
before=$(operations)
run as john fetchd --once
is "$code $(since)" '0 1' 'p5: fifty encrypted messages are fetched; the private key opened the password alone'
before=$(operations)
run as john postern --json index
is "$code $(since) $(number waiting)" '0 50 0' 'indexing opens each of them'
is "$(hits ouagadougou) $(hits needle17) $(since)" '50 1 50' 'once: searching needs the key no more'
run as john postern index --rebuild
is "$code $(since) $(hits ouagadougou)" '0 50 50' 'nor does an index that is made anew'
run as john postern show "$(user_ids john needle17)"
out_has needle17 'nor reading'
is "$(since)" 50 'what the index has opened'
(
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
    as john strace -f -qq -v -s 99999 -e trace=execve -o "$COMPANY/home/john/execs" postern index --rebuild >$out 2>$err
)
is "$? $(since)" '0 50' 'and once more'
sessions # which unlocks the vault by gpg
is "$(wc -l <$TESTDIR/sessions) $(cut -f 2 $TESTDIR/sessions | sort -u | grep -c '^9:[0-9A-F]*$')" '50 50' \
    'the vault has their session keys'
is "$(grep -c -- --override-session-key-fd "$COMPANY/home/john/execs")" 50 'gpg is told them by a descriptor'
cut -f 2 $TESTDIR/sessions | cut -d : -f 2 >$TESTDIR/keys
is "$(grep -c -i -F -f $TESTDIR/keys "$COMPANY/home/john/execs")" 0 'p4: and never in an argument or the environment'
is "$(grep -r -l -i -a -F -f $TESTDIR/keys $COMPANY/home/john/.local $COMPANY/home/john/.config $out $err | wc -l)" 0 \
    'p4_36 nor do they lie anywhere in clear'
# --- what is encrypted may be a bomb ----------------------------------------------------------------
bomb() { # KIND
    as john gpg --batch --quiet --trust-model always --encrypt --recipient "$(company_key john)" </dev/null >$TESTDIR/bomb.gpg
    key=$(as john gpg --batch --show-session-key --decrypt $TESTDIR/bomb.gpg 2>&1 | sed -n "s/.*session key: '9:\(.*\)'/\1/p")
    company_deliver john <<END
From: Mallory <m@evil.test>
Subject: bomb $1
MIME-Version: 1.0
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="seal"

--seal
Content-Type: application/pgp-encrypted

Version: 1

--seal
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

$(/usr/bin/python3 "$srcdir/tests/lib/make-bomb.py" "$1" $TESTDIR/bomb.gpg "$key" | base64)
--seal--
END
}
for kind in nested-30 nested-40 zeros endless twice; do bomb $kind; done
printf 'From: a@corp.example\nSubject: harmless\n\nx\n' | company_deliver john
run as john fetchd --once
code_is 0 'p8_89 bombs are fetched as any mail'
run as john postern --json index
is "$code $(number waiting)" '0 0' 'p8_89 and stop no index'
is "$(hits subject:bomb) $(hits subject:harmless)" '5 1' 'p8_89 each is known by its header, and what came behind it too'
is "$(user_json john '[hit["subject"] for hit in d]' within AND subject:bomb)" "['bomb nested-30']" 'p8_89 a text in 30 compressed packets is a text'
for kind in nested-40 twice; do
    run as john postern --json show "$(user_ids john "subject:$kind")"
    is "$code $(error rule)" '65 openpgp.data' "p8_89 $kind: is not shown"
    out_lacks 'Hello from within' "p8_89 $kind: nor a part of it"
done
run as john postern --json show "$(user_ids john subject:zeros)"
is "$code $(error rule) $(error message | grep -c 268435456)" '65 openpgp.data 1' 'p8_89 a gigabyte of zeros in 300 bytes ends at its limit, which is named'
ok [ "$(wc -c <$out)" -lt 4096 ] -- 'p8_89 and gives none of them'
run as john postern show "$(user_ids john subject:endless)"
out_lacks 'Hello from within' 'p8_89 a length that promises more than there is gives nothing'

before=$(operations)
run as john postern verify
code_is 0 'the index is proved to agree with the vault'
out_has '; it agrees with the vault' 'and it is said'
is "$(since)" 0 'without the private key'
printf '\n[crypto]\nindex = headers\n' >>"$(user_config john)"
run as john postern --json verify
code_is 1 'an index that says other things than the vault is found out'
is "$(/usr/bin/python3 -c 'import json,sys; d = json.load(sys.stdin); print(d["compared"], d["differing"] == len(d["differences"]) >= 50, "words" in d["differences"][0]["what"])' <$out)" \
    'True True True' 'message by message'
run as john postern verify
out_has 'in the index with other words than in the vault: .*words' 'in words, too'
out_has '^run .postern index --rebuild' 'with what mends it'
run as john postern index --rebuild
is "$(hits ouagadougou) $(hits subject:sealed) $(since)" '0 50 0' 'with index = headers it is what stands outside'
run as john postern verify
code_is 0 'and now they agree'
sessions
is "$(wc -l <$TESTDIR/sessions)" 0 'p4: and no session key is kept any more'
before=$(operations)
one=$(user_ids john subject:sealed | head -n 1)
run as john postern show "$one"
is "$code $(since)" '0 1' 'who reads then needs the key'
run as john postern show "$one"
is "$code $(since)" '0 2' 'each time'
before=$(user_ids john '')

for words in now '--rebuild now' '--bogus'; do
    # shellcheck disable=SC2086
    run as john postern --json index $words
    code_is 64 "index $words: wrong usage"
    is "$(error rule)" usage 'by its rule'
done
is "$(user_ids john '')" "$before" 'which leaves the index alone'
run as john postern --store $TESTDIR/nowhere --json index
code_is 74 'no vault, no index'
is "$(error mend | grep -c 'postern init')" 1 'and what makes one'
done_testing

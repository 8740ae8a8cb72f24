#!/bin/sh
# Lock and unlock: whether the kernel keyring holds the key, and for how long.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
mary=$COMPANY/home/mary
mkdir -p -m 700 "$mary" "$mary/.gnupg"
# Her pinentry knows the passphrase as long as $TESTDIR/knows is there, and notes that it was asked.
{
    printf '#!/bin/sh\necho asked >>%s/asked\n[ -e %s/knows ] || exit 1\n' $TESTDIR $TESTDIR
    tail -n +2 $srcdir/tests/lib/pinentry.sh
} >$TESTDIR/pinentry
chmod 755 $TESTDIR $TESTDIR/pinentry
printf 'pinentry-program %s/pinentry\ndefault-cache-ttl 0\nmax-cache-ttl 0\n' $TESTDIR >"$mary/.gnupg/gpg-agent.conf"
touch $TESTDIR/knows $TESTDIR/asked
chmod 666 $TESTDIR/asked
as mary gpg --batch --quiet --pinentry-mode loopback --passphrase locked --quick-generate-key \
    'Mary Jones <mary.jones@corp.example>' future-default default never 2>/dev/null
as mary gpg --batch --with-colons --list-keys 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }' >"$mary/.fingerprint"
user_ready mary imaps://mary@mail.corp.example/
as mary gpgconf --kill gpg-agent
AS_EXTRA=GPG_TTY=/dev/null # somebody can be asked
error() { /usr/bin/python3 -c "import json; print(json.load(open('$out'))['error']['$1'])"; }
asked() { wc -l <$TESTDIR/asked; }
unlocked() { as mary postern --json status | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["index"]["unlocked"])'; }

run as mary postern lock
code_is 0 'nothing to lock is no fault'
out_has '^was locked already$' 'and is said'
is "$(asked)" 0 'nobody was asked'
run as mary postern unlock
code_is 0 'unlocking'
out_has '^unlocked for 60 minutes$' 'for an hour'
is "$(asked)-$(unlocked)" 1-True 'by one question'
run as mary postern search ''
is "$(asked)" 1 'and then none'
run as mary postern unlock
code_is 0 'unlocking again'
is "$(asked)-$(unlocked)" 2-True 'asks again, for its time begins anew'
run as mary postern -q unlock
is "$code-$(wc -c <$out)" 0-0 'quietly'
run as mary postern lock
code_is 0 'locking'
out_has '^locked$' 'says so'
is "$(unlocked)" False 'p4_47 and is so'
run as mary postern --json lock
is "$(/usr/bin/python3 -c "import json; d = json.load(open('$out')); print(d['unlocked'], d['was_unlocked'])")" \
    'False False' 'JSON tells what was before'


# The key itself, as whoever runs as Mary can read it, is in no argument and no environment on the way there.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 as mary strace -f -qq -v -s 99999 -xx -e trace=execve \
    -o "$mary/calls" postern -q unlock
cat >$TESTDIR/look.py <<'END'
import base64, ctypes, glob, os, sys
keys = ctypes.CDLL('libkeyutils.so.1')
vault = os.path.basename(glob.glob(os.path.expanduser('~/.local/state/postern/*.match'))[0])[:-6]
keys.keyctl_link(-4, -2)
key = ctypes.create_string_buffer(32)
size = keys.keyctl_read(keys.keyctl_search(-4, b'user', b'postern:' + vault.encode(), 0), key, 32)
text = open(sys.argv[1]).read()
traced = lambda needle: ''.join('\\x%02x' % byte for byte in needle) in text
key = key.raw
print(size, traced(b'gpg'), any(map(traced, [key[:16], key[16:], key.hex().encode(), key.hex().upper().encode(), base64.b64encode(key)[:40]])))
END
chmod 644 $TESTDIR/look.py
is "$(as mary /usr/bin/python3 $TESTDIR/look.py "$mary/calls")" '32 True False' 'p4_47 the key is in no argument and no environment'
as mary postern -q lock

rm $TESTDIR/knows
run as mary postern --json unlock
code_is 75 'without the passphrase it stays locked'
is "$(error rule)" key.locked 'by its rule'
ok [ -n "$(error mend)" ] -- 'with what to do'
is "$(unlocked)" False 'and is'
for words in 'search x' index verify 'show aaaaaaaaaaaaaaaa'; do
    # shellcheck disable=SC2086
    run as mary postern --json $words
    code_is 75 "$words: wants the key"
    is "$(error rule)" key.locked 'and says so'
done
run as mary postern status
code_is 0 'status does not'
out_has '^index: locked$' 'and says that it is locked'
touch $TESTDIR/knows

# Whom cron starts nobody can answer, though an agent of the desktop would ask there, and wait.
AS_EXTRA=
before=$(asked)
for words in 'search x' index 'index --rebuild' verify 'show aaaaaaaaaaaaaaaa' unlock; do
    # shellcheck disable=SC2086
    run as mary postern --json $words </dev/null
    code_is 75 "from cron $words is for later"
    is "$(error rule)" key.locked 'by its rule'
    is "$(error mend | grep -c 'postern unlock')" 1 'with what to do'
done
is "$(asked)" "$before" 'and nobody was asked'
AS_EXTRA=GPG_TTY=/dev/null
as mary postern -q unlock
AS_EXTRA=
before=$(asked)
run as mary postern --json search x </dev/null
is "$code-$(asked)" "1-$before" 'once somebody unlocked it, cron searches without a question'
as mary postern -q lock
for desktop in DISPLAY=:7 WAYLAND_DISPLAY=wayland-7; do
    before=$(asked)
    AS_EXTRA=$desktop
    run as mary postern --json search x </dev/null
    is "$code-$(asked)" "1-$((before + 1))" "a launcher without a terminal, with $desktop, is asked there"
    as mary postern -q lock
done
# Mail that arrived encrypted to the locked key: what of it is known, and when.
secret() { # WORD SUBJECT
    inner=$(printf 'Content-Type: text/plain\r\n\r\n%s\r\n' "$1" |
        as mary gpg --batch --quiet --armor --trust-model always --encrypt --recipient "$(company_key mary)")
    company_deliver mary <<END
From: Friend <friend@corp.example>
Subject: sealed $2
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
}
found() { /usr/bin/python3 -c "import json; print(*sorted(hit['subject'] for hit in json.load(open('$out'))))"; }
secret timbuktu one
secret timbuktu two
AS_EXTRA=GPG_TTY=/dev/null
as mary fetchd --once >$out 2>$err
as mary postern -q unlock
AS_EXTRA=
one=$(user_ids mary subject:one)
before=$(asked)
run as mary postern --json search timbuktu </dev/null
is "$code-$(asked)" "1-$before" 'from cron encrypted mail is not opened'
err_has '^postern: 2 encrypted messages are known by the header alone' 'which is said'
run as mary postern --json search subject:sealed </dev/null
is "$(found)" 'sealed one sealed two' 'its header is searched'
run as mary postern show "$one" </dev/null
is "$code-$(asked)" "75-$before" 'nor is it shown'
AS_EXTRA=GPG_TTY=/dev/null
rm $TESTDIR/knows
run as mary postern --json search timbuktu
is "$code-$(asked)" "1-$((before + 1))" 'who does not answer is asked once, not for each message'
touch $TESTDIR/knows
before=$(asked)
run as mary postern show "$one"
is "$code-$(asked)" "0-$((before + 1))" 'a reader is asked'
AS_EXTRA=
run as mary postern --json search timbuktu </dev/null
is "$code-$(asked)-$(found)" "0-$((before + 1))-sealed one" 'and then it is found, from cron too, without another question'
err_has '^postern: 1 encrypted message is known by the header alone' 'the other one waits'
AS_EXTRA=GPG_TTY=/dev/null
run as mary postern --json index
is "$code-$(asked)-$(/usr/bin/python3 -c "import json; print(json.load(open('$out'))['waiting'])")" "0-$((before + 2))-0" \
    'indexing asks for that alone'
run as mary postern search timbuktu
is "$code-$(wc -l <$out)-$(asked)" "0-2-$((before + 2))" 'and both are found'
as mary postern -q lock
AS_EXTRA=
before=$(asked)
run as mary fetchd --once
code_is 75 'fetching from cron with a locked password is for later'
err_has '(key.locked)' 'by its rule'
is "$(asked)" "$before" 'and nobody was asked'
run as mary postern status
out_has 'failed: for the time being (75)$' 'status says so'
AS_EXTRA=GPG_TTY=/dev/null
run as mary fetchd --once
code_is 0 'where somebody can be asked it fetches'
is "$(asked)" $((before + 1)) 'by one question'

config=$(user_config mary)
# timeout SECONDS
timeout_is() { { cat "$config"; printf '\n[crypto]\nunlock_timeout = %s\n' "$1"; } >$TESTDIR/config; }
timeout_is 2
run as mary postern --config $TESTDIR/config unlock
out_has '^unlocked for 2 seconds$' 'the configuration says for how long'
is "$(unlocked)" True 'while it lasts'
tries=0
while [ "$(unlocked)" = True ] && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
is "$(unlocked)" False 'p4_47 and no longer'
timeout_is 60
run as mary postern --config $TESTDIR/config unlock
out_has '^unlocked for 1 minute$' 'a minute is one'
as mary postern -q lock
timeout_is 0
run as mary postern --config $TESTDIR/config --json unlock
code_is 78 'no time at all'
is "$(error mend | grep -c unlock_timeout)" 1 'is a configuration to be changed'
run as mary postern --config $TESTDIR/config search zanzibar
is "$code-$(unlocked)" 1-False 'though a command may ask each time'

for words in 'lock now' 'unlock work' 'lock --rebuild' 'unlock --minutes 3'; do
    # shellcheck disable=SC2086
    run as mary postern --json $words
    code_is 64 "$words: wrong usage"
done
for verb in lock unlock; do
    run as mary postern --store $TESTDIR/nowhere --json $verb
    code_is 74 "$verb: no vault"
done
done_testing

#!/bin/sh
# P5: fetching needs no private key: a host with public keys and no agent fetches for ever, calls no
# gpg, and cannot open what it fetched.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
key=$(company_key john)
home=$COMPANY/home/john
company_fill john --count 100

# The fetch host: John's store, made by him, and a keyring with the public key alone.
robot=$COMPANY/home/robot
mkdir -m 700 $robot $robot/.gnupg
as john gpg --batch --export "$key" | as robot gpg --batch --quiet --import 2>/dev/null
as john gpgconf --kill all
cp -a $home/.config $home/.local $robot/
is "$(as robot gpg --batch --list-secret-keys 2>/dev/null | wc -l)" 0 'the host has no private key'

traced robot $TESTDIR/trace fetchd --once >$out 2>$err
code=$?
code_is 78 'p5_51 secret = sealed is refused there'
err_has 'credential' 'and the other ways are named'
err_has 'command' 'all of them'
ok lacks_socket $TESTDIR/trace -- 'p5_51 before connecting'

vault=$robot/.local/share/postern/vault.db
stored() { /usr/bin/python3 -c "import sqlite3; print(sqlite3.connect('file:$vault?mode=ro', uri=True).execute('SELECT messages FROM total').fetchone()[0])"; }

# From here on nobody can start an agent on this host.
mount --bind /bin/false /usr/bin/gpg-agent
company_password john >$TESTDIR/password
chmod 600 $TESTDIR/password
secret() { sed -i "s|^secret = .*|secret = $1|" $robot/.config/postern/config; }

secret "command:cat $TESTDIR/password"
run as robot fetchd --once
code_is 0 'p5_49 a password command works'
mkdir -m 700 $TESTDIR/credentials
cp $TESTDIR/password $TESTDIR/credentials/mail
secret credential:mail
company_fill john --count 50 --seed 2
AS_EXTRA="CREDENTIALS_DIRECTORY=$TESTDIR/credentials"
run as robot fetchd --once --seal-only
code_is 0 'a systemd credential works'
company_fill john --count 5 --seed 3
as robot strace -f -qq -e trace=execve -o $TESTDIR/execs fetchd --once >$out 2>$err
ok [ "$(user_json robot 'len(d)' '' 2>/dev/null || echo 0)" != 155 ] -- 'p5_49 the host itself cannot search'
sed -n 's/.*execve("\([^"]*\)", \[\(.*\)\], .* = 0$/\1 \2/p' $TESTDIR/execs >$TESTDIR/programs
is "$(sed '1,/postern-net/d' $TESTDIR/programs)" '' 'p5_49 once connected a pass runs no program'
is "$(grep gpg $TESTDIR/programs | grep -v -E '"--(version|list-dirs|list-components)"$|"--list-keys", "--", "[0-9A-F]{16,}')" '' \
    'and before that gpg is asked for its version, and for public keys'

# Nothing can be written there but its store: no lock, no cache, no temporary file anywhere else.
company_fill john --count 1000 --seed 5
read_only() { mount -o remount,bind,"$1" / && mount --bind $robot/.gnupg $robot/.gnupg && mount -o remount,bind,"$1" $robot/.gnupg; }
ok read_only ro -- 'a read-only root'
ok [ ! -w / ] -- 'is one'
run as robot fetchd --once --seal-only
code_is 0 'p5_49 fetches'
is "$(stored)" 1155 'p5_49 a thousand messages'
umount $robot/.gnupg
mount -o remount,bind,rw /
AS_EXTRA=

# --- the host is taken over: all its files, and the memory of a running fetchd ---------------------

company_fill john --count 20 --seed 4
secret "command:cat $TESTDIR/password"
if sanitized; then # AddressSanitizer keeps what was freed
    run as robot fetchd --once
else
    as robot fetchd >$out 2>$err </dev/null &
    started=$!
    tries=0
    until [ "$(stored)" = 1175 ] || [ $tries -gt 1200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    sleep 1 # the pass ends
    keeper=$(pgrep -n -x fetchd)
    find $robot -type f ! -name 'vault.db*' >$TESTDIR/files
    for _ in 1 2 3; do
        # shellcheck disable=SC2046
        found=$(/usr/bin/python3 "$srcdir/tests/lib/memory-keys.py" "$keeper" "$vault" $(cat $TESTDIR/files) 2>$TESTDIR/tried)
        [ -n "$found" ] || break
        sleep 2
    done
    is "$found" '' \
        'p5_50 nothing in the memory of fetchd, and no file, opens what it fetched before'
    diag "$(cat $TESTDIR/tried)"
    for child in $(pgrep -x postern-net); do
        is "$(/usr/bin/python3 "$srcdir/tests/lib/memory-keys.py" "$child" "$vault" 2>$TESTDIR/tried)" '' \
            'p5_50 nor in that of its net child'
    done
    kill "$keeper"
    wait $started 2>/dev/null
fi
# What it fetched opens for John.
umount /usr/bin/gpg-agent
rm -rf $home/.local
cp -a $robot/.local $home/
is "$(user_json john 'len(d)' '')" 1175 'p5_49 John opens all of it'
is "$(as john /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/john/Maildir --every 10)" \
    '118 same, 0 missing, 0 foreign, 0 twice' 'byte for byte'

# The search itself, which must see each kind of key where it is.
as john /usr/bin/python3 "$srcdir/tests/lib/memory-keys.py" hold $home/.local/share/postern/vault.db >$TESTDIR/ready &
until grep -q ready $TESTDIR/ready; do sleep 0.05; done
holder=$(pgrep -n -f 'memory-keys.py hold')
is "$(/usr/bin/python3 "$srcdir/tests/lib/memory-keys.py" "$holder" "$vault" 2>/dev/null)" \
    'body key, message key, private key, record key, wrap key' 'p5_50 that search finds each kind of key in a process that has it'
kill "$holder"

secret 'command:sleep 600'
began=$(date +%s)
run as robot fetchd --once
ok [ $(($(date +%s) - began)) -lt 120 ] -- 'a password command that hangs does not hang us'
ok [ "$code" != 0 ] -- 'and is told'
secret "command:sh -c 'exit 3'"
run as robot fetchd --once
code_is 78 'a password command that fails is refused'
secret "command:cat $TESTDIR/password; touch $TESTDIR/shell"
run as robot fetchd --once
ok [ ! -e $TESTDIR/shell ] -- 'no shell reads the password command'
done_testing

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
code_is 78 'secret = sealed is refused there'
err_has 'credential' 'and the other ways are named'
err_has 'command' 'all of them'
ok lacks_socket $TESTDIR/trace -- 'before connecting'

# From here on nobody can start an agent on this host.
mount --bind /bin/false /usr/bin/gpg-agent
company_password john >$TESTDIR/password
chmod 600 $TESTDIR/password
secret() { sed -i "s|^secret = .*|secret = $1|" $robot/.config/postern/config; }

secret "command:cat $TESTDIR/password"
run as robot fetchd --once
code_is 0 'a password command works'
mkdir -m 700 $TESTDIR/credentials
cp $TESTDIR/password $TESTDIR/credentials/mail
secret credential:mail
company_fill john --count 50 --seed 2
AS_EXTRA="CREDENTIALS_DIRECTORY=$TESTDIR/credentials"
run as robot fetchd --once --seal-only
code_is 0 'a systemd credential works'
company_fill john --count 5 --seed 3
as robot strace -f -qq -e trace=execve -o $TESTDIR/execs fetchd --once >$out 2>$err
ok [ "$(user_json robot 'len(d)' '' 2>/dev/null || echo 0)" != 155 ] -- 'the host itself cannot search'
sed -n 's/.*execve("\([^"]*\)", \[\(.*\)\], .* = 0$/\1 \2/p' $TESTDIR/execs >$TESTDIR/programs
is "$(sed '1,/postern-net/d' $TESTDIR/programs)" '' 'once connected a pass runs no program'
is "$(grep gpg $TESTDIR/programs | grep -v -E '"--(version|list-dirs|list-components)"$')" '' \
    'and before that gpg is asked for its version only'
AS_EXTRA=

# What it fetched opens for John.
umount /usr/bin/gpg-agent
rm -rf $home/.local
cp -a $robot/.local $home/
is "$(user_json john 'len(d)' '')" 155 'John opens all of it'
is "$(as john /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/john/Maildir --every 10)" \
    '16 same, 0 missing, 0 foreign, 0 twice' 'byte for byte'

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

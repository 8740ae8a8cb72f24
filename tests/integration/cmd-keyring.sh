#!/bin/sh
# secret = keyring: GNOME's keyring holds the password; it gets there and back by pipes alone.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
company_fill john --count 3
config=$(user_config john)
password=$(company_password john)
sed -i 's/^secret = .*/secret = keyring/' "$config"

run_with "$password" as john postern password set work
code_is 78 'without a session bus nothing is kept'
err_has 'the password of account work cannot be kept: .*(secret.keyring)' 'and the rule says why'
err_has 'install libsecret-tools' 'with the mend'
run as john fetchd --once
code_is 78 'nor had'

mkdir -m 700 $TESTDIR/session
bus=$(AS_EXTRA="XDG_RUNTIME_DIR=$TESTDIR/session" as john dbus-daemon --session --fork --print-address 2>$TESTDIR/bus.log)
AS_EXTRA="XDG_RUNTIME_DIR=$TESTDIR/session DBUS_SESSION_BUS_ADDRESS=$bus"
printf 'the desktop opens it' | as john gnome-keyring-daemon --unlock --components=secrets >$TESTDIR/keyring.log 2>&1
# The secret-tool of the desktop, to look with.
held() { as john secret-tool lookup service postern account "$1"; }

run as john fetchd --once
code_is 78 'a keyring without the password'
err_has 'postern password set work' 'and the mend says how it gets there'
run_with "$password" as john postern password set work
code_is 0 'it is put there'
out_has '^the password of account work is in the keyring$' 'which is told'
is "$(held work)" "$password" 'as it is'
run as john fetchd --once
code_is 0 'and fetchd logs in by it'
is "$(user_ids john '' | wc -l)" 3 'and fetches'
run as john postern --json password check
code_is 0 'and it can be judged'
is "$(grep -c '"pass"' $out)" 5 'in all respects'

ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
printf '%s' "$password" | as john strace -f -qq -s 9999 -v -e trace=execve -o $TESTDIR/calls postern password set work >$out 2>$err
ok grep -q secret-tool $TESTDIR/calls -- 'a traced one calls secret-tool'
is "$(grep -c -F "$password" $TESTDIR/calls)" 0 'p4 with the password neither in an argument nor in the environment'
is "$(grep -r -l -F "$password" $COMPANY/home/john | wc -l)" 0 'p4 it lies nowhere in clear'

printf 'wrong' | as john postern -q password set work
run as john fetchd --once
code_is 77 'a wrong one is refused'
err_has 'set the right password: postern password set work' 'with the mend that works here'
run as john postern password generate work
is "$(held work)" "$(cat $out)" 'a made one goes the same way'
printf '%s' "$password" | as john postern -q password set work
run as john fetchd --once
code_is 0 'the right one lets us in again'

as john gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets \
    --method org.freedesktop.Secret.Service.Lock "['/org/freedesktop/secrets/collection/login']" >$TESTDIR/lock.log 2>&1
run as john fetchd --once
code_is 78 'a locked keyring that nobody can unlock'
err_has 'unlock the keyring' 'is told'
done_testing

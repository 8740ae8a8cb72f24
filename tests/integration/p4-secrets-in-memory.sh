#!/bin/sh
# P4 45: where a password lies in the memory of fetchd and of its net child, while they work and after: in
# OpenSSL's secure heap alone, locked in memory and left out of dumps; and in the child not at all, once
# it has logged in.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john
company_fill john --count 3
password=$(company_password john)
config=$(user_config john)
# finds PID: "N here, M elsewhere": how often the password, or base64 that holds it, lies in the secure heap
# (locked, not dumped) and elsewhere
finds() {
    /usr/bin/python3 "$srcdir/tests/lib/memory-search.py" "$1" "$password" >$TESTDIR/finds || echo 'not readable'
    awk '$2 ~ /(^|,)lo(,|$)/ && $2 ~ /(^|,)dd(,|$)/ { here++; next } { elsewhere++ }
        END { printf "%d here, %d elsewhere\n", here, elsewhere }' $TESTDIR/finds
}
# until_heard PATTERN: the hostile server has heard it, at most ten seconds
until_heard() {
    tries=0
    until hostile_inside | grep -q -e "$1" || [ $tries -gt 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
}
# working COMMAND…: starts it; $keeper and $child
working() {
    as john "$@" >$out 2>$err </dev/null &
    started=$!
}
found() {
    child=$(pgrep -n -x postern-net)
    keeper=$(pgrep -n -x "$1")
}
finish() {
    kill "$keeper"
    wait $started 2>/dev/null
}

# The search itself, which must see what is there.
/usr/bin/python3 -c "
import base64, sys, time
kept = [base64.b64encode(b'x' * n + sys.argv[1].encode() + b'yz') for n in range(3)]
print('ready', flush=True)
time.sleep(60)" "$password" >$TESTDIR/ready &
holder=$!
until grep -q ready $TESTDIR/ready; do sleep 0.05; done
/usr/bin/python3 "$srcdir/tests/lib/memory-search.py" $holder "$password" >$TESTDIR/finds
is "$(awk '{ print $NF }' $TESTDIR/finds | sort -u | tr '\n' ' ')" 'base64-0 base64-1 base64-2 plain ' \
    'the search finds a word, and base64 that holds it, at each place'
kill $holder
if sanitized; then # AddressSanitizer keeps what was freed
    done_testing
    exit
fi

hostile imap-silent-after-greeting 993
user_uri john fetch imaps://john@mail2.corp.example
working fetchd --once
until_heard CAPABILITY
found fetchd
is "$(finds "$child")" '1 here, 0 elsewhere' 'before the login the child has it once, locked in memory and not to be dumped'
is "$(finds "$keeper")" '1 here, 0 elsewhere' 'and so has fetchd'
finish

for kind in sealed 'command:cat /run/test/password' credential:password; do
    case $kind in command:*) printf '%s\n' "$password" >$TESTDIR/password ;; esac
    chmod 755 $TESTDIR
    sed -i "s|^secret = .*|secret = $kind|" "$config"
    hostile imap-silent-after-login 993
    user_uri john fetch imaps://john@mail2.corp.example
    working env CREDENTIALS_DIRECTORY=$TESTDIR fetchd --once
    until_heard LIST
    found fetchd
    is "$(finds "$child")" '0 here, 0 elsewhere' "${kind%%:*}: after the login the child has it no more"
    is "$(finds "$keeper")" '1 here, 0 elsewhere' "${kind%%:*}: and fetchd has it once"
    finish
done
sed -i 's|^secret = .*|secret = sealed|' "$config"

hostile pop3-silent-after-login 995
user_uri john fetch pops://john@mail2.corp.example
working fetchd --once
until_heard STAT
found fetchd
is "$(finds "$child"), $(finds "$keeper")" '0 here, 0 elsewhere, 1 here, 0 elsewhere' 'POP3: likewise'
finish

for mechanism in PLAIN LOGIN; do
    hostile smtp-silent-after-login 465
    user_uri john submit "smtps://john;AUTH=$mechanism@mail2.corp.example"
    working postern send --to mary.jones@corp.example --subject x --no-sign --no-encrypt --body "$srcdir/README.md"
    until_heard MAIL
    found postern
    is "$(finds "$child"), $(finds "$keeper")" '0 here, 0 elsewhere, 1 here, 0 elsewhere' "SMTP by $mechanism: likewise"
    finish
done

# The daemon rests: it has it no more.
user_uri john fetch imaps://john@mail.corp.example/
for mechanism in PLAIN SCRAM-SHA-256; do
    sed -i "s/^auth_mechanisms = .*/auth_mechanisms = $mechanism/" $COMPANY/dovecot.conf
    company_restart
    working fetchd
    tries=0
    until grep -q 'Login: user=<john>.*'$mechanism $COMPANY/dovecot/log && ! pgrep -x postern-net >/dev/null || [ $tries -gt 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    sleep 0.3
    found fetchd
    is "$(finds "$keeper")" '0 here, 0 elsewhere' "$mechanism: between two passes fetchd has it not at all"
    finish
done
done_testing

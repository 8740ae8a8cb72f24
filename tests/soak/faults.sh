#!/bin/sh
# P6: one fault of the server's, or of the line's, at every byte of a session. See faults.py.
#   faults.sh [OPTION…]     of faults.py
NAMESPACE_SECONDS=${NAMESPACE_SECONDS-86400}
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0" "$@"
. "$srcdir/tests/lib/user.sh"

company_start
company_certificate $COMPANY/tls/between none mail2.corp.example
user_ready john imaps://john@mail2.corp.example/
user_ready mary pops://mary@mail2.corp.example submission://mary@mail.corp.example
user_line mary 'keep = no'
for name in john mary; do
    company_password $name >$COMPANY/home/$name/.password
    sed -i "s|^secret = .*|secret = command:cat $COMPANY/home/$name/.password|" "$(user_config $name)"
done
company_fill john --count 8 --folder INBOX --folder Projects
company_fill mary --count 6
for protocol in imap pop3; do
    if /usr/bin/python3 "$srcdir/tests/soak/faults.py" $protocol "$@" >$TESTDIR/faults; then
        ok true -- "$(sed -n 's/^ok - //p' $TESTDIR/faults)"
    else
        ok false -- "p6_55 $protocol: faults at bytes of a session"
        head -n 40 $TESTDIR/faults
    fi
done
done_testing

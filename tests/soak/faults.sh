#!/bin/sh
# P6: one fault of the server's, or of the line's, at every byte of a session. See faults.py.
#   faults.sh MAIL PROTOCOLS [OPTION…]     "imap pop3" or one of them; an option of faults.py's
# MAIL is "tiny", so that every byte of a session can have its turn in an hour, or "believable", which
# comes in many pieces.
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

# tiny FOLDER N…: the messages N in this Maildir
tiny() {
    box=$1
    shift
    mkdir -p "$box/new" "$box/cur" "$box/tmp"
    for n in "$@"; do
        printf 'From: mary.jones@corp.example\r\nSubject: number %s\r\n\r\n%s is a number.\r\n' "$n" "$n" \
            >"$box/new/$n.tiny"
    done
    chown -R mail:mail "$box"
}

mail=$1
protocols=$2
shift 2
case $mail in
    tiny)
        tiny $COMPANY/mail/john/Maildir one two three four
        tiny $COMPANY/mail/john/Maildir/.Projects five six seven
        tiny $COMPANY/mail/mary/Maildir one two three four five
        ;;
    believable)
        company_fill john --count 8 --folder INBOX --folder Projects
        company_fill mary --count 6
        ;;
esac
for protocol in $protocols; do
    if /usr/bin/python3 "$srcdir/tests/soak/faults.py" $protocol "$@" >$TESTDIR/faults; then
        ok true -- "$(sed -n 's/^ok - //p' $TESTDIR/faults)"
    else
        ok false -- "p6_55 $protocol: faults at bytes of a session"
        head -n 40 $TESTDIR/faults
    fi
done
done_testing

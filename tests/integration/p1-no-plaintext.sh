#!/bin/sh
# P1: no plaintext, ever. What is not one of the four schemes on its port is refused before a socket.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john

# refused NAME URI RULE: as `fetch` of a configuration written by hand
refused() {
    user_uri john "$1" "$2"
    if [ "$1" = fetch ]; then
        traced john $TESTDIR/trace fetchd --once >$out 2>$err
    else
        printf x | traced john $TESTDIR/trace postern send --to mary.jones@corp.example --subject x --body - >$out 2>$err
    fi
    code=$?
    code_is 78 "p1_1 $1 = $2 is refused"
    err_has "$3" "naming the rule $3"
    ok lacks_socket $TESTDIR/trace -- 'before any socket or look-up'
    user_uri john "$1" "$4"
}
fetch() { refused fetch "$1" "$2" imaps://john@mail.corp.example/; }
submit() { refused submit "$1" "$2" smtps://john@mail.corp.example; }

fetch imap://john@mail.corp.example/ transport.scheme
fetch pop://john@mail.corp.example transport.scheme
fetch imap://john@mail.corp.example:993/ transport.scheme
fetch imap+tls://john@mail.corp.example/ transport.scheme
fetch http://mail.corp.example/ transport.scheme
fetch file:///var/mail/john transport.scheme
fetch smtps://john@mail.corp.example transport.scheme
fetch imaps://john@mail.corp.example:143/ transport.port
fetch imaps://john@mail.corp.example:995/ transport.port
fetch imaps://john@mail.corp.example:0993/ transport.port
fetch imaps://john@mail.corp.example:99300/ transport.port
fetch pops://john@mail.corp.example:110 transport.port
fetch pops://john@mail.corp.example:993 transport.port
submit smtp://john@mail.corp.example transport.scheme
submit smtps://john@mail.corp.example:25 transport.port
submit smtps://john@mail.corp.example:587 transport.port
submit submission://john@mail.corp.example:25 transport.port
submit submission://john@mail.corp.example:465 transport.port

# A server that speaks in clear gets a ClientHello and nothing else.
set -- imap-plain-greeting 993 imaps pop3-plain-greeting 995 pops imap-http 993 imaps imap-ssh 993 imaps
while [ $# -gt 0 ]; do
    hostile "$1" "$2"
    user_uri john fetch "$3://john@mail2.corp.example/"
    run as john fetchd --once
    code_is 76 "p1_5 $1 is a broken protocol"
    is "$(hostile_clear | grep -c -v "^b.\\\\x1[56]\\\\x03")" 0 'p1_5 and got only a ClientHello'
    shift 3
done

# STARTTLS that does not complete: EHLO, STARTTLS, QUIT and not a byte more; no name of ours.
user_uri john fetch imaps://john@mail.corp.example/
user_uri john submit submission://john@mail2.corp.example
for case in smtp-no-starttls smtp-starttls-later smtp-starttls-never smtp-starttls-closes \
    smtp-inject-same-segment smtp-inject-one-byte smtp-inject-next-segment; do
    case $case in *inject*) number=p1_3 ;; *) number=p1_2 ;; esac
    hostile $case 587
    run_with x as john postern send --to mary.jones@corp.example --subject x --no-encrypt --body -
    code_is 76 "$number $case is a broken protocol"
    hostile_clear | grep -v -x -E "b'(EHLO [^ ]*|STARTTLS|QUIT)(.r.n)'" >$TESTDIR/more
    is "$(cat $TESTDIR/more)" '' "$number only EHLO, STARTTLS and QUIT were sent in clear"
    is "$(hostile_clear | grep -c johns-laptop)" 0 'p1_9 and EHLO does not name the machine'
    is "$(hostile_inside)" '' 'nothing was sent inside'
done
hostile smtp-no-auth-inside 587
run_with x as john postern send --to mary.jones@corp.example --subject x --no-encrypt --body -
code_is 78 'p1_4 what was offered in clear does not count'
is "$(hostile_inside | grep -c -i -E 'AUTH|MAIL')" 0 'p1_4 and no login was tried'

# PREAUTH inside TLS; a referral; the connection's end.
user_uri john fetch imaps://john@mail2.corp.example/
hostile imap-preauth 993
run as john fetchd --once
code_is 76 'p1_6 PREAUTH inside TLS is refused'
hostile imap-referral 993
traced john $TESTDIR/trace fetchd --once >$out 2>$err
code=$?
code_is 77 'p1_7 a referral is a refused login'
is "$(grep -c 'connect(.*10\.66\.0\.1' $TESTDIR/trace)" 0 'p1_7 and is not followed'
as john postern -q password retry work
hostile imap-alert 993
run as john fetchd --once
code_is 69 'p1_11 advice to turn off TLS changes nothing'
is "$(LC_ALL=C tr -d '\n\t -~\200-\377' <$err | wc -c)" 0 'p1_11 and reaches the terminal harmless'
hostile imap-alert-within 993
run as john fetchd --once
code_is 0 'p1_11 an ALERT amid a session is no failure'
err_has 'the server says: "mailbox 95 % full' 'p1_11 it is shown, as RFC 3501 wants it'
is "$(LC_ALL=C tr -d '\n\t -~\200-\377' <$err | wc -c)" 0 'p1_11 and harmless'
run as john postern --json sync
out_has '"alert" : "mailbox 95 % full' 'p1_11 in JSON too'
hostile_stop
done_testing

#!/bin/sh
# P4: a trace tells what was said, and nothing of the user's: no password, name, address or mail, in no spelling.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
trace=$TESTDIR/trace
needle=Pumpernickel
for person in john mary; do
    company_fill $person --count 3
    mkdir -p $COMPANY/mail/$person/Maildir/cur $COMPANY/mail/$person/Maildir/new $COMPANY/mail/$person/Maildir/tmp
    printf 'From: %s <%s@corp.example>\nTo: x@corp.example\nSubject: %s\nMessage-ID: <%s@corp.example>\n\n%s\n' \
        $needle $needle $needle $needle $needle >$COMPANY/mail/$person/Maildir/new/1.x
done
mkdir -p $COMPANY/mail/john/Maildir/.$needle/cur $COMPANY/mail/john/Maildir/.$needle/new $COMPANY/mail/john/Maildir/.$needle/tmp
chown -R --reference=$COMPANY/mail/john/Maildir $COMPANY/mail/john/Maildir/.$needle
user_ready john
user_ready mary pops://mary@mail.corp.example submission://mary@mail.corp.example

# hides NAME PASSWORD-OF: nothing of the user's stands in the trace
hides() {
    printf '%s\n' "$needle" "$(company_password "$2")" corp.example/ @corp.example "$2@" jsmith mary.jones >$TESTDIR/needles
    is "$(/usr/bin/python3 - $trace $TESTDIR/needles <<'END'
import base64, sys
text = open(sys.argv[1], 'rb').read().lower()
found = []
for needle in open(sys.argv[2]).read().split('\n'):
    if not needle:
        continue
    plain = needle.encode()
    spellings = [plain, needle.encode('utf-16-le'), needle.encode('utf-16-be')]
    for pad in range(3):
        spellings.append(base64.b64encode(b'x' * pad + plain)[pad and 4:-4])
    found += [needle for one in spellings if one and len(one) > 3 and one.lower() in text]
print(found)
END
)" '[]' "p4_44 $1: nothing of the user's stands in it"
}

sed -i "s/^submit = .*/&\nsave_sent = $needle/" "$(user_config john)"
run as john fetchd --once --trace $trace
code_is 0 'IMAP with a trace'
is "$(stat -c %a $trace)" 600 'p4 the trace is for its owner alone'
ok grep -q ' work mail.corp.example -- TLSv1.3, ' $trace -- 'it tells the version of TLS'
ok grep -q ' C: [0-9]* ENABLE QRESYNC$' $trace -- 'what the client says'
ok grep -q ' C: [0-9]* .*<secret>$' $trace -- 'that a password went'
ok grep -q ' S: \* [0-9]* FETCH (.*BODY\[\] {[0-9]*}$' $trace -- 'what the server says'
ok grep -q ' S: <[0-9]* bytes>$' $trace -- 'and how large its messages are'
hides IMAP john
before=$(wc -l <$trace)
run as john sh -c "echo $needle | postern -v --trace $trace send --to mary.jones@corp.example --subject $needle"
code_is 0 'sending with a trace'
ok [ "$(wc -l <$trace)" -gt "$before" ] -- 'is appended to the same file'
ok grep -q ' C: MAIL FROM:<[0-9]* bytes>' $trace -- 'with the envelope left out'
ok grep -q ' C: <[0-9]* bytes>$' $trace -- 'and the letter measured'
ok grep -q ' C: [0-9]* APPEND' $trace -- 'and the copy that was put into a folder of the server'
is "$(grep -c -l -x "Subject: $needle" $COMPANY/mail/john/Maildir/.$needle/cur/* | wc -l)" 1 'where it lies'
hides 'submission on 465, and the own copy' john
rm $trace
run as mary postern --trace $trace sync
code_is 0 'POP3 with a trace'
ok grep -q ' C: RETR 1$' $trace -- 'tells the commands'
hides POP3 mary
run as mary sh -c "echo $needle | postern --trace $trace send --to jsmith@corp.example --subject $needle"
code_is 0 'submission on 587'
ok grep -q ' C: STARTTLS$' $trace -- 'tells what was said in clear'
hides 'submission on 587' mary
rm $trace
run as mary sh -c "echo $needle | postern -v send --to jsmith@corp.example --subject $needle"
code_is 0 'submission with -v'
grep -v '^postern: ' $err >$trace
ok grep -q ' C: STARTTLS$' $trace -- 'tells it on standard error'
hides '-v' mary
rm $trace
company_password john | tr 'a-z' 'b-za' | as john postern -q password set work
run as john fetchd --once --trace $trace
code_is 77 'a refused login'
ok grep -q 'S: .*\[AUTHENTICATIONFAILED\]' $trace -- 'is seen in the trace'
hides 'a refused login' john

run as john fetchd --once --trace /nowhere/trace
code_is 73 'a trace that cannot be written'
ln -s $TESTDIR/elsewhere $TESTDIR/link
run as john fetchd --once --trace $TESTDIR/link
code_is 73 'or is a link'
mkfifo $TESTDIR/fifo
run as john postern --trace $TESTDIR/fifo sync
code_is 73 'or no file'
err_has 'trace.file' 'by the name of the rule'
done_testing

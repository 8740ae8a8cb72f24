#!/bin/sh
# Sending: on 465 and 587, encrypted where it should be, refused where it must be.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
company_person mary
user_ready john
company_introduce john mary
company_introduce mary john
outbox() { as john postern --json status | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["outbox"])'; }
arrived() { find "$COMPANY/mail/$1" -path '*/Maildir/*' -type f ! -name 'dovecot*' | wc -l; }
arrives() { # arrives NAME COUNT: waits for Postfix
    tries=0
    until [ "$(arrived "$1")" -ge "$2" ] || [ $tries -gt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    arrived "$1"
}
letters() { find "$COMPANY/mail/$1" -path '*/Maildir/*' -type f ! -name 'dovecot*' -exec cat {} +; }

count=0
for submit in smtps://john@mail.corp.example submission://john@mail.corp.example; do
    count=$((count + 1))
    user_uri john submit "$submit"
    run_with 'The zebrafish text.' as john postern --json send --to mary.jones@corp.example \
        --subject 'Quokka figures' --encrypt --body -
    code_is 0 "${submit%%:*}: an encrypted letter leaves"
    out_has '"state" *: *"sent"' "${submit%%:*}: its state is sent"
    out_has '"encrypted" *: *true' "${submit%%:*}: and it says encrypted"
    is "$(arrives mary $count)" $count "${submit%%:*}: it arrives"
done
letters mary >$TESTDIR/seen
ok grep -q 'BEGIN PGP MESSAGE' $TESTDIR/seen -- 'p9_106 the server sees OpenPGP'
for word in zebrafish Quokka johns-laptop; do
    is "$(grep -c "$word" $TESTDIR/seen)" 0 "p9_106 the server does not see $word"
done
is "$(grep -c "$(printf zebrafish | base64 | cut -c1-10)" $TESTDIR/seen)" 0 'p9_106 not in base64 either'

run_with 'Plain text.' as john postern send --to j.gross@corp.example --subject 'In house' --no-sign --body -
code_is 0 'a letter inside the company may go without encryption'
is "$(arrives staff 1)" 1 'and arrives'
ok [ "$(letters staff | grep -c 'Plain text')" = 1 ] -- 'as it was written'

run_with 'Grüße.' as john postern send --to größe@corp.example --subject 'In house' --body -
code_is 0 'a letter to an address outside ASCII may go where the server takes it'
is "$(arrives staff 2)" 2 'and arrives'
is "$(letters staff | grep -c '^To: größe@corp.example')" 2 'its name as it is, outside and under the signature'
is "$(letters staff | grep -c 'multipart/signed')" 1 'signed'

run_with 'The zebrafish again.' as john postern --json send --to mary.jones@corp.example --bcc jsmith@corp.example \
    --subject 'Quokka notice' --encrypt --dsn success,delay --queue --body -
code_is 0 'a letter that asks for notices may wait'
run as john postern outbox flush
code_is 0 'and asks the same when it goes'
is "$(arrives john 3)" 3 'its copy arrives, and of each of the two a notice'
letters john >$TESTDIR/notices
is "$(grep -c '^Final-Recipient: rfc822; *mary.jones@corp.example' $TESTDIR/notices)-$(grep -c '^Action: \(delivered\|relayed\)' $TESTDIR/notices)" 1-2 \
    'Postfix tells the sender that mary has it'
is "$(grep -c '^Original-Recipient: rfc822; *mary.jones@corp.example' $TESTDIR/notices)" 1 'by the address that was written to'
ok grep -q '^Original-Envelope-Id: .*@corp.example' $TESTDIR/notices -- 'under the name of its Message-ID'
is "$(grep -c 'BEGIN PGP MESSAGE' $TESTDIR/notices)" 1 'p9_104 and brings nothing of the letter but its header: the one text is the copy'
for words in '' always never,success; do
    run_with x as john postern send --to mary.jones@corp.example --subject x --dsn "$words" --body -
    code_is 64 "no wish for notices: '$words'"
done

for address in somebody@hotmail.com 'x@googlemail.com' 'x@sub.gmx.de'; do
    run_with 'x' as john postern --json send --to "$address" --subject x --body -
    code_is 78 "p9_101 freemail is refused: $address"
    out_has '"rule" *: *"send.freemail"' 'by its rule'
done
run_with 'x' as john postern --json send --to partner@other.example --subject x --body -
code_is 78 'outside the company without a key is refused'
run_with 'x' as john postern --json send --to partner@other.example --no-encrypt --subject x --body -
code_is 78 'p9_108 --no-encrypt does not lift the rule'
run_with 'x' as john postern --json send --to mary.jones@corp.example --bcc x@hotmail.com --subject x --body -
code_is 78 'p9_108 a hidden copy is held to the rule'

newline='
'
return=$(printf '\r')
for bad in "mary.jones@corp.example${newline}Bcc: x@evil.test" "mary.jones@corp.example${return}RCPT TO:<x@evil.test>" \
    'not an address' '@a,@b:c@corp.example' "$(printf 'x%.0s' $(seq 600))@corp.example"; do
    run_with 'x' as john postern send --to "$bad" --subject x --body -
    code_is 65 "p9_99 --to refuses $(printf '%.20s' "$bad" | tr '\n\r' '??')"
done
for bad in "Hello${newline}Bcc: x@evil.test" "Hello${return}Bcc: x@evil.test"; do
    run_with 'x' as john postern send --to mary.jones@corp.example --subject "$bad" --body -
    code_is 65 'p9_99 --subject refuses line ends'
done
is "$(arrived mary)-$(arrived outside)" "3-0" 'nothing of all that was sent'
printf 'One.\nTwo \0 three.' >$TESTDIR/nul
printf 'One.\nTwo.\nThree \377.' >$TESTDIR/latin
chmod 644 $TESTDIR/nul $TESTDIR/latin
for body in nul latin; do
    run as john postern send --to mary.jones@corp.example --subject x --body $TESTDIR/$body
    code_is 65 "no letter of $body"
    case $body in
    nul) err_has 'line 2 of the text holds a NUL byte' 'NUL is called NUL' ;;
    latin) err_has 'line 3 of the text is not UTF-8' 'and what is not UTF-8, that' ;;
    esac
done
run_with x as john postern send --encrypt --to j.gross@corp.example --subject x --body -
err_has 'postern key trust j.gross@corp.example' 'a missing key: what confirms it, ready to copy'
as mary gpg --batch --quiet --passphrase '' --quick-generate-key '<h.hahn@corp.example>' future-default default 1y 2>/dev/null
as mary gpg --batch --export h.hahn@corp.example | as john gpg --batch --quiet --import 2>/dev/null
run_with x as john postern send --encrypt --to h.hahn@corp.example --subject x --body -
code_is 78 'a key that nobody confirmed'
err_has "(key.untrusted): .*postern key trust [0-9A-F]\{40\}\$" 'is named by its fingerprint, ready to copy'

# What really goes over the line.
hostile smtp-honest 465
user_uri john submit smtps://john@mail2.corp.example
printf '.\n..\n.hidden\nbare\rreturn\nFrom here\nlast without end' >$TESTDIR/body
run as john postern send --to mary.jones@corp.example --bcc j.gross@corp.example --subject dots --no-sign --no-encrypt --body $TESTDIR/body
code_is 0 'a letter with dots leaves'
letter=$(sed -n 's/^[0-9]* letter //p' $HOSTILE_LOG)
is "$(printf '%s' "$letter" | /usr/bin/python3 -c '
import ast, re, sys
data = ast.literal_eval(sys.stdin.read())
text = data[:-5]
print(bool(re.search(rb"(?<!\r)\n|\r(?!\n)", data)), b"\r\n.\r\n" in text, b"j.gross" in data, b"johns-laptop" in data)')" \
    'False False False False' 'p9_100 CRLF only, dots stuffed, no Bcc, no host name'
is "$(hostile_inside | grep -c -E 'MAIL FROM|RCPT TO')-$(hostile_inside | grep -c -i -E 'NOTIFY|ORCPT|ENVID|RET=')" 3-0 'p9_104 no notice is asked for that could name a hidden copy'
ok [ "$(hostile_inside | grep -c -i 'johns-laptop')" = 0 ] -- 'p1: EHLO does not name the machine'

run_with x as john postern --json send --to größe@corp.example,mary.jones@corp.example --subject x --no-encrypt --body -
code_is 65 'an address that the server cannot take'
out_has 'outside ASCII in addresses, as in größe@corp.example' 'is named'
is "$(grep -c ' letter ' $HOSTILE_LOG)-$(hostile_inside | grep -c MAIL)" 1-1 'before a byte of it is sent'

run_with x as john postern --json send --to mary.jones@corp.example --subject x --no-encrypt --dsn failure --body -
code_is 65 'a server that knows no notices of delivery'
out_has '"rule" *: *"send.dsn"' 'is told from others'
is "$(grep -c ' letter ' $HOSTILE_LOG)-$(hostile_inside | grep -c MAIL)" 1-1 'before it hears of the letter'

for case in smtp-dies-after-dot smtp-resets-after-answer; do
    hostile $case 465
    run_with x as john postern --json send --to mary.jones@corp.example --subject "$case" --no-encrypt --body -
    letters_sent=$(grep -c ' letter ' $HOSTILE_LOG)
    is "$letters_sent" 1 "p6: $case: sent once"
    [ $case != smtp-dies-after-dot ] || out_has '"state" *: *"maybe-sent"' "p6: $case: and in doubt"
done
hostile smtp-closes-between 465
run_with x as john postern --json send --to mary.jones@corp.example --subject x --no-encrypt --body -
code_is 0 'p6: 421 before the text is temporary'
out_has '"state" *: *"queued"' 'p6: and the letter waits'
hostile smtp-refused-login 465
run_with x as john postern --json send --to mary.jones@corp.example --subject x --no-encrypt --body -
code_is 77 'a refused login is code 77'
hostile_stop
done_testing

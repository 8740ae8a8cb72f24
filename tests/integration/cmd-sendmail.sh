#!/bin/sh
# postern sendmail in the place of /usr/sbin/sendmail: what cron, mutt and git hand over leaves as they wrote it,
# held to the same policy as what `send` sends.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
company_person mary
user_ready john
company_introduce john mary
company_introduce mary john
mary=mary.jones@corp.example
gross=j.gross@corp.example
hahn=h.hahn@corp.example
hostile smtp-honest 465
user_uri john submit smtps://john@mail2.corp.example
ln -s "$(command -v postern)" $TESTDIR/sendmail
chmod 755 $TESTDIR
# sent: the last letter, as the server got it
sent() { sed -n 's/^[0-9]* letter //p' $HOSTILE_LOG | tail -1 | /usr/bin/python3 -c 'import ast, sys; sys.stdout.write(ast.literal_eval(sys.stdin.read()).decode("latin-1").replace("\r\n", "\n"))'; }
recipients() { hostile_inside | grep -o 'RCPT TO:<[^>]*>' | tr '\n' ' '; }
letters() { grep -c ' letter ' $HOSTILE_LOG; }
fresh() { hostile smtp-honest 465; }
mail() { # mail TEXT FLAG…
    printf '%b' "$1" >$TESTDIR/mail
    shift
    run_with "$(cat $TESTDIR/mail)" as john postern sendmail "$@"
}

# --- cron ---------------------------------------------------------------------------------------------
mail 'From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@laptop> backup\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\nX-Cron-Env: <SHELL=/bin/sh>\nAuto-Submitted: auto-generated\n\ndisk full: Gr\303\274\303\237e\n' \
    -i -FCronDaemon -B8BITMIME -oem root
code_is 0 'what Debian'"'"'s cron hands over leaves'
is "$(cat $out $err | wc -c)" 0 'without a word, which cron would mail'
is "$(recipients)" 'RCPT TO:<jsmith@corp.example> ' 'a user of this machine is the account'
sent >$TESTDIR/sent
ok grep -q 'BEGIN PGP MESSAGE' $TESTDIR/sent -- 'p9 encrypted, for its key is there'
sed -n '/BEGIN PGP/,/END PGP/p' $TESTDIR/sent >$TESTDIR/armor
chmod 644 $TESTDIR/armor
as john gpg --batch --quiet --decrypt $TESTDIR/armor >$TESTDIR/clear 2>$TESTDIR/verdict
ok grep -q 'disk full: Gr=C3=BC=C3=9Fe' $TESTDIR/clear -- 'with its text'
ok grep -q '^Auto-Submitted: auto-generated' $TESTDIR/clear -- 'and its own fields, inside'
ok grep -q 'Good signature' $TESTDIR/verdict -- 'signed, for that took no question'
is "$(grep -c -i 'x-cron-env\|laptop\|backup' $TESTDIR/sent)" 0 'p9_106 nothing of it stands outside'

# --- a mailer -----------------------------------------------------------------------------------------
fresh
mail "From: John Smith <jsmith@corp.example>\nTo: Mr Gross <$gross>\nCc: $hahn\nBcc: $mary,\n jsmith@corp.example\nSubject: plain\nDate: Mon, 04 Mar 2024 10:00:00 +0100\nMessage-ID: <own.1@corp.example>\nUser-Agent: Mutt\nIn-Reply-To: <before@corp.example>\n\nFirst.\n.\nSecond.\n" -t -oi
code_is 0 '-t takes the recipients from the fields'
is "$(recipients)" "RCPT TO:<$gross> RCPT TO:<$hahn> RCPT TO:<$mary> RCPT TO:<jsmith@corp.example> " 'of To, Cc and a folded Bcc'
sent >$TESTDIR/sent
is "$(grep -c -i 'bcc\|mary' $TESTDIR/sent)" 0 'p9_104 Bcc does not leave'
for line in 'Date: Mon, 04 Mar 2024 10:00:00 +0100' 'Message-ID: <own.1@corp.example>' 'User-Agent: Mutt' 'In-Reply-To: <before@corp.example>' \
    'From: John Smith <jsmith@corp.example>' 'Subject: plain' 'Second.'; do
    ok grep -q -F "$line" $TESTDIR/sent -- "its own: $line"
done
ok grep -q '^\.\.$' $TESTDIR/sent -- 'with -oi a dot alone is text'
ok grep -q 'multipart/signed' $TESTDIR/sent -- 'and it is signed'
fresh
mail "To: $gross\nSubject: parts\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGr\303\274\303\237e\n--b--\n" -t
code_is 0 'a letter with an 8-bit part'
sent >$TESTDIR/sent
is "$(tr -d '\n\r\t -~' <$TESTDIR/sent | wc -c)-$(grep -c '^Gr=C3=BC=C3=9Fe' $TESTDIR/sent)" 0-1 'leaves in seven bits'
ok grep -q 'multipart/signed' $TESTDIR/sent -- 'and is signed'
fresh
mail "Subject: dot\n\nFirst.\n.\nSecond.\n" -f jsmith@corp.example -F 'J. S.' "$gross"
code_is 0 'without -i'
sent >$TESTDIR/sent
is "$(grep -c 'First' $TESTDIR/sent)-$(grep -c 'Second' $TESTDIR/sent)" 1-0 'a dot alone ends the message'
ok grep -q 'From: .*J\. S\..* <jsmith@corp.example>' $TESTDIR/sent -- '-F names who has no From'
fresh
run_with "Subject: link

x" as john $TESTDIR/sendmail -oem -odb -om -em -R hdrs -- $gross
code_is 0 'by a link called sendmail, with flags that change nothing'
is "$(letters)" 1 'it leaves'
fresh
mail 'Subject: notice\n\nx\n' -N failure,delay -R full $gross
code_is 65 'notices of delivery from a server that knows none'
is "$(letters)" 0 'keep the letter here'
hostile smtp-dsn 465
mail 'Date: Mon, 04 Mar 2024 10:00:00 +0100\nMessage-ID: <own.2@corp.example>\nSubject: notice\n\nx\n' -N failure,delay -R full $gross
mail 'Subject: notice\n\nx\n' -Nnever -V 'my+1' $gross
mail 'Subject: notice\n\nx\n' -N SUCCESS -V 'my+1' $gross
mail 'Subject: notice\n\nx\n' -V 'my+1' $gross
is "$(hostile_inside | grep -o ' RET=.*\| NOTIFY=.*' | sed 's/.*\(RET\|NOTIFY\)/\1/; s/.r.n.$//' | tr '\n' '|')" \
    "RET=HDRS ENVID=own.2@corp.example|NOTIFY=FAILURE,DELAY ORCPT=rfc822;$gross|NOTIFY=NEVER|RET=HDRS ENVID=my+2B1|NOTIFY=SUCCESS ORCPT=rfc822;$gross|" \
    '-N and -V ask for them, of the header alone whatever -R says, and -V alone for nothing'
for words in '-N always' '-N never,delay' "-V $(printf 'x%.0s' $(seq 101))"; do
    mail 'Subject: x\n\nx\n' $words $gross
    code_is 64 "refused: $(printf '%.20s' "$words")"
done
fresh
mail "To: $mary\nSubject: hidden\n\nx\n" $mary $gross --
code_is 64 'a flag behind the recipients'
mail "To: $mary\nSubject: both\n\nx\n" "$mary" "$hahn"
is "$(recipients)" "RCPT TO:<$mary> RCPT TO:<$hahn> " 'the command line says who gets it'
for flags in -bs -bp -bd -q -q30m -bt; do
    mail 'x' $flags
    code_is 64 "sendmail $flags is refused"
    err_has "$flags" 'by name'
done
mail 'x' -i
code_is 64 'nobody named'
is "$(letters)" 1 'nothing of that left'

# --- policy ---------------------------------------------------------------------------------------------
fresh
mail 'Subject: x\n\nx\n' x@hotmail.com
code_is 78 'p9_108 freemail is refused'
mail 'To: partner@other.example\nSubject: x\n\nx\n' -t
code_is 78 'p9_108 and what leaves the company in clear'
mail "From: boss@corp.example\nTo: $gross\nSubject: x\n\nx\n" -t
code_is 78 'p9_108 another sender is refused'
mail "Subject: x\n\nx\n" -f boss@corp.example $gross
code_is 78 'p9_108 also by -f'
mail "Subject: x\nSensitivity: private\n\nx\n" $gross
code_is 78 'p9_108 a mark of sensitivity wants a key'
mail "To: @a,@b:c@corp.example\nSubject: x\n\nx\n" -t
code_is 65 'p9_101 routes are refused'
mail "Resent-To: x@hotmail.com\nTo: $gross\nSubject: x\n\nx\n" -t
code_is 65 'p9_101 Resent- fields are not guessed at'
err_has '(send.resent)' 'by their rule'
mail "To: $gross\nSubject: x\rBcc: y\n\nx\n" -t
code_is 65 'p9_99 a CR in a field'
mail 'Subject: x\n\nx\n' "$gross
Bcc: x@evil.test"
code_is 65 'p9_99 a line end in an address'
for end in '\n' '\r' '\r\n' '\0302\0205' '\0177'; do
    value=$(printf '%bBcc: x@evil.test' "$end")
    for case in 65:-F 65:-f 65:-r 64:-N 64:-V; do
        mail 'Subject: x\n\nx\n' ${case#*:} "a$value" $gross
        code_is ${case%:*} "p9_99 ${case#*:} with $end in it"
    done
done
is "$(letters)-$(as john postern -q --json outbox)" '0-[]' 'p9_108 nothing left, and nothing waits'
evil='=?utf-8?q?a=0D=0ABcc:_x=40evil.test=0D=0A=0D=0Ab?='
mail "From: $evil <root>\nSender: boss@corp.example\nTo: $evil <$gross>\nSubject: $evil\nX-A: \0303\0274 $evil\nReferences: <a\n Bcc: x> <$evil@x>\nBcc : x@evil.test\n\nx\n" -t -F 'not "me"'
code_is 0 'p9_99 line ends in encoded words'
sent >$TESTDIR/sent
is "$(sed '/^$/q' $TESTDIR/sent | grep -o '^[^ :]*:' | tr '\n' ' ')-$(recipients)" \
    "Date: From: To: Subject: Message-ID: References: Autocrypt: X-A: MIME-Version: Content-Type: -RCPT TO:<$gross> " \
    'p9_99 make no field, no text and no recipient'
ok grep -q '^From: not *me <jsmith@corp.example>$' $TESTDIR/sent -- 'p9_99 under the name that was said'
is "$(grep -c 'boss' $TESTDIR/sent)" 0 'p9_99 and nobody else is named as its sender'

# --- offline, and with a key that is locked -----------------------------------------------------------------
hostile_stop
mail "To: $gross\nSubject: later\n\nx\n" -t
code_is 0 'offline it waits'
hostile smtp-honest 465
run as john postern -q outbox flush
is "$(letters)" 1 'and leaves later'
# Its pinentry notes that it was called.
printf '#!/bin/sh\ntouch %s/asked\nexit 1\n' $TESTDIR >$TESTDIR/pinentry
chmod 755 $TESTDIR/pinentry
chmod 777 $TESTDIR
echo "pinentry-program $TESTDIR/pinentry" >$COMPANY/home/john/.gnupg/gpg-agent.conf
as john gpg --batch --quiet --pinentry-mode loopback --passphrase locked --quick-generate-key '<sign@corp.example>' ed25519 sign 1y 2>/dev/null
user_line john "sign_key = $(as john gpg --batch --with-colons --list-secret-keys '<sign@corp.example>' | sed -n 's/^fpr:::::::::\([0-9A-F]*\):/\1/p' | head -1)"
as john gpgconf --kill gpg-agent
fresh
AS_EXTRA='DISPLAY=:9'
mail "To: $gross\nSubject: locked\n\nx\n" -t
code_is 0 'with a key that somebody would have to unlock'
sent >$TESTDIR/sent
ok grep -q '^Subject: locked' $TESTDIR/sent -- 'it leaves'
is "$(grep -c multipart/signed $TESTDIR/sent)" 0 'unsigned'
ok [ ! -e $TESTDIR/asked ] -- 'and nobody is asked, though there is a desktop'
mail "To: $mary\nSubject: locked\n\nx\n" -t
code_is 0 'encrypted, too'
ok [ "$(letters)-$(sent | grep -c 'BEGIN PGP MESSAGE')" = 2-1 ] -- 'it leaves'
AS_EXTRA=
hostile_stop
done_testing

#!/bin/sh
# What a real server tells of a mailbox since the last time: flags and gaps, by QRESYNC and CONDSTORE.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_fill john --count 30 --folder INBOX
news() { "$builddir/tests/lib/imap-news" $COMPANY_CA john "$(company_password john)" INBOX "$@" 2>$COMPANY/names; }
# Somebody else's client.
other() {
    /usr/bin/python3 - "$(company_password john)" "$@" <<'END'
import imaplib, ssl, sys
trust = ssl.create_default_context(cafile="/run/company/ca.pem")
imap = imaplib.IMAP4_SSL("mail.corp.example", ssl_context=trust)
imap.login("john", sys.argv[1])
imap.select("INBOX")
for command in sys.argv[2:]:
    imap.uid(*command.split(" ", 2)) if " " in command else getattr(imap, command)()
imap.logout()
END
}

other 'STORE 1 +FLAGS (\Flagged)'
set -- $(news)
is "$3 $4" '30 0' 'the first time nothing is known'
ok [ "$2" -gt 1 ] -- 'but the server counts changes'
validity=$1 modseq=$2
is "$(news $validity $modseq 30)" "$validity $modseq 30 1" 'nothing has happened, and that is all'

other 'STORE 5 +FLAGS (\Seen $Todo)' 'STORE 9,11:13 +FLAGS (\Deleted)' expunge 'STORE 20 +FLAGS (\Answered)'
news $validity $modseq 30 >$COMPANY/news
is "$(grep : $COMPANY/news | sort -n | xargs -d '\n')" '5: \Seen $Todo 20: \Answered' 'flags that changed are told'
is "$(grep gone $COMPANY/news | sort | xargs)" 'gone 11 13 gone 9 9' 'and what is gone'
is "$(sed -n 's/^[0-9]* [0-9]* \([0-9]* [01]\)$/\1/p' $COMPANY/news)" '26 1' 'and that is all of it'
is "$(news $validity $modseq 10 | grep -c .)" 3 'of what is known, and of nothing else'
is "$(news 1 $modseq 30 | grep -c .)" 1 'nothing is told to who knows another mailbox'
is "$(news $validity 1 30 $modseq | grep -c '^[0-9]*: .')" 5 'changes since a mod-sequence are given without QRESYNC too'
is "$(news $validity 0 30 0 | grep -c :)" 26 'and the flags of all'
done_testing

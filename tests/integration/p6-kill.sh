#!/bin/sh
# P6: nothing lost, nothing twice: kill -9 at random moments, a line cut at many bytes.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john
every=1
kills=25
sanitized && every=10 kills=8
company_fill john --count 600 --folder INBOX --folder Projects
same() { as john /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/john/Maildir --every $every; }

# Killed at growing delays, so that each stage of a first pass is hit.
number=0
while [ $number -lt $kills ]; do
    number=$((number + 1))
    as john timeout -s KILL 0.$(printf %02d $((number * 3))) fetchd --once >/dev/null 2>&1
done
run as john fetchd --once
code_is 0 "p6_54 p6_64 after $kills kills of a first fetch a pass ends well"
is "$(user_json john 'len(d)' '')" 600 'p6_64 every message is here once'
is "$(same)" "$((600 / every)) same, 0 missing, 0 foreign, 0 twice" 'p6_54 and is what the server has'
ok [ "$(pgrep -c postern-net)" = 0 ] -- 'no child outlived its keeper'

# What another client does: each flag and each end is told until it is here, and once.
{
    company_password john
    printf '%s\n' 'SELECT INBOX' 'STORE 1:200 +FLAGS (\Flagged)' 'STORE 201:250 +FLAGS (\Deleted)' EXPUNGE
} | as john /usr/bin/python3 "$srcdir/tests/lib/imap-do.py" $COMPANY_CA john
number=0
while [ $number -lt $kills ]; do
    number=$((number + 1))
    as john timeout -s KILL 0.$(printf %02d $((number * 2))) fetchd --once >/dev/null 2>&1
done
run as john fetchd --once
code_is 0 "p6_54 after $kills kills of a pass over changes a pass ends well"
is "$(user_json john 'len(d)' tag:flagged) $(user_json john 'len(d)' tag:gone)" '200 50' 'p6_54 and every change is here'
journal() { as john /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" journal $COMPANY/home/john/.local/share/postern/vault.db | cut -f 6 | sort | uniq -c | tr -s ' ' | tr '\n' ','; }
is "$(journal | tr -cd 'a-z0-9 ,' | grep -o '[0-9]* flags\|[0-9]* gone' | tr '\n' ' ')" '200 flags 50 gone ' 'p6_54 and none came twice'

# POP3 with keep = no: at each kill a message is on the server or here, never nowhere.
user_ready mary pops://mary@mail.corp.example submission://mary@mail.corp.example
user_line mary 'keep = no'
company_fill mary --count 300
cp -a $COMPANY/mail/mary/Maildir $TESTDIR/original
number=0
while [ $number -lt $kills ]; do
    number=$((number + 1))
    as mary timeout -s KILL 0.$(printf %02d $((number * 3))) fetchd --once >/dev/null 2>&1
done
run as mary fetchd --once
code_is 0 "p6_54 POP3: after $kills kills a pass ends well"
is "$(user_json mary 'len(d)' '')" 300 'p6_54 POP3: every message is here once'
is "$(as mary /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $TESTDIR/original --every $every)" \
    "$((300 / every)) same, 0 missing, 0 foreign, 0 twice" 'POP3: and is what the server had'
is "$(find $COMPANY/mail/mary/Maildir/cur $COMPANY/mail/mary/Maildir/new -type f | wc -l)" 0 'p6_54 POP3: and the server is empty'

# The line is cut, without a word, after so many bytes.
step=61
sanitized && step=307
for kind in imap:993:imaps pop3:995:pops; do
    IFS=: read -r case port scheme <<-END
	$kind
	END
    rm -rf $COMPANY/home/john/.config $COMPANY/home/john/.local
    user_ready john "$scheme://john@mail2.corp.example/"
    wrong=
    bytes=7
    while [ $bytes -lt 1700 ]; do
        hostile "$case-honest" "$port" --cut-after $bytes
        as john timeout 60 fetchd --once >/dev/null 2>&1
        code=$?
        case $code in 0 | 69 | 75 | 76) ;; *) wrong="$wrong $bytes:$code" ;; esac
        bytes=$((bytes + step))
    done
    is "$wrong" '' "p6_55 $case: a cut line ends in time with 69, 75 or 76"
    hostile "$case-honest" "$port"
    run as john fetchd --once
    code_is 0 "p6_55 $case: the next pass ends well"
    is "$(user_json john 'len(d)' '')" 3 "p6_55 $case: every message is here once"
done
hostile_stop

# Two at once: one works, the other says so.
rm -rf $COMPANY/home/john/.config $COMPANY/home/john/.local
user_ready john
as john sh -c 'fetchd --once >/dev/null 2>&1 & fetchd --once >/dev/null 2>&1; echo $? >two; wait $!; echo $? >>two'
is "$(sort -u $COMPANY/home/john/two | tr '\n' ' ' | sed 's/^0 $/0 75 /')" '0 75 ' 'p6_61 two passes at once: both fine, or one told to wait'
is "$(user_json john 'len(d)' '')" 550 'p6_61 and nothing came twice'
done_testing

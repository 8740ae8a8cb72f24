#!/bin/sh
# Moving in and out: mail from Maildirs, mboxes and files into the store, known again by the first sync, and back to files.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
mail=$COMPANY/mail/john/Maildir
old=$COMPANY/home/john/old
json() { /usr/bin/python3 -c "import json, sys; d = json.load(sys.stdin); print($1)" <$out; }
bodies() { grep -o 'bodies=[0-9]*' $COMPANY/dovecot/log | tail -n +"$1" | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'; }
sessions() { grep -c 'bodies=' $COMPANY/dovecot/log; }

company_fill john --count 200 --folder INBOX --folder Archive.2023 --folder 'Gr&APYA3w-e'
company_fill john --odd
cp -rp $mail $old
chown -R john: $old 2>/dev/null
all=$(find $old -path '*/cur/*' -type f -o -path '*/new/*' -type f | wc -l)

# --- a whole Maildir, while nothing can be unlocked
as john postern -q lock
as john gpgconf --kill gpg-agent
mv $COMPANY/home/john/.gnupg/private-keys-v1.d $COMPANY/home/john/aside
run as john postern --json import $old
code_is 0 'a Maildir is imported without a private key'
is "$(json '[d["account"], d["imported"] + d["known"], d["left_out"]]')" "['work', $all, 0]" 'all of it'
run as john postern import $old
code_is 0 'and once more'
out_has "^work: 0 messages imported, $all here already" 'nothing is stored twice'
mv $COMPANY/home/john/aside $COMPANY/home/john/.gnupg/private-keys-v1.d
is "$(user_json john 'sorted({f for m in d for f in m["folders"]})' '')" "['Archive/2023', 'Größe', 'INBOX']" 'its folders are found by their names'
is "$(user_json john 'len([m for m in d if "unread" not in m["tags"]])' '')" 0 'and so are its flags'

# --- mboxes, single messages and standard input
mkdir $old-more
printf 'From: a@corp.example\nSubject: a single one\n\nx\n' >$old-more/one.eml
printf 'From x Thu Jan  2 03:04:05 2020\nStatus: RO\nX-Status: F\nSubject: mboxed one\n\n>From here\n\nFrom x Thu Jan  2 03:04:05 2020\nReceived: by mx; Wed, 1 Jan 2020 10:00:00 +0000\nSubject: mboxed two\n\ny\n' >$old-more/box
printf 'nothing of the kind\n' >$old-more/notes
run as john postern --json import --folder Old $old-more/one.eml $old-more/box
is "$(json 'd["imported"]')" 3 'a message and an mbox'
is "$(user_json john '[(m["subject"], m["date"][:10], m["folders"], sorted(m["tags"])) for m in d]' --sort oldest subject:mboxed)" \
    "[('mboxed two', '2020-01-01', ['Old'], ['unread']), ('mboxed one', '2020-01-02', ['Old'], ['flagged'])]" 'their dates, folder and flags'
is "$(as john postern show --raw "$(user_ids john 'subject:"mboxed one"')" | tail -n 1 | tr -d '\r')" 'From here' 'and quoting is undone'
for file in one.eml box; do
    run as john sh -c "postern --json import --folder Old - <$old-more/$file"
    is "$(json '[d["imported"], d["left_out"]]')" '[0, 0]' "by standard input, recognised: $file"
done
run as john sh -c "cat $old-more/box | postern --json import --mbox-kind mboxcl2 -"
is "$(json 'd["imported"]')" 1 'and told how it is quoted'
run as john postern --json import $old-more/notes $old-more/one.eml
code_is 65 'what is no mail is told'
is "$(json '[d["error"]["rule"], d["known"], d["left_out"]]')" "['import.message', 1, 1]" 'and stops nothing'
run as john postern --json import /dev/null
code_is 65 'a special file is not read'
is "$(json 'd["error"]["rule"]')" import.file 'by that rule'
run as john postern --json import $old-more/nowhere
is "$(json '[d["error"]["code"], d["error"]["rule"]]')" "[65, 'import.nothing']" 'nor what is not there'
for words in '' '--mbox-kind mbix -' '--folder= -'; do
    # shellcheck disable=SC2086
    run as john postern import $words
    code_is 64 "refuses: $words"
done
run as john postern import --account nobody -
code_is 78 'an account that is not there'

# --- what a rule fits is sealed singly
printf '\n[sensitive "pay"]\nheader = Subject: payslip*\nindex = headers\n' >>"$(user_config john)"
printf 'From: a@corp.example\nSubject: payslip\n\nsecretword\n' | as john postern --json import - >$out
is "$(json '[d["imported"], d["sensitive"]]')" '[1, 1]' 'a rule for sensitive mail holds'
is "$(user_json john '[m["sensitive"] for m in d]' subject:payslip) $(user_ids john secretword)" '[True] ' 'and the index knows what it may'

# --- interrupted, and run again
mkfifo $old-more/slow
as john sh -c "exec postern -q import --folder Slow - <$old-more/slow" 2>$err &
import=$!
{
    printf 'From x Thu Jan  2 03:04:05 2020\nSubject: slow one\n\nx\n\nFrom x Thu Jan  2 03:04:05 2020\nSubject: slow two\n\n%02000d\n\nFrom x' 1
    sleep 1
    pkill -INT -x postern
    wait $import
    echo $? >$old-more/code
} >$old-more/slow
is "$(cat $old-more/code)" 75 'an import that is interrupted ends with 75'
is "$(user_json john 'len(d)' folder:Slow) $(as john postern --json verify | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["damaged"])')" \
    '1 []' 'what was whole is kept'

done_testing

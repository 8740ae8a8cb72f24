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

# --- the first sync afterwards
ended() { # NUMBER: till the server's log tells of so many sessions
    tries=0
    while [ "$(sessions)" -lt "$1" ] && [ $tries -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
}
company_secret_mail john john 'New since then' 'text' | company_deliver john
file=$(cd $mail && find . -path '*/cur/*:2,*' | head -n 1)
mv "$mail/$file" "$mail/${file%:2,*}:2,F"
mv "$old/$file" "$old/${file%:2,*}:2,F"
before=$(sessions)
run as john postern --json sync
code_is 0 'the first sync'
is "$(json '[d["accounts"][0]["stored"], d["accounts"][0]["known"]]')" "[1, $all]" 'knows all of it again'
ended $((before + 1))
is "$(bodies $((before + 1)))" 3 'p6 and fetches what is new, and two that differ in their bodies alone'
is "$(user_json john 'sorted({f for m in d for f in m["folders"]})' '')" "['Archive/2023', 'Größe', 'INBOX']" 'folders are called as the server calls them'
is "$(user_json john 'len(d)' tag:flagged) $(user_json john 'len(d)' '')" "1 $((all + 1))" 'and flags are its'
before=$(sessions)
run as john postern --json sync
ended $((before + 1))
is "$(json 'd["accounts"][0]["known"]') $(bodies $((before + 1)))" '0 0' 'a second one has nothing to do'

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
run as john postern --json import /etc/passwd
is "$code $(json '[d["imported"], d["error"]["rule"]]')" "65 [0, 'import.message']" 'nor is what only begins like a field'
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

# --- and out again
new=$COMPANY/home/john/new
# files TOP: how often each (folder, flags, content) is there
same() {
    /usr/bin/python3 - "$@" <<'END'
import collections, hashlib, mailbox, os, sys
def tree(top):
    return collections.Counter(
        (os.path.relpath(os.path.dirname(where), top), "".join(sorted(name.rpartition(",")[2])),
         hashlib.sha256(open(os.path.join(where, name), "rb").read()).hexdigest())
        for where, _, names in os.walk(top) if os.path.basename(where) == "cur" for name in names)
old, new = tree(sys.argv[1]), tree(sys.argv[2])
print(len(set(old) - set(new)), "missing,", len(set(new) - set(old)), "more,",
      sorted(mailbox.Maildir(sys.argv[2]).list_folders()), len(mailbox.Maildir(sys.argv[2])) > 0)
END
}
run as john postern --json export --maildir $new
code_is 1 'an export leaves sensitive mail out, and its exit status says so'
is "$(json 'd["sensitive"]')" 1 'how much'
err_has '1 sensitive message is left out: --sensitive' 'and how to have it'
is "$(as john sh -c "find $new -name '*postern:2,*' -path '*Old*' | wc -l")" 3 'folders are folders'
run as john postern verify
code_is 0 'what was imported lies as well as what was fetched'
is "$(same $old $new)" "0 missing, 8 more, ['Archive.2023', 'Gr&APYA3w-e', 'Old', 'Slow'] True" 'each file has the bytes, the folder and the flags it came with'
run as john postern --json export --sensitive --maildir $new
code_is 0 'once more, with sensitive mail'
is "$(json '[d["files"], d["sensitive"]]')" '[1, 0]' 'writes that alone'
run as john postern --json export --mbox $new/box NOT is:sensitive
code_is 0 'an mbox'
is "$(/usr/bin/python3 -c "import mailbox; print(len(mailbox.mbox('$new/box', create=False)))") $(stat -c %a $new/box)" \
    "$(user_json john 'len(d)' NOT is:sensitive) 600" 'that Python reads'
run as john sh -c "postern -q export --mbox - subject:mboxed | postern --json import -"
is "$(json '[d["imported"], d["known"], d["left_out"]]')" '[0, 3, 0]' 'and goes by a pipe, with the same bytes'
for words in '' "--maildir $new --mbox x" '--mbox='; do
    # shellcheck disable=SC2086
    run as john postern export $words
    code_is 64 "export refuses: $words"
done
run as john postern export --mbox $new/box
code_is 73 'nothing is written over'
run as john postern export --mbox $new/none nosuchwordanywhere
code_is 1 'nothing found is code 1'
as john postern -q lock
as john gpgconf --kill gpg-agent
mv $COMPANY/home/john/.gnupg/private-keys-v1.d $COMPANY/home/john/aside
run as john postern export --mbox $new/locked
code_is 78 'without the key there is no export'
ok [ ! -e $new/locked ] -- 'and no file'
mv $COMPANY/home/john/aside $COMPANY/home/john/.gnupg/private-keys-v1.d

# --- by POP3, which tells nothing by which a message could be known before it is fetched
user_ready mary pops://mary@mail.corp.example/
company_fill mary --count 40 --seed 2
run as mary postern --json import $COMPANY/mail/mary/Maildir
is "$(json 'd["imported"]')" 40 'mail of an account by POP3 is imported'
run as mary postern --json sync
code_is 0 'and fetched'
is "$(user_json mary 'len(d)' '')" 40 'p6 and stored no second time'

done_testing

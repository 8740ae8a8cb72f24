#!/bin/sh
# What was sent lies in the vault, with its Bcc, once, and no more openly than it left; and where that is wanted
# on the server, too.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person mary
user_ready john
company_introduce john mary
mary=mary.jones@corp.example
gross=j.gross@corp.example
config=$(user_config john)
vault=$COMPANY/home/john/.local/share/postern/vault.db
send() { run_with 'The zebrafish.' as john postern "$@" --body -; }
found() { as john postern -q --json search "$@" | /usr/bin/python3 -c "
import json, sys
print(' '.join(sorted(one['subject'] for one in json.load(sys.stdin))))"; }
id_of() { user_ids john "$@" | head -1; }
bcc() { sed -n 's/^Bcc: *//Ip'; }

# --- in the vault ----------------------------------------------------------------------------------
send -q send --to $mary --bcc "J. Gross <$gross>" --subject Clear --no-encrypt --no-sign
code_is 0 'a letter is sent'
is "$(found folder:Sent zebrafish)" Clear 'and its copy is found by its words'
is "$(found "cc:$gross")" Clear 'and by whom nobody else sees'
clear=$(id_of subject:Clear)
run as john postern show "$clear"
out_has "^Bcc .*$gross" 'p9_104 the copy says who that is'
cat $COMPANY/mail/mary/Maildir/new/* $COMPANY/mail/staff/Maildir/new/* | bcc >$TESTDIR/bcc
is "$(cat $TESTDIR/bcc)" '' 'p9_104 and nothing that left does'
is "$(as john postern -q --json show "$clear" | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["protection"]["encrypted"])')" False 'in clear, as it left'

send -q send --to $mary --bcc $mary --bcc jsmith@corp.example --subject Sealed --encrypt
is "$(found folder:Sent zebrafish)" 'Clear Sealed' 'an encrypted one is found, too'
sealed=$(id_of 'folder:Sent subject:Sealed')
as john postern show --raw "$sealed" >$TESTDIR/raw
is "$(bcc <$TESTDIR/raw)-$(grep -c -e zebrafish -e Sealed $TESTDIR/raw)" -0 'p9_103 and lies there encrypted, its Bcc, too'
run as john postern show "$sealed"
out_has '^Bcc .*jsmith@corp.example' 'p9_104 inside it stands'
is "$(as john gpg --batch --list-packets $TESTDIR/raw 2>/dev/null | grep -c 'pubkey enc packet')" 1 'p9_104 for the sender alone'

run as john postern forward --attach "$clear" --to $mary --dry-run --body /dev/null
code_is 78 'p9_104 it is not passed on as it is'
err_has '(forward.bcc)' 'p9_104 by its rule'
run as john postern forward "$clear" --to $mary --no-encrypt --no-sign --dry-run --body /dev/null
is "$(cat "$out" | grep -c -i -e bcc -e gross)" 0 'p9_104 and its text names nobody'
run as john postern reply --all "$clear" --no-encrypt --no-sign --dry-run --body /dev/null
is "$(cat "$out" | grep -c -i -e bcc -e gross)" 0 'p9_104 nor does an answer to all'

# --- out of the outbox, and from other programs ------------------------------------------------------
send -q send --to $mary --bcc $mary --subject Later --encrypt --queue
is "$(found folder:Sent subject:later)" '' 'what waits is not sent'
as john postern -q outbox flush
is "$(found folder:Sent subject:later)-$(sqlite3 $vault 'SELECT count(*) FROM letter')" Later-0 'p6_62 once it is, its copy has moved'
printf 'To: root\nSubject: cron\n\nNothing.\n' | as john postern sendmail $mary
is "$(found folder:Sent subject:cron)" cron 'what sendmail took has one'
sed -i 's/^submit = .*/&\nsave_sent = no/' "$config"
printf 'To: root\nSubject: cron again\n\nNothing.\n' | as john postern sendmail $mary
is "$(found folder:Sent subject:again)-$(found folder:Sent subject:Later)" -Later 'save_sent = no: none is kept any more'
sed -i '/^save_sent/d' "$config"

# --- sensitive ----------------------------------------------------------------------------------------
cat >>"$config" <<'END'
[sensitive "hush"]
subject = figures
index = none
[sensitive "pay"]
body = salary
index = headers
END
printf 'From: Mary Jones <%s>\nTo: jsmith@corp.example\nMessage-ID: <hush@corp.example>\nSubject: The figures\n\nA wombat.\n' $mary | company_deliver john
as john fetchd --once
hush=$(as john postern --json -q search is:sensitive | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["id"])')
run_with 'The narwhal.' as john postern -q reply "$hush" --subject Innocent --body -
code_is 0 'what a rule lets be found by nobody is answered'
is "$(found narwhal)-$(found wombat)-$(found subject:Innocent)-$(found folder:Sent is:sensitive)" '---' 'p4_48 nothing betrays the answer either'
is "$(sqlite3 $vault 'SELECT count(*) FROM share')" 2 'p4_48 which is sealed singly, as the letter is'
run_with 'Of the salary.' as john postern -q send --to $mary --subject Plain --encrypt --body -
is "$(sqlite3 $vault 'SELECT count(*) FROM share')" 3 'p4_48 a rule for texts sees the text before it is encrypted'
is "$(found folder:Sent is:sensitive subject:plain)$(found folder:Sent is:sensitive)" ' [...]' 'p9_103 and the index gets what stands outside'
as john gpg --batch --quiet --passphrase '' --quick-generate-key 'Veiled Person <veiled@corp.example>' future-default default 1y 2>/dev/null
run_with 'Text.' as john postern -q send --to 'Veiled Person <veiled@corp.example>' --subject 'More figures' --encrypt --queue --body -
code_is 0 'another one waits'
as john postern -q outbox flush
for words in veiled to:veiled@corp.example cc:veiled@corp.example from:veiled subject:more has:attachment; do
    is "$(found $words)" '' "p4_48 $words does not find its copy"
done
run as john postern address veiled
is "$code $(grep -c @ $out)" '1 0' 'p4_48 nor is its recipient completed'
run as john postern verify
code_is 0 'vault and index agree'

# --- on the server ------------------------------------------------------------------------------------
box=$COMPANY/mail/john/Maildir/.Sent
there() { grep -l -s -x "Subject: $1" $box/cur/* $box/new/* | wc -l; }
outbox() { as john postern -q --json outbox | /usr/bin/python3 -c "import json,sys; print([one['state'] for one in json.load(sys.stdin)])"; }
sed -i 's/^submit = .*/&\nsave_sent = Sent/' "$config"
send send --to $mary --bcc $gross --subject filed --no-encrypt --no-sign
code_is 0 'no folder there: the letter is sent all the same'
err_has 'its copy is not on the server yet.*no folder "Sent"' 'and the user learns of it'
is "$(outbox)" "['filing']" 'the copy waits'
run as john postern status
out_has '1 sent and not on the server yet' 'which status tells'
as john postern --json doctor --offline >$TESTDIR/doctor
ok grep -q '1 letter sent, and not in a folder of the server yet' $TESTDIR/doctor -- 'and the doctor'
run as john postern outbox flush
code_is 78 'flush tries again'
out_has 'not on the server yet.*(server.folder)' 'and says why not'
is "$(cat $COMPANY/mail/mary/Maildir/new/* | grep -c -x 'Subject: filed')" 1 'p6_62 and nobody gets the letter again'
mkdir -p $box/cur $box/new $box/tmp
chown -R --reference=$COMPANY/mail/john/Maildir $box
run as john postern outbox flush
code_is 0 'with a folder it goes there'
is "$(there filed)-$(outbox)" '1-[]' 'p6_62 once'
is "$(ls $box/cur | grep -c ',S$')" 1 'as read'
send -q send --to $mary --bcc $mary --subject hidden --encrypt
is "$(cat $box/cur/* | grep -c -e zebrafish -e 'Subject: hidden')-$(cat $box/cur/* | grep -c 'BEGIN PGP MESSAGE')" 1-1 'p9_103 as it left: what was encrypted lies there encrypted'
is "$(cat $box/cur/* | sed -n '/^Bcc:/p' | grep -c $mary)" 0 'p9_104 and names nobody of Bcc outside'
before=$(found folder:Sent | wc -w)
run as john postern --json sync
is "$(/usr/bin/python3 -c "import json; print([one['stored'] for one in json.load(open('$out'))['accounts']])")-$(found folder:Sent | wc -w)" "[0]-$before" 'p6_62 it is known when it is fetched'
run as john postern verify
code_is 0 'and vault and index agree'

# --- a server that keeps it by itself --------------------------------------------------------------------
sed -i 's/^save_sent = .*/save_sent = server/' "$config"
send -q send --to $mary --subject theirs --no-encrypt --no-sign
is "$(there theirs)" 0 'save_sent = server: nothing is put there'
as john postern show --raw "$(id_of subject:theirs)" | tr -d '\r' >$TESTDIR/theirs
for place in $box/cur/theirs:2,S $COMPANY/mail/john/Maildir/new/theirs; do
    { printf 'Received: by mail.corp.example\n'; cat $TESTDIR/theirs; } >$place
    chown --reference=$box $place
done
run as john postern --json sync
is "$(/usr/bin/python3 -c "import json; print([(one['stored'], one['known']) for one in json.load(open('$out'))['accounts']])")" '[(1, 1)]' 'p6_62 what it kept, with a field more, is the copy that lies here'
is "$(found folder:Sent subject:theirs)-$(found folder:INBOX subject:theirs)" theirs-theirs 'p6_62 and that alone: the same letter in another folder is another'
run as john postern --json sync
is "$(/usr/bin/python3 -c "import json; print([(one['stored'], one['known']) for one in json.load(open('$out'))['accounts']])")" '[(0, 0)]' 'p6_62 once and for all'
run as john postern verify
code_is 0 'and vault and index agree'
sed -i 's/^save_sent = .*/save_sent = Sent/' "$config"

# --- killed anywhere ----------------------------------------------------------------------------------
kills=${SENT_KILLS:-8}
number=0
while [ $number -lt $kills ]; do
    number=$((number + 1))
    delay=$(/usr/bin/python3 -c "print('%.3f' % (0.03 + 0.35 * $number / $kills))")
    printf x | as john timeout -s KILL $delay postern -q send --to $mary --subject "kill$number." --no-encrypt --no-sign --body - >/dev/null 2>&1
    [ $((number % 4)) = 0 ] && as john timeout -s KILL $delay postern -q outbox flush >/dev/null 2>&1
done
tries=0
until [ "$(outbox | grep -c sending)" = 0 ] || [ $tries -gt 100 ]; do tries=$((tries + 1)); done
run as john postern -q outbox flush
code_is 0 "p6_62 after $kills kills a flush ends well"
as john /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" outbox $vault | cut -f 2,5 >$TESTDIR/rows
is "$(grep -c -v '^2' $TESTDIR/rows)" 0 'p6_62 nothing waits but what is in doubt'
as john postern -q --json search --limit 10000 folder:Sent | /usr/bin/python3 -c "
import json, sys
for one in json.load(sys.stdin): print(one['subject'])" >$TESTDIR/copies
number=0
odd=0
sent=0
while [ $number -lt $kills ]; do
    number=$((number + 1))
    got=$(cat $COMPANY/mail/mary/Maildir/new/* | grep -c -x "Subject: kill$number\\.")
    kept=$(grep -c -x "kill$number\\." $TESTDIR/copies)
    doubt=$(cut -f 2 $TESTDIR/rows | grep -c -x "kill$number\\.")
    filed=$(there "kill$number\\.")
    sent=$((sent + kept))
    [ "$filed" = "$kept" ] && [ $((kept + doubt)) -le 1 ] && [ $((kept + doubt)) -ge "$got" ] || {
        odd=$((odd + 1))
        diag "kill$number: got $got, kept $kept, in doubt $doubt, on the server $filed"
    }
done
is $odd 0 'p6_62 what was sent lies once in the vault and once on the server; what is in doubt in neither'
diag "$sent of $kills sent, $(wc -l <$TESTDIR/rows) in doubt"
done_testing

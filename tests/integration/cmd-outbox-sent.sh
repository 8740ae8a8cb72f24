#!/bin/sh
# outbox sent: what may have been sent, and has arrived, is settled so. Nothing is sent, and its copy lies where that
# of any other letter lies that was sent.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
company_person mary
user_ready john
company_introduce john mary
mary=mary.jones@corp.example
gross=j.gross@corp.example
config=$(user_config john)
vault=$COMPANY/home/john/.local/share/postern/vault.db
box=$COMPANY/mail/john/Maildir/.Sent
user_uri john submit smtps://john@mail2.corp.example
as john postern -q unlock
as john postern -q sync # makes the mailbox
send() { run_with 'The zebrafish.' as john postern -q send "$@" --body -; }
clear() { send --to $gross --no-encrypt --no-sign --subject "$@"; }
list() { as john postern -q --json outbox | /usr/bin/python3 -c "import json,sys; d = json.load(sys.stdin); print($1)"; }
states() { list '" ".join(sorted(one["state"] for one in d))'; }
id_of() { list "[one['id'] for one in d if one['subject'] == '$1'][0]"; }
settle() { run as john postern outbox sent "$@"; }
# found WORDS…: the subjects of what search finds
found() { as john postern -q --json search --limit 1000 "$@" | /usr/bin/python3 -c "
import json, sys
print(' '.join(sorted(one['subject'] for one in json.load(sys.stdin))))"; }
there() { grep -l -s -x "Subject: $1" $box/cur/* $box/new/* | wc -l; }
rows() { sqlite3 $vault "SELECT count(*) FROM $1"; }
unheld() { # a child that is not exec'd yet has the lock of what was killed for a moment
    tries=0
    until [ "$(list 'sum(one["state"] == "sending" for one in d)')" = 0 ] || [ $tries -gt 100 ]; do tries=$((tries + 1)); done
}

# --- it arrived ------------------------------------------------------------------------------------------
hostile smtp-dies-after-dot 465
clear first --bcc $mary
code_is 75 'p6_62 no answer to the dot'
id=$(id_of first)
err_has "ask, then 'postern outbox sent $id', or 'postern outbox flush --again $id'" 'p6_62 the user learns what he can do'
run as john postern outbox
out_has "then 'postern outbox sent $id' or" 'p6_62 from the list, too'
clear second
settle first
code_is 65 'a subject is no id'
settle "$id" nosuchletter
code_is 65 'an id that is none'
err_has '(outbox.id)' 'by its rule'
settle
code_is 64 'none at all'
is "$(states)-$(found folder:Sent)" 'maybe-sent maybe-sent-' 'p6_62 nothing is touched by any of that'
: >$HOSTILE_LOG
traced john $TESTDIR/network postern outbox sent "$id" >$TESTDIR/told
is "$?-$(cat $TESTDIR/told)" "0-sent $id" 'what arrived is settled as sent'
ok lacks_socket $TESTDIR/network -- 'p6_62 and no socket is opened for it'
is "$(found folder:Sent)" first 'p6_62 its copy lies with what was sent'
run as john postern show "$(user_ids john subject:first)"
out_has "^Bcc .*$mary" 'as of any other, with its Bcc'
is "$(states)-$(rows letter)" maybe-sent-1 'p6_62 and nothing of it in the outbox'
settle "$id"
code_is 65 'p6_62 once'
is "$(found folder:Sent)" first 'p6_62 so that there is one copy'
clear third
two=$(id_of second)
three=$(id_of third)
run as john postern --json outbox sent "$two" "$three"
code_is 0 'several at a time'
is "$(/usr/bin/python3 -c "import json; print(json.load(open('$out')))")" "{'sent': ['$two', '$three']}" 'told as JSON'
is "$(states)-$(found folder:Sent)" '-first second third' 'and done'
run as john postern verify
code_is 0 'vault and index agree'

# --- it is not in doubt ------------------------------------------------------------------------------------
clear doubtful
doubtful=$(id_of doubtful)
clear waiting --queue
waiting=$(id_of waiting)
settle "$doubtful" "$waiting"
code_is 65 'p6_62 what only waits would be lost'
err_has "letter $waiting waits to be sent, and is not in doubt (outbox.state)" 'it is said of which letter'
err_has "was it sent by other means? then 'postern outbox drop $waiting'" 'and what to do'
is "$(states)" 'maybe-sent queued' 'p6_62 and nothing is touched'
hostile smtp-refuses-one 465
send --to $gross --cc nobody@corp.example --subject refused --no-encrypt --no-sign --queue
as john postern -q outbox drop "$waiting"
run as john postern outbox flush
refused=$(id_of refused)
settle "$refused"
code_is 65 'p6_62 nor what a server refused'
err_has "letter $refused has failed, and is not in doubt (outbox.state)" 'by the same rule'
is "$(states)" 'failed maybe-sent' 'p6_62 it stays'
as john postern -q outbox drop "$refused"

# --- as far as the key and the configuration let it ----------------------------------------------------------
as john postern -q lock
AS_EXTRA="GNUPGHOME=$TESTDIR"
settle "$doubtful"
AS_EXTRA=
ok [ "$code" != 0 ] -- 'locked, and nobody can unlock it: it is not settled'
sqlite3 $vault 'SELECT state FROM outbox' >$TESTDIR/state
is "$(cat $TESTDIR/state)" 2 'p6_62 and stays in doubt'
settle nosuchletter
code_is 65 'what is no id is so without the key'
sed 's/"work"/"play"/' $config >$TESTDIR/config
cp $TESTDIR/config $COMPANY/home/john/other
chmod 644 $COMPANY/home/john/other
run as john postern --config $COMPANY/home/john/other outbox sent "$doubtful"
code_is 78 'an account that is not there any more'
err_has '(config.account)' 'by its rule'
is "$(states)" maybe-sent 'p6_62 changes nothing'
as john postern -q lock
sed -i 's/^submit = .*/&\nsave_sent = no/' $config
settle "$doubtful"
code_is 0 'locked, and it can be unlocked'
is "$(states)-$(rows letter)-$(found folder:Sent subject:doubtful)" -0- 'save_sent = no: it is settled, and leaves no copy'
sed -i '/^save_sent/d' $config

printf '[sensitive "hush"]\nsubject = figures\nindex = none\n' >>$config
hostile smtp-dies-after-dot 465
send --to $mary --encrypt --subject 'The figures'
before=$(rows share)
settle "$(list 'd[0]["id"]')"
is "$code-$(($(rows share) - before))-$(found folder:Sent subject:figures)" 0-1- 'p4_48 the copy of a sensitive one is sealed singly'
sed -i '/^\[sensitive/,$d' $config

# --- several copies of one letter ------------------------------------------------------------------------------
hostile smtp-dies-after-dot 465
send --to $mary --bcc $mary --bcc jsmith@corp.example --subject several --encrypt
is "$(states)" 'maybe-sent queued' 'of a letter with Bcc one copy is in doubt, and the other waits'
run as john postern outbox
is "$(grep -c 'postern outbox sent' $out)" 1 'the way out is told of the one alone'
settle "$(list '[one["id"] for one in d if one["state"] == "maybe-sent"][0]')"
code_is 0 'it is settled'
is "$(found folder:Sent subject:several)-$(states)" 'several-queued' 'p6_62 the copy lies in the vault, the other waits'
hostile smtp-honest 465
run as john postern -q outbox flush
is "$(found folder:Sent subject:several)-$(grep -c ' letter ' $HOSTILE_LOG)-$(rows letter)" several-1-0 'p6_62 it goes, without it, and there is one copy'

# --- and on the server -----------------------------------------------------------------------------------------
sed -i 's/^submit = .*/&\nsave_sent = Sent/' $config
mkdir -p $box/cur $box/new $box/tmp
chown -R --reference=$COMPANY/mail/john/Maildir $box
hostile smtp-dies-after-dot 465
clear filed
settle "$(id_of filed)"
code_is 0 'save_sent = Sent: it is settled as well'
is "$(states)-$(there filed)-$(found folder:Sent subject:filed)" filing-0-filed 'its copy is in the vault, and waits for the server'
settle "$(list 'd[0]["id"]')"
code_is 65 'what waits for that is sent already'
err_has '(outbox.state)' 'by its rule'
: >$HOSTILE_LOG
run as john postern outbox flush
code_is 0 'flush puts it there'
is "$(states)-$(there filed)-$(grep -c ' letter ' $HOSTILE_LOG)" -1-0 'p6_62 once, and sends nothing'
before=$(found folder:Sent | wc -w)
run as john postern -q sync
is "$(found folder:Sent | wc -w)" "$before" 'p6_62 which is known when it is fetched'

# --- two at once -----------------------------------------------------------------------------------------------
clear again
id=$(id_of again)
hostile smtp-holds-dot 465
as john sh -c 'echo $$ >flusher; exec postern -q outbox flush --again "$1"' sh "$id" >/dev/null 2>&1 &
flusher=$!
tries=0
until [ "$(grep -c ' letter ' $HOSTILE_LOG)" = 1 ] || [ $tries -gt 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
settle "$id"
code_is 75 'p6_62 what somebody sends again just now is not settled'
err_has '(outbox.sending)' 'p6_62 by its rule'
kill -KILL "$(cat $COMPANY/home/john/flusher)"
wait $flusher
unheld
is "$(states)" maybe-sent 'p6_62 nor is it when he is killed'
hostile smtp-honest 465
: >$TESTDIR/winners
settlers=
for one in 1 2 3 4; do
    as john postern -q outbox sent "$id" >$TESTDIR/settled.$one 2>&1 && echo $one >>$TESTDIR/winners &
    settlers="$settlers $!"
done
as john postern -q outbox flush --again "$id" >$TESTDIR/flushed 2>&1
# shellcheck disable=SC2086
wait $settlers
unheld
# Who looks at the list holds a row for a moment, so that they may all have been told to try again.
[ "$(states)" != maybe-sent ] || { settle "$id" && echo 5 >>$TESTDIR/winners; }
sent=$(grep -c ' letter ' $HOSTILE_LOG)
is "$((sent + $(wc -l <$TESTDIR/winners)))-$(found folder:Sent subject:again)" 1-again 'p6_62 of four who settle it and one who sends it again one does'
is "$(cat $TESTDIR/settled.* | grep -c -v -e outbox.sending -e outbox.id)" 0 'p6_62 the others learn why not'
run as john postern -q outbox flush
is "$(states)-$(there again)" -1 'p6_62 and on the server is one copy'

# --- killed anywhere -------------------------------------------------------------------------------------------
hostile smtp-dies-after-dot 465
kills=${SENT_KILLS:-10}
longest=0.12
sanitized && longest=0.4
number=0
odd=0
settled=0
while [ $number -lt $kills ]; do
    number=$((number + 1))
    clear "kill$number."
    id=$(list '[one["id"] for one in d if one["state"] == "maybe-sent"][0]')
    filing=$(sqlite3 $vault 'SELECT count(*) FROM outbox WHERE state = 5')
    as john timeout -s KILL "$(/usr/bin/python3 -c "print('%.3f' % (0.005 + $longest * $number / $kills))")" postern -q outbox sent "$id" >/dev/null 2>&1
    unheld
    doubt=$(sqlite3 $vault 'SELECT count(*) FROM outbox WHERE state = 2')
    filing=$(($(sqlite3 $vault 'SELECT count(*) FROM outbox WHERE state = 5') - filing))
    kept=$(found folder:Sent "subject:kill$number" | wc -w)
    settled=$((settled + kept))
    [ "$doubt-$filing-$kept" = 1-0-0 ] || [ "$doubt-$filing-$kept" = 0-1-1 ] || {
        odd=$((odd + 1))
        diag "kill$number: in doubt $doubt, for the server $filing, kept $kept"
    }
    [ "$doubt" = 0 ] || settle "$id"
done
is $odd 0 'p6_62 killed anywhere, it is in doubt, or its copy is in the vault and waits for the server'
diag "$settled of $kills settled before they were killed"
run as john postern -q outbox flush
code_is 0 'p6_62 a flush ends well'
number=0
odd=0
while [ $number -lt $kills ]; do
    number=$((number + 1))
    [ "$(found folder:Sent "subject:kill$number" | wc -w)-$(there "kill$number\\.")" = 1-1 ] || odd=$((odd + 1))
done
is "$odd-$(states)" 0- 'p6_62 each lies once in the vault and once on the server'
run as john postern verify
code_is 0 'vault and index agree'
hostile_stop
done_testing

#!/bin/sh
# The outbox: what cannot go now waits sealed, and goes once; what may have gone is never sent again by itself.
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
vault=$COMPANY/home/john/.local/share/postern/vault.db
arrived() { find "$COMPANY/mail/$1" -path '*/Maildir/new/*' -type f | wc -l; }
arrives() { # arrives NAME COUNT: waits for Postfix
    tries=0
    until [ "$(arrived "$1")" -ge "$2" ] || [ $tries -gt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    arrived "$1"
}
json() { /usr/bin/python3 -c "import json; d = json.load(open('$out')); print($1)"; }
list() { as john postern -q --json outbox | /usr/bin/python3 -c "import json,sys; d = json.load(sys.stdin); print($1)"; }
doctor() { as john postern --json doctor --offline | /usr/bin/python3 -c "
import json, sys
print([(row['status'], row['detail']) for row in json.load(sys.stdin) if row['rule'] == 'outbox.waiting'][0])"; }
count() { grep -c " letter .*$1" $HOSTILE_LOG; }
send() { run_with 'The zebrafish.' as john postern "$@" --body -; }

# --- waiting ---------------------------------------------------------------------------------------
send --json send --to $mary --subject 'Quokka figures' --encrypt --queue
code_is 0 'a letter may be queued on purpose'
is "$(json "[d['state'], d['queued_to'], d['sent_to'], len(d['outbox'])]")" "['queued', ['$mary'], [], 1]" 'and says so'
id=$(json "d['outbox'][0]")
user_uri john submit smtps://john@mail2.corp.example
send send --to $gross --subject 'Quokka second' --no-encrypt --no-sign
code_is 0 'a server that is not there: the letter waits'
err_has '^postern: not sent yet: ' 'and the user learns why'
err_has "^postern: queued in the outbox for: $gross" 'and for whom'
for word in zebrafish Quokka mary.jones j.gross; do
    is "$(grep -r -l -a "$word" "$(dirname $vault)" | wc -l)" 0 "p4_36 $word is not readable in the store"
done
is "$(list '[(one["state"], one["tries"]) for one in d]')" "[('queued', 0), ('queued', 1)]" 'the list tells what waits, locked'
as john /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" outbox $vault >$TESTDIR/rows
is "$(cut -f 2-6,8- $TESTDIR/rows | tr '\t' '|' | head -1)" "1|work|jsmith@corp.example|Quokka figures|1|$mary" 'another reader opens it by what doc/vault-format.md says'
run as john postern --json status
is "$(json 'd["outbox"]')" 2 'status counts them'
run as john postern status
out_has '^outbox: 2 waiting' 'in words, too'

user_uri john submit smtps://john@mail.corp.example
run as john postern --json outbox flush
code_is 0 'flush sends what waits'
is "$(json 'sorted(one["state"] for one in d)')" "['sent', 'sent']" 'all of it'
is "$(arrives mary 1)-$(arrives staff 1)" 1-1 'it arrives'
cat $COMPANY/mail/mary/Maildir/new/* >$TESTDIR/mail
as mary gpg --batch --quiet --decrypt $TESTDIR/mail >$TESTDIR/clear 2>/dev/null
ok grep -q 'The zebrafish.' $TESTDIR/clear -- 'p9_103 as it was encrypted when it was written'
is "$(list 'd')" '[]' 'and nothing waits any more'
ok [ "$(sqlite3 $vault 'SELECT count(*) FROM letter')" = 0 ] -- 'nor lies anywhere'

send --json send --to $mary --subject third --encrypt --queue
id=$(json "d['outbox'][0]")
run as john postern outbox drop nosuchletter
code_is 65 'an id that is none'
err_has '(outbox.id)' 'by its rule'
run as john postern outbox flush --again
code_is 64 '--again wants ids'
run as john postern outbox frob
code_is 64 'an unknown word'
run as john postern outbox drop "$id"
code_is 0 'drop takes a letter out'
out_has "^dropped $id" 'and says so'

# --- what the server refuses, and what it may have ---------------------------------------------------
user_uri john submit smtps://john@mail2.corp.example
hostile smtp-refuses-one 465
send -q send --to $gross --cc nobody@corp.example --subject fourth --no-encrypt --no-sign --queue
run as john postern outbox flush
code_is 65 'one recipient is refused for good'
out_has 'sent to j.gross' 'the other has it'
out_has 'failed to nobody@corp.example: .*550 5.1.1 nobody' 'he is told by the words of the server'
is "$(list '[(one["state"]) for one in d]')" "['failed']" 'and stays, failed'
run as john postern outbox flush
is "$(count fourth)" 1 'without being tried again'
run as john postern outbox drop "$(list 'd[0]["id"]')"

hostile smtp-dies-after-dot 465
send --json send --to $gross --subject fifth --no-encrypt --no-sign
code_is 75 'p6_62 no answer to the dot'
id=$(json "d['outbox'][0]")
err_has "postern outbox flush --again $id" 'p6_62 and what to do'
is "$(list '[(one["id"], one["state"]) for one in d]')" "[('$id', 'maybe-sent')]" 'p6_62 it is kept, in doubt'
is "$(doctor)" "('warn', '1 letter may have been sent')" 'p6_62 and the doctor sees it'
hostile smtp-honest 465
run as john postern outbox flush
run as john fetchd --once
is "$(count fifth)" 0 'p6_62 nobody sends it again by himself'
run as john postern outbox flush --again "$id"
code_is 0 'p6_62 the user may'
is "$(count fifth)" 1 'p6_62 and then it goes'
is "$(list 'len(d)')" 0 'p6_62 and is gone here'

send -q send --to $gross --subject old --no-encrypt --no-sign --queue
is "$(doctor)" "('pass', '1 letter waiting')" 'for a while a letter may wait,'
sqlite3 $vault 'UPDATE outbox SET since = since - 5 * 86400 - 10'
is "$(doctor)" "('warn', '1 letter waiting, the oldest for more than a day')" 'but not for days'
run as john postern outbox flush
code_is 75 'what five days were not enough for'
out_has 'failed to j.gross.*could not be sent in 5 days (send.old)' 'has failed'
run as john postern --json outbox flush --again "$(list 'd[0]["id"]')"
is "$(count 'Subject: old')" 1 'but for who wants it all the same'

# --- who is told ------------------------------------------------------------------------------------
home=$COMPANY/home/john
printf '#!/bin/sh\n{ echo "$POSTERN_FAILED"; echo "$POSTERN_LETTERS"; env; } >>%s/told\n' $home >$home/hook
chmod +x $home/hook
printf '[hook]\nfailed_mail = %s/hook "an argument"\n' $home >>"$(user_config john)"
hostile smtp-refuses-one 465
send -q send --to $gross --cc nobody@corp.example --subject '$(touch told.by)' --no-encrypt --no-sign --queue
run as john fetchd --once
id=$(list 'd[0]["id"]')
is "$(sed -n 1,3p $home/told)" "1
$id failed work" 'a letter that fetchd could not send is told of, by the id that it has now'
err_has "letter $id to nobody@corp.example was not sent" 'as fetchd tells it'
is "$(grep -c -i 'nobody@\|touch\|5\.1\.1' $home/told)" 0 'p8 and no word of it or of the server'
run as john fetchd --once
is "$(grep -c '^POSTERN_FAILED=' $home/told)" 1 'once'
run as john postern outbox drop "$id"
rm $home/told
hostile smtp-dies-after-dot 465
send -q send --to $gross --subject doubtful --no-encrypt --no-sign --queue
run as john fetchd --once
is "$(sed -n 1,2p $home/told)" "1
$(list 'd[0]["id"]') maybe-sent work" 'p6_62 and one that may have been sent, too'
run as john postern outbox drop "$(list 'd[0]["id"]')"
printf '#!/bin/sh\nexit 3\n' >$home/hook
hostile smtp-refuses-one 465
send -q send --to $gross --cc nobody@corp.example --subject again --no-encrypt --no-sign --queue
run as john fetchd --once
err_has '(hook.failed): try the command of .hook. failed_mail by hand' 'that the command failed is told'
run as john postern outbox drop "$(list 'd[0]["id"]')"
sed -i '/^\[hook\]/,/^failed_mail/d' "$(user_config john)"

# The dot has been heard and nobody knows what became of it, when the sender is killed.
hostile smtp-holds-dot 465
printf x | as john postern -q send --to $gross --subject seventh --no-encrypt --no-sign --body - >/dev/null 2>&1 &
tries=0
until [ "$(count seventh)" = 1 ] || [ $tries -gt 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
pkill -KILL -x postern
wait $!
hostile smtp-honest 465
run as john postern outbox flush
is "$(list '[one["state"] for one in d]') $(count seventh)" "['maybe-sent'] 0" 'p6_62 what was with the server at a kill is in doubt, and not sent again'
run as john postern outbox drop "$(list 'd[0]["id"]')"

# --- policy holds when it leaves --------------------------------------------------------------------
run_with 'x' as john postern send --to x@partner.example --subject sixth --no-encrypt --no-sign --queue --body -
code_is 78 'p9_108 what policy forbids is not queued'
sed -i 's/^domains = .*/&; partner.example/' $COMPANY/home/john/.config/postern/config
run_with 'x' as john postern -q send --to x@partner.example --subject sixth --no-encrypt --no-sign --queue --body -
code_is 0 'p9_108 a letter of yesterday,'
sed -i 's/; partner.example//' $COMPANY/home/john/.config/postern/config
run as john postern outbox flush
code_is 78 'p9_108 that policy forbids today'
is "$(count sixth)-$(list 'd[0]["state"]')" 0-failed 'p9_108 does not leave'
run as john postern outbox drop "$(list 'd[0]["id"]')"

# --- while the vault is locked -----------------------------------------------------------------------
config=$(user_config john)
hostile smtp-honest 465
send -q send --to $gross --subject unkeyed --no-encrypt --no-sign --queue
run as john postern --json outbox key
code_is 0 'a key for the outbox is made'
json "d['key']" >$TESTDIR/key
run as john postern -q outbox key
is "$(cat "$out")" "$(cat $TESTDIR/key)" 'and shown again, to who has the vault unlocked'
run as john postern lock
sed -i 's/^submit = .*/&\noutbox_key = credential:outbox/' $config
mkdir -m 755 $TESTDIR/credentials
chmod 755 $TESTDIR
head -c 32 /dev/zero | base64 >$TESTDIR/credentials/outbox
send -q send --to $gross --subject keyed --no-encrypt --no-sign --queue
for word in zebrafish 'Subject: keyed' $gross; do
    is "$(grep -r -l -a -e "$word" "$(dirname $vault)" | wc -l)" 0 "p4_36 $word of a letter for that key is not readable in the store either"
done
is "$(/usr/bin/python3 - $TESTDIR/key $COMPANY/home/john/.local $COMPANY/home/john/.config <<'END'
import base64, os, sys
text = open(sys.argv[1]).read().strip()
key = base64.b64decode(text)
files = [os.path.join(at, name) for top in sys.argv[2:] for at, _, names in os.walk(top) for name in names]
print(len(key), [name for name in files if any(form in open(name, "rb").read() for form in (key, text.encode(), key.hex().encode()))])
END
)" '32 []' 'p4_36 nor does that key itself lie anywhere but sealed'
run as john fetchd --once
err_has '(secret.credential)' 'p5 a host without the key learns it'
is "$(count 'Subject: keyed')" 0 'p5 and sends nothing while the vault is locked'
AS_EXTRA="CREDENTIALS_DIRECTORY=$TESTDIR/credentials"
run as john fetchd --once
err_has '(outbox.key)' 'p5 nor with a key of another vault'
cp $TESTDIR/key $TESTDIR/credentials/outbox
run as john fetchd --once
is "$(count 'Subject: keyed')-$(count 'Subject: unkeyed')" 1-0 'p5 with the key it sends what is sealed to that, and no other letter'
AS_EXTRA=
is "$(list '[one["state"] for one in d]')" "['queued']" 'which waits'
run as john postern outbox key --new
code_is 0 'a new key takes the place of one that is lost'
send -q send --to $gross --subject newer --no-encrypt --no-sign --queue
run as john postern outbox key --new
code_is 75 'unless something waits for the old one'
err_has '(outbox.waiting)' 'by its rule'
run as john postern outbox flush
is "$(count 'Subject: newer')-$(count 'Subject: unkeyed')" 1-1 'the key of the vault opens all of it'
run as john postern outbox key xyz
code_is 64 'it takes no ids'
sed -i '/^outbox_key/d' $config

# --- two at once, and kills --------------------------------------------------------------------------
hostile smtp-unhurried 465
number=0
while [ $number -lt 8 ]; do
    number=$((number + 1))
    send -q send --to $gross --subject "pair$number." --no-encrypt --no-sign --queue
done
as john postern -q outbox flush >$TESTDIR/one 2>&1 &
first=$!
tries=0
until [ "$(list 'sum(one["state"] == "sending" for one in d)')" = 1 ] || [ $tries -gt 100 ]; do tries=$((tries + 1)); done
run as john postern outbox drop "$(list '([one["id"] for one in d if one["state"] == "sending"] or ["none"])[0]')"
case $code in
75) err_has '(outbox.sending)' 'p6_62 what is being sent cannot be dropped' ;;
*) skip 'p6_62 what is being sent cannot be dropped' 'it was sent too fast' ;;
esac
as john postern -q outbox flush >$TESTDIR/two 2>&1
wait $first
is "$(for n in 1 2 3 4 5 6 7 8; do count "pair$n\\."; done | tr '\n' ' ')" '1 1 1 1 1 1 1 1 ' 'p6_62 two who flush at once send each letter once'
is "$(list 'len(d)')" 0 'p6_62 and leave none'

# One row for each letter that the outbox accepted, and numbers of rows are not used again.
rows() { sqlite3 $vault "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'"; }
kills=16
number=0
before=$(rows)
while [ $number -lt $kills ]; do
    number=$((number + 1))
    printf x | as john timeout -s KILL 0.$(printf %02d $((number * 3))) postern -q send --to $gross \
        --subject "kill$number." --no-encrypt --no-sign --body - >/dev/null 2>&1
done
accepted=$(($(rows) - before))
for delay in 05 10 15 20; do # and the flush, too, may be killed
    as john timeout -s KILL 0.$delay postern -q outbox flush >/dev/null 2>&1
done
# A child that was just forked, and is not exec'd yet, has the lock of a killed flush for a moment.
tries=0
until [ "$(list 'sum(one["state"] == "sending" for one in d)')" = 0 ] || [ $tries -gt 100 ]; do tries=$((tries + 1)); done
run as john postern -q outbox flush
code_is 0 "p6_62 after $kills kills a flush ends well"
as john /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" outbox $vault >$TESTDIR/rows
is "$(cut -f 2 $TESTDIR/rows | grep -c -v 2)" 0 'p6_62 nothing waits but what is in doubt'
as john postern -q --json search --limit 1000 folder:Sent | /usr/bin/python3 -c "
import json, sys
for one in json.load(sys.stdin): print(one['subject'])" >$TESTDIR/sent
number=0
twice=0
found=0
odd=0
while [ $number -lt $kills ]; do
    number=$((number + 1))
    there=$(count "kill$number\\.")
    [ "$there" -le 1 ] || twice=$((twice + 1))
    doubt=$(cut -f 5 $TESTDIR/rows | grep -c -x "kill$number\\.")
    [ $((doubt + $(grep -c -x "kill$number\\." $TESTDIR/sent))) = $((there > doubt ? there : doubt)) ] || odd=$((odd + 1))
    [ "$there" = 0 ] && ! cut -f 5 $TESTDIR/rows | grep -q -x "kill$number\\." || found=$((found + 1))
done
is $twice 0 'p6_62 none was sent twice'
is $odd 0 'p6_62 each lies in one place, in the outbox or with what was sent'
is $found "$accepted" 'p6_62 all that the outbox accepted were sent, or are in doubt'
diag "$accepted accepted, $(wc -l <$TESTDIR/rows) in doubt"
hostile_stop
done_testing

#!/bin/sh
# P4, P5: what a [sensitive] rule fits is sealed singly: reading it asks for the private key each time,
# fetching, indexing and verifying it never do, and the index knows what the rule allows.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
AS_EXTRA=GPG_TTY=/dev/null # somebody can be asked
mary=$COMPANY/home/mary
mkdir -p -m 700 "$mary" "$mary/.gnupg"
# Her pinentry knows the passphrase as long as $TESTDIR/knows is there, and notes that it was asked
# (the agent starts it to make it forget, too); her agent remembers it, as agents do.
{
    printf '#!/bin/sh\n[ -e %s/knows ] || exit 1\n' $TESTDIR
    tail -n +2 $srcdir/tests/lib/pinentry.sh | sed "s|GETPIN)|& echo asked >>$TESTDIR/asked;|"
} >$TESTDIR/pinentry
chmod 755 $TESTDIR $TESTDIR/pinentry
printf 'pinentry-program %s/pinentry\n' $TESTDIR >"$mary/.gnupg/gpg-agent.conf"
touch $TESTDIR/knows $TESTDIR/asked
chmod 666 $TESTDIR/asked
as mary gpg --batch --quiet --pinentry-mode loopback --passphrase locked --quick-generate-key \
    'Mary Jones <mary.jones@corp.example>' future-default default never 2>/dev/null
as mary gpg --batch --with-colons --list-keys 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }' >"$mary/.fingerprint"
# The company's recovery key, and one that has expired.
safe=$COMPANY/home/safe
mkdir -p -m 700 "$safe" "$safe/.gnupg"
made() { as safe gpg --batch --quiet --passphrase '' --status-fd 1 "$@" 2>/dev/null | sed -n 's/^.*KEY_CREATED . //p'; }
recovery=$(made --quick-generate-key 'Recovery <recovery@corp.example>' future-default default never)
expired=$(made --faked-system-time=20200101T000000! --quick-generate-key 'Old <old@corp.example>' future-default default 1d)
as safe gpg --batch --export | as mary gpg --batch --quiet --import 2>/dev/null
user_ready mary pops://mary@mail.corp.example/
as mary gpgconf --kill gpg-agent
config=$(user_config mary)
sed -i "s/^\[company\]/&\nrecovery_keys = $recovery/" "$config"
cat >>"$config" <<'END'
[sensitive "hush"]
header = Sensitivity: company-confidential
[sensitive "pay"]
subject = \bsalar(y|ies)\b
index = headers
[sensitive "board"]
from = *@board.corp.example
body = quorum
index = full
END
asked() { wc -l <$TESTDIR/asked; }
letter() { company_deliver mary; }
vault() { # SQL over mary's vault
    /usr/bin/python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); print("\n".join("|".join(map(str, row)) for row in db.execute(sys.argv[2])), end=""); db.commit()' \
        "$mary/.local/share/postern/vault.db" "$1"
}
reader() { as mary /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" "$@" "$mary/.local/share/postern/vault.db"; }
box() { find $COMPANY/mail/mary/Maildir/cur $COMPANY/mail/mary/Maildir/new -type f 2>/dev/null | wc -l; }

# --- nothing fits: no gpg -----------------------------------------------------------------------
printf 'From: a@corp.example\nSubject: plain\nMessage-ID: <plain@corp.example>\n\nNothing special.\n' | letter
as mary gpg-connect-agent /bye >/dev/null # an agent that strace does not have to wait for
(
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
    as mary strace -f -qq -e trace=execve -o $TESTDIR/execs postern sync >$out 2>$err
)
is "$(sed -n 's/.*execve("\([^"]*\)".* = 0$/\1/p' $TESTDIR/execs | sed '1,/postern-net/d')" '' \
    'p5: where no rule fits no gpg runs once connected'
before=$(asked)

# --- sealing ------------------------------------------------------------------------------------
cat <<'END' | letter
From: Hidden Sender <hidden@hush.corp.example>
To: Secret Recipient <recipient@hush.corp.example>
Cc: Veiled Copy <copy@hush.corp.example>
Subject: Zanzibar
Sensitivity: Company-Confidential
List-Id: <whisper.corp.example>
Message-ID: <hush@corp.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x

The takeover begins in Timbuktu.
--x
Content-Type: text/plain; name="takeover.txt"
Content-Disposition: attachment; filename="takeover.txt"

Ouagadougou
--x--
END
printf 'From: b@corp.example\nSubject: Your salary\nMessage-ID: <pay@corp.example>\n\nIt is a million.\n' | letter
printf 'From: c@board.corp.example\nSubject: meeting\nMessage-ID: <board@corp.example>\n\nThere was a quorum of elephants.\n' | letter
printf 'From: c@board.corp.example\nSubject: lunch\n\nSoup.\n' | letter
printf 'From: d@corp.example\nSubject: answer\nIn-Reply-To: <hush@corp.example>\nReferences: <hush@corp.example>\n\nAgreed.\n' | letter
run as mary postern --json sync
code_is 0 'mail that rules fit is fetched'
is "$(/usr/bin/python3 -c "import json; a = json.load(open('$out'))['accounts'][0]; print(a['stored'], a['sensitive'])")" '5 3' 'three of five are sensitive'
is "$(($(asked) - before))" 0 'p5: and nobody is asked for a passphrase'
is "$(vault 'SELECT hex(substr(wrapped, 1, 1)), count(*), count(s.message) FROM message m LEFT JOIN share s ON s.message = m.row GROUP BY 1 ORDER BY 1')" \
    "$(printf '01|3|0\n02|3|3')" 'their keys are wrapped singly'
vault "SELECT hex(wrapped) FROM message WHERE substr(wrapped, 1, 1) = x'02' LIMIT 1" | tail -c +3 |
    /usr/bin/python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >$TESTDIR/wrap.pgp
chmod 644 $TESTDIR/wrap.pgp
is "$(as safe gpg --batch --quiet --decrypt $TESTDIR/wrap.pgp 2>/dev/null | wc -c)" 32 'the recovery key opens them'
is "$(as mary gpg --batch --list-packets --list-only $TESTDIR/wrap.pgp 2>/dev/null | grep -c 'pubkey enc packet')" 2 'it and the owner, nobody else'

# --- what the index knows -----------------------------------------------------------------------
is "$(user_json mary 'sorted(hit["subject"] for hit in d)' is:sensitive)" "['', 'Your salary', 'meeting']" "is:sensitive finds all"
hush=$(user_json mary '[hit["id"] for hit in d if hit["subject"] == ""][0]' is:sensitive)
is "$(user_json mary 'sorted((key, hit[key]) for hit in d if hit["subject"] == "" for key in hit if key not in ("id", "thread", "date"))' is:sensitive)" \
    "[('account', 'work'), ('attachments', 0), ('encrypted', False), ('folders', ['INBOX']), ('from', ''), ('sensitive', True), ('signature', 'none'), ('size', 0), ('snippet', ''), ('subject', ''), ('tags', ['unread']), ('to', [])]" \
        "p4_48 of one with index = none it knows where it is alone"
for words in zanzibar hidden recipient veiled timbuktu ouagadougou takeover from:hidden to:recipient cc:copy \
    list:whisper.corp.example filename:takeover has:attachment subject:zanzibar body:takeover 'size:>0' \
    "thread:$(user_json mary 'd[0]["thread"]' subject:answer)"; do
    is "$(user_json mary "[hit for hit in d if hit['id'] == '$hush']" "$words")" '[]' "p4_48 $words does not find it"
done
for word in hidden recipient copy; do
    run as mary postern address $word
    is "$code $(grep -c @ $out)" '1 0' "p4_48 nor is $word completed"
done
is "$(user_json mary 'len(d)' zanzibar OR timbuktu OR ouagadougou)" 0 "p4_48 nor anything else"
is "$(user_json mary '[hit["thread"] for hit in d].count(d[0]["thread"])' subject:answer)" 1 "p4_48 a reply to it stands alone"
is "$(user_json mary 'len(d)' account:work folder:INBOX)" 6 "account and folder find it"
is "$(user_json mary '[hit["subject"] for hit in d]' salary) $(user_json mary 'len(d)' million)" "['Your salary'] 0" "index = headers has the header alone"
is "$(user_json mary '[hit["subject"] for hit in d]' elephants)" "['meeting']" "index = full has the text"
all() { as mary postern --json search --limit 0 ''; }
before=$(asked)
all >$TESTDIR/all
run as mary postern index --rebuild
code_is 0 'the index is made anew'
is "$(all | cmp - $TESTDIR/all && echo same) $(($(asked) - before))" 'same 0' 'p4_48 without a question, and knows the same'

# --- reading ------------------------------------------------------------------------------------
before=$(asked)
run as mary postern show "$hush"
code_is 0 'a sensitive message is shown'
out_has Timbuktu 'in clear'
is "$(($(asked) - before))" 1 'and the private key was asked for'
run as mary postern show "$hush"
is "$(($(asked) - before))" 2 'each time, whatever the agent remembers'
run as mary postern show "$(user_ids mary subject:plain)"
is "$code $(($(asked) - before))" '0 2' 'an ordinary one asks for nothing'
run as mary postern show --raw "$(user_ids mary subject:meeting)"
is "$code $(($(asked) - before))" '0 3' 'index = full changes nothing of that'
run as mary postern verify
code_is 0 'verify finds all sound'
is "$(($(asked) - before))" 3 'and asks for nothing'
out_has '6 messages checked (3 sensitive, by their digests' 'by the digests of these'
is "$(as mary postern --json verify | /usr/bin/python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["messages"], d["unopened"], d["damaged"])')" '6 3 []' 'JSON too'
is "$(reader messages | wc -l) $(reader messages | grep -c damaged)" '6 0' 'an independent reader opens all of them'
size() { as mary postern show --raw "$(user_ids mary "subject:$1")" | wc -c; }
is "$(reader shares | cut -f 2- | sort)" \
    "$(printf 'full\t%s\tmeeting\nheaders\t%s\tYour salary\nnone' "$(size meeting)" "$(size salary)")" 'and their shares'

AS_EXTRA=
before=$(asked)
run as mary postern show "$hush"
is "$code $(($(asked) - before))" '75 0' 'from cron nobody is asked'
AS_EXTRA=GPG_TTY=/dev/null
rm $TESTDIR/knows
run as mary postern --json show "$hush"
code_is 75 'where nobody can be asked it stays closed'
is "$(/usr/bin/python3 -c "import json; print(json.load(open('$out'))['error']['rule'])")" key.locked 'by its rule'
touch $TESTDIR/knows

# --- damage -------------------------------------------------------------------------------------
cp -a "$mary/.local" $TESTDIR/sound
broken() { # SQL WHAT
    vault "$1"
    run as mary postern --json verify
    code_is 1 "verify tells $2"
    is "$(/usr/bin/python3 -c "import json; print(len(json.load(open('$out'))['damaged']))")" 1 "$2: of that one"
    rm -rf "$mary/.local"
    cp -a $TESTDIR/sound "$mary/.local"
}
one="row = (SELECT max(row) FROM message WHERE substr(wrapped, 1, 1) = x'02')"
broken "UPDATE message SET wrapped = CAST(wrapped || x'00' AS BLOB) WHERE $one" 'a wrap that was changed'
broken "UPDATE chunk SET data = zeroblob(length(data)) WHERE key >> 20 = (SELECT max(row) FROM message WHERE substr(wrapped, 1, 1) = x'02')" 'a text that was changed'
broken "DELETE FROM share WHERE message = (SELECT max(message) FROM share)" 'a share that is gone'
broken "UPDATE share SET record = (SELECT record FROM share s WHERE s.message < share.message LIMIT 1) WHERE message = (SELECT max(message) FROM share)" 'a share of another'

# --- a key that is not fit ----------------------------------------------------------------------
sed -i '/^\[account/a keep = no' "$config"
rm -rf $COMPANY/mail/mary/Maildir
printf 'From: a@corp.example\nSubject: ordinary\n\nx\n' | letter
printf 'From: a@corp.example\nSubject: secret\nSensitivity: company-confidential\n\nAntananarivo\n' | letter
sed -i "s/^recovery_keys = .*/&; $expired/" "$config"
run as mary postern sync
code_is 78 'an expired recovery key ends the pass'
err_has 'key.expired' 'by its rule'
is "$(box) $(vault 'SELECT count(*) FROM message WHERE stored = 1')" '2 6' 'and nothing is stored, nor deleted there'
sed -i "s/; $expired//" "$config"
sed -i '/^key = /d' "$config"
run as mary postern sync
code_is 78 'an account without a key is refused'
err_has 'sensitive.key' 'by its rule'
sed -i "/^\[account/a key = $(company_key mary)" "$config"

# --- killed while keys are wrapped --------------------------------------------------------------
cp /usr/bin/gpg $TESTDIR/real-gpg
printf '#!/bin/sh\nfor word do [ "$word" != --encrypt ] || { echo $$ >%s/wrapping; exec sleep 60; }; done\nexec %s/real-gpg "$@"\n' $TESTDIR $TESTDIR >$TESTDIR/slow-gpg
chmod 755 $TESTDIR/slow-gpg $TESTDIR/real-gpg
mount --bind $TESTDIR/slow-gpg /usr/bin/gpg
as mary fetchd --once >$out 2>$err &
shell_pid=$!
until [ -s $TESTDIR/wrapping ] || ! kill -0 $shell_pid; do sleep 0.05; done
pkill -9 -x fetchd
wait $shell_pid 2>/dev/null
kill "$(cat $TESTDIR/wrapping)"
umount /usr/bin/gpg
is "$(box) $(vault 'SELECT count(*) FROM message WHERE stored = 1')" '2 6' 'p6: killed while a key is wrapped, nothing is stored and all is there'
run as mary postern sync
code_is 0 'p6: the next pass'
is "$(box) $(vault 'SELECT count(*), (SELECT count(*) FROM share) FROM message WHERE stored = 1')" '0 8|4' 'p6: stores both, reads them back, and deletes them there'
before=$(asked)
run as mary postern show "$(user_json mary '[hit["id"] for hit in d if hit["subject"] == ""][0]' is:sensitive)"
is "$code $(grep -c Antananarivo $out) $(($(asked) - before))" '0 1 1' 'and it opens, when asked for'

# --- another key --------------------------------------------------------------------------------
was=$(cat "$mary/.fingerprint")
new=$(as mary gpg --batch --yes --quiet --passphrase '' --pinentry-mode loopback --status-fd 1 --quick-generate-key \
    'Mary Jones <mary.jones@corp.example>' future-default default never 2>/dev/null | sed -n 's/^.*KEY_CREATED . //p')
all=$(reader messages | grep -vc damaged)
cp -a "$mary/.local/share/postern" $TESTDIR/before
cp "$config" $TESTDIR/config
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
    as mary strace -qq -o /dev/null -e trace=fdatasync -e inject=fdatasync:signal=KILL:when=3 postern -q key rotate --to "$new" >$out 2>$err
is $? 137 'a change of keys is killed in the middle of the sensitive messages'
is "$(reader messages | grep -vc damaged)" "$all" 'everything opens by one key or the other'
run as mary postern --json key rotate --to "$new"
code_is 0 'the next time'
tr -d ' \n' <$out >$TESTDIR/flat
ok grep -q '"singles":[123],"left":0}' $TESTDIR/flat -- 'goes on with the others'
is "$(reader messages | grep -vc damaged) $(reader shares | wc -l)" "$all 4" 'everything opens'
run as mary postern verify
code_is 0 'each has its digest'
rm -rf "$mary/.local/share/postern"
mv $TESTDIR/before "$mary/.local/share/postern"
cp $TESTDIR/config "$config"
as mary postern -q lock
run as mary postern key rotate --to "$new"
code_is 0 'a change of keys'
out_has '^4 sensitive messages are sealed to it too$' 'takes what is sealed singly along'
as mary postern -q lock
as mary gpgconf --kill gpg-agent
as mary gpg --batch --yes --delete-secret-and-public-key "$was" 2>/dev/null
is "$(reader messages | grep -vc damaged)" "$all" 'the old key is not needed any more'
done_testing

#!/bin/sh
# Answers and forwarded letters: whom they go to, what they take along, and what they never do.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person mary
user_ready john
company_introduce john mary
company_introduce mary john
mary=mary.jones@corp.example
marys=$COMPANY/home/mary/.gnupg
user_line john 'aliases = Sales <sales@corp.example>'
cat >>"$(user_config john)" <<-END

	[sensitive "walrus"]
	subject = walrus
	index = headers
END
json() { /usr/bin/python3 -c "import json; d = json.load(open('$out')); print($1)" 2>&1; }
rule() { json 'd["error"]["rule"]'; }
boxes() { find "$COMPANY/mail/$1" -path '*/Maildir/new/*' -type f 2>/dev/null; }
settle() { # NAME: waits for its one letter, whose file is $letter
    tries=0
    until [ "$(boxes "$1" | wc -l)" -ge 1 ] || [ $tries -gt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    letter=$(boxes "$1" | head -n 1)
    /usr/bin/python3 "$srcdir/tests/lib/read-letter.py" "$letter" $marys >$TESTDIR/read
    cp "$letter" $TESTDIR/letter
    find "$COMPANY/mail/$1" -path '*/Maildir/new/*' -type f -delete
}
told() {
    /usr/bin/python3 -c "
import json
d = json.load(open('$TESTDIR/read'))
d['text'] = d['text'].replace('\\r\\n', '\\n').strip('\\n')
print($1)"
}
mail() { # SUBJECT [FIELD…] from stdin: the text
    printf 'From: Mary Jones <%s>\nSubject: %s\nDate: Fri, 20 Nov 2026 10:00:00 +0100\n' "$mary" "$1"
    shift
    printf '%s\n' "$@"
    echo
    cat
}
id_of() { user_ids john "subject:$1" | head -n 1; }
says() { # TEXT COMMAND…
    text=$1
    shift
    run_with "$text" as john postern --json "$@"
}

# --- a plain letter ------------------------------------------------------------------------------
printf 'First line.\n\n> older\nLast line.\n' | mail Plan 'To: John <jsmith@corp.example>, Hahn <h.hahn@corp.example>' \
    'Message-ID: <c@corp.example>' 'References: <a@corp.example>' | company_deliver john
printf 'To sales.\n' | mail Order 'To: sales@corp.example' 'Reply-To: desk@corp.example' 'Message-ID: <s@corp.example>' \
    'List-Post: <mailto:list@corp.example>' | company_deliver john
run as john fetchd --once
plan=$(id_of plan)
order=$(id_of order)
says 'My answer.' reply "$plan" --no-encrypt
code_is 0 'an answer leaves'
is "$(json '(d["state"], d["recipients"])')" "('sent', ['$mary'])" 'to the sender alone'
settle mary
is "$(told "(d['wrong'], d['inner']['Subject'], d['inner']['In-Reply-To'], d['inner']['References'].split())")" \
    "([], 'Re: Plan', '<c@corp.example>', ['<a@corp.example>', '<c@corp.example>'])" 'under its subject, in its thread'
is "$(told "d['inner']['From']")" 'John Smith <jsmith@corp.example>' 'from the address that was written to'
is "$(told "d['text'].split('\n')")" \
    "['My answer.', '', 'On 2026-11-20 09:00 UTC, Mary Jones wrote:', '> First line.', '>', '>> older', '> Last line.']" \
    'p9_79 with the text that was shown below it'
says 'x' reply "$plan" --no-encrypt --no-quote --dry-run
out_lacks 'First line' 'a quote may be left out'
says 'x' reply "$plan" --all --dry-run --no-encrypt
is "$(json 'd["recipients"]')" "['$mary', 'h.hahn@corp.example']" 'all others get one too, but for oneself'
says 'x' reply "$order" --dry-run --no-encrypt
is "$(json 'd["recipients"]')" "['desk@corp.example']" 'Reply-To is honoured'
run_with x as john postern reply "$order" --dry-run --no-encrypt
out_has '^From: Sales <sales@corp.example>' 'the alias that was written to answers'
err_has 'the answer goes to desk@corp.example' 'and who is passed over is told'
says 'x' reply "$order" --list --dry-run --no-encrypt
is "$(json 'd["recipients"]')" "['list@corp.example']" 'a list is answered as a list'
says 'x' reply "$plan" --list
is "$code $(rule)" '65 reply.list' 'which needs a list'
says 'x' reply "$plan" --list --all
is "$code $(rule)" '64 usage' 'and excludes all'
says 'x' reply nothere
is "$code $(rule)" '65 message.id' 'what is not there is not answered'
says 'x' reply "$plan" --to x@hotmail.com
is "$code $(rule)" '78 send.freemail' 'p9_108 a rule holds for answers too'
says 'x' reply "$plan" --from nobody@corp.example
is "$code $(rule)" '78 send.from' 'and the sender is one of ours'

# --- what came encrypted -------------------------------------------------------------------------
company_secret_mail mary john Outside 'Narwhal figures.' >$TESTDIR/secret
company_deliver john <$TESTDIR/secret
# A cipher text for John, in a letter that looks harmless: from somebody who cannot read it, and would like to.
printf 'Narwhal salaries.' | as mary gpg --batch --quiet --armor --trust-model always --encrypt --recipient "$(company_key john)" >$TESTDIR/stolen
{ echo 'What do you think?'; echo; cat $TESTDIR/stolen; echo; echo Bye; } | mail Harmless 'To: jsmith@corp.example' | company_deliver john
run as john fetchd --once
secret=$(id_of outside)
harmless=$(id_of harmless)
says 'Mine.' reply "$secret"
is "$code $(json '(d["encrypted"], d["signed"])')" '0 (True, True)' 'p9_78 an encrypted letter is answered encrypted'
settle mary
is "$(told "'Narwhal figures.' in d['text']")" True 'p9_78 with what was shown of it, for her who has the key'
is "$(grep -c -i 'narwhal' $TESTDIR/letter)" 0 'p9_78 and for nobody else'
says 'Mine.' reply "$secret" --cc j.gross@corp.example
is "$code $(rule)" '78 key.missing' 'p9_105 not to somebody without a key'
err_has 'must be encrypted: it passes on a letter that came encrypted' 'p9_105 for that reason'
run_with 'Mine.' as john postern reply "$secret" --no-encrypt --dry-run
code_is 0 'in clear when that is said'
out_lacks 'arwhal' 'p9_78 but without a word of it'
err_has 'nothing of it is quoted' 'p9_78 which is told'
run as john postern show "$harmless"
out_has 'Narwhal salaries' 'the foreign text is shown'
for command in 'reply --no-encrypt' 'reply --encrypt' "forward --to $mary --encrypt"; do
    # shellcheck disable=SC2086
    run_with 'Fine.' as john postern ${command%% *} "$harmless" ${command#* }
    code_is 0 "p9_78 $command"
    settle mary
    is "$(told "('Fine.' in d['text'], 'salaries' in d['text'])")" '(True, False)' "p9_78 opens nothing for whom hid it there: $command"
done
run_with 'x' as john postern reply "$harmless" --encrypt --dry-run
err_has 'what is encrypted within the letter is left out' 'p9_78 and says so'

# --- a letter that a rule calls sensitive --------------------------------------------------------
printf 'Tusks.\n' | mail 'The walrus' 'To: jsmith@corp.example, j.gross@corp.example' | company_deliver john
run as john fetchd --once
walrus=$(id_of walrus)
says 'x' reply "$walrus" --subject Other --no-encrypt
is "$code $(rule)" '78 send.sensitive' 'p9_105 a sensitive letter is not answered in clear, whatever the subject'
says 'x' reply "$walrus" --subject Other --all
is "$code $(rule)" '78 key.missing' 'p9_105 nor with somebody who cannot decrypt it'
says 'x' forward "$walrus" --subject Other --to j.gross@corp.example
is "$code $(rule)" '78 key.missing' 'p9_105 nor forwarded to such'
says 'x' reply "$walrus" --subject Other
is "$code $(json 'd["encrypted"]')" '0 True' 'p9_105 but encrypted'
settle mary

# --- forwarding ----------------------------------------------------------------------------------
/usr/bin/python3 - >$TESTDIR/parts <<'END'
from email.message import EmailMessage
import sys
m = EmailMessage()
m["From"] = "Mary Jones <mary.jones@corp.example>"
m["To"] = "jsmith@corp.example"
m["Subject"] = "Parts"
m.set_content("Two files.\n")
m.add_attachment(bytes(range(256)) * 40, maintype="application", subtype="x-odd", filename="Übersicht.bin")
m.add_attachment("<p>x</p>", subtype="html", filename="a.html")
sys.stdout.write(m.as_string())
END
company_deliver john <$TESTDIR/parts
run as john fetchd --once
parts=$(id_of parts)
says 'For you.' forward "$parts" --to $mary --no-encrypt
code_is 0 'a letter is forwarded'
settle mary
is "$(told "(d['wrong'], d['inner']['Subject'], d['attachments'])")" \
    "([], 'Fwd: Parts', {'Übersicht.bin': 'application/x-odd', 'a.html': 'text/html'})" 'with its attachments'
is "$(told "d['text'].split('\n')[:3]")" "['For you.', '', '-------- Forwarded message --------']" 'below what is said of it'
is "$(/usr/bin/python3 - $TESTDIR/letter <<'END'
import email, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"))
print([p.get_payload(decode=True) == bytes(range(256)) * 40 for p in m.walk() if p.get_content_subtype() == "x-odd"])
END
)" '[True]' 'byte for byte'
run as john postern forward "$parts" --to $mary --no-encrypt --attach
code_is 0 'or as a whole, with no word of ours'
settle mary
as john postern show --raw "$parts" >$TESTDIR/raw
is "$(/usr/bin/python3 - $TESTDIR/letter $TESTDIR/raw <<'END'
import sys
raw, letter = open(sys.argv[2], "rb").read(), open(sys.argv[1], "rb").read()
print(raw.replace(b"\r\n", b"\n").rstrip() in letter.replace(b"\r\n", b"\n"))
END
)" True 'exactly as it came'
says 'x' forward "$secret" --to $mary --no-encrypt
is "$code $(rule)" '78 forward.sealed' 'p9_105 what came encrypted is not forwarded in clear'
says 'x' forward "$secret" --to $mary --attach
is "$code $(json 'd["encrypted"]')" '0 True' 'but as it came, and encrypted once more'
settle mary
is "$(told "list(d['attachments'].values())")" "['message/rfc822']" 'p9_78 closed as it was'
says 'x' forward "$parts"
is "$code $(rule)" '64 send.recipients' 'somebody must get it'

# --- while it stays closed -----------------------------------------------------------------------
as mary gpg --batch --yes --quiet --passphrase '' --quick-generate-key 'Other <other@corp.example>' future-default default 1y 2>/dev/null
inner=$(printf 'Content-Type: text/plain\r\n\r\nClosed.\r\n' | as mary gpg --batch --quiet --armor --trust-model always --encrypt --recipient other@corp.example)
sed '/BEGIN PGP/,/END PGP/d' $TESTDIR/secret | awk -v text="$inner" '/encrypted.asc/ { print; print ""; print text; next } { print }' |
    sed 's/^Subject: .*/Subject: Lost key/' | company_deliver john
run as john fetchd --once
lost=$(user_ids john 'from:mary is:encrypted' | head -n 1)
says 'x' reply "$lost"
is "$code $(rule)" '65 reply.subject' 'what cannot be opened has no subject to answer under'
says 'x' reply "$lost" --subject 'Your letter'
is "$code $(json 'd["encrypted"]')" '0 True' 'but is answered under another, encrypted'
settle mary
is "$(told "d['text']")" x 'with nothing quoted'
says 'x' forward "$lost" --subject 'Lost' --to $mary
is "$code $(rule)" '78 key.missing' 'and is not forwarded as text'

# --- meetings ------------------------------------------------------------------------------------
samples=$srcdir/tests/corpus/calendar
# invite SUBJECT FILE [METHOD [FIELD]]: as a calendar's program sends it
invite() {
    printf 'From: Mary Jones <%s>\nTo: jsmith@corp.example\nSubject: %s\nMessage-ID: <%s@corp.example>\n%s\n' "$mary" "$1" "$1" "${4-X-A: b}"
    printf 'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=i\n\n--i\nContent-Type: text/plain\n\nPlease come.\n'
    printf -- '--i\nContent-Type: text/calendar; charset=utf-8; method=%s\nContent-Transfer-Encoding: base64\n\n' "${3-REQUEST}"
    base64 "$2"
    printf -- '--i--\n'
}
for sample in outlook google apple custom cancel broken bomb; do
    invite "meet-$sample" "$samples/$sample.ics" | company_deliver john
done
invite meet-walrus "$samples/apple.ics" | company_deliver john
sed 's/mary.jones@corp.example/mary@hotmail.com/g' "$samples/apple.ics" >$TESTDIR/ics
invite meet-freemail $TESTDIR/ics | company_deliver john
sed 's/^ORGANIZER.*/ORGANIZER:mailto:h.hahn@corp.example/' "$samples/outlook.ics" >$TESTDIR/ics
invite meet-forged $TESTDIR/ics | company_deliver john
sed 's/^ORGANIZER.*/ORGANIZER:mailto:mary.jones@other.example/' "$samples/apple.ics" >$TESTDIR/ics
invite meet-outside $TESTDIR/ics | company_deliver john
sed 's/^ORGANIZER.*/ORGANIZER;CN="mary.jones@corp.example":mailto:mary.jones@с%D0%BErp.example/' "$samples/apple.ics" >$TESTDIR/ics
invite meet-lookalike $TESTDIR/ics | company_deliver john
sed 's/jsmith@/else@/g' "$samples/apple.ics" >$TESTDIR/ics
invite meet-else $TESTDIR/ics | company_deliver john
sed 's/jsmith@/SALES@/g' "$samples/apple.ics" >$TESTDIR/ics
invite meet-alias $TESTDIR/ics | company_deliver john
{ sed '/^END:VEVENT/,$d' "$samples/custom.ics"; yes 'ATTENDEE:mailto:a@corp.example' | head -n 100000; printf 'END:VEVENT\nEND:VCALENDAR\n'; } >$TESTDIR/ics
invite meet-many $TESTDIR/ics | company_deliver john
{ sed '/^SUMMARY/,$d' "$samples/apple.ics"; printf 'SUMMARY:'; head -c 10000000 /dev/zero | tr '\0' x; printf '\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'; } >$TESTDIR/ics
invite meet-large $TESTDIR/ics | company_deliver john
inner=$(invite x "$samples/outlook.ics" | sed '1,/^MIME-Version/d' |
    as mary gpg --batch --quiet --armor --trust-model always --sign --encrypt --recipient "$(company_key john)")
{
    printf 'From: Mary Jones <%s>\nTo: jsmith@corp.example\nSubject: meet-sealed\nMIME-Version: 1.0\n' "$mary"
    printf 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=s\n\n--s\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n--s\nContent-Type: application/octet-stream\n\n%s\n--s--\n' "$inner"
} | company_deliver john
printf 'Content-Type: text/plain\r\n\r\nPlease come.\r\n' >$TESTDIR/said
{
    printf 'From: Mary Jones <%s>\nTo: jsmith@corp.example\nSubject: meet-beside\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n--m\n' "$mary"
    printf 'Content-Type: multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha512; boundary=s\n\n--s\n'
    cat $TESTDIR/said
    printf -- '\n--s\nContent-Type: application/pgp-signature\n\n%s\n--s--\n--m\nContent-Type: text/calendar\n\n' \
        "$(as mary gpg --batch --quiet --armor --digest-algo sha512 --detach-sign <$TESTDIR/said)"
    cat "$samples/apple.ics"
    printf -- '--m--\n'
} | company_deliver john
run as john fetchd --once
code_is 0 'invitations come in'
lacks_controls() { ! tr -d '\n' <"$1" | grep -q "[[:cntrl:]]"; }
meet() { user_ids john "subject:meet-$1 from:mary" | head -n 1; } # answers lie there, too
shows() { run as john postern --color never show "$(meet "$1")"; }
shows outlook
out_has '^Meeting   invitation: Quarterly figures$' 'what it is for'
out_has '^When      Tue 2026-12-08 14:00 to 15:00 W. Europe Standard Time (UTC+01:00)$' 'when, by a zone of the message'
out_has '^Where     Room 5; first floor$' 'where'
out_has '^Organizer Mary Jones <mary.jones@corp.example>$' 'by whom'
out_has '^Invited   John Smith <jsmith@corp.example> (no answer yet), Hahn, Helga <h.hahn@corp.example> (no answer yet, need not)$' 'with whom'
out_has '^Answer .*--accept' 'and how to answer'
out_lacks 'Warning' 'with nothing odd about it'
shows google
out_has '^Repeats   every week on Monday, Wednesday and Friday, until 2026-12-31; 2 further dates said$' 'how often'
out_has '^Replaces  Wed 2026-07-15 09:30 Europe/Berlin (UTC+02:00), of a repeated one$' 'and which of these is another'
run as john env TZ=America/New_York postern show "$(meet google)"
out_has '^ *here: Mon 2026-07-06 03:30$' 'and when that is here'
shows apple
out_has '^When      Thu 2026-12-24 to Fri 2026-12-25, all day$' 'whole days'
out_lacks tracker 'p8_93 and no address that it would have looked at'
shows custom
out_has '^When      Mon 2026-06-15 12:00 to Tue 2026-06-16 14:00 The Moon (UTC+13:37)$' 'a zone of nobody else'
out_has 'VTODO: Not a meeting' 'what is no meeting'
shows cancel
out_has '^Meeting   cancelled, does not take place: Lunch$' 'what does not take place'
shows broken
code_is 0 'p8_85 a broken one is shown'
ok lacks_controls $out -- 'p8_85 and moves no terminal'
out_has '^Warning   the calendar is cut' 'p8_87 as such'
shows bomb
out_has '^Repeats   FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30$' 'p8_87 a rule without end is told, and not followed'
shows forged
out_has '^Warning   the organizer is not who sent the letter$' 'p9_105 an organizer who is not the sender'
shows lookalike
out_has '^Organizer mary.jones@corp.example <mary.jones@xn--' 'p8_86 an organizer who looks like another is seen'
shows beside
out_has '^Warning   no signature covers what is said of the meeting$' 'p7_68 a calendar beside what is signed'
shows many
out_has 'and [0-9]* more$' 'p8_87 of 100,000 people some are named'
shows large
code_is 0 'p8_87 10 MB in one line are shown'
out_has '^Warning   the calendar is cut, or larger' 'p8_87 as too large'
run as john postern --json show "$(meet outlook)"
is "$(json '[d["calendar"][k] for k in ("method", "part", "truncated", "several", "organizer_sent", "uncovered")], [(m["summary"], m["start"], m["end"], m["zone"], m["sequence"], m["location"], m["organizer"]["address"], [(a["address"], a["state"], a["optional"]) for a in m["attendees"]]) for m in d["calendar"]["meetings"]]')" \
    "['REQUEST', 3, False, False, True, False] [('Quarterly figures', '2026-12-08T14:00:00+01:00', '2026-12-08T15:00:00+01:00', 'W. Europe Standard Time', 2, 'Room 5; first floor', 'mary.jones@corp.example', [('jsmith@corp.example', 'needs-action', False), ('h.hahn@corp.example', 'needs-action', True)])]" 'in JSON'
run as john postern --json show "$plan"
is "$(json 'd["calendar"]')" None 'which a letter without one says, too'

# answered WORDS: what Python reads in the letter that came to Mary; the payload, when it was encrypted
answered() {
    as mary gpg --batch --quiet --decrypt <$TESTDIR/letter >$TESTDIR/payload 2>/dev/null || cp $TESTDIR/letter $TESTDIR/payload
    /usr/bin/python3 "$srcdir/tests/lib/read-rsvp.py" $TESTDIR/payload >$TESTDIR/rsvp
    /usr/bin/python3 -c "import json; d = json.load(open('$TESTDIR/rsvp')); print($1)"
}
run as john postern --json reply "$(meet outlook)" --accept --no-encrypt --no-sign </dev/null
is "$code $(json 'd["recipients"]')" "0 ['$mary']" 'an invitation is accepted'
settle mary
is "$(answered '(d["wrong"], d["subject"], d["types"], d["parameter"], d["calendar"]["METHOD"], d["text"])')" \
    "([], 'Accepted: meet-outlook', ['multipart/alternative', 'text/plain', 'text/calendar'], 'REPLY', 'REPLY', 'John Smith accepts the invitation.')" \
    'as RFC 6047 wants it'
is "$(answered 'd["events"]')" "[{'UID': ['040000008200E00074C5B7101A82E00800000000A0B1C2D3E4F5D901000000000000000010000000AABBCCDDEEFF00112233445566778899', {}], 'SEQUENCE': ['2', {}], 'ORGANIZER': ['mailto:mary.jones@corp.example', {}], 'ATTENDEE': ['mailto:jsmith@corp.example', {'PARTSTAT': 'ACCEPTED', 'CN': '\"John Smith\"'}], 'SUMMARY': ['Quarterly figures', {}]}]" \
    'by its UID and for oneself alone'
is "$(grep -c -i 'postern\|hahn\|Room' $TESTDIR/payload)" 0 'p9_106 it tells nothing else'
says 'Too early.' reply "$(meet google)" --tentative --body - --encrypt
is "$code $(json 'd["encrypted"]')" '0 True' 'one of several dates'
settle mary
is "$(answered '(d["wrong"], d["text"], d["zones"], [(e["UID"][0], e["SEQUENCE"][0], e.get("RECURRENCE-ID"), e["ATTENDEE"][1]["PARTSTAT"], e["SUMMARY"][0]) for e in d["events"]])')" \
    "([], 'Too early.', ['Europe/Berlin'], [('7kukuqrfedlm2f9t0vnc3p2b6s@google.com', '0', None, 'TENTATIVE', 'Stand-up ☕'), ('7kukuqrfedlm2f9t0vnc3p2b6s@google.com', '1', ['20260715T093000', {'TZID': '\"Europe/Berlin\"'}], 'TENTATIVE', 'Stand-up ☕\\\\, later')])" \
    'with own words, each date by its name'
is "$(told "d['signers']")" "['$(company_key john)']" 'signed'
run as john postern reply "$(meet alias)" --decline --no-encrypt --no-sign --dry-run </dev/null
is "$code" 0 'from an alias'
out_has '^From: Sales <sales@corp.example>' 'the one that was invited'
cp $out $TESTDIR/letter
is "$(answered '(d["events"][0]["ATTENDEE"], d["text"])')" \
    "(['mailto:SALES@corp.example', {'PARTSTAT': 'DECLINED', 'CN': '\"Sales\"'}], 'Sales declines the invitation.')" 'as it was invited'
shows sealed
out_has '^Meeting   invitation: Quarterly figures$' 'an encrypted one is read'
run as john postern --json reply "$(meet sealed)" --accept --subject Yes </dev/null
is "$code $(json 'd["encrypted"]')" '0 True' 'and answered encrypted'
settle mary
is "$(answered '(d["wrong"], d["events"][0]["SUMMARY"][0])')" "([], 'Quarterly figures')" 'as whole'
run as john postern --json reply "$(meet sealed)" --accept --subject Yes --no-encrypt </dev/null
is "$code" 0 'in clear where the user says so'
settle mary
is "$(answered '(d["wrong"], "SUMMARY" in d["events"][0])')" '([], False)' 'p9_105 without its name'

refused() { # CODE RULE NAME TEXT [OPTION…]
    wanted="$1 $2"
    name=$3
    text=$4
    shift 4
    run as john postern --json reply "$(meet "$name")" --accept "$@" </dev/null
    is "$code $(rule)" "$wanted" "$text"
}
refused 65 reply.invitation cancel 'what does not invite is not answered'
refused 65 reply.invitation custom 'nor what is no meeting'
refused 65 reply.invitation broken 'p8_87 nor what is broken'
refused 65 reply.invitation many 'p8_87 nor what was not read whole'
refused 65 reply.invitation bomb 'nor what names no organizer'
refused 65 reply.attendee else 'nor by who is not invited'
refused 65 reply.attendee outlook 'nor from another address' --from sales@corp.example
refused 78 send.freemail freemail 'p9_101 an organizer at a freemail provider is a recipient like any other'
refused 78 send.encrypt outside 'p9_101 and so is one outside' --no-encrypt
refused 78 send.encrypt lookalike 'p9_101 also where he looks as if he were not' --no-encrypt
refused 78 send.sensitive walrus 'p9_105 an invitation that a rule fits is not answered in clear' --no-encrypt --subject Yes
run as john postern --json reply "$(meet walrus)" --accept --subject Yes --dry-run </dev/null
is "$code $(json 'd["encrypted"]')" '0 True' 'p9_105 but encrypted'
refused 64 usage outlook 'one answer, not two' --decline
refused 64 usage outlook 'to nobody else' --cc $mary
refused 64 usage outlook 'nor to all' --all
run as john postern --json reply "$plan" --accept </dev/null
is "$code $(rule)" '65 reply.invitation' 'what is no invitation is not accepted'
run as john postern reply "$(meet forged)" --accept --dry-run --no-encrypt </dev/null
err_has 'goes to the organizer, h.hahn@corp.example, who is not the sender, mary.jones@corp.example' 'p9_105 another organizer is told'
done_testing

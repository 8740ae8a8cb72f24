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
done_testing

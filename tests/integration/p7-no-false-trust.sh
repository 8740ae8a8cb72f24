#!/bin/sh
# P7: what is shown as signed or encrypted was; nothing that a letter says looks like what Postern says.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person mary
user_ready john
company_introduce john mary

# Eve calls herself Mary; john has her key too.
mkdir -m 700 $TESTDIR/eve
eve() { GNUPGHOME=$TESTDIR/eve gpg --batch --quiet --pinentry-mode loopback --passphrase '' "$@" 2>/dev/null; }
eve --quick-generate-key 'Mary Jones <mary.jones@corp.example>' future-default default 1y
eve --export | as john gpg --batch --quiet --import 2>/dev/null

by_mary() { as mary gpg --batch --quiet "$@" 2>/dev/null; }
head_of() { # head_of SUBJECT [FROM]
    printf 'From: %s\nTo: jsmith@corp.example\nSubject: %s\nDate: %s\nMessage-ID: <same@corp.example>\nMIME-Version: 1.0\n' \
        "${2-Mary Jones <mary.jones@corp.example>}" "$1" "$(date -R)"
}
entity() { printf 'Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n' "$1"; }
signed() { # signed TEXT SIGNER…: a multipart/signed
    entity "$1" >$TESTDIR/entity
    shift
    printf 'Content-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"\n\n--s\n'
    tr -d '\r' <$TESTDIR/entity
    printf '\n--s\nContent-Type: application/pgp-signature\n\n'
    "$@" --armor --detach-sign <$TESTDIR/entity
    printf '\n--s--\n'
}
beside() { # beside FILE…: entities in a multipart/mixed
    printf 'Content-Type: multipart/mixed; boundary=m\n\n'
    for part in "$@"; do
        printf '%s\n' --m
        cat "$part"
        echo
    done
    printf '%s\n' --m--
}
sealed() { # sealed TEXT: a multipart/encrypted
    printf 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=e\n\n--e\n'
    printf 'Content-Type: application/pgp-encrypted\n\nVersion: 1\n\n--e\nContent-Type: application/octet-stream\n\n'
    entity "$1" | as mary gpg --batch --quiet --trust-model always --armor --encrypt \
        --recipient-file $TESTDIR/john.asc 2>/dev/null
    printf '\n--e--\n'
}
as john gpg --batch --armor --export >$TESTDIR/john.asc 2>/dev/null

signed 'pay ten' by_mary >$TESTDIR/good
signed 'pay ninety' eve >$TESTDIR/eves
entity 'pay Mallory' >$TESTDIR/plain
sealed 'the secret text' >$TESTDIR/sealed
printf 'Content-Type: text/html\n\n<img src="http://mail.evil.test/' >$TESTDIR/open
printf 'Content-Type: text/html\n\n">' >$TESTDIR/close
printf 'Content-Type: text/html\n\n<style>p{display:none}</style><p>hidden</p><div style="border:1px">Signature signed by Mary Jones</div>' >$TESTDIR/css
{ printf 'Content-Type: message/rfc822\n\n'; head_of inside; cat $TESTDIR/good; } >$TESTDIR/forward

{ head_of good; cat $TESTDIR/good; } | company_deliver john
{ head_of twin; sed 's/pay ten/pay eleven/' $TESTDIR/good; } | company_deliver john
{ head_of stranger; cat $TESTDIR/eves; } | company_deliver john
{ head_of partly; beside $TESTDIR/plain $TESTDIR/good; } | company_deliver john
{ head_of styled; beside $TESTDIR/css $TESTDIR/good; } | company_deliver john
{ head_of forwarded 'Mallory <m@evil.test>'; beside $TESTDIR/plain $TESTDIR/forward; } | company_deliver john
{ head_of direct; beside $TESTDIR/open $TESTDIR/sealed $TESTDIR/close; } | company_deliver john
{ head_of alike 'Mary Jones <mary.jones@corp.exarnple>'; cat $TESTDIR/plain; } | company_deliver john
{
    head_of within
    printf 'Content-Type: text/plain; charset=utf-8\n\nbefore\n'
    printf 'inside\n' | by_mary --clear-sign
    printf 'after\n'
} | company_deliver john
{
    head_of "$(printf 'x%.0s' $(seq 69)) Signature signed by Mary Jones <mary.jones@corp.example>, key $(company_key mary)"
    printf 'Content-Type: text/plain; charset=utf-8\n\n'
    printf '┏━━━━ signed\n┃ pay Mallory\n┗━━━━\n\nSignature signed by Mary Jones\r\033[1A\033[2KEncrypted yes\n'
    printf '%78s┃ pay Mallory%66s┃ pay Mallory%66sSignature signed by Mary\n' '' '' ''
} >$TESTDIR/drawn
company_deliver john <$TESTDIR/drawn
run as john fetchd --once

letter() { user_ids john "subject:$1"; }
view() { run as john postern show "$(letter "$1")"; }
as_json() { as john postern --json show "$(letter "$1")" | /usr/bin/python3 -c "
import json, sys
d = json.load(sys.stdin)
p = d['protection']
blocks = [(b['text'].strip(), b['signature'], b['encrypted']) for b in d['blocks']]
print($2)"; }

view good
out_has '^┏━━━━ signed$' 'p7_68 a confirmed key draws the heavy frame'
out_has '^┃ pay ten$' 'p7_68 around its text'
out_has '^Signature signed by Mary Jones' 'and is named'
view twin
out_has 'BAD SIGNATURE' 'p7_84 a twin with the same id has a verdict of its own'
out_lacks '^┃' 'p7_84 and no heavy frame'
view stranger
out_has 'signed with an unconfirmed key by Mary Jones' 'p7_72 a stranger with a name that is known'
out_has '^┌╌╌╌╌ signed, by nobody you confirmed$' 'p7_72 says so at the text'
out_lacks '^[┏┃┗]' 'p7_72 and never looks like a confirmed one'
is "$(as_json stranger 'p["signatures"][0]["status"], p["signatures"][0]["trust"]')" 'good seen' 'p7_72 JSON: nor there'
view partly
out_has '^│ pay Mallory$' 'p7_68 what stands beside the signed part stands outside'
out_has '^┃ pay ten$' 'p7_68 what was signed within'
is "$(as_json partly 'blocks, p["signatures"][0]["covers"]')" \
    "[('pay Mallory', None, False), ('pay ten', 0, False)] part" 'p7_68 JSON: so too'
view styled
out_has '^│ .*Signature signed by Mary Jones' 'p7_75 what HTML draws stays behind the light gutter'
view forwarded
out_lacks '^[┏┃]' 'p7_69 who forwards a signed letter is not its signer'
out_has 'but the key does not carry the sender' 'p7_69 and is told from him'
view within
is "$(grep -c '^[│┃┏┗├]' $out)" 6 'p7_70 a text signed within a text'
is "$(grep '^┃' $out)" '┃ inside' 'p7_70 is framed to the line'
is "$(as_json within 'blocks')" "[('before', None, False), ('inside', 0, False), ('after', None, False)]" 'p7_70 JSON: so too'
view alike
out_has '^Warning   mary.jones@corp.exarnple looks like corp.example and is not$' 'p7_74 a sender that looks like the company'
is "$(as_json alike '[w["name"] for w in p["warnings"]]')" "['look-alike']" 'p7_74 JSON: so too'

view direct
out_lacks 'the secret text' 'p7_66 a cipher text between two halves of HTML stays closed'
out_has '^Part 3    encrypted, and stays closed' 'p7_66 and is listed'
run traced john $TESTDIR/trace postern show --part 3 "$(letter direct)"
code_is 0 'p7_66 by itself it opens'
out_has '^│ the secret text$' 'p7_66 with its text'
out_lacks 'evil' 'p7_66 and nothing of what stands around it'
ok lacks_socket $TESTDIR/trace -- 'p8_93 nobody is called'
is "$(as_json direct '[part["n"] for part in d["parts"] if part["encrypted"]], p["encrypted"]')" '[3] False' 'p7_66 JSON: so too'

# On a terminal of 80 columns no line that the letter wrote begins at the edge.
subject=$(letter 'mary AND subject:signature')
as john script -qec "stty cols 80; postern --color never show $subject" /dev/null </dev/null 2>&1 | tr -d '\r' >$TESTDIR/drawn.out
is "$(sed -n '/^$/,$p' $TESTDIR/drawn.out | grep -vc -e '^│ ' -e '^$')" 0 'p7_75 each line of a text stands behind the gutter, a long one too'
is "$(grep -c '^Signature' $TESTDIR/drawn.out)" 0 'p7_75 and no field begins a line of another'
is "$(/usr/bin/python3 -c "
print(sum(len(line.rstrip('\n')) > 80 for line in open('$TESTDIR/drawn.out', encoding='utf-8')))")" 0 'p7_75 no line is left for the terminal to cut'

# S/MIME asks nobody either: neither the servers that a certificate names, nor whether to trust its CA.
mkdir $TESTDIR/cms
sh "$srcdir/tests/lib/smime.sh" $TESTDIR/cms $COMPANY/home/john/.gnupg
printf '#!/bin/sh\ntouch %s/called\nexit 1\n' $TESTDIR >$TESTDIR/shim
chmod 755 $TESTDIR/shim
echo "dirmngr-program $TESTDIR/shim" >>$COMPANY/home/john/.gnupg/gpgsm.conf
echo "pinentry-program $TESTDIR/shim" >>$COMPANY/home/john/.gnupg/gpg-agent.conf
chown -R "$(stat -c %u:%g $COMPANY/home/john)" $COMPANY/home/john/.gnupg
for who in friend stranger; do
    { head_of cms$who "Friend <friend@corp.example>"; openssl cms -sign -in $TESTDIR/plain -signer $TESTDIR/cms/$who.pem \
        -inkey $TESTDIR/cms/$who.key -nodetach -outform SMIME | grep -v '^MIME-Version'; } | tr -d '\r' | company_deliver john
done
run as john fetchd --once
for who in friend stranger; do
    run traced john $TESTDIR/trace postern show "$(letter cms$who)"
    code_is 0 "p8_93 what a certificate signed ($who)"
    out_has 'pay Mallory' 'p7_77 is shown'
    ok lacks_socket $TESTDIR/trace -- 'p8_93 and nobody is called'
done
ok [ ! -e $TESTDIR/called ] -- 'p8_93 nor is anything started that could, nor anybody asked'
view cmsfriend
out_has '^┃ pay Mallory$' 'p7_77 a CA that the user trusts confirms it'
view cmsstranger
out_lacks '^[┏┃]' 'p7_77 any other does not'
done_testing

#!/bin/sh
# Showing: decrypted and verified, nothing promised that was not so, nothing that harms a terminal.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person mary
user_ready john
company_introduce mary john
company_introduce john mary
company_secret_mail mary john 'Sealed letter' 'the secret text' | company_deliver john
company_secret_mail mary john 'Broken letter' 'the secret text' |
    awk '/BEGIN PGP/ { inside = 1 } inside && length($0) == 64 && !done { sub(/^.../, "AAA"); done = 1 } { print }' |
    company_deliver john
company_fill john --odd
company_fill john --demo
run as john fetchd --once

sealed=$(user_ids john 'subject:"sealed letter"')
run as john postern show "$sealed"
code_is 0 'an encrypted, signed letter is shown'
out_has 'the secret text' 'with its text'
out_has 'Mary Jones' 'and the name of the signer'
run as john postern --json show "$sealed"
as_json() { /usr/bin/python3 -c "import json; d = json.load(open('$out')); print($1)"; }
is "$(as_json 'd["protection"]["encrypted"]')" True 'JSON: encrypted'
is "$(as_json 'd["protection"]["signatures"][0]["status"]')" good 'JSON: good signature'
is "$(as_json 'd["protection"]["signatures"][0]["fingerprint"]')" "$(company_key mary)" 'JSON: by Mary'
is "$(as_json 'd["protection"]["signatures"][0]["from_matches"]')" True 'JSON: whose address is the sender'
is "$(as_json 'd["protection"]["signatures"][0]["covers"]')" whole 'JSON: covering the whole'
is "$(as_json '"the secret text" in d["text"]')" True 'JSON: text'

broken=$(user_ids john 'subject:"broken letter"')
run as john postern show "$broken"
out_lacks 'the secret text' 'a letter whose cipher text was changed shows nothing'

# Every byte that could steer a terminal is gone from every way of showing. JSON keeps the true
# text, but for C0, C1, DEL and U+2028/9, which it escapes.
harmful() { # harmful FILE CHARACTERS
    /usr/bin/python3 -c "import re, sys
text = open('$1', 'rb').read().decode('utf-8')
print(len(re.findall('[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029$2]', text)))"
}
for id in $(user_ids john 'odd'); do
    as john postern show "$id"
    as john postern show --headers "$id"
    as john postern search "id:$id"
done >$out 2>$err
is "$(harmful $out '\u202a-\u202e')" 0 'p8_85 no control character and no bidi override reaches the terminal'
ok [ "$(wc -l <$out)" -gt 200 ] -- 'of all that was shown'
for id in $(user_ids john 'odd'); do
    as john postern --json show "$id"
    as john postern --json search "id:$id"
done >$out 2>$err
is "$(harmful $out '')" 0 'p8_85 nor the JSON'

news=$(user_ids john 'subject:"spring edition"')
traced john $TESTDIR/trace postern show "$news" >$out 2>$err
ok [ -s $out ] -- 'an HTML letter is shown'
ok lacks_socket $TESTDIR/trace -- 'p8_93 and nothing is loaded from anywhere'

# What is attached is listed to the last, or it is said that there is more.
attached() { # attached SUBJECT SIZE COUNT: a letter with COUNT attachments, the first of SIZE bytes
    /usr/bin/python3 -c "
import base64
print('From: mary.jones@corp.example\nTo: jsmith@corp.example\nSubject: $1\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n')
for n in range($3):
    print('--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"file-%d.pdf\"\nContent-Transfer-Encoding: base64\n' % n)
    print(base64.encodebytes(b'x' * ($2 if n == 0 else 10)).decode())
print('--b--')" | company_deliver john
}
attached toomanyparts 10 1200
attached largepart 6000000 3
run as john fetchd --once
large=$(user_ids john 'subject:largepart')
many=$(user_ids john 'subject:toomanyparts')
run as john postern show "$large"
is "$(grep -c '^Part .* file-[012]\.pdf' $out)" 3 'attachments behind six megabytes are listed'
out_lacks 'there is more in this message' 'and nothing else is promised'
run as john postern --json show "$large"
is "$(as_json '[len(d["parts"]), d["truncated"]]')" '[4, False]' 'JSON: all parts'
run as john postern show "$many"
out_has 'there is more in this message than could be read' 'a list that is not complete says so'
run as john postern --json show "$many"
is "$(as_json 'd["truncated"]')" True 'JSON: so too'

printf 'Subject: nothingatall\n\n' | company_deliver john
run as john fetchd --once
run as john postern show "$(user_ids john 'subject:nothingatall')"
out_has '^(no text)$' 'a letter without a text says so'

# What cannot be shown is told by its name.
run as john postern show --part 1 "$large"
code_is 65 'a part that only holds others'
err_has 'part 1 is a multipart/mixed, which only holds others (message.part): take one of the parts 2 to 4' 'and which it holds'
run as john postern show --part 9 "$large"
code_is 65 'no such part'
err_has 'take one of the parts 2 to 4' 'and which there are'
run as john postern show --html "$large"
code_is 65 'a letter without HTML'
err_has 'the message has no HTML (message.html)' 'says so'

thread=$(user_json john 'd[0]["thread"]' 'subject:"budget for the new"')
run as john postern show "thread:$thread"
code_is 0 'a whole conversation'
is "$(grep '^Subject' $out | sort | uniq -c | awk '{ print $1 }' | tr '\n' ' ')" '1 4 ' 'with each of its letters'
is "$(grep -m 1 '^Subject' $out | grep -c Re:)" 0 'the oldest first'
run as john postern --json show "thread:$thread"
code_is 64 'JSON is of one message'
run as john postern show thread:aaaaaaaaaaaaaaaa
code_is 65 'no such conversation'
run as john postern show aaaaaaaaaaaaaaaa
code_is 65 'an unknown id is code 65'
done_testing

#!/bin/sh
# Saving what is attached: the exact bytes, under names that harm nobody, over nothing.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person mary
user_ready john
company_introduce mary john
company_introduce john mary

/usr/bin/python3 - "$TESTDIR" <<'EOF'
import sys
from email.message import EmailMessage
m = EmailMessage()
m["From"], m["To"], m["Subject"] = "mary.jones@corp.example", "jsmith@corp.example", "three files"
m.set_content("see the files\n")
data = bytes(range(256)) * 700
open(sys.argv[1] + "/expected", "wb").write(data)
m.add_attachment(data, maintype="application", subtype="octet-stream", filename="../../evil\x1b.bin")
m.add_attachment("Grüße\r\n", filename="Grüße.txt")
m.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename=".hidden\u202efdp.exe")
m.add_attachment(b"raw", maintype="image", subtype="png")
open(sys.argv[1] + "/letter", "wb").write(bytes(m))
EOF
company_deliver john <$TESTDIR/letter
printf 'From: mary.jones@corp.example\nTo: jsmith@corp.example\nSubject: plain\n\nno files\n' | company_deliver john
company_secret_mail mary john 'sealed letter' 'the secret text' | company_deliver john
run as john fetchd --once
three=$(user_ids john 'subject:"three files"')
plain=$(user_ids john 'subject:plain')
sealed=$(user_ids john 'subject:"sealed letter"')

to=$COMPANY/home/john/files
as john mkdir $to
run as john postern save "$three" --to $to
code_is 0 'all that is attached is saved'
is "$(wc -l <$out)" 4 'and each file is named'
ok cmp $TESTDIR/expected "$to/_.._evil_.bin" -- 'p8_92 byte for byte, in the directory that was named'
is "$(cat $to/Grüße.txt | tr -d '\r')" Grüße 'a name in another script stays'
ok [ -f "$to/hidden_fdp.exe" ] -- 'p8_92 a name is neither hidden nor turned round'
ok [ -f "$to/part-6.png" ] -- 'what has no name is called by its number'
is "$(find $to -type f ! -perm 600)" '' 'and only their owner reads them'

run as john postern --json save "$three" --to $to --part 3
code_is 0 'one part is saved'
is "$(/usr/bin/python3 -c "import json; d = json.load(open('$out')); print(len(d), d[0]['part'], d[0]['size'], d[0]['file'])")" \
    "1 3 179200 $to/_.._evil_-2.bin" 'beside the one that is there, and JSON says where'
ok cmp "$to/_.._evil_.bin" "$to/_.._evil_-2.bin" -- 'p8_92 which stayed as it was'

run as john postern save "$plain" --to $to
code_is 1 'a letter without attachments is told'
err_has 'nothing is attached' 'in words'
run as john postern --json save "$plain"
code_is 1 'also with --json'
is "$(tr -d ' \n' <$out)" '[]' 'as an empty array'
run as john postern save "$three" --to $to/missing
code_is 73 'a directory that is not there is refused'
err_has 'save\.file.*--to' 'by name, with what to do'
run as john postern save "$three" --part 99
code_is 65 'a part that is not there is refused'
err_has 'message\.part' 'by name'
run as john postern save "$three" --part 1
code_is 65 'and so is one that only holds others'
run as john postern save "$three" --part 0
code_is 64 'parts are counted from 1'
run as john postern save
code_is 64 'without a message there is nothing to save'
run as john postern save --to $to aaaaaaaaaaaaaaaa
code_is 65 'a message that is not there is refused'
run as john postern save "$sealed" --part 1 --to $to
code_is 0 'the text of an encrypted letter is saved when it is asked for'
ok grep -q 'the secret text' $to/part-1.txt -- 'in clear'
done_testing

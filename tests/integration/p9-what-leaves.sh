#!/bin/sh
# P9: what really leaves, as each recipient has it from a real server, read with nothing of Postern's.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person mary
user_ready john
company_introduce john mary
company_introduce mary john
mary=mary.jones@corp.example
johns=$COMPANY/home/john/.gnupg
marys=$COMPANY/home/mary/.gnupg
person() { # person NAME [OPTION…]: a key of john's own making, which is as confirmed as one can be
    person_name=$1
    shift
    as john gpg --batch --yes --quiet "$@" --passphrase '' --quick-generate-key "<$person_name@corp.example>" \
        future-default default 1y 2>/dev/null
}
person h.hahn
person j.gross
# Ids of the subkeys that can encrypt.
id_of() { as john gpg --batch --with-colons --list-keys "$1" | awk -F: '$1 == "sub" && $12 ~ /e/ { print $5 }'; }
fingerprint_of() { as john gpg --batch --with-colons --list-keys "$1" | awk -F: '/^fpr/ { print $10; exit }'; }
printf 'Comment "johns-laptop"\nemit-version\n' | tr C c >>$johns/gpg.conf

boxes() { find "$COMPANY/mail/$1" -path '*/Maildir/new/*' -type f 2>/dev/null; }
# settle NAME COUNT: waits until as many letters are there; $there says how many, $letter is the newest
settle() {
    tries=0
    until [ "$(boxes "$1" | wc -l)" -ge "$2" ] || [ $tries -gt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    letter=$(find "$COMPANY/mail/$1" -path '*/Maildir/new/*' -type f -printf '%T@ %p\n' | sort -n | sed -n '$s/^[^ ]* //p')
    there=$(boxes "$1" | wc -l)
}
clean() { find $COMPANY/mail -path '*/Maildir/new/*' -type f -delete; }
read_as() { /usr/bin/python3 "$srcdir/tests/lib/read-letter.py" "$letter" "$1" >$TESTDIR/read; }
told() { /usr/bin/python3 -c "import json, re; d = json.load(open('$TESTDIR/read')); print($1)"; }
sends() {
    text=$1
    shift
    run_with "$text" as john env TZ=Asia/Kolkata postern "$@" --body -
}

# One letter with everything: To, Cc, two hidden copies, a name to hide in each place.
printf 'Salaries.' >"$TESTDIR/Walrus list.txt"
chmod 644 "$TESTDIR/Walrus list.txt"
sends 'The zebrafish text.' --json send --encrypt --to "Mary Jones <$mary>" --bcc h.hahn@corp.example \
    --bcc j.gross@corp.example --subject 'Quokka figures, Grüße' --attach "$TESTDIR/Walrus list.txt"
code_is 0 'a letter with hidden copies leaves'
settle staff 2
is "$there" 2 'and arrives'
own=$(id_of "$(company_key john)")
settle mary 1
read_as $marys
is "$(told "d['wrong']")" '[]' 'p9_106 it is built as RFC 9788 wants'
is "$(told "(d['hp'], d['old'])")" "('cipher', 'v1')" 'p9_106 and says so, also to readers of the older draft'
is "$(told "d['outer']['Subject']")" '[...]' 'p9_106 the subject stands inside alone'
is "$(told "d['inner']['Subject']")" 'Quokka figures, Grüße' 'p9_106 where it is whole'
is "$(told "d['hidden']")" "['Subject']" 'p9_106 nothing else is different there'
is "$(told "d['unprotected']")" '[]' 'p9_106 nor unprotected outside'
is "$(told "(d['text'].strip(), d['attachments'])")" "('The zebrafish text.', {'Walrus list.txt': 'text/plain'})" 'as it was written'
is "$(told "d['signers']")" "['$(company_key john)']" 'signed within'
is "$(told "sorted(d['keys']) == sorted(['$(id_of "$(company_key mary)")', '$own'])")" True \
    'p9_104 encrypted to the recipient who is named, and to the sender'
is "$(told "set(d['packets']) <= {'pubkey enc', 'encrypted data', 'aead encrypted'}")" True 'and no packet says more'
is "$(told "d['armor']")" '[]' 'p9_106 the armor tells nothing of a gpg.conf'
is "$(told "sorted(d['outer'])")" "['Autocrypt', 'Date', 'From', 'Message-ID', 'Subject', 'To']" 'p9_106 no further field'
is "$(told "d['outer']['Date'][-5:]")" +0000 'p9_106 no time zone'
for word in zebrafish Quokka Walrus Salaries johns-laptop "$(hostname)" GnuPG hahn gross; do
    is "$(grep -c -i -e "$word" "$letter")" 0 "p9_106 not outside: $word"
done
read_as $johns
is "$(told "d['text'].strip()")" 'The zebrafish text.' 'the sender can read it'

# Each hidden copy as its recipient has it.
seen=
for letter in $(boxes staff); do
    read_as $johns
    is "$(told "(d['wrong'], d['inner']['Subject'], d['text'].strip())")" \
        "([], 'Quokka figures, Grüße', 'The zebrafish text.')" 'p9_104 a hidden copy is as whole'
    is "$(told "'Bcc' in d['inner'] or 'Bcc' in d['outer']")" False 'p9_104 and has no Bcc'
    ids=$(told "' '.join(sorted(set(d['keys']) - {'$own'}))")
    case $ids in
    "$(id_of h.hahn@corp.example)") other='gross' seen=$seen.hahn ;;
    "$(id_of j.gross@corp.example)") other='hahn' seen=$seen.gross ;;
    *) other=. ;;
    esac
    is "$(grep -v '^\(Delivered-To\|X-Original-To\|Received\|	for\)' "$letter" | grep -c "$other")" 0 'p9_104 nor the other one, by key id or name'
    is "$(told "'$own' in d['keys']")" True 'p9_104 the sender could read it if it came back'
done
is "$(echo "$seen" | tr . '\n' | sort | xargs)" 'gross hahn' 'p9_104 each has his own'
clean

# Signed only, with a hidden copy: one letter, and no word of it.
long='A paragraph that somebody wrote without an end of line, as every editor of today lets one write, and then some.'
sends "Open text
From here
$long
-- 
John" --json send --no-encrypt --to $mary --bcc h.hahn@corp.example --subject 'Open Grüße'
code_is 0 'a signed letter leaves'
settle staff 1
is "$there" 1 'p9_104 a hidden copy of it too'
settle mary 1
read_as $marys
is "$(told "(d['wrong'], d['hp'], d['hidden'], d['unprotected'])")" "([], 'clear', [], [])" 'p9_106 its fields are signed'
is "$(told "d['signers']")" "['$(company_key john)']" 'and the signature is good'
is "$(told "d['inner']['Subject']")" 'Open Grüße' 'its subject too'
is "$(told "max(len(line) for line in d['text'].splitlines()) < 79")" True 'its long line is broken'
is "$(told "re.sub(r'(?<!^--) \r\n', ' ', d['text'], flags=re.M).replace('\r', '').strip()")" \
    "$(printf 'Open text\nFrom here\n%s\n-- \nJohn' "$long")" 'only at spaces'
is "$(grep -c -i '^Content-Type: text/plain; format=flowed;' "$letter")" 1 'and says so'
is "$(grep -c -i 'hahn\|Bcc' "$letter")" 0 'p9_104 nothing of it names the hidden copy'
clean

# Who asks for it tells his time zone and what he writes with, and outside an encrypted letter not even then.
cp "$COMPANY/home/john/.config/postern/config" $TESTDIR/config
sed -i '/^\[account/a date = local\nuser_agent = yes' "$COMPANY/home/john/.config/postern/config"
sends 'Told.' --json send --no-encrypt --to $mary --subject Told
settle mary 1
read_as $marys
is "$(told "(d['inner']['Date'][-5:], re.sub('[0-9.]+$', 'N', d['inner']['User-Agent']), d['wrong'])")" "('+0530', 'Postern/N', [])" \
    'a letter tells more when asked to'
clean

# A mark of sensitivity is for the recipient.
sends 'Marked.' --json send --to $mary --subject 'Marked letter' --sensitivity Company-Confidential
code_is 0 'a marked letter leaves'
settle mary 1
read_as $marys
is "$(told "(d['wrong'], d['hidden'], d['inner']['Sensitivity'])")" \
    "([], ['Date', 'Sensitivity', 'Subject', 'User-Agent'], 'company-confidential')" 'p9_106 its mark stands inside alone'
is "$(told "(d['inner']['Date'][-5:], d['outer']['Date'][-5:], 'User-Agent' in d['outer'])")" "('+0530', '+0000', False)" \
    'p9_106 and so does what else it tells'
clean
cp $TESTDIR/config "$COMPANY/home/john/.config/postern/config"

# What was sealed for john and comes along as a text or a file is a text or a file.
printf 'Narwhal.' | as john gpg --batch --quiet --armor --trust-model always --encrypt --recipient "$(company_key john)" >$TESTDIR/sealed.asc 2>/dev/null
company_secret_mail mary john 'Sealed' 'Narwhal.' >$TESTDIR/sealed.eml
chmod 644 $TESTDIR/sealed.*
ok as john gpg --batch --quiet --decrypt $TESTDIR/sealed.asc -- 'john could open it without being asked'
run as john postern send --encrypt --to $mary --subject sealed --body $TESTDIR/sealed.asc --attach $TESTDIR/sealed.eml --attach $TESTDIR/sealed.asc
code_is 0 'p9_78 a text that is sealed for the sender leaves'
settle mary 1
read_as $marys
is "$(told "d['text'].split() == open('$TESTDIR/sealed.asc').read().split()")" True 'p9_78 as it is'
is "$(told "d['attachments']['sealed.eml']")" message/rfc822 'p9_78 and so does a message'
is "$(told "'Narwhal' in d['all'] or 'TmFyd2hhb' in d['all']")" False 'p9_78 nothing of them is opened on the way'
clean

# What is signed is what was shown.
printf 'Shown.\033[8m hidden\033[0m\302\255<b style="display:none">x</b>\nFrom here \n' >$TESTDIR/shown
printf 'From: x@corp.example\n\n\033[2J' >$TESTDIR/moves.eml
chmod 644 $TESTDIR/shown $TESTDIR/moves.eml
shows() {
    run as john postern -q send "$@" --sign --no-encrypt --to $mary --subject Shown --body $TESTDIR/shown --attach $TESTDIR/moves.eml
}
shows --dry-run
code_is 0 'a letter is shown'
letter=$out
is "$(tr -d '\n\r\t -~' <$out | wc -c)" 0 'p9_79 no byte of it moves a terminal'
read_as $marys
is "$(told "(d['wrong'], d['signers'])")" "([], ['$(company_key john)'])" 'p9_79 it is signed as it is shown'
told "[d['text'], d['attachments']]" >$TESTDIR/first
shows
settle mary 1
read_as $marys
is "$(told "[d['text'], d['attachments']]")" "$(cat $TESTDIR/first)" 'p9_79 and the letter that left has the same text and files'
is "$(told "d['text'].replace('\r', '') == open('$TESTDIR/shown').read()")" True 'p9_79 every byte of what was written'
is "$(told "d['signers']")" "['$(company_key john)']" 'p9_79 under the signature'
clean

# No copy in clear stays behind.
is "$(grep -r -l -a -e zebrafish -e Quokka -e Walrus $COMPANY/home/john | wc -l)" 0 'p9_103 nothing of it lies in clear at home'
printf 'The zebrafish text.' >$TESTDIR/body
chmod 644 $TESTDIR/body
ASAN_OPTIONS=detect_leaks=0 as john strace -f -qq -e trace=openat,open,creat -o $TESTDIR/files postern -q send --encrypt --to $mary --subject x --body $TESTDIR/body
ok grep -q "$TESTDIR/body" $TESTDIR/files -- 'what it opens is seen'
is "$(grep -E 'O_(WRONLY|RDWR|CREAT)' $TESTDIR/files | grep -v ENOENT | grep -v -E '"(/dev/(null|tty)|/proc/|/run/company/home/john/(\.gnupg/|\.local/(share|state)/postern/))' | wc -l)" 0 \
    'p9_103 no file is written but those of gpg and of the vault'
settle mary 1
clean
postmaster() { find $COMPANY/postfix/spool -type f -exec grep -l -a -e zebrafish -e Quokka {} + 2>/dev/null | wc -l; }
is "$(postmaster)" 0 "p9_103 nor in the server's queue"

# An ill will in the text: whatever a server takes for a line end, this is one letter.
for end in '\n.\n' '\r.\r' '\n.\r\n' '\r\n.\r' '\r\n.\n' '\r.\n' '\r\n.\r\n' '\n.\r' '\n..\n' '\0.\r\n'; do
    # shellcheck disable=SC2059
    printf "first${end}MAIL FROM:<jsmith@corp.example>\r\nRCPT TO:<$mary>\r\nDATA\r\nSubject: smuggled\r\n\r\nx${end}QUIT\r\n"
    printf '\036'
done >$TESTDIR/smuggled
/usr/bin/python3 - $TESTDIR/smuggled $TESTDIR <<-'END'
	import sys
	data = open(sys.argv[1], "rb").read().split(b"\x1e")[:-1]
	for number, text in enumerate(data):
	    open("%s/body%d" % (sys.argv[2], number), "wb").write(text)
	    open("%s/body%d.eml" % (sys.argv[2], number), "wb").write(b"From: x@corp.example\r\n\r\n" + text)
	# Nine texts in one, as far as a text may hold them.
	open(sys.argv[2] + "/bodies", "wb").write(b"\r\n".join(text for text in data if b"\0" not in text))
END
chmod 644 $TESTDIR/bod*
for protection in '--no-sign --no-encrypt' '--sign --no-encrypt' '--encrypt'; do
    # shellcheck disable=SC2086
    run as john postern send $protection --to $mary --subject smuggle --body $TESTDIR/bodies \
        --attach $TESTDIR/body1.eml --attach $TESTDIR/body5.eml
    code_is 0 "p9_100 a text full of ends leaves: $protection"
    settle mary 1
    sleep 0.3
    settle mary 1
    is "$there-$(boxes outside | wc -l)" 1-0 'p9_100 as one letter'
    read_as $marys
    is "$(told "(d['wrong'], d['signers'] == [] or d['signers'] == ['$(company_key john)'])")" '([], True)' 'p9_100 unbroken'
    is "$(told "d['text'].split() == open('$TESTDIR/bodies', newline='').read().split()")" True 'p9_100 with every word of it'
    clean
done
run as john postern send --no-encrypt --to $mary --subject x --body $TESTDIR/body9
code_is 65 'p9_100 NUL leaves in no text'

# Postern reads what Postern writes.
user_ready mary
sends 'The zebrafish text.' send --encrypt --to $mary --subject 'Quokka, Grüße' --attach "$TESTDIR/Walrus list.txt"
sends 'Open text.' send --no-encrypt --to $mary --subject 'Gnu, Grüße'
settle mary 2
run as mary postern -q sync
code_is 0 'mary fetches'
for subject in 'Quokka, Grüße' 'Gnu, Grüße'; do
    run as mary postern --json show "$(user_ids mary "subject:${subject%%,*}")"
    is "$(/usr/bin/python3 -c "
import json
d = json.load(open('$out'))
p = d['protection']
s = p['signatures'][0]
print(*[h['value'] for h in d['headers'] if h['name'] == 'Subject'], p['header_protection'], s['status'], s['from_matches'], s['covers'])")" \
        "$subject True good True whole" "Postern reads what it wrote: ${subject%%,*}"
done
done_testing

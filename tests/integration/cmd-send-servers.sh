#!/bin/sh
# What Postern sends by two kinds of servers, Postfix and Exim: fetched by another client, and opened by gpg
# alone (read-letter.py), nothing of it has changed on the way.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/exim.sh"
exim_fetch || true
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person mary
user_ready john
company_introduce john mary
company_introduce mary john
as john gpg --batch --quiet --passphrase '' --quick-generate-key '<h.hahn@corp.example>' future-default default 1y 2>/dev/null
servers=postfix
if exim_start; then
    servers='postfix exim'
else
    skip 'what is sent by Exim' "it can be had neither here nor from the archive: see $EXIM_HERE/log"
fi

# Lines that begin with dots, that are long, that look like a command or an end, that end with blanks.
/usr/bin/python3 - $TESTDIR <<'END'
import random, sys
text = [".", "..", ".hidden", ". ", "From here", "QUIT", "", "RSET", "trailing  ", "\ttab", "x" * 997, "y" * 998, "z" * 5000,
        "Grüße " * 300, "=2E", "-- ", "--boundary", ".", "no end"]
random.seed(7)
open(sys.argv[1] + "/text", "w").write("\n".join(text))
open(sys.argv[1] + "/Größen übersicht – Q3.txt", "w").write("Käse\r\n.\r\nBrot\n.\nWein\r.\rEnde")
open(sys.argv[1] + "/binär\u200b 100%.bin", "wb").write(bytes(range(256)) * 40 + random.randbytes(300000))
END
chmod 644 $TESTDIR/*
text=$TESTDIR/text
table=$(echo $TESTDIR/Gr*)
binary=$(echo $TESTDIR/bin*)
attached=$(/usr/bin/python3 -c '
import hashlib, os, sys
print(sorted((os.path.basename(p).replace("\u200b", ""), hashlib.sha256(open(p, "rb").read()).hexdigest()) for p in sys.argv[1:]))' "$table" "$binary")

# fetched USER COUNT: that many letters out of his mailbox, in $TESTDIR/fetched.N, and the mailbox is empty
fetched() {
    /usr/bin/python3 - "$1" "$2" "$(company_password "$1")" $TESTDIR/fetched $COMPANY_CA <<'END'
import imaplib, ssl, sys, time
user, count, password, path, ca = sys.argv[1:]
box = imaplib.IMAP4_SSL("mail.corp.example", ssl_context=ssl.create_default_context(cafile=ca))
box.login(user, password)
for _ in range(200):
    if int(box.select()[1][0]) >= int(count):
        break
    time.sleep(0.1)
numbers = box.uid("SEARCH", "ALL")[1][0].split()
letters = [box.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1] for uid in numbers]
letters.sort(key=lambda letter: b"multipart/encrypted" in letter)  # the signed ones first
for n, letter in enumerate(letters):
    open("%s.%d" % (path, n), "wb").write(letter)
for uid in numbers:
    box.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
box.expunge()
print(len(numbers))
END
}
opened() { /usr/bin/python3 "$srcdir/tests/lib/read-letter.py" $TESTDIR/fetched.$1 $COMPANY/home/$2/.gnupg >$TESTDIR/read; }
told() { /usr/bin/python3 -c "import json; d = json.load(open('$TESTDIR/read')); print($1)"; }
same_text="d['text'].replace('\r', '').rstrip('\n') == open('$text', newline='').read()"
same_files="sorted((n.replace('\u200b', ''), s) for n, s in d['digests'].items())"
posts() { run as john postern --json send --body "$text" --attach "$table" --attach "$binary" --subject 'Übersicht: Größen' "$@"; }

for server in $servers; do
    case $server in
    postfix) host=mail ;;
    exim) host=mail2 ;;
    esac
    user_uri john submit smtps://john@$host.corp.example
    posts --no-encrypt --to mary.jones@corp.example --cc größe@corp.example
    code_is 0 "$server: a signed letter leaves, also to an address outside ASCII"
    user_uri john submit submission://john@$host.corp.example
    posts --encrypt --to mary.jones@corp.example --bcc h.hahn@corp.example
    code_is 0 "$server: an encrypted one, by 587"
    is "$(fetched mary 2)" 2 "$server: another client fetches both"
    opened 0 mary
    is "$(told "(d['kind'], d['wrong'], d['signers'])")" "('multipart/signed', [], ['$(company_key john)'])" "$server: gpg verifies the signed one"
    is "$(told "($same_text, $same_files == $attached)")" '(True, True)' "$server: text and files are what was sent, byte by byte"
    is "$(told "(d['inner']['Subject'], d['inner']['Cc'], d['outer']['Cc'])")" \
        "('Übersicht: Größen', 'größe@corp.example', 'größe@corp.example')" "$server: and so are its fields"
    opened 1 mary
    is "$(told "(d['kind'], d['wrong'], d['signers'])")" "('multipart/encrypted', [], ['$(company_key john)'])" "$server: gpg opens the encrypted one"
    is "$(told "($same_text, $same_files == $attached)")" '(True, True)' "$server: whose text and files are the same"
    is "$(told "'Bcc' in d['inner'] or 'hahn' in d['all'] or 'hahn' in str(d['outer'])")" False "p9_104 $server: nothing of it names the hidden copy"
    is "$(find $COMPANY/mail/staff -path '*/new/*' -type f | wc -l)" 2 "$server: the others have theirs"
    rm -rf $COMPANY/mail/staff/Maildir
done
company_kill $EXIM/pid
done_testing

#!/bin/sh
# What postern send, reply, forward and sendmail send by Postfix and by Exim, as others have it: fetched by mbsync and
# by mpop, opened by gpg alone (read-letter.py), and shown by mutt and neomutt, which also save what is attached.
# Packages (Debian): isync mpop mutt neomutt; what is missing is skipped.
NAMESPACE_SECONDS=${NAMESPACE_SECONDS-3600}
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
as john gpg --batch --export h.hahn@corp.example | as mary gpg --batch --quiet --import 2>/dev/null
mary=mary.jones@corp.example
hers=$COMPANY/home/mary
signer=$(company_key john)
files=$TESTDIR/files
mkdir -p $files $TESTDIR/sent
/usr/bin/python3 - $files <<'END'
import random, sys
random.seed(11)
names = ["Größen übersicht – Q3.txt", "日本語の長い名前" * 9 + ".bin", "emoji 🦓 100% 'quoted' (1);x=y.bin", "a" * 200 + ".bin"]
for name in names:
    with open(sys.argv[1] + "/" + name, "wb") as file:
        file.write(random.randbytes(50000) if name.endswith("bin") else "Käse\r\n.\r\nBrot\n.\nFrom Wein\n".encode())
# Lines that servers and readers stumble over.
lines = ["zebrafish", ".", "..", "From here", ">From there", "y" * 998, "z" * 5000, "Grüße 🦓 " * 200, "=2E", "--boundary", "-- ", "no end"]
with open(sys.argv[1] + "/../text", "w") as file:
    file.write("\n".join(lines))
with open(sys.argv[1] + "/../short", "w") as file:
    file.write("A short zebrafish.\n")
with open(sys.argv[1] + "/../paragraphs", "w") as file:
    file.write("A zebrafish" + " of many words" * 60 + ".\n\n" + "Größe und 日本語の " * 60 + "Ende.\n> quoted" + " at length" * 40 + "\nFrom here\n")
END
chmod 755 $TESTDIR $files
chmod 644 $TESTDIR/text $TESTDIR/short $TESTDIR/paragraphs $files/*
table=$(echo $files/Gr*)
kanji=$(echo $files/*"$(printf '\346\227\245')"*)
emoji=$(echo $files/emoji*)
long=$(echo $files/aaa*)
subject='Übersicht: die Größen, 日本語の題名 und noch viel mehr Worte, als in eine Zeile passen – 🦓'

# --- what is answered and passed on ------------------------------------------------------------------------
{
    printf 'From: Mary Jones <%s>\nTo: jsmith@corp.example\nSubject: Open: Gr\303\266\303\237e\nDate: Fri, 20 Nov 2026 10:00:00 +0100\nMessage-ID: <open@corp.example>\n' $mary
    printf 'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nWhat of the zebrafish?\n'
} | company_deliver john
company_secret_mail mary john sealed 'The zebrafish is a secret.' | company_deliver john
/usr/bin/python3 - "$table" "$kanji" >$TESTDIR/parts <<'END'
import os, sys
from email.message import EmailMessage
letter = EmailMessage()
letter["From"] = "Mary Jones <mary.jones@corp.example>"
letter["To"] = "jsmith@corp.example"
letter["Subject"] = "parts"
letter["Message-ID"] = "<parts@corp.example>"
letter.set_content("Zebrafish, attached.\n")
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        letter.add_attachment(file.read(), maintype="application", subtype="octet-stream", filename=os.path.basename(path))
sys.stdout.buffer.write(letter.as_bytes())
END
company_deliver john <$TESTDIR/parts
{
    printf 'From: Mary Jones <%s>\nTo: jsmith@corp.example\nSubject: meeting\nMessage-ID: <meet@corp.example>\nMIME-Version: 1.0\n' $mary
    printf 'Content-Type: text/calendar; charset=utf-8; method=REQUEST\nContent-Transfer-Encoding: base64\n\n'
    base64 "$srcdir/tests/corpus/calendar/outlook.ics"
} | company_deliver john
run as john fetchd --once
code_is 0 'four letters come in'
id_of() { user_ids john "subject:$1 from:mary" | tail -n 1; }
open=$(id_of open)
sealed=$(id_of sealed)
parts=$(id_of parts)
meet=$(id_of meeting)

# --- sending -----------------------------------------------------------------------------------------------
# sends NAME KIND SUBJECT TEXT FILES COMMAND…: what it is expected to be, FILES by name, one a line
sends() {
    name=$1
    {
        printf '%s\n' "$2" "$3" "$4"
        printf '%s\n' "$5"
    } >$TESTDIR/sent/$name.expected
    shift 5
    code=0
    as john postern --json "$@" <$TESTDIR/$given >$out 2>$err || code=$?
    code_is 0 "$way: $name is sent"
    /usr/bin/python3 -c "import json; d = json.load(open('$out')); print(d[0]['message_id'] if isinstance(d, list) else d['message_id'])" \
        >$TESTDIR/sent/$name.id
}
base() { for one in "$@"; do basename "$one"; done; }
sends_all() {
    given=short
    sends clear text/plain Plain short '' send --to $mary --subject Plain --no-encrypt --no-sign
    given=text
    sends lines text/plain "$subject" text '' send --to $mary --subject "$subject" --no-encrypt --no-sign
    sends signed multipart/signed "$subject" text '' send --to $mary --subject "$subject" --no-encrypt --sign
    sends encrypted multipart/encrypted "$subject" text '' send --to $mary --subject "$subject" --encrypt
    sends bcc multipart/encrypted 'To the hidden one' text '' send --to h.hahn@corp.example --bcc $mary --subject 'To the hidden one' --encrypt
    sends beside multipart/encrypted 'With a hidden one' text '' send --to $mary --bcc h.hahn@corp.example --subject 'With a hidden one' --encrypt
    sends files-clear multipart/mixed "$subject" text "$(base "$table" "$kanji" "$emoji" "$long")" send --to $mary --subject "$subject" \
        --no-encrypt --no-sign --attach "$table" --attach "$kanji" --attach "$emoji" --attach "$long"
    sends files-signed multipart/signed "$subject" text "$(base "$long" "$emoji" "$table" "$kanji")" send --to $mary --subject "$subject" \
        --no-encrypt --sign --attach "$long" --attach "$emoji" --attach "$table" --attach "$kanji"
    sends files-encrypted multipart/encrypted "$subject" text "$(base "$long" "$kanji" "$table" "$emoji")" send --to $mary --subject "$subject" \
        --encrypt --attach "$long" --attach "$kanji" --attach "$table" --attach "$emoji"
    given=paragraphs
    sends flowed multipart/signed Flowed paragraphs '' send --to $mary --subject Flowed --no-encrypt --sign
    given=short
    sends reply multipart/signed 'Re: Open: Größe' reply-open '' reply "$open" --no-encrypt --sign
    sends reply-encrypted multipart/encrypted 'Re: sealed' reply-sealed '' reply "$sealed"
    sends forward multipart/signed 'Fwd: parts' short "$(base "$table" "$kanji")" forward "$parts" --to $mary --no-encrypt --sign
    sends forward-encrypted multipart/encrypted 'Fwd: parts' short "$(base "$table" "$kanji")" forward "$parts" --to $mary --encrypt
    sends forward-whole multipart/encrypted 'Fwd: parts' short parts.eml forward "$parts" --to $mary --attach --encrypt
    sends meeting multipart/signed 'Accepted: meeting' accepts '' reply "$meet" --accept --no-encrypt --sign
    sends meeting-encrypted multipart/encrypted 'Accepted: meeting' accepts '' reply "$meet" --accept --encrypt
    { printf 'From: John Smith <jsmith@corp.example>\nTo: %s\nSubject: %s\n\n' $mary "$subject" && cat $TESTDIR/text; } >$TESTDIR/mail
    given=mail
    sends sendmail multipart/encrypted "$subject" text '' sendmail -t -i
}
printf 'A short zebrafish.\n\nOn ' >$TESTDIR/reply-open
cp $TESTDIR/reply-open $TESTDIR/reply-sealed
printf 'John Smith accepts the invitation.' >$TESTDIR/accepts

# --- fetching ----------------------------------------------------------------------------------------------
company_password mary >$hers/.password
cat >$hers/.mbsyncrc <<END
IMAPAccount a
Host mail.corp.example
User mary
PassCmd "cat $hers/.password"
SSLType IMAPS
CertificateFile $COMPANY_CA

IMAPStore far
Account a

MaildirStore near
Path $hers/near/
Inbox $hers/near/INBOX

Channel c
Far :far:
Near :near:
Create Near
Sync Pull
SyncState *
END
arrived() { find $COMPANY/mail/mary/Maildir/new $COMPANY/mail/mary/Maildir/cur -type f 2>/dev/null | wc -l; }
fetch_all() { # COUNT
    tries=0
    until [ "$(arrived)" -ge "$1" ] || [ $tries -gt 300 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    rm -rf $hers/near $hers/popped
    mkdir -p $hers/near $hers/popped/new $hers/popped/cur $hers/popped/tmp
    if command -v mpop >/dev/null; then
        as mary mpop --host=mail.corp.example --user=mary --passwordeval="cat $hers/.password" --tls=on --tls-starttls=off \
            --tls-trust-file=$COMPANY_CA --keep=on --delivery=maildir,$hers/popped --uidls-file=$hers/.uidls --received-header=off >$TESTDIR/peer 2>&1 ||
            diag "$(cat $TESTDIR/peer)"
        rm -f $hers/.uidls
    fi
    as mary mbsync -q -a >$TESTDIR/peer 2>&1 || diag "$(cat $TESTDIR/peer)"
    is "$(find $hers/near -path '*/new/*' -o -path '*/cur/*' | wc -l)" "$1" "$way: mbsync fetches all"
}
# The letter of that Message-ID, as mbsync has it, but for the field that is mbsync's own.
letter_of() { sed '1,/^\r*$/{/^X-TUID:/d}' "$(grep -l -r -i -F "message-id: <$(cat $TESTDIR/sent/$1.id)>" $hers/near | head -n 1)"; }

# --- reading -----------------------------------------------------------------------------------------------
# by_gpg NAME: what is not as it is expected
by_gpg() {
    /usr/bin/python3 "$srcdir/tests/lib/read-letter.py" $TESTDIR/letter $hers/.gnupg >$TESTDIR/told 2>$TESTDIR/trouble || { cat $TESTDIR/trouble; return; }
    /usr/bin/python3 - $TESTDIR $1 $signer $files <<'END'
import hashlib, json, os, sys
base, name, signer, files = sys.argv[1:]
told = json.load(open(base + "/told"))
kind, subject, text, *names = open(f"{base}/sent/{name}.expected").read().rstrip("\n").split("\n")
wanted = open(f"{base}/{text}", newline="").read().rstrip("\n")
wrong = list(told["wrong"])
secret = kind == "multipart/encrypted"
if told["kind"] != kind:
    wrong.append("it is " + told["kind"])
if told["signers"] != ([signer] if kind in ("multipart/signed", "multipart/encrypted") else []):
    wrong.append(f"signed by {told['signers']}")
if told["inner"]["Subject"] != subject or (secret and told["outer"]["Subject"] != "[...]"):
    wrong.append(f"the subject {told['inner']['Subject']}, {told['outer']['Subject']}")
if secret and told["hp"] != "cipher":
    wrong.append(f"hp {told['hp']}")
if name == "flowed":  # whose long lines are broken between words (RFC 3676)
    wanted, told["text"] = (" ".join(one.split()).replace("> ", "") for one in (wanted, told["text"]))
    if "format=flowed" not in told["all"]:
        wrong.append("it does not flow")
if not told["text"].replace("\r", "").startswith(wanted):
    wrong.append("another text")
if "Bcc" in told["inner"] or "Bcc" in told["outer"] or (name == "beside" and "hahn" in told["all"] + str(told["outer"])):
    wrong.append("the hidden recipient is named")
if list(told["attachments"]) != [one for one in names if one] and not name.startswith("meeting"):
    wrong.append(f"attached {list(told['attachments'])}")
for one, digest in told["digests"].items():
    path = os.path.join(files, one or "none")
    if os.path.exists(path) and hashlib.sha256(open(path, "rb").read()).hexdigest() != digest:
        wrong.append(f"other bytes in {one}")
print(wrong)
END
}
# by_mailer MAILER NAME: what it shows is noted as it is shown, and the last part is saved; then as above
by_mailer() {
    rm -rf $hers/box $hers/shown $hers/saved
    mkdir -p $hers/box/cur $hers/box/new $hers/box/tmp
    cp $TESTDIR/letter "$hers/box/cur/1:2,S"
    # The signature is the last part of a signed letter.
    case $(sed -n '1p;4p' $TESTDIR/sent/$2.expected | tr '\n' ' ') in
    *'  ') saves= ;;
    multipart/signed*) saves='<view-attachments><last-entry><previous-entry><save-entry><kill-line>saved<enter><exit>' ;;
    *) saves='<view-attachments><last-entry><save-entry><kill-line>saved<enter><exit>' ;;
    esac
    AS_EXTRA=TERM=xterm
    as mary /usr/bin/python3 "$srcdir/tests/lib/on-terminal.py" -- $1 -n -F $hers/.muttrc -R -f $hers/box \
        -e "push '<display-message><exit>$saves<exit>'" >$TESTDIR/screen 2>&1 || diag "$1 ends with $?: $(tail -c 500 $TESTDIR/screen)"
    AS_EXTRA=
    /usr/bin/python3 - $TESTDIR $2 $hers $files <<'END'
import os, re, sys
base, name, home, files = sys.argv[1:]
if not os.path.exists(home + "/shown"):
    print("shows nothing")
    sys.exit()
kind, subject, text, *names = open(f"{base}/sent/{name}.expected").read().rstrip("\n").split("\n")
names = [one for one in names if one]
# Its own marks, which colour the lines, are no text.
shown = re.sub(r"\x1b\]\d+;\d+\a", "", open(home + "/shown", newline="").read().replace("\r", ""))
head, body = shown.split("\n\n", 1)
head = re.sub(r"\n[ \t]+", " ", head)
wrong = []
# What is encrypted is shown below, with its own subject.
secret = kind == "multipart/encrypted"
if f"Subject: {'[...]' if secret else subject}" not in head.split("\n"):
    wrong.append("head: " + head)
if secret and f"Subject: {subject}" not in re.sub(r"\n[ \t]+", " ", body).split("\n"):
    wrong.append("the subject inside: " + body[:1000])
if "From: John Smith <jsmith@corp.example>" not in head.split("\n"):
    wrong.append("sender: " + head)
wanted, told = open(f"{base}/{text}").read().rstrip("\n"), body
if name == "flowed":
    wanted, told = (" ".join(one.split()).replace("> ", "") for one in (wanted, told))
if wanted not in told:
    wrong.append("another text")
signed = kind in ("multipart/signed", "multipart/encrypted")
if ("Good signature from" in body) != signed or "John Smith" not in (body if signed else "John Smith") or "BAD" in body:
    wrong.append("verdict: " + "|".join(re.findall(r".*signature.*", body)))
for one in names:
    if f": {one} " not in body:
        wrong.append("not attached: " + one + " but " + "|".join(re.findall(r"Attachment #.*", body)))
if names and os.path.exists(f"{files}/{names[-1]}"):
    if not os.path.exists(home + "/saved") or open(home + "/saved", "rb").read() != open(f"{files}/{names[-1]}", "rb").read():
        wrong.append("saves other bytes")
print(wrong)
END
}
cat >$hers/.muttrc <<END
set crypt_use_gpgme crypt_verify_sig=yes charset=utf-8 quit=yes wait_key=no folder=$hers sort=mailbox-order
set pager_stop display_filter="cat >$hers/shown; cat $hers/shown" crypt_protected_headers_read=yes
ignore *
unignore from subject
END

mailers=
for mailer in mutt neomutt; do
    if command -v $mailer >/dev/null; then mailers="$mailers $mailer"; else skip "$mailer" 'it is not installed'; fi
done
servers=postfix
if exim_start; then
    servers='postfix exim'
else
    skip 'what is sent by Exim' "it can be had neither here nor from the archive: see $EXIM_HERE/log"
fi
if ! command -v mbsync >/dev/null; then
    skip 'all of it' 'mbsync is not installed'
    servers=
fi
for server in $servers; do
    case $server in
    postfix) host=mail ;;
    exim) host=mail2 ;;
    esac
    for scheme in smtps submission; do
        way="$server, $scheme"
        user_uri john submit $scheme://john@$host.corp.example
        rm -f $TESTDIR/sent/*
        find $COMPANY/mail -path '*/Maildir/*' -type f -path '*/mary/*' -delete
        sends_all
        fetch_all "$(ls $TESTDIR/sent/*.id | wc -l)"
        for expected in $TESTDIR/sent/*.expected; do
            name=$(basename $expected .expected)
            letter_of $name >$TESTDIR/letter
            is "$(by_gpg $name)" '[]' "$way: gpg opens $name"
            for mailer in $mailers; do
                is "$(by_mailer $mailer $name)" '[]' "$way: $mailer shows $name"
            done
        done
        sums() { for one in "$@"; do tr -d '\r' <"$one" | sed '1,/^$/{/^X-TUID:/d}' | sha256sum; done | sort; }
        if command -v mpop >/dev/null; then
            is "$(sums $hers/popped/new/*)" "$(sums $(find $hers/near -type f -path '*/new/*' -o -type f -path '*/cur/*'))" "$way: mpop fetches the same by POP3"
        else
            skip 'by POP3' 'mpop is not installed'
        fi
    done
done
company_kill $EXIM/pid
done_testing

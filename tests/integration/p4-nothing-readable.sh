#!/bin/sh
# P4: nothing that derives from mail is readable on disk: planted words are looked for in every form.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

mkdir -p $TESTDIR/tmp
AS_EXTRA="TMPDIR=$TESTDIR/tmp"
company_start
company_person mary
user_ready john
user_line john 'deliver = maildir:~/Handed'
company_introduce john mary
company_introduce mary john
company_fill john --count 120 --folder INBOX --folder Wombatfolder --needles $TESTDIR/needles
company_secret_mail mary john 'Platypus subject' 'the echidna text' | company_deliver john
run as john fetchd --once
code_is 0 'the mail is here'
is "$(user_json john 'len(d)' '')" 121 'and searchable'
run as john postern search kookaburraquery
run as john postern search 'echidna'
run_with 'the bandicoot text' as john postern send --to mary.jones@corp.example --subject 'Numbat subject' --encrypt --body -
code_is 0 'a letter was sent'
company_stop
run_with 'the dingo text' as john postern send --to mary.jones@corp.example --subject 'Cassowary subject' --encrypt --body -
company_start
run as john postern --trace $TESTDIR/tmp/trace sync
ok [ "$code" = 0 -o "$code" = 64 ] -- 'a traced pass'

printf '%s\n' Wombatfolder Platypus echidna kookaburraquery bandicoot Numbat dingo Cassowary \
    kuznetsova mary.jones billing@acme sample offer.csv Kuznetsova 報告書 Rückfrage договор >>$TESTDIR/needles
cat >$TESTDIR/look.py <<'END'
import base64, os, sys
needles = [line.split()[0] for line in open(sys.argv[1], encoding="utf-8")]
forms = {}
for needle in needles:
    for spelled in {needle, needle.lower(), needle.upper(), needle.capitalize()}:
        raw = spelled.encode()
        for name, data in (("plain", raw), ("utf-16le", spelled.encode("utf-16-le")), ("utf-16be", spelled.encode("utf-16-be")),
                           ("hex", raw.hex().encode())):
            forms[data] = (needle, name)
        for shift in range(3):
            coded = base64.b64encode(b"x" * shift + raw).rstrip(b"=")
            forms[coded[(0, 2, 3)[shift]:-1]] = (needle, "base64")
found, files, size = set(), 0, 0
for top in sys.argv[2:]:
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            data = open(path, "rb").read()
            files, size = files + 1, size + len(data)
            found |= {(path, *what) for form, what in forms.items() if len(form) > 5 and form in data}
            found |= {(path, needle, "file name") for needle in needles if needle.lower() in path.lower()}
print("%d needles in %d files of %d bytes" % (len(needles), files, size), file=sys.stderr)
for hit in sorted(found):
    print(*hit)
END
home=$COMPANY/home/john
look() { /usr/bin/python3 $TESTDIR/look.py $TESTDIR/needles "$@" 2>$TESTDIR/amount; }
ok [ "$(look $COMPANY/mail/john | wc -l)" -gt 100 ] -- 'the search finds the words where they are readable'
is "$(look $home/.local $home/.cache $home/.config/dconf $TESTDIR/tmp | head -n 5)" '' \
    'no planted word in store, state, cache, trace or temporary files'
diag "$(cat $TESTDIR/amount)"
ok grep -qr Platypus $home/Handed -- 'though deliver hands all of it on in clear'
is "$(find $home/.local $home/.config/postern -perm /077 ! -type l | head -n 3)" '' 'nothing there is open to others'

# A thief who owns a copy of a mail cannot tell that it is here.
/usr/bin/python3 - "$COMPANY/mail/john/Maildir" >$TESTDIR/digests <<'END'
import hashlib, os, re, sys, zlib
for top, _, names in os.walk(sys.argv[1]):
    if os.path.basename(top) in ("cur", "new"):
        for name in names[:10]:
            raw = re.sub(rb"(?<!\r)\n", b"\r\n", open(os.path.join(top, name), "rb").read())
            identity = re.search(rb"(?i)^message-id: *(<.*?>)", raw, re.M)
            for data in filter(None, [raw, raw.partition(b"\r\n\r\n")[2], identity and identity[1], identity and identity[1][1:-1]]):
                for kind in ("md5", "sha1", "sha256", "blake2b", "sha512"):
                    print(hashlib.new(kind, data).hexdigest())
END
is "$(/usr/bin/python3 - $TESTDIR/digests $home/.local <<'END'
import os, sys
digests = [bytes.fromhex(line) for line in open(sys.argv[1])]
print(sum(digest[:16] in open(os.path.join(top, name), "rb").read()
          for top, _, names in os.walk(sys.argv[2]) for name in names for digest in digests))
END
)" 0 'no plain digest of a message, a body or a Message-ID is stored'

# A killed writer leaves no more than a finished one.
company_fill john --count 300 --seed 5 --needles $TESTDIR/needles2
cat $TESTDIR/needles2 >>$TESTDIR/needles
as john sh -c 'fetchd --once & sleep 0.3; kill -9 $!' >$out 2>$err
is "$(look $home/.local $TESTDIR/tmp | head -n 5)" '' 'nor after kill -9 in the middle of a pass'
done_testing

#!/bin/sh
# P4: nothing that derives from mail is readable on disk: planted words are looked for in every form; no file
# outside the store is written, nothing of a crash is kept, and what is open to others is refused.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

mkdir -p -m 777 $TESTDIR/tmp
AS_EXTRA="TMPDIR=$TESTDIR/tmp"
company_start
company_person mary
user_ready john
user_line john 'deliver = maildir:~/Handed'
company_introduce john mary
company_introduce mary john
company_fill john --count 120 --folder INBOX --folder Wombatfolder --needles $TESTDIR/needles
company_secret_mail mary john 'Platypus subject' 'the echidna text' | company_deliver john
printf '[log]\nmetrics = %s/tmp/metrics\n' $TESTDIR >>"$(user_config john)"
run as john fetchd --once
code_is 0 'the mail is here'
cat $out $err >$TESTDIR/tmp/log
is "$(user_json john 'len(d)' '')" 121 'and searchable'
as john postern -q tag +quokkatag "id:$(user_ids john '' | head -n 1)"
is "$(user_json john 'len(d)' tag:quokkatag)" 1 'and tagged'
run as john postern search kookaburraquery
run as john postern search 'echidna'
run_with 'the bandicoot text' as john postern send --to mary.jones@corp.example --subject 'Numbat subject' --encrypt --body -
code_is 0 'a letter was sent'
company_stop
run_with 'the dingo text' as john postern send --to mary.jones@corp.example --subject 'Cassowary subject' --encrypt --body -
company_start
run as john postern --trace $TESTDIR/tmp/trace sync
ok [ "$code" = 0 -o "$code" = 64 ] -- 'a traced pass'
as john postern log >>$TESTDIR/tmp/log
ok [ -s $TESTDIR/tmp/metrics -a -s $TESTDIR/tmp/log ] -- 'with metrics and a log'

printf '%s\n' Wombatfolder Platypus echidna quokkatag kookaburraquery bandicoot Numbat dingo Cassowary \
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
    'p4_36 no planted word in store, state, cache, trace, metrics, log or temporary files'
diag "$(cat $TESTDIR/amount)"
ok grep -qr Platypus $home/Handed -- 'though deliver hands all of it on in clear'
is "$(find $home/.local $home/.config/postern -perm /077 ! -type l | head -n 3)" '' 'p4_46 nothing there is open to others'

# A thief who owns a copy of a mail cannot tell that it is here.
# Nor of what was sent: the copy of it that Mary has is one that the sender's copy here could be known by.
/usr/bin/python3 - "$COMPANY/mail/john/Maildir" "$COMPANY/mail/mary/Maildir" >$TESTDIR/digests <<'END'
import hashlib, os, re, sys, zlib
for top, names in [(top, names) for box in sys.argv[1:] for top, _, names in os.walk(box)]:
    if os.path.basename(top) in ("cur", "new"):
        for name in names[:10]:
            raw = re.sub(rb"(?<!\r)\n", b"\r\n", open(os.path.join(top, name), "rb").read())
            identity = re.search(rb"(?i)^message-id: *(<.*?>)", raw, re.M)
            for data in filter(None, [raw, raw.partition(b"\r\n\r\n")[2], identity and identity[1], identity and identity[1][1:-1]]):
                for kind in ("md5", "sha1", "sha256", "blake2b", "sha512"):
                    print(hashlib.new(kind, data).hexdigest())
                print("%08x" % zlib.crc32(data))
END
is "$(/usr/bin/python3 - $TESTDIR/digests $home/.local <<'END'
import os, sys
digests = [bytes.fromhex(line) for line in open(sys.argv[1])]
files = [open(os.path.join(top, name), "rb").read() for top, _, names in os.walk(sys.argv[2]) for name in names]
print(sum(digest[:16] in data for data in files for digest in digests if len(digest) > 4))
# Four bytes stand somewhere by chance now and then, those of every tenth mail do not.
short = [digest for digest in digests if len(digest) == 4]
found = [any(crc in data or crc[::-1] in data for data in files) for crc in short]
print(len(short) > 20, sum(found) * 10 > len(found))
END
)" "$(printf '0\nTrue False')" 'p4_37 no plain digest of a message, a body or a Message-ID is stored, nor a CRC'

# A killed writer leaves no more than a finished one.
company_fill john --count 300 --seed 5 --needles $TESTDIR/needles2
cat $TESTDIR/needles2 >>$TESTDIR/needles
as john sh -c 'fetchd --once & sleep 0.3; kill -9 $!' >$out 2>$err
is "$(look $home/.local $TESTDIR/tmp | head -n 5)" '' 'p4_39 nor after kill -9 in the middle of a pass'

# --- files outside the store ----------------------------------------------------------------------

# LARGE MB (16) in one message, beside many small ones: fetched, indexed anew, searched, shown and verified.
/usr/bin/python3 - $COMPANY/mail/john/Maildir/new/large "${LARGE:-16}" <<'END'
import base64, os, sys
with open(sys.argv[1], "wb") as file:
    file.write(b"From: a@corp.example\r\nTo: b@corp.example\r\nSubject: the large one\r\nMessage-ID: <large@corp.example>\r\n"
               b"Content-Transfer-Encoding: base64\r\nContent-Type: application/octet-stream\r\n\r\n")
    for _ in range(int(sys.argv[2])):
        file.write(base64.encodebytes(os.urandom(776 * 1024)).replace(b"\n", b"\r\n"))
END
chown --reference=$COMPANY/mail/john/Maildir/new $COMPANY/mail/john/Maildir/new/large
run as john fetchd --once
code_is 0 'the large one is here'
id=$(user_ids john subject:large)
run as john postern --json show $id
is "$(/usr/bin/python3 -c "import json; print(json.load(open('$out'))['protection']['signatures'])")" '[]' \
    'p4_42 nobody is said to vouch for what lies in the vault'
# writes COMMAND…: the files that it, and what it starts, opened for writing, gpg and the store's own apart
writes() {
    as john env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -y -e trace=open,openat,openat2,creat,memfd_create,mknod,mknodat \
        -o $TESTDIR/opens "$@" >$TESTDIR/written 2>&1
    grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|creat\(|memfd|mknod' $TESTDIR/opens | grep -v ' = -1 ' |
        grep -v -E '"(/dev/(null|tty)|/proc/self/[a-z_/]*|[^"]*/\.gnupg/[^"]*)"' |
        grep -v -F -e "\"$home/.local/share/postern/" -e "\"$home/.local/state/postern/" -e "$home/Handed" -e "\"$TESTDIR/tmp/metrics"
}
for words in 'index --rebuild' compact 'search --limit 0 --sort relevance w' verify "show $id"; do
    # shellcheck disable=SC2086
    is "$(writes postern $words | head -n 3)" '' "p4_38 ${words%% *} opens no file outside the store for writing"
done
company_fill john --count 30 --seed 6
is "$(writes fetchd --once | head -n 3)" '' 'p4_38 nor does fetchd'
ok [ "$(grep -c 'vault.db' $TESTDIR/opens)" -gt 0 ] -- 'which opened the vault before our eyes'

# --- crashes --------------------------------------------------------------------------------------

company_fill john --count 150 --seed 7 --needles $TESTDIR/needles3
cat $TESTDIR/needles3 >>$TESTDIR/needles
mkdir -p -m 777 $TESTDIR/crash
# dies SIGNAL FILE COMMAND…: by it once it has that file open; "SIGNAL dumped" or "SIGNAL not dumped", whatever
# becomes of cores on this system; it is started with every limit lifted, in the folder where a core would lie
cat >$TESTDIR/dies.py <<'END'
import os, resource, subprocess, sys, time
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
log = open("said", "ab")
child = subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
def has_open(name):
    folder = "/proc/%d/fd/" % child.pid
    return any(os.readlink(folder + fd).endswith(name) for fd in os.listdir(folder))
for _ in range(600):
    try:
        if has_open(sys.argv[2]):
            break
    except OSError:
        pass
    time.sleep(0.05)
time.sleep(0.2)
os.kill(child.pid, int(sys.argv[1]))
status = os.waitpid(child.pid, 0)[1]
print(os.WTERMSIG(status), "dumped" if os.WCOREDUMP(status) else "not dumped")
END
dies() { # the sanitizers would make an exit of signal 11
    as john sh -c "cd $TESTDIR/crash && ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0 exec /usr/bin/python3 $TESTDIR/dies.py $*"
}
for how in 11 6; do
    is "$(dies $how vault.db fetchd)" "$how not dumped" "p4_45 fetchd that dies of signal $how in the middle of a pass leaves no core"
    is "$(look $TESTDIR/crash | head -n 3)" '' 'p4_45 and no word of mail in what is said of it'
done
case $(dies 11 said sleep 60) in
*not*) skip 'another program would leave one' 'this system writes none' ;;
*) ok true -- 'another program would leave one' ;;
esac
rm -f $TESTDIR/crash/*core*
sanitized || {
    run as john sh -c "ulimit -v 60000; exec postern show $id"
    ok [ $code != 0 ] -- 'p4_45 where there is no memory'
    is "$(look $TESTDIR/crash | head -n 3)$(wc -c <$out)" 0 'p4_45 nothing of the message is said'
}

# --- who may read -----------------------------------------------------------------------------------

as john sh -c "umask 000; postern -q --store $TESTDIR/tmp/open init; fetchd --once --store $TESTDIR/tmp/open" >$out 2>$err
ok [ -s $TESTDIR/tmp/open/vault.db ] -- 'a store made under umask 000'
is "$(find $TESTDIR/tmp/open -perm /077 | head -n 3)" '' 'p4_46 is closed to others, file by file'
refused() {
    run as john postern --store $TESTDIR/tmp/$1 search x
    ok [ $code = 73 -o $code = 74 ] -- "p4_46 $2 is refused"
    run as john fetchd --once --store $TESTDIR/tmp/$1
    ok [ $code = 73 -o $code = 74 ] -- 'p4_46 also by fetchd'
}
chmod 770 $TESTDIR/tmp/open
refused open 'a store that a group may write'
chmod 700 $TESTDIR/tmp/open
as john ln -s $TESTDIR/tmp/open $TESTDIR/tmp/link
refused link 'a store behind a link'
chown -R nobody $TESTDIR/tmp/open
refused open 'a store of somebody else'
done_testing

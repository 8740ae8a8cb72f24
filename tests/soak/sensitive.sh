#!/bin/sh
# P4: who marks all that he sends as sensitive holds up no other account. SENSITIVE (10000) messages that a rule
# fits are fetched, and beside them ordinary mail of the same mailbox and of another account.
NAMESPACE_SECONDS=${NAMESPACE_SECONDS-86400}
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0" "$@"
. "$srcdir/tests/lib/user.sh"
SENSITIVE=${SENSITIVE:-10000}
DISK=$(mktemp -d "${SENSITIVE_DISK:-$builddir}/sensitive.XXXXXX")
trap 'rm -rf "$DISK"; tap_exit' EXIT

company_start
user_ready john
company_person mary
for name in john mary; do
    company_password $name >$COMPANY/home/john/.$name
    chmod 600 $COMPANY/home/john/.$name
done
config=$(user_config john)
sed -i "s|^secret = .*|secret = command:cat $COMPANY/home/john/.john|" "$config"
cat >>"$config" <<END
[account "beside"]
address = Mary Jones <mary.jones@corp.example>
fetch = imaps://mary@mail.corp.example/
submit = smtps://mary@mail.corp.example
secret = command:cat $COMPANY/home/john/.mary
key = $(company_key john)
[sensitive "hush"]
header = Sensitivity: company-confidential
END
mv $COMPANY/home/john/.local/share/postern "$DISK/store"

company_fill john --count 200 --seed 1
company_fill mary --count 2000 --seed 2
mkdir $TESTDIR/marked
/usr/bin/python3 "$srcdir/tests/lib/make-mail.py" --maildir $TESTDIR/marked --count "$SENSITIVE" --seed 3
/usr/bin/python3 - $TESTDIR/marked $COMPANY/mail/john/Maildir/cur <<'END'
import os, sys
n = 0
for top, _, names in os.walk(sys.argv[1]):
    for name in names if os.path.basename(top) in ("new", "cur") else []:
        with open(os.path.join(top, name), "rb") as file:
            mail = file.read()
        n += 1
        with open(os.path.join(sys.argv[2], f"4000000000.M{n}.corp:2,"), "wb") as file:
            file.write(b"Sensitivity: Company-Confidential\r\n" + mail)
END
rm -rf $TESTDIR/marked
chown -R mail:mail $COMPANY/mail/john

# When was what there? "SECONDS ORDINARY SENSITIVE" whenever it changed.
cat >$TESTDIR/watch.py <<'END'
import sqlite3, sys, time
began, last = time.monotonic(), None
while True:
    try:
        db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=5)
        singly = db.execute("SELECT count(*) FROM share").fetchone()[0]
        now = (db.execute("SELECT messages FROM total").fetchone()[0] - singly, singly)
        db.close()
    except sqlite3.OperationalError:
        now = last
    if now != last:
        print("%.1f" % (time.monotonic() - began), *now, flush=True)
    last = now
    time.sleep(0.1)
END
/usr/bin/python3 $TESTDIR/watch.py "$DISK/store/vault.db" >$TESTDIR/seen &
watch=$!
sleep 1
run as john /usr/bin/python3 "$srcdir/tests/soak/peak.py" $TESTDIR/peak fetchd --once --seal-only -q --store "$DISK/store"
code_is 0 "$SENSITIVE sensitive messages are fetched"
sleep 1
kill $watch
diag "seconds, of them processor (gpg's too), KiB: $(cat $TESTDIR/peak); load: $(cut -d ' ' -f 1-3 /proc/loadavg)"
diag "all ordinary mail of the other account was there after $(awk '$2 >= 2000 { print $1 " s, with " $3; exit }' $TESTDIR/seen) sensitive ones, all at all after $(awk '$2 >= 2200 { print $1 " s, with " $3; exit }' $TESTDIR/seen)"
is "$(tail -n 1 $TESTDIR/seen | cut -d ' ' -f 2-)" "2200 $SENSITIVE" 'all of it is here'
ok [ "$(awk '$2 >= 2000 { print $3; exit }' $TESTDIR/seen)" -lt $((SENSITIVE / 2)) ] -- 'the other account was not held up'
is "$(tr ' ' '\n' <$TESTDIR/peak | tail -n +3 | grep '^[0-9]' | awk '$1 >= 64 * 1024')" '' 'p8_90 within 64 MiB a process'
done_testing

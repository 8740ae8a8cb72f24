#!/bin/sh
# The daemon between passes: it is told of new mail at once, finds its way back to servers that were
# away, keeps nobody waiting for a server that hangs, and says to systemd how it is.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john
company_fill john --count 20
as john postern -q unlock

soon=10 # seconds that make no difference to a test
sanitized && soon=40

log=$TESTDIR/daemon
# await SECONDS COMMAND…
await() {
    tries=$(($1 * 10))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}
logged() { [ "$(grep -c -e "$2" $log)" -ge "$1" ]; }
begin() {
    : >$log
    as john "$@" >>$log 2>&1 &
    daemon=$!
    await $soon logged 1 sealed
}
finish() {
    kill -TERM "$(pgrep -x fetchd)"
    wait $daemon
}
# letter WORD: into john's INBOX, as a server delivers it
letter() {
    printf 'From: mary.jones@corp.example\nSubject: about %s\nMessage-ID: <%s@corp.example>\nDate: Mon, 04 Mar 2024 10:00:00 +0000\n\nText of %s.\n' \
        "$1" "$1" "$1" | doveadm -c $COMPANY/dovecot.conf save -u john -m "${2-INBOX}"
}
found() { [ "$(user_json john 'len(d)' "subject:$1")" = 1 ]; }
now() { date +%s%3N; }
logins() { grep -c "Login: user=<john>" $COMPANY/dovecot/log; }

# --- news -----------------------------------------------------------------------------------------

cat >$COMPANY/home/john/hook <<'END'
#!/usr/bin/python3
import os
home = os.environ["HOME"]
def put(name, text, mode="w"):
    with open(f"{home}/hook.{name}", mode) as out:
        out.write(text + "\n")
fds = []
for fd in range(3, 200):
    try:
        fds.append(f"{fd} {os.readlink(f'/proc/self/fd/{fd}')}")
    except OSError:
        pass
put("fds", "\n".join(fds))
put("env", "\n".join(f"{key}={value}" for key, value in os.environ.items()))
status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status"))
put("signals", "blocked %d" % int(status["SigBlk"], 16))
print("words of the hook", flush=True)
put("runs", "run", "a")
END
chmod +x $COMPANY/home/john/hook
printf '[hook]\nnew_mail = %s/hook "an argument"\n' $COMPANY/home/john >>"$(user_config john)"
hooks() { [ "$(wc -l <$COMPANY/home/john/hook.runs)" -ge "$1" ]; }

begin fetchd
ok await 5 hooks 1 -- 'the hook runs after the first pass'
letter early
began=$(now)
ok await 5 found early -- 'new mail is found while nobody asks for it'
took=$(($(now) - began))
diag "found after $took ms"
ok [ $took -lt $((soon * 200)) ] -- 'at once'
ok await 5 hooks 2 -- 'the hook runs again'
is "$(grep -E '^POSTERN_' $COMPANY/home/john/hook.env | sort | tr '\n' ' ')" 'POSTERN_ACCOUNTS=1 work POSTERN_NEW=1 ' \
    'it is told how many came, and for whom'
is "$(grep -cE 'about|mary' $COMPANY/home/john/hook.env)" 0 'and no word of what came'
is "$(cat $COMPANY/home/john/hook.fds)" '' 'it has no descriptor of ours'
is "$(cat $COMPANY/home/john/hook.signals)" 'blocked 0' 'and hears every signal'
is "$(grep -c 'words of the hook' $log)" 0 'its output is not ours'
before=$(logins)
for i in 1 2 3; do
    letter "more$i"
    await 5 found "more$i"
done
is "$(logins)" "$before" 'all over one connection'
is "$(grep -c '1 new message sealed' $log)" 4 'each is told'

# A mailbox that nobody watches waits for the interval, or SIGHUP.
doveadm -c $COMPANY/dovecot.conf mailbox create -u john Archive
letter elsewhere Archive
pkill -HUP -x fetchd
ok await $soon found elsewhere -- 'SIGHUP looks at all mailboxes'
letter later
ok await $soon found later -- 'and INBOX is watched again behind it'

# What policy and configuration say counts from the next pass on, over open connections too.
echo 'min_tls = 1.3' >$TESTDIR/line
sed -i "/^\[company\]/r $TESTDIR/line" "$(user_config john)"
before=$(logins)
letter strict
ok await $soon found strict -- 'another rule of the company does not lose mail'
is "$(logins)" $((before + 1)) 'but the connection is made anew under it'

# --- servers that come and go ---------------------------------------------------------------------

pkill -KILL -x imap
letter killed
ok await $soon found killed -- 'a connection that dies is made anew at once'
: >$log
company_stop
company_start
letter restarted
ok await $((soon + 10)) found restarted -- 'p6_65 after a restart of the server, too'
ok [ "$(grep -c . $log)" -le 4 ] -- 'and hardly a word is lost about it'

ip address del 10.23.0.1/32 dev lo
pkill -HUP -x fetchd
ok await 15 logged 1 'cannot be reached\|cannot be found\|no way to the server' -- 'p6_65 a network that is cut is told'
ip address add 10.23.0.1/32 dev lo
letter again
ok await 30 found again -- 'and when it is back, mail comes'
is "$(grep -c 'server\.\|reached' $log)" "$(grep 'server\.\|reached' $log | sort -u | grep -c .)" 'nothing is told twice'

# The hook's failure stops nothing, and is told once.
printf '#!/bin/sh\nexit 3\n' >$COMPANY/home/john/hook
letter broken1
ok await $soon found broken1 -- 'a hook that fails stops no mail'
letter broken2
ok await $soon found broken2 -- 'nor does it twice'
ok await 5 logged 1 hook.failed -- 'it is told'
is "$(grep -c hook.failed $log)" 1 'once'
began=$(now)
finish
is $? 0 'SIGTERM ends it cleanly while it waits for news'
ok [ $(($(now) - began)) -lt 3000 ] -- 'and at once'
is "$(pgrep -c postern-net)" 0 'with its connections'

# --- other servers --------------------------------------------------------------------------------

# One that hangs keeps only its own account waiting.
cat >>"$(user_config john)" <<END
[account "slow"]
address = John Smith <jsmith@corp.example>
fetch = imaps://john@mail2.corp.example
key = $(company_key john)
END
sed -i '/^\[hook\]/,/^new_mail/d' "$(user_config john)"
company_password john | as john postern -q password set slow
hostile imap-silent-after-greeting 993
letter beside
: >$log
as john fetchd >>$log 2>&1 &
daemon=$!
ok await $soon found beside -- 'a server that hangs keeps nobody else waiting'
finish
is $? 0 'SIGTERM ends it cleanly within a login'
hostile_stop

# One that tells of news without end gets a bounded number of looks, and one that throws us out a
# bounded number of logins.
hostile imap-idle-news 993
begin fetchd --account slow
sleep 6
looks=$(hostile_inside | grep -c EXAMINE)
ok [ "$looks" -ge 8 ] -- 'news without end are looked at'
ok [ "$looks" -le 16 ] -- 'but only so often'
finish
hostile imap-idle-bye 993
begin fetchd --account slow
sleep 6
looks=$(hostile_inside | grep -c AUTHENTICATE)
ok [ "$looks" -ge 2 ] -- 'a connection that is refused while it waits is tried again'
ok [ "$looks" -le 4 ] -- 'later and later'
finish
hostile_stop

# --- the outbox -------------------------------------------------------------------------------------

queue() { printf x | as john postern -q send --to j.gross@corp.example --subject "$1" --no-encrypt --no-sign --queue --body -; }
outbox() { as john postern --json status | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["outbox"])'; }
queue one
run as john fetchd --once --account work
out_has '^work: letter [a-z2-7]* sent to 1 recipient$' 'one pass sends what waits'
queue two
begin fetchd --account work
ok await $soon logged 1 'letter .* sent to 1 recipient' -- 'and so does the daemon'
queue three
pkill -HUP -x fetchd
ok await $soon logged 2 'letter .* sent to 1 recipient' -- 'at each pass'
is "$(outbox)" 0 'nothing waits'
hostile smtp-silent-after-login 465
user_uri john submit smtps://john@mail2.corp.example
queue four
pkill -HUP -x fetchd
ok await $soon grep -q MAIL $HOSTILE_LOG -- 'a server that stalls'
letter sturgeon
ok await $soon found sturgeon -- 'holds no mail up'
before=$(now)
finish
ok [ $(($(now) - before)) -lt $((soon * 1000)) ] -- 'nor the end of the daemon'
is "$(outbox)" 1 'and the letter waits'
hostile smtp-refuses-one 465
printf x | as john postern -q send --to nobody@corp.example --subject five --no-encrypt --no-sign --queue --body -
run as john fetchd --once --account work
err_has 'letter .* to nobody@corp.example was not sent: .*550 5.1.1 nobody' 'what a server refuses for good is told'
as john postern -q lock
queue six
run as john fetchd --once --account work
run as john postern status
out_has '^outbox: .*; the vault is locked' 'a locked vault sends nothing, and status says so'
user_uri john submit smtps://john@mail.corp.example
hostile_stop

# --- systemd --------------------------------------------------------------------------------------

cat >$TESTDIR/listen.py <<'END'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
with open(sys.argv[2], "w", buffering=1) as out:
    while True:
        print(s.recv(4096).decode().replace("\n", " "), file=out)
END
/usr/bin/python3 $TESTDIR/listen.py $TESTDIR/notify $TESTDIR/notified &
listener=$!
await 5 test -S $TESTDIR/notify
said() { [ "$(grep -c "$2" $TESTDIR/notified)" -ge "$1" ]; }
AS_EXTRA="NOTIFY_SOCKET=$TESTDIR/notify WATCHDOG_USEC=900000"
begin fetchd --account work
ok await $soon said 1 '^READY=1' -- 'it says that it is ready'
ok await 5 said 1 '^STATUS=new mail of 1 account' -- 'and how it is'
ok await 5 said 3 '^WATCHDOG=1' -- 'and that it lives'
pkill -HUP -x fetchd
ok await $soon said 1 '^RELOADING=1 MONOTONIC_USEC=[0-9]' -- 'that it reads its configuration anew'
ok await $soon said 2 '^READY=1' -- 'and has done so'
finish
ok await 5 said 1 '^STOPPING=1' -- 'and that it stops'
kill $listener
AS_EXTRA=
done_testing

#!/bin/sh
# P3: a login that the server refused is tried once, by however many runs, until something changes.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john
company_fill john --count 3
log=$COMPANY/dovecot/log
: >$log

# How often Dovecot was asked to judge a login of john's: by IMAP and, for Postfix, by its own log.
tries() { grep -c 'imap-login: .*user=<john>' $log; }
sends() { run_with 'Text.' as john postern "$@" send --to mary.jones@corp.example --subject x --no-sign --no-encrypt --body -; }
sasl_failures() { grep -c 'SASL [A-Z0-9-]* authentication failed' $COMPANY/postfix/log; }
password() { printf '%s' "$1" | as john postern -q password set work; }

password wrong
run as john fetchd --once
code_is 77 'p3_35 a wrong password is a refused login'
err_has 'login.refused' 'by its rule'
for run in 2 3 4 5 6 7 8; do run as john fetchd --once; done
code_is 77 'p3_35 so is every run after it'
err_has 'login.blocked' 'by a rule of its own'
err_has "$(date +%Y)-.* password set work.* password retry work" 'with the time and both ways on'
is "$(tries)" 1 'p3_35 eight runs made one attempt'
run as john postern sync
code_is 77 'p3_35 another program knows'
run as john postern --json sync
out_has '"rule" *: *"login.blocked"' 'and says so in JSON'
sends
code_is 77 'p3_35 and nothing is sent by that login'
err_has 'login.blocked' 'for the same reason'
is "$(tries)$(sasl_failures)" 10 'p3_35 the servers heard nothing of all this'
as john postern --json doctor >$out 2>$err
ok grep -q 'they are not tried again' $out -- 'the doctor knows, too'
is "$(tries)" 1 'and leaves the server alone'

run as john postern password retry work
code_is 0 'retry forgets the refusal'
out_has 'will be tried again' 'and says so'
run as john fetchd --once
code_is 77 'p3_35 it is refused again'
is "$(tries)" 2 'p3_35 after one more attempt'
run as john fetchd --once
is "$(tries)" 2 'p3_35 and no more'
run as john postern --json password retry work
out_has '"forgotten" *: *1' 'retry counts in JSON'
run as john postern --json password retry work
out_has '"forgotten" *: *0' 'what is not there'
run as john postern password retry nobody
code_is 78 'an account that is not there is refused'

password "$(company_password john)"
run as john fetchd --once
code_is 0 'the right password works at once'
is "$(tries)" 3 'by one login'
run as john postern password retry work
out_has 'no refused login' 'a login that worked leaves nothing to forget'
sends
code_is 0 'but not the password: a letter leaves'

# The output of a command is looked at anew in each run.
sed -i 's/^secret = .*/secret = command:cat secret/' "$(user_config john)"
echo wrong >$COMPANY/home/john/secret
run as john fetchd --once
code_is 77 'a command says something wrong'
run as john fetchd --once
is "$(tries)" 4 'p3_35 once'
err_has 'mend the secret where it is kept' 'what mends it is not password set'
company_password john >$COMPANY/home/john/secret
run as john fetchd --once
code_is 0 'p3_35 another output is tried at once'

# A daemon: one try in its life, and another at SIGHUP.
echo wrong >$COMPANY/home/john/secret
: >$log
as john fetchd >$out 2>$err &
keeper=$!
waited() { # waited COUNT: until that many logins were tried, at most twenty seconds
    tries=0
    until [ "$(tries)" -ge "$1" ] || [ $tries -gt 200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    sleep 1
}
waited 1
is "$(tries)" 1 'p3_35 the daemon tries once'
daemon=$(pgrep -n -x fetchd)
kill -HUP "$daemon"
waited 2
is "$(tries)" 2 'and again at SIGHUP'
kill "$daemon"
code=0
wait $keeper || code=$?
code_is 0 'and ends at SIGTERM'

# Not a verdict on the password: tried again.
hostile pop3-in-use 995
user_uri john fetch pops://john@mail2.corp.example/
run as john fetchd --once
run as john fetchd --once
code_is 75 'a mailbox in use is no refusal'
is "$(hostile_inside | grep -c 'PASS\|AUTH')" 2 'and is tried again'

hostile pop3-too-often 995
sed -i '/^interval = /d; s|^fetch = .*|&\ninterval = 1m|' "$(user_config john)"
run as john fetchd --once
code_is 75 'a login that is too early is none, either'
err_has 'login.delay.*interval = 15m' 'and its mend names the interval'
booted=$(cut -d. -f1 /proc/uptime)
as john env ASAN_OPTIONS=detect_leaks=0 strace -qq -e trace=timerfd_settime -e signal=none -o $TESTDIR/strace fetchd >$out 2>$err &
keeper=$!
alarm() { sed -n 's/^timerfd_settime(.*it_value={tv_sec=\([0-9]*\),.*/\1/p' $TESTDIR/strace 2>/dev/null | sort -n | head -n 1; }
tries=0
until grep -q login.delay $err && [ -n "$(alarm)" ] || [ $tries -gt 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
daemon=$(pgrep -n -x fetchd)
kill "$daemon"
wait $keeper
ok [ "$(($(alarm) - booted))" -ge 250 -a "$(($(alarm) - booted))" -le 1000 ] -- 'the daemon does not come back after a minute'
sed -i '/^interval = /d' "$(user_config john)"

# Many different wrong passwords: after five the host is left alone.
hostile imap-refused-login 993
user_uri john fetch imaps://john@mail2.corp.example/
for run in 1 2 3 4 5; do
    echo "wrong $run" >$COMPANY/home/john/secret
    run as john fetchd --once
    code_is 77 "wrong password $run is refused"
done
echo 'wrong 6' >$COMPANY/home/john/secret
run as john fetchd --once
code_is 75 'p3_35 the sixth is not tried'
err_has 'login.rate.*minutes' 'and one is told how long to wait'
is "$(hostile_inside | grep -c 'LOGIN\|AUTHENTICATE')" 5 'p3_35 the server heard of five'
hostile_stop
done_testing

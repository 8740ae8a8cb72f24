#!/bin/sh
# Ctrl-C, SIGTERM and SIGHUP: every wait ends at once and leaves everything whole.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john
company_fill john --count 20

later=1 # when the program must have installed its handlers
sanitized && later=5

# interrupted SIGNAL COMMAND…: sends it SIGNAL that many seconds after its start; $code, $err, and how long it took after
interrupted() {
    signal=$1
    shift
    began=$(date +%s)
    as john timeout --preserve-status -s "$signal" $later "$@" >$out 2>$err
    code=$?
    took=$(($(date +%s) - began))
}

ended() {
    is "$code" 75 "$1 ends with 75"
    err_has 'run.interrupted' 'it says that it was interrupted'
    ok [ $took -lt $((later + 5)) ] -- 'and at once'
}

user_line john 'secret = command: sleep 60'
sed -i '/^secret = sealed/d' "$(user_config john)"
interrupted INT fetchd --once
ended 'Ctrl-C while a command should give the password'
interrupted TERM postern sync
ended 'SIGTERM to sync in that wait'
sed -i '/^secret = command/d' "$(user_config john)"

user_uri john fetch imaps://john@mail2.corp.example
hostile imap-silent-after-greeting 993
interrupted INT fetchd --once
ended 'Ctrl-C while the server is silent'
hostile_stop
user_uri john fetch imaps://john@mail.corp.example

as john gpgconf --kill gpg-agent
run as john fetchd --once
code_is 0 'the next pass ends well'
is "$(user_json john 'len(d)' '')" 20 'with every message'

# What we started, and what outlives us, hears its own signals.
agent=$(pgrep -n gpg-agent)
blocked=$(sed -n 's/^SigBlk:\t*0*//p' "/proc/$agent/status")
is "$((0x${blocked:-0} & 0x4003))" 0 'gpg-agent was not started with signals blocked'

# The daemon: SIGHUP makes a pass at once, SIGTERM ends it with 0.
as john fetchd >$TESTDIR/daemon 2>&1 &
daemon=$!
await() { for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do "$@" && return; sleep 0.5; done; return 1; }
passes() { [ "$(grep -c sealed $TESTDIR/daemon)" -ge "$1" ]; }
ok await passes 1 -- 'the daemon makes a pass at its start'
company_fill john --count 5 --seed 3
pkill -HUP -x fetchd
ok await passes 2 -- 'and another at SIGHUP'
echo 'nonsense = yes' >>"$(user_config john)"
pkill -HUP -x fetchd
ok await grep -q nonsense $TESTDIR/daemon -- 'it complains of a configuration that broke'
sed -i '/^nonsense/d' "$(user_config john)"
pkill -HUP -x fetchd
ok await passes 3 -- 'and goes on when it is mended'
is "$(grep -c 'sealed' $TESTDIR/daemon)" 3 'it looks no more often than it should'
pkill -TERM -x fetchd
wait $daemon
is $? 0 'SIGTERM ends it with 0'
is "$(user_json john 'len(d)' '')" 25 'everything is here'

echo 'nonsense = yes' >>"$(user_config john)"
run as john timeout 20 fetchd
code_is 78 'a daemon that can do nothing ends at its start'
done_testing

#!/bin/sh
# P8: the net child may crash, hang or be killed: the keeper says so, and the store stays whole.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john
company_fill john --count 400

# struck SIGNAL: sends it to the child as soon as there is one
struck() {
    as john timeout 120 fetchd --once >$out 2>$err &
    keeper=$!
    until child=$(pgrep -n -x postern-net) || ! kill -0 $keeper 2>/dev/null; do :; done
    kill "-$1" "$child" 2>/dev/null
    code=0
    wait $keeper || code=$?
}
for signal in SEGV KILL ABRT; do
    struck $signal
    ok [ "$code" != 0 -a "$code" -lt 100 ] -- "p8_97 a child that dies of $signal is a failure with a code ($code)"
    ok [ -s $err ] -- 'and a sentence'
done
run as john fetchd --once
code_is 0 'the next pass ends well'
is "$(user_json john 'len(d)' '')" 400 'and every message is here once'

# Once it has locked itself in, the child asks for no file: none is opened, looked at or made.
for uri in imaps://john@mail.corp.example/ pops://john@mail.corp.example; do
    user_uri john fetch $uri
    as john env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=%file,prctl -e signal=none \
        -o $TESTDIR/strace fetchd --once >$out 2>$err
    child=$(sed -n 's/^\([0-9]*\) .*execve("[^"]*postern-net".*/\1/p' $TESTDIR/strace | head -n 1)
    grep "^$child " $TESTDIR/strace | sed -n '/PR_SET_NO_NEW_PRIVS/,$p' >$TESTDIR/inside
    ok grep -q 'PR_SET_DUMPABLE' $TESTDIR/inside -- "${uri%%:*}: the child locks itself in"
    is "$(grep -v -e 'prctl(' -e '<detached' $TESTDIR/inside)" '' "p8_97 ${uri%%:*}: and touches no file from then on"
done

# Nor do the doctor's children, one of which speaks an old TLS.
user_uri john fetch imaps://john@mail.corp.example/
as john env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=%file,prctl -e signal=none \
    -o $TESTDIR/strace postern doctor >$out 2>$err
sed -n 's/^\([0-9]*\) .*execve("[^"]*postern-net".*/\1/p' $TESTDIR/strace >$TESTDIR/children
ok [ "$(wc -l <$TESTDIR/children)" -ge 6 ] -- 'the doctor starts children for its probes'
while read -r child; do
    grep "^$child " $TESTDIR/strace | sed -n '/PR_SET_NO_NEW_PRIVS/,$p' | grep -v -e 'prctl(' -e '<detached'
done <$TESTDIR/children >$TESTDIR/inside
is "$(cat $TESTDIR/inside)" '' 'p8_97 the doctor: none of them touches a file'

# What the child may see: no environment of ours, no store, no keys.
hostile imap-silent-after-greeting 993
user_uri john fetch imaps://john@mail2.corp.example/
as john timeout 300 fetchd --once >$out 2>$err &
keeper=$!
tries=0
until child=$(pgrep -n -x postern-net) || [ $tries -gt 100 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
sleep 0.5
is "$(ls -l "/proc/$child/fd" | grep -c -E '\.db|\.gnupg|/home/')" 0 'p8_97 the child holds no file of the store'
is "$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$child/status")" 1 'p8_97 it can gain no privileges'
if ! sanitized; then # whose reports go to files
    is "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$child/status")" 2 'p8_97 it may make few system calls'
fi
limit() { awk -v name="$1" 'index($0, name) == 1 { sub(name, ""); print $1, $2 }' "/proc/$child/limits"; }
is "$(limit 'Max open files')" '32 32' 'it may hold 32 descriptors (LIMIT_CHILD_FILES)'
is "$(limit 'Max processes')$(limit 'Max file size')$(limit 'Max core file size')" '0 00 00 0' \
    'p8_97 and start no process, write no file and leave no core'
if ! sanitized; then # whose shadow memory has no bound
    is "$(limit 'Max data size')" '50331648 50331648' 'it may hold 48 MiB of data (LIMIT_CHILD_DATA)'
fi
is "$(tr '\0' '\n' <"/proc/$child/cmdline" | grep -c "$(company_password john)")" 0 'the password is not in its arguments'
is "$(tr '\0' '\n' <"/proc/$child/environ" 2>/dev/null | grep -c "$(company_password john)")" 0 'nor in its environment'
kill $keeper
wait $keeper
hostile_stop
tries=0
while pgrep -x postern-net >/dev/null && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
ok [ "$(pgrep -c -x postern-net)" = 0 ] -- 'the child ends with its keeper'
done_testing

#!/bin/sh
# P6: with keep = no a message is deleted only when what lies on the disk is what was sealed; also when
# an earlier pass stored it and never came to read it back.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready mary pops://mary@mail.corp.example submission://mary@mail.corp.example
company_fill mary --count 40
cp -a $COMPANY/mail/mary/Maildir $TESTDIR/original
vault=$COMPANY/home/mary/.local/share/postern/vault.db
box() { find $COMPANY/mail/mary/Maildir/cur $COMPANY/mail/mary/Maildir/new -type f | wc -l; }
harm() { as mary /usr/bin/python3 -c "import sqlite3; d = sqlite3.connect('$vault'); d.execute('''$1'''); d.commit()"; }

run as mary fetchd --once
code_is 0 'a pass with keep = yes ends well'
harm 'UPDATE chunk SET data = zeroblob(length(data)) WHERE key IN (5 << 20, 9 << 20)'
user_line mary 'keep = no'
run as mary fetchd --once
code_is 74 'p6_60 two that changed on the disk end the next pass with 74'
err_has 'still on the server' 'it says where they are'
is "$(box)" 2 'p6_60 they alone are left on the server'
run as mary postern verify --json
code_is 1 'verify names the damaged copies'
is "$(/usr/bin/python3 -c 'import json, sys; print(len(json.load(sys.stdin)["damaged"]))' <$out)" 2 'both of them'
run as mary fetchd --once
code_is 0 'another pass ends well'
is "$(box)" 0 'and empties the server'
run as mary postern verify
code_is 0 'verify is content with those that came instead'
is "$(as mary /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $TESTDIR/original)" \
    '40 same, 0 missing, 0 foreign, 0 twice' 'each message is here'

# Killed when it opens the vault once more: after the commit, before anything is read back. What it
# opens before a pass is behind it when it asks for the password, which comes when strace looks on.
company_fill mary --count 30 --seed 11
before=$(user_json mary 'len(d)' '')
cat >$TESTDIR/secret <<END
touch $TESTDIR/asked
until [ -e $TESTDIR/go ]; do sleep 0.05; done
echo $(company_password mary)
END
sed -i '/^secret = /d' "$(user_config mary)"
user_line mary "secret = command:sh $TESTDIR/secret"
as mary fetchd --once >/dev/null 2>&1 &
shell_pid=$!
until [ -e $TESTDIR/asked ]; do sleep 0.05; done
fetchd_pid=$(pgrep -x fetchd)
strace -f -p $fetchd_pid -o $TESTDIR/trace -P $vault -e trace=openat -e inject=openat:signal=KILL:when=1 2>/dev/null &
strace_pid=$!
until grep -q '^TracerPid:.*[1-9]' /proc/$fetchd_pid/status; do sleep 0.05; done
touch $TESTDIR/go
wait $shell_pid $strace_pid
is "$(grep -c 'openat.*vault.db"' $TESTDIR/trace)" 1 'p6_54 a pass is killed between its commit and its read-back'
is "$(user_json mary 'len(d)' '')" $((before + 30)) 'it has stored what it got'
is "$(box)" 30 'p6_54 and has deleted nothing'
run as mary fetchd --once
code_is 0 'the next pass ends well'
is "$(box)" 0 'it empties the server'
is "$(user_json mary 'len(d)' '')" $((before + 30)) 'and each message is here once'
done_testing

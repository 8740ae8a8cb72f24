#!/bin/sh
# Fetching by IMAPS: every byte of every message arrives, once, and never again.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
every=1
sanitized && every=20
company_fill john --count 1000 --folder INBOX --folder Archive.2023 --folder 'Gr&APYA3w-e' --folder Projects
company_fill john --odd

run as john fetchd --once
code_is 0 'the first pass ends well'
is "$(user_json john 'len(d)' '')" 1029 'every message is found'
is "$(as john /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/john/Maildir --every $every)" \
    "$(((1029 + every - 1) / every)) same, 0 missing, 0 foreign, 0 twice" 'what is stored is what the server has, byte for byte'
is "$(user_json john 'len(d)' 'folder:Größe')" 250 'a folder name outside ASCII is searched as people write it'

bodies() { grep -o 'bodies=[0-9]*' $COMPANY/dovecot/log | tail -n +"$1" | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'; }
sessions() { grep -c 'bodies=' $COMPANY/dovecot/log; }

# Nobody waits for the server's good-bye, nor for its log. ended NUMBER: till it has so many sessions
ended() {
    tries=0
    while [ "$(sessions)" -lt "$1" ] && [ $tries -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
}

ended 1
before=$(sessions)
run as john fetchd --once
code_is 0 'a second pass ends well'
ended $((before + 1))
is "$(bodies $((before + 1)))" 0 'and fetches no body'

company_secret_mail john john 'One more' 'text' | company_deliver john
before=$(sessions)
run as john fetchd --once
ended $((before + 1))
is "$(bodies $((before + 1)))" 1 'one new message costs one body'
is "$(user_json john 'len(d)' '')" 1030 'and is found'
is "$(find $COMPANY/mail/john -name '*:2,*S*' | wc -l)" 0 'no message carries the flag Seen'

# A URI that names one mailbox (RFC 5092).
company_fill mary --count 60 --folder INBOX --folder Projects --folder 'Gr&APYA3w-e'
user_ready mary imaps://mary@mail.corp.example/Gr%C3%B6%C3%9Fe
run as mary fetchd --once
code_is 0 'a URI that names a mailbox'
is "$(user_json mary 'sorted({f for m in d for f in m["folders"]})' '')" "['Größe']" 'fetches that one'
user_uri mary fetch imaps://mary@mail.corp.example/inbox
run as mary fetchd --once
is "$(user_json mary 'sorted({f for m in d for f in m["folders"]})' '')" "['Größe', 'INBOX']" 'INBOX in any case'
user_uri mary fetch imaps://mary@mail.corp.example/projects
run as mary fetchd --once
code_is 78 'one that is not there, for case counts'
err_has 'no mailbox projects.*(server.mailbox)' 'is told by its rule'
user_uri mary fetch imaps://mary@mail.corp.example/Projects
user_line mary 'folders = INBOX'
run as mary fetchd --once
code_is 78 'one that folders leaves out'
is "$(user_json mary 'len(d)' folder:Projects)" 0 'is not fetched'

company_stop
run as john fetchd --once
code_is 69 'a server that is down is code 69'
run as john postern --json sync work work
code_is 69 'for sync too'
is "$(/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["error"]["rule"])' <$out)" server.unreachable \
    'whose JSON names the rule'
is "$(/usr/bin/python3 -c 'import json, sys; print(len(json.load(sys.stdin)["accounts"]))' <$out)" 1 'and each account once'

# What is shown while it fetches.
company_start
company_fill john --count 30 --seed 77
as john script -qec 'postern sync' /dev/null </dev/null >$out 2>&1
out_has 'work: 30 of 30 messages, [0-9.,]*.[kM]\?B, [0-9.,]*.[kM]\?B/s' 'a terminal shows messages, bytes and rate'
company_fill john --count 30 --seed 78
as john script -qec 'postern -q sync' /dev/null </dev/null >$out 2>&1
is "$(wc -c <$out)" 0 'nothing with -q'
company_fill john --count 30 --seed 79
run as john postern sync
is "$(cat $err)" '' 'and a log gets no line of a pass that takes a moment'

# What fetchd says.
cp "$(user_config john)" $TESTDIR/levels
said() { # LEVEL: what a pass says on both
    { cat $TESTDIR/levels; printf '[log]\nlevel = %s\n' "$1"; } >"$(user_config john)"
    as john fetchd --once 2>&1
}
for level in error warning; do is "$(said $level)" '' "level $level: a pass that went well is no news"; done
is "$(said info)" 'work: 0 new messages sealed' 'level info: each pass is told'
is "$(said debug)" "$(printf '%s\n' 'work: 0 new messages sealed' 'work: all mailboxes; 0 here already, 0 sensitive, 0 left for their size, 0 removed, 0 waiting to be handed on')" \
    'level debug: and what else it found'
printf 'To: jsmith@corp.example\nSubject: x\n\ntext\n' | company_deliver john
is "$(said error)" '' 'level error: nor is a new message'
{ cat $TESTDIR/levels; printf '[log]\nlevel = debug\n'; } >"$(user_config john)"
is "$(as john fetchd --once -q 2>&1)" '' '-q is stronger'
for level in error debug; do
    sed -i 's/^networks = .*/networks = 192.0.2.0\/24/' $TESTDIR/levels
    grep -q '^networks' $TESTDIR/levels || sed -i '/^\[company\]/a networks = 192.0.2.0/24' $TESTDIR/levels
    is "$(said $level | grep -c '^fetchd: work: .*(server.network)')" 1 "level $level: what failed is told"
done
done_testing

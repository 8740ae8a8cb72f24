#!/bin/sh
# deliver = lmtp:… and maildir:…: each new message is handed on once an account, beside the vault;
# sealing never waits for it, and what could not be handed on is later.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
home=$COMPANY/home/john
behind=$COMPANY/mail/jsmith@corp.example/Maildir
cp -a $home/.config $home/.local $TESTDIR/
again() { # as if john had never fetched; his account delivers to $1
    rm -rf $home/.config $home/.local
    cp -a $TESTDIR/.config $TESTDIR/.local $home/
    user_line john "deliver = $1"
}
letter() { printf 'From: a@corp.example\r\nSubject: %s\r\n\r\n%s\r\n' "$1" "${2-text}" | company_deliver john; }
waiting() { as john postern --json status | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["accounts"][0]["undelivered"])'; }
# compare TAKEN…: what lies there against what john has on the server; without what Dovecot puts before it
compare() {
    /usr/bin/python3 - $COMPANY/mail/john/Maildir "$@" <<'END'
import collections, os, re, sys
def mails(top):
    for where, _, names in os.walk(top):
        for name in names:
            if os.path.basename(where) in ("new", "cur") or name.isdigit():
                data = open(os.path.join(where, name), "rb").read()
                yield re.sub(rb"\r\n", b"\n", re.sub(rb"\AReturn-Path: <>\nDelivered-To: .*\nReceived: .*\n(?:[ \t].*\n)*(?:Received: .*\n(?:[ \t].*\n)*)?", b"", data))
wanted = collections.Counter(mails(sys.argv[1]))
wanted = {mail if mail.endswith(b"\n") else mail + b"\n" for mail in wanted}
got = collections.Counter(mail if mail.endswith(b"\n") else mail + b"\n" for top in sys.argv[2:] for mail in mails(top))
print("%d same, %d missing, %d foreign, %d twice" % (len(wanted & set(got)), len(wanted - set(got)),
      len(set(got) - wanted), sum(n > 1 for n in got.values())))
END
}

company_fill john --count 470 --folder INBOX --folder Second
letter dots "$(printf '.\r\n..\r\n...x\r\n.')"
letter eightbit "$(printf 'gr\303\274n \377\376')"
printf 'Subject: no end of the line' | company_deliver john
letter twice
mkdir -p $COMPANY/mail/john/Maildir/.Second/new
cp "$(grep -rl 'Subject: twice' $COMPANY/mail/john/Maildir/new)" $COMPANY/mail/john/Maildir/.Second/new/1.twice
chown -R mail:mail $COMPANY/mail/john

# --- Dovecot's LMTP -----------------------------------------------------------------------------
again lmtp:$COMPANY/dovecot/lmtp
run as john postern sync
code_is 0 'a pass that hands on to Dovecot ends well'
is "$(compare $behind)" '474 same, 0 missing, 0 foreign, 0 twice' 'each message is there once, byte for byte'
is "$(waiting)" 0 'and none waits'
letter 'one more'
run as john fetchd --once
is "$(compare $behind)" '475 same, 0 missing, 0 foreign, 0 twice' 'the next pass hands on what is new alone'

# --- a Maildir ----------------------------------------------------------------------------------
again 'maildir:~/Handed'
run as john fetchd --once
code_is 0 'a pass that hands on to a Maildir ends well'
is "$(compare $home/Handed)" '475 same, 0 missing, 0 foreign, 0 twice' 'which has each message once'
is "$(find $home/Handed -perm /077 -o -path '*/tmp/*' | wc -l)" 0 'open to nobody else, and nothing half'
is "$(user_json john 'len(d)' '')" 475 'the vault has them too'
again "maildir:$home/Open"
mkdir -m 755 $home/Open
run as john postern sync
code_is 73 'a Maildir that is open to others is refused'
err_has 'deliver.directory.*chmod 700' 'by name, with the mend'
is "$(waiting) $(find $home/Open -type f | wc -l)" '475 0' 'nothing is written there, all is sealed and waits'
chmod 700 $home/Open
run as john postern sync
code_is 0 'once it is closed'
is "$(compare $home/Open)" '475 same, 0 missing, 0 foreign, 0 twice' 'everything is handed on, fetched again or opened'

# --- a server that is not there, or says no ----------------------------------------------------
lmtp() { # lmtp MODE: a server that does so, instead of the last
    [ -z "${lmtp_pid-}" ] || { kill $lmtp_pid; wait $lmtp_pid 2>/dev/null; }
    rm -rf $TESTDIR/taken $TESTDIR/lmtp
    setsid /usr/bin/python3 "$srcdir/tests/lib/lmtp-server.py" $TESTDIR/lmtp $TESTDIR/taken "$1" 2>$TESTDIR/lmtp.err &
    lmtp_pid=$!
    until [ -S $TESTDIR/lmtp ] || ! kill -0 $lmtp_pid; do sleep 0.05; done
}
as_locked() { as john postern lock >/dev/null 2>&1; as john "$@"; }
rm -rf $COMPANY/mail/john/Maildir
for subject in one 'refuse this' three; do letter "$subject"; done
again lmtp:$TESTDIR/lmtp
run as_locked postern sync
code_is 75 'without an LMTP server the pass ends with 75'
err_has 'work: 3 of its messages wait to be handed on.*deliver.unreachable' 'and says once why'
is "$(grep -c deliver $err) $(waiting)" '1 3' 'once'
run as_locked postern status
out_has '3 messages wait to be handed on' 'status says it'
for mode in no4 no5 cut; do
    lmtp $mode
    again lmtp:$TESTDIR/lmtp
    run as_locked fetchd --once
    code_is 75 "$mode: a message that is refused is told"
    is "$(waiting) $(compare $TESTDIR/taken)" '1 2 same, 1 missing, 0 foreign, 0 twice' "$mode: and stops no other"
    is "$(user_json john 'len(d)' '')" 3 "$mode: all are sealed"
done
lmtp take
run as_locked fetchd --once
code_is 0 'once it is taken, all is well'
is "$(waiting) $(compare $TESTDIR/taken)" '0 1 same, 2 missing, 0 foreign, 0 twice' 'and that one alone was handed on again'

# --- killed between the vault and the reader ----------------------------------------------------
lmtp hold
again lmtp:$TESTDIR/lmtp
as john fetchd --once >$out 2>$err &
shell_pid=$!
until grep -q held $TESTDIR/taken/log 2>/dev/null; do sleep 0.05; done
kill -9 "$(pgrep -x fetchd)"
wait $shell_pid 2>/dev/null
is "$(waiting)" 3 'p6: killed while the reader has not said yes, all are marked'
lmtp take
run as_locked fetchd --once
code_is 0 'p6: the next pass'
is "$(waiting) $(compare $TESTDIR/taken)" '0 3 same, 0 missing, 0 foreign, 0 twice' 'p6: hands all of them on'

# --- gone from the server in the meantime -------------------------------------------------------
kill $lmtp_pid; wait $lmtp_pid 2>/dev/null; lmtp_pid=
rm $TESTDIR/lmtp
letter four
run as_locked fetchd --once
rm -rf $COMPANY/mail/john/Maildir
run as_locked fetchd --once
lmtp take
run as_locked fetchd --once
err_has '1 messages that were not handed on are gone' 'what the server has no more is told'
as john postern unlock >/dev/null 2>&1
run as john postern sync
is "$(waiting) $(grep -c taken $TESTDIR/taken/log)" '0 1' 'and handed on while the vault is unlocked'

# --- the daemon --------------------------------------------------------------------------------
rm -rf $COMPANY/mail/john/Maildir
letter before
again 'maildir:~/Watched'
as john fetchd --foreground >$TESTDIR/daemon 2>&1 &
shell_pid=$!
handed() { # handed N: waits at most a minute
    tries=0
    until [ "$(find $home/Watched/new -type f 2>/dev/null | wc -l)" = "$1" ] || [ $tries -gt 1200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    [ $tries -le 1200 ]
}
ok handed 1 -- 'fetchd hands on what is there'
letter 'while it watches'
ok handed 2 -- 'and what it is told of, over the open connection'
kill "$(pgrep -x fetchd)"
wait $shell_pid 2>/dev/null
is "$(waiting)" 0 'and nothing waits'

# --- POP3, which empties the server ------------------------------------------------------------
rm -rf $COMPANY/mail/john/Maildir
for subject in one two three; do letter "$subject"; done
again lmtp:$TESTDIR/none
user_uri john fetch pops://john@mail.corp.example
user_line john 'keep = no'
box() { find $COMPANY/mail/john/Maildir/cur $COMPANY/mail/john/Maildir/new -type f | wc -l; }
run as_locked fetchd --once
is "$code $(waiting) $(box)" '75 3 3' 'POP3: what was not handed on stays on the server, sealed'
sed -i "s|$TESTDIR/none|$TESTDIR/lmtp|" "$(user_config john)"
lmtp take
mkdir $TESTDIR/before && cp -r $COMPANY/mail/john/Maildir $TESTDIR/before/
run as_locked fetchd --once
is "$code $(waiting) $(box) $(grep -c taken $TESTDIR/taken/log)" '0 0 0 3' 'POP3: then it is handed on, and removed'

# --- sensitive ----------------------------------------------------------------------------------
taken() { grep -c taken $TESTDIR/taken/log; }
for subject in secret 'secret too' open; do letter "$subject"; done
printf '[sensitive "hr"]\nsubject = secret\n' >>"$(user_config john)"
run as john postern sync
is "$code $(box) $(waiting) $(taken)" '0 0 0 4' 'p9: what is sensitive is sealed and not handed on, the rest is'
out_has '3 new messages.*2 sensitive' 'p9: and that is told'
letter 'secret, still'
printf '[company]\ndeliver_sensitive = no\n' >$TESTDIR/policy
sed -i 's/^\[company\]/&\ndeliver_sensitive = yes/' "$(user_config john)"
run as john postern --policy $TESTDIR/policy sync
is "$code $(taken)" '0 4' 'p9: nor where only the user lets it'
letter 'secret as ever'
run as john postern sync
is "$code $(taken)" '0 5' 'p9: but where the company does'

[ -z "$lmtp_pid" ] || kill $lmtp_pid
done_testing

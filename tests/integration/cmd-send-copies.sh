#!/bin/sh
# A letter in several copies: whatever becomes of them, the sender learns who has it, who has not,
# and who may have it.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

# Postfix knows nobody called nobody, and takes its time over what j.gross is sent.
company_make
postfix=$COMPANY/postfix
{ echo 'if !/^nobody@/'; cat $postfix/mailboxes; echo endif; } >$TESTDIR/mailboxes
cat $TESTDIR/mailboxes >$postfix/mailboxes
cat >>$postfix/main.cf <<-END
	smtpd_end_of_data_restrictions = check_recipient_access inline:{{j.gross@corp.example = sleep 5}}
	debug_peer_list = 0.0.0.0/0
END
touch -d '-1 minute' $postfix/main.cf $postfix/mailboxes
company_start
user_ready john
for person in mary.jones nobody j.gross h.hahn; do
    as john gpg --batch --quiet --passphrase '' --quick-generate-key "<$person@corp.example>" future-default default 1y 2>/dev/null
done
mary=mary.jones@corp.example
nobody=nobody@corp.example
gross=j.gross@corp.example
hahn=h.hahn@corp.example

sends() { run_with 'Text.' as john postern "$@" --subject copies --body -; }
json() { /usr/bin/python3 -c "import json; d = json.load(open('$out')); print($1)"; }
fates() { json "[d['state'], d['sent_to'], d['maybe_sent_to'], d['not_sent_to'] + d['queued_to']]"; }
waits() { as john postern --json status | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["outbox"])'; }
error_rule() { json "d['error']['rule']"; }
arrived() { find "$COMPANY/mail/$1" -path '*/Maildir/new/*' -type f | wc -l; }
arrives() { # arrives NAME COUNT: waits for Postfix
    tries=0
    until [ "$(arrived "$1")" -ge "$2" ] || [ $tries -gt 200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    arrived "$1"
}

: >$postfix/log
sends --json send --encrypt --to $mary --bcc $nobody --bcc $hahn
code_is 65 'one hidden recipient is unknown to the server'
is "$(fates)" "['partly-sent', ['$mary', '$hahn'], [], ['$nobody']]" 'and keeps no copy of the others back'
is "$(json "d['error']['rule']")" send.recipient 'which is an error too'
is "$(json "len(d['recipients'])")" 3 'of a letter to three'
is "$(arrives mary 1)-$(arrives staff 1)" 1-1 'the others have it'
is "$(grep -c 'smtpd.*: connect from' $postfix/log)" 1 'by one connection'
err_has "^postern: .*refuses the letter to $nobody" 'in words: the refusal'
err_has "^postern: sent to: $mary, $hahn\$" 'who has it'
err_has "^postern: not sent to: $nobody\$" 'and who has not'
err_lacks 'maybe' 'there is no doubt'

sends --json send --encrypt --to $nobody --cc $mary --bcc $hahn
code_is 65 'one of those who see each other is unknown to the server'
is "$(fates)" "['partly-sent', ['$mary', '$hahn'], [], ['$nobody']]" 'and the others have it'
sends --json send --encrypt --to $nobody --bcc $hahn
code_is 65 'the letter itself is refused'
is "$(fates)" "['not-sent', [], [], ['$nobody', '$hahn']]" 'and its hidden copies stay here'
sends --json send --no-encrypt --no-sign --to $mary --bcc $nobody
code_is 65 'a letter in clear is one letter'
is "$(fates)" "['partly-sent', ['$mary'], [], ['$nobody']]" 'for all whom the server takes'
is "$(arrives mary 3)-$(arrives staff 2)" 3-2 'who get it'
is "$(waits)" 0 'what the server refuses does not wait'

sends --json send --encrypt --to $mary --bcc $hahn
code_is 0 'every copy leaves'
is "$(fates)" "['sent', ['$mary', '$hahn'], [], []]" 'and nobody is left'
is "$(json "'error' in d")" False 'without an error'
is "$(arrives mary 4)-$(arrives staff 3)" 4-3 'they arrive'

sends --json send --encrypt --to $mary --cc $mary --bcc $mary --bcc "H <$hahn>, $hahn"
code_is 0 'somebody named again'
is "$(fates)" "['sent', ['$mary', '$hahn'], [], []]" 'gets it once'
is "$(arrives mary 5)-$(arrives staff 4)" 5-4 'and no copy'

# The child dies while Postfix thinks about the last copy.
: >$postfix/log
printf 'Text.' | as john postern --json send --encrypt --to $mary --bcc $gross --bcc $hahn --subject x --body - >$out 2>$err &
sender=$!
until grep -q 'name=sleep' $postfix/log || ! kill -0 $sender 2>/dev/null; do sleep 0.05; done
kill -KILL "$(pgrep -n -x postern-net)"
code=0
wait $sender || code=$?
code_is 75 'p6_62 the child dies after the last dot'
is "$(fates)" "['maybe-sent', ['$mary'], ['$gross'], ['$hahn']]" 'p6_62 the doubt is told, and no further copy tried'
is "$(json "d['error']['rule']")" send.doubt 'p6_62 by its rule'
err_has "^postern: maybe sent to: $gross\$" 'p6_62 and in words'
is "$(waits)" 2 'p6_62 both are in the outbox'
is "$(arrives staff 5)" 5 'p6_62 rightly: the server took the letter'

hostile smtp-dies-on-second 465
user_uri john submit smtps://john@mail2.corp.example
sends --json send --encrypt --to $mary --bcc $gross --bcc $hahn
code_is 75 'p6_62 the server dies after the dot of the second copy'
is "$(fates)" "['maybe-sent', ['$mary'], ['$gross'], ['$hahn']]" 'p6_62 whose fate is open'
is "$(grep -c ' letter ' $HOSTILE_LOG)" 2 'p6_62 and sent once'
hostile smtp-dies-on-second 465
sends -q send --encrypt --to $mary --bcc $gross
code_is 75 'p6_62 quietly'
err_has "^postern: maybe sent to: $gross\$" 'p6_62 the doubt is told all the same'

# Between two letters a server may want to be called again; then it is, once a letter.
letters() { grep -c ' letter .*\\r\\n\.\\r\\n' $HOSTILE_LOG; }
calls() { grep -c ' open' $HOSTILE_LOG; }
for habit in smtp-one-letter smtp-leaves-after-letter smtp-drops-in-second; do
    hostile $habit 465
    sends --json send --encrypt --to $mary --bcc $gross --bcc $hahn
    code_is 0 "p6_62 $habit: sent"
    is "$(fates)" "['sent', ['$mary', '$gross', '$hahn'], [], []]" 'p6_62 to everybody'
    is "$(letters)-$(calls)" 3-3 'p6_62 once each'
done
hostile smtp-never-again 465
sends --json send --encrypt --to $mary --bcc $gross --bcc $hahn
code_is 0 'a server that wants to rest'
is "$(fates)" "['queued', ['$mary'], [], ['$gross', '$hahn']]" 'gets no more letters now'
err_has '^postern: not sent yet: .*come back tomorrow' 'in its words'
is "$(letters)-$(calls)" 1-2 'and one call more'
hostile smtp-defers-one 465
sends --json send --encrypt --to $mary --bcc $nobody --bcc $hahn
code_is 0 'a hidden recipient is not taken now'
is "$(fates)" "['queued', ['$mary', '$hahn'], [], ['$nobody']]" 'and the next one is'
is "$(letters)-$(calls)" 2-1 'on the same connection'
sends --json send --no-encrypt --to $mary --cc $nobody
is "$(fates)" "['queued', ['$mary'], [], ['$nobody']]" 'one of those who see each other: he alone waits'
hostile_stop
before=$(waits)
sends --json send --encrypt --to $mary --bcc $gross
code_is 0 'a server that is not there'
is "$(fates)" "['queued', [], [], ['$mary', '$gross']]" 'gets it later'
is "$(($(waits) - before))" 2 'each copy waits'
done_testing

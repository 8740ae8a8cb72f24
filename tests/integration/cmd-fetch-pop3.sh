#!/bin/sh
# Fetching by POP3S: everything arrives once; with keep = no the server is emptied, and only after
# the messages are durable here.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready mary pops://mary@mail.corp.example submission://mary@mail.corp.example
company_fill mary --count 200
box() { find $COMPANY/mail/mary/Maildir/cur $COMPANY/mail/mary/Maildir/new -type f | wc -l; }

run as mary fetchd --once
code_is 0 'the first pass ends well'
is "$(as mary /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/mary/Maildir)" \
    '200 same, 0 missing, 0 foreign, 0 twice' 'what is stored is what the server has, byte for byte'
is "$(box)" 200 'keep = yes leaves all on the server'
run as mary fetchd --once
code_is 0 'a second pass ends well'
is "$(grep -o 'retrieved=[0-9/]*' $COMPANY/dovecot/log | tail -n 1)" 'retrieved=0' 'and fetches nothing' # %r is a count

user_line mary 'keep = no'
company_fill mary --count 20 --seed 7
run as mary fetchd --once
code_is 0 'a pass with keep = no ends well'
is "$(user_json mary 'len(d)' '')" 220 'the new ones are here'
is "$(box)" 0 'and the server is empty'
run as mary fetchd --once
code_is 0 'a pass over an empty mailbox ends well'

# Two servers that lose the deletion: nothing is lost, nothing comes twice.
for case in pop3-dies-at-quit pop3-refuses-quit; do
    hostile $case 995
    rm -rf $COMPANY/home/mary/.config $COMPANY/home/mary/.local
    user_ready mary pops://mary@mail2.corp.example submission://mary@mail.corp.example
    user_line mary 'keep = no'
    run as mary fetchd --once
    ok [ "$code" != 0 ] -- "$case: the pass is no success"
    is "$(user_json mary 'len(d)' '')" 3 "$case: three messages are here"
    run as mary fetchd --once
    is "$(user_json mary 'len(d)' '')" 3 "$case: still three after another pass"
    hostile_stop
done
hostile pop3-honest 995
run as mary fetchd --once
code_is 0 'a server that keeps its word again'
is "$(grep -c '^box 0' $HOSTILE_LOG)" 1 'is emptied'
is "$(user_json mary 'len(d)' '')" 3 'and nothing came twice'
hostile_stop
done_testing

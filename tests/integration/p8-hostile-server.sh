#!/bin/sh
# P8: a hostile server is only data: bounded time, bounded memory, the right code, the store intact.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john imaps://john@mail2.corp.example/
user_ready mary pops://mary@mail2.corp.example submission://mary@mail2.corp.example

# No rlimit fits a sanitizer's shadow memory.
bounded='ulimit -d 400000;'
! sanitized || bounded=

# attack NAME PORT CASE CODE SECONDS
attack() {
    hostile "$3" "$2"
    code=0
    began=$(date +%s)
    as "$1" timeout -s KILL "$5" sh -c "$bounded exec fetchd --once" >$out 2>$err || code=$?
    [ "$code" != 137 ] || diag "still at work after $5 seconds"
    case " $4 " in
    *" $code "*) tap_result 0 "p8_90 $3: code $code after $(($(date +%s) - began)) s" ;;
    *) tap_result 1 "p8_90 $3: code $code, wanted $4, after $(($(date +%s) - began)) s"; tap_tell ;;
    esac
}
for case in imap-endless-line imap-endless-untagged imap-huge-literal imap-negative-literal imap-brackets \
    imap-wrong-tag imap-plus-storm imap-huge-numbers imap-cut-in-body imap-cut-after-body imap-huge-mailbox-name; do
    attack john 993 $case 76 60
done
attack john 993 imap-huge-body '76 78 0' 60
attack john 993 imap-refused-login 77 20
is "$(grep -c 'tls.*\(LOGIN\|AUTHENTICATE\)' $HOSTILE_LOG)" 1 'a refused login is tried once'
as john postern -q password retry work
for case in imap-uid-zero imap-uid-overflow imap-no-uid imap-nil-body imap-validity-zero; do
    attack john 993 $case '0 76' 60
done
for case in pop3-number-zero pop3-number-negative pop3-number-huge pop3-endless-list pop3-endless-line \
    pop3-cut-in-message pop3-cut-before-dot; do
    attack mary 995 $case 76 60
done
attack mary 995 pop3-refused-login 77 20
as mary postern -q password retry work
attack mary 995 pop3-in-use 75 20
attack mary 995 pop3-long-uidl '0 76' 60
hostile_stop

# What is kept after all this is whole.
run as john postern --json search ''
ok [ "$code" = 0 -o "$code" = 1 ] -- 'p8_90 the store is intact'
hostile imap-honest 993
run as john fetchd --once
code_is 0 'and an honest server is fetched from'
is "$(user_json john 'len([h for h in d if h["subject"].startswith("sample")])' '')" 3 'whole messages, once each'
hostile imap-evil-mailboxes 993
run as john fetchd --once
ok [ "$code" = 0 -o "$code" = 76 ] -- 'p8_91 evil mailbox names are data'
is "$(hostile_inside | grep -c 'b LOGOUT')" 0 'p8_91 and are not sent back'
hostile_stop
done_testing

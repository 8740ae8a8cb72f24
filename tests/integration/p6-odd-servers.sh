#!/bin/sh
# P6: servers that lie about what they have, and a store that was put back: nothing lost, nothing twice.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john imaps://john@mail2.corp.example
user_ready mary pops://mary@mail2.corp.example submission://mary@mail2.corp.example
user_line mary 'keep = no'
home() { echo "$COMPANY/home/$1"; }
fresh() { # fresh NAME: as if nothing had been fetched
    [ -d "$TESTDIR/fresh-$1" ] || cp -a "$(home "$1")/.local" "$TESTDIR/fresh-$1"
    rm -rf "$(home "$1")/.local"
    cp -a "$TESTDIR/fresh-$1" "$(home "$1")/.local"
}
subjects() { user_json "$1" 'sorted(h["subject"] for h in d)' ''; }
three="['sample 1', 'sample 2', 'sample 3']"

# IMAP: what cannot be true is told; then an honest server gives all, once.
for case in imap-two-bodies:76 imap-uid-zero:76 imap-uid-last:76 imap-uid-descending:0 imap-no-uid:76 imap-nil-body:0 \
    imap-expunge-within:0 imap-uidnext-backwards:0 imap-short-literal:0 imap-validity-changes:0 imap-validity-zero:76; do
    fresh john
    for pass in 1 2; do
        hostile ${case%:*} 993
        run as john fetchd --once
        code_is ${case#*:} "p6_57 ${case%:*}, pass $pass"
    done
    hostile imap-honest 993
    run as john fetchd --once
    code_is 0 'p6_57 an honest server is fetched from'
    is "$(subjects john)" "$three" 'p6_57 and each message is here once'
done

# POP3, with keep = no: nothing is deleted that is not here, and what is here is not here twice.
for case in pop3-dies-at-quit:76 pop3-refuses-quit:75 pop3-twin-uidl:76 pop3-long-uidl:76 pop3-no-uidl:76 pop3-shifted:0; do
    fresh mary
    for pass in 1 2; do
        hostile ${case%:*} 995
        run as mary fetchd --once
        code_is ${case#*:} "p6_56 ${case%:*}, pass $pass"
    done
    case $case in
    pop3-twin-uidl* | pop3-no-uidl* | pop3-long-uidl*)
        is "$(hostile_inside | grep -c DELE)" 0 'p6_56 nothing is deleted on the word of such names'
        ;;
    esac
    hostile pop3-honest 995
    run as mary fetchd --once
    code_is 0 'p6_56 an honest server is fetched from'
    is "$(subjects mary)" "$three" 'p6_56 and each message is here once'
    is "$(hostile_inside | grep -o DELE | wc -l)" 3 'p6_56 and was deleted only then'
done

# A connection cut anywhere, with keep = no.
step=47
sanitized && step=307
fresh mary
bytes=11
wrong=
while [ $bytes -lt 1900 ]; do
    hostile pop3-honest 995 --cut-after $bytes
    as mary timeout 60 fetchd --once >/dev/null 2>&1
    code=$?
    case $code in 0 | 69 | 75 | 76) ;; *) wrong="$wrong $bytes:$code" ;; esac
    bytes=$((bytes + step))
done
is "$wrong" '' 'p6_55 with keep = no a cut line ends in time with 69, 75 or 76'
hostile pop3-honest 995
run as mary fetchd --once
code_is 0 'p6_55 and the next pass ends well'
is "$(subjects mary)" "$three" 'p6_55 with every message once'

# The store put back from an older backup: the whole of it, or the vault alone.
hostile_stop
user_uri john fetch imaps://john@mail.corp.example
fresh john
store=$(home john)/.local/share/postern
count() { user_json john 'len(d)' ''; }
company_fill john --count 5
run as john postern sync
is "$(count)" 5 'p6_63 there are five when the backup is made'
cp -a "$store" $TESTDIR/backup
company_fill john --count 7 --seed 31
run as john postern sync
is "$(count)" 12 'p6_63 and seven more later'
cp -a "$store" $TESTDIR/later
rm -rf "$store"
cp -a $TESTDIR/backup "$store"
run as john postern sync
code_is 0 'p6_63 a pass with the backup ends well'
is "$(count)" 12 'p6_63 what the backup lacks comes again, and nothing twice'
run as john postern verify
code_is 0 'p6_63 and all is sound'

rm -rf "$store"
cp -a $TESTDIR/later "$store"
rm "$store"/vault.db*
cp -a $TESTDIR/backup/vault.db* "$store"
run as john postern search ''
code_is 74 'p6_63 an index that is newer than the vault is told'
err_has 'postern index --rebuild' 'p6_63 with what mends it'
run as john postern index --rebuild
code_is 0 'p6_63 which it does'
is "$(count)" 5 'p6_63 with what the vault has'
run as john postern sync
is "$(count)" 12 'p6_63 and the rest comes again'
is "$(as john /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/john/Maildir)" \
    '12 same, 0 missing, 0 foreign, 0 twice' 'p6_63 so that all is what the server has'
done_testing

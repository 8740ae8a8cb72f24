#!/bin/sh
# P6: a store put back from an older backup: what came since comes again, and nothing comes twice.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
for person in john mary; do
    case $person in
    john) user_ready john ;;
    mary) user_ready mary pops://mary@mail.corp.example submission://mary@mail.corp.example ;;
    esac
    store=$COMPANY/home/$person/.local/share/postern
    company_fill $person --count 30
    run as $person fetchd --once
    code_is 0 "p6_63 $person: a first pass"
    is "$(user_json $person 'len(d)' '')" 30 "p6_63 $person: thirty messages"
    cp -a "$store" $TESTDIR/backup.$person
    company_fill $person --count 20 --seed 5
    run as $person fetchd --once
    is "$(user_json $person 'len(d)' '')" 50 "p6_63 $person: twenty more"
    rm -rf "$store"
    cp -a $TESTDIR/backup.$person "$store"
    is "$(user_json $person 'len(d)' '')" 30 "p6_63 $person: the backup has thirty"
    run as $person fetchd --once
    code_is 0 "p6_63 $person: a pass over the backup"
    out_has '20 new messages sealed' "p6_63 $person: what came since comes again"
    is "$(as $person /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/$person/Maildir)" \
        '50 same, 0 missing, 0 foreign, 0 twice' "p6_63 $person: and all is here once"
    run as $person postern verify
    code_is 0 "p6_63 $person: index and vault agree"
done

# The vault alone, and a sync before anything else: its rows are handed out again, to other messages.
store=$COMPANY/home/john/.local/share/postern
cp $TESTDIR/backup.john/vault.db "$store/vault.db"
rm -f "$store"/vault.db-*
company_fill john --count 10 --seed 6
run as john fetchd --once --seal-only
code_is 0 'p6_63 the vault alone was put back: a pass'
run as john postern search ''
code_is 74 'p6_63 the index of another vault is refused'
err_has 'newer than the vault' 'p6_63 and told'
run as john postern verify
code_is 1 'p6_63 verify finds it'
run as john postern index --rebuild
code_is 0 'p6_63 it is made anew'
is "$(as john /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/john/Maildir)" \
    '60 same, 0 missing, 0 foreign, 0 twice' 'p6_63 and all is here once'
done_testing

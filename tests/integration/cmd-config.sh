#!/bin/sh
# The configuration: shown as it is written, and checked before anything is done with it.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_make
user_ready john
good=$(user_config john)
trial=$TESTDIR/config
error() { /usr/bin/python3 -c "import json; print(json.load(open('$out'))['error']['$1'])"; }

run as john postern config check
code_is 0 'what init wrote holds'
out_has '^the configuration holds$' 'and that is said'
run as john postern -q config check
is "$code-$(wc -c <$out)" 0-0 'or not said'
run as john postern config show
code_is 0 'it is shown'
is "$(head -n 1 $out)" "# $good" 'with the name of the file'
is "$(tail -n +2 $out)" "$(cat $good)" 'as it is written'
run as john postern --json config show
is "$(/usr/bin/python3 -c "
import json; d = json.load(open('$out'))['sections']
print(d['company'], d['account \"work\"']['fetch'])")" \
    "{'domains': 'corp.example', 'ca_file': '$COMPANY_CA'} imaps://john@mail.corp.example/" 'and in JSON by section and key'

# wrong RULE MEND LINE…: the good file and those lines are refused
wrong() {
    rule=$1
    mend=$2
    shift 2
    { cat $good; printf "$@"; } >$trial
    for verb in check show; do
        [ $verb = check ] || case $rule in transport.* | server.*) continue ;; esac
        run as john postern --config $trial --json config $verb
        code_is 78 "$verb: $rule: $*"
        is "$(error rule)" "$rule" 'by its rule'
        is "$(error mend | grep -c -e "$mend")" 1 "and how to mend it: $mend"
        is "$(wc -l <$err)" 1 'in one line of words'
    done
}
wrong config.key 'did you mean keep' 'keeep = yes\n'
wrong config.key 'did you mean \[account "NAME"\]' '[accoun "x"]\n'
wrong config.value 'address' '[account "b"]\naddress = john\nfetch = imaps://j@mail.corp.example\n'
wrong config.syntax 'keep one of the two' 'keep = yes\nkeep = no\n'
wrong config.syntax 'keep one of the two' '[company]\ndomains = corp.example\n'
wrong config.syntax 'KEY = VALUE' 'garbage\n'
wrong config.syntax 'UTF-8' '# \377\n'
wrong config.syntax 'take the character out' '# \033[31m\n'
wrong transport.scheme 'imaps://' '[account "b"]\naddress = j@corp.example\nfetch = imap://j@mail.corp.example\n'
wrong transport.scheme 'use imaps:// or pops:// for fetch' '[account "b"]\naddress = j@corp.example\nfetch = smtps://j@mail.corp.example\n'
wrong transport.scheme 'use smtps:// or submission:// for submit' '[account "b"]\naddress = j@corp.example\nsubmit = pops://j@mail.corp.example\n'
wrong transport.port '993' '[account "b"]\naddress = j@corp.example\nfetch = imaps://j@mail.corp.example:143\n'
wrong server.freemail 'company' '[account "b"]\naddress = j@corp.example\nfetch = imaps://j@imap.gmx.net\n'
wrong server.company 'correct \[company\] domains' '[account "b"]\naddress = j@corp.example\nsubmit = smtps://j@mail.evil.test\n'

# The files themselves.
run as john postern --config $TESTDIR/nothing --json config check
code_is 78 'no such file'
is "$(error rule)" config.file 'is told'
run as john postern --config $TESTDIR --json config check
code_is 78 'a folder'
: >$trial
run as john postern --config $trial --json config check
code_is 78 'an empty file knows no company'
is "$(error mend | grep -c 'domains =')" 1 'and is told what to write'
run as john postern --policy $TESTDIR/nothing --json config check
code_is 78 'a policy that is named must be there'
is "$(error rule)" policy.file 'by its rule'
printf '[company]\ndomains = other.example\n' >$TESTDIR/policy
run as john postern --policy $TESTDIR/policy --json config check
code_is 78 'a policy that leaves no domain'

for words in '' 'erase' 'show check' 'CHECK'; do
    # shellcheck disable=SC2086
    run as john postern --json config $words
    code_is 64 "config $words is wrong usage"
    is "$(error rule)" usage 'by its rule'
done
run as john postern config erase
err_has "'postern config' knows no 'erase' (usage): write 'postern config show|check'" 'and what is right'
done_testing

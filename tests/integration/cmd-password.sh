#!/bin/sh
# Passwords: what is typed is judged, what is shared is found, and none of them is ever shown.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

# rows EXPRESSION: a Python expression over the rows `d` of the last --json run
rows() {
    /usr/bin/python3 -c "import json,sys; d = json.load(open('$out')); print($1)"
}
# status RULE [SUBJECT]: the statuses of its rows, each once
status() {
    rows "','.join(sorted({r['status'] for r in d if r['rule'] == '$1' and '${2-}' in r['subject']}))"
}
set_password() { run_with "$2" as john postern password set "$1"; }

company_start
user_ready john
config=$(user_config john)
cp "$config" $TESTDIR/config
restore() { cp $TESTDIR/config "$config"; }
# account NAME ADDRESS LINE…: one more
account() {
    account_name=$1
    account_address=$2
    shift 2
    { printf '[account "%s"]\naddress = %s\nkey = %s\n' "$account_name" "$account_address" "$(company_key john)"; printf '%s\n' "$@"; } >>"$config"
}

run as john postern --json password check
code_is 0 'a good password'
is "$(rows "[(r['rule'], r['status']) for r in d]")" \
    "[('login.names', 'pass'), ('login.names', 'pass'), ('password.there', 'pass'), ('password.strong', 'pass'), ('password.different', 'pass')]" \
    'passes all that is asked of it'
is "$(rows "{tuple(r) for r in d}")" "{('rule', 'status', 'subject', 'detail', 'mend')}" 'in rows like the doctor'"'"'s'
run as john postern password check work
code_is 0 'the same for people'
out_has '^pass  password.strong  *work ' 'in the doctor'"'"'s words'
traced john $TESTDIR/trace postern password check >$out 2>$err
ok lacks_socket $TESTDIR/trace -- 'no server is asked'

# What is typed.
set_password work hunter2
code_is 0 'a weak password is taken, for the server may leave no choice'
err_has '^postern: the password is too short; run: postern password generate work' 'and told'
err_lacks hunter2 'without showing it'
run as john postern --json password check
code_is 1 'and a fault when checked'
is "$(status password.strong)" fail 'by its rule'
out_lacks hunter2 'which does not show it either'
run_with johnjohnjohn12X as john postern --json password set work
is "$(rows '[d["account"], len(d["warnings"]), "holds the login" in d["warnings"][0]]')" "['work', 1, True]" \
    'one that holds the login is told in JSON too'
run_with "$(company_password john)" as john postern --json password set work
is "$(rows d)" "{'account': 'work'}" 'a good one is not warned of'

# The same one twice.
account second second@corp.example 'fetch = pops://other@mail.corp.example' 'secret = sealed'
run as john postern --json password check
code_is 1 'an account without a password'
is "$(rows "[(r['subject'], r['mend']) for r in d if r['rule'] == 'password.there' and r['status'] == 'fail']")" \
    '[('"'second', \"run 'postern password set second'\")]" 'is named, with the way to one'
is "$(rows "[r['detail'] for r in d if r['rule'] == 'password.different' and r['status'] == 'pass']")" \
    "['no other account has it whose password could be had']" 'and what could not be compared is not called different'
run as john postern --json password check work
code_is 0 'another account is not asked for'
set_password second "$(company_password john)"
code_is 0 'the password of another account'
err_has 'account "work" has the same password' 'is told when it is typed'
err_lacks "$(company_password john)" 'and not shown'
run as john postern --json password check second
code_is 1 'and is a fault'
is "$(rows "[(r['subject'], r['detail']) for r in d if r['status'] == 'fail']")" \
    "[('second', 'account \"work\" has the same password')]" 'of the account that was named'
is "$(rows "{r['subject'].split()[0] for r in d}")" "{'second'}" 'of which alone is spoken'
out_lacks "$(company_password john)" 'no password is shown'
ok [ -z "$(strings -a "$COMPANY"/home/john/.local/share/postern/* "$COMPANY"/home/john/.local/state/postern/* | grep -F -e "$(company_password john)" -e "$(printf %s "$(company_password john)" | sha256sum | cut -c1-64)" -e "$(printf %s "$(company_password john)" | sha1sum | cut -c1-40)")" ] -- \
    'p4 neither it nor a plain hash of it lies in the store'
run as john postern -q password generate second
code_is 0 'a machine makes another'
is "$(wc -c <$out)" 25 'which is long'
run as john postern --json password check
code_is 0 'and all is well'
restore

# Logins.
user_uri john fetch imaps://JSmith@mail.corp.example/
run as john postern --json password check
code_is 0 'a login that is told by the address is no fault'
is "$(status login.names 'work fetch'),$(status login.names 'work submit')" warn,pass 'but told'
user_line john 'aliases = john@corp.example'
run as john postern --json password check
is "$(status login.names)" warn 'nor is that of an alias'
printf '[company]\nlogin_names = fail\n' >$TESTDIR/policy
run as john postern --json --policy $TESTDIR/policy password check
code_is 1 'unless the policy says so'
is "$(status login.names)" fail 'by its rule'
run as john postern --policy $TESTDIR/policy doctor --offline
out_has '^fail  login.names' 'as the doctor says'
sed -i 's/^domains = .*/&\nlogin_names = fail/' "$config"
printf '[company]\nlogin_names = warn\n' >$TESTDIR/policy
run as john postern --json --policy $TESTDIR/policy password check
is "$(status login.names)" fail 'p2 and no policy makes that milder'
restore
account second second@corp.example 'submit = smtps://JOHN@mail.corp.example' 'secret = command:echo Ui7rooNg9aelahpo'
run as john postern --json password check
code_is 0 'one login in two accounts'
is "$(rows "[(r['subject'], r['detail']) for r in d if r['status'] == 'warn'][2:]")" \
    "[('second submit', 'account \"work\" has the same login')]" 'is told in both'
is "$(status password.strong second)" pass 'a password from a command is judged, for it was asked for'
run as john postern --json doctor --offline
is "$(status password.there second)" skip 'and the doctor does not run the command'

# Not from here.
restore
user_uri john fetch smtp://john:hunter42@mail.corp.example:25
run as john postern --json password check
is "$(status login.names 'work fetch')" skip 'the login of a server that is refused is not judged'
out_lacks hunter42 'and nothing of its URI is shown'
restore
sed -i 's/^secret = .*/secret = command:false/' "$config"
run as john postern --json password check
code_is 1 'a command that fails'
is "$(rows "[(r['rule'], r['status']) for r in d][2:]")" \
    "[('password.there', 'fail'), ('password.strong', 'skip'), ('password.different', 'skip')]" 'is the fault'
sed -i 's/^secret = .*/secret = command:echo eyJ0.a.b/' "$config"
user_uri john fetch 'imaps://john;AUTH=XOAUTH2@mail.corp.example/'
user_uri john submit 'smtps://john;AUTH=oauthbearer@mail.corp.example'
run as john postern --json password check
code_is 0 'a token'
is "$(status password.there),$(status password.strong),$(status password.different)" pass,skip,skip 'is not judged as a password'
restore

for wrong in 'check nobody:78' 'set:64' 'set work second:64' 'generate:64' 'guess work:64' ':64'; do
    # shellcheck disable=SC2086
    run as john postern password ${wrong%:*}
    code_is "${wrong#*:}" "postern password ${wrong%:*}"
done
sed -i 's/^secret = .*/secret = credential:work/' "$config"
set_password work x
code_is 78 'what comes from elsewhere is not stored here'
err_has 'secret = sealed' 'and the mend says what would be'
done_testing

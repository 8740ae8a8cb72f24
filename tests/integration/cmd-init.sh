#!/bin/sh
# Setting up: a configuration and a vault, an account more, a vault alone; or nothing at all.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person john
config=$(user_config john)
store=$COMPANY/home/john/.local/share/postern
error() { /usr/bin/python3 -c "import json; print(json.load(open('$out'))['error']['$1'])"; }
# init OPTION…: of an account that would do, each given again overrules
init() {
    run as john postern --json init --account work --address 'John Smith <jsmith@corp.example>' \
        --fetch imaps://john@mail.corp.example/ --submit smtps://john@mail.corp.example \
        --company-domain corp.example --ca-file $COMPANY_CA "$@"
}

# refused CODE RULE OPTION…: and nothing is left behind
refused() {
    wanted_code=$1
    wanted=$2
    shift 2
    init "$@"
    code_is "$wanted_code" "init $*: code $wanted_code"
    is "$(error rule)" "$wanted" 'by its rule'
    ok [ ! -e "$config" -a ! -e "$store" ] -- 'and nothing is left behind'
}
refused 64 init.value --account 'a"b'
refused 64 init.value --account "a$(printf '\n')
[company]"
refused 65 send.address --address "x@corp.example$(printf '\r')fetch = x"
refused 78 config.key --account ''
refused 65 send.address --address john
refused 78 config.value --company-domain gmail.com
refused 78 transport.scheme --fetch imap://john@mail.corp.example/
refused 78 transport.port --submit smtps://john@mail.corp.example:25
refused 78 transport.scheme --fetch smtps://john@mail.corp.example
refused 78 transport.scheme --submit imaps://john@mail.corp.example
refused 78 server.company --fetch imaps://john@mail.evil.test/
refused 78 server.freemail --submit smtps://john@smtp.gmail.com
: >$TESTDIR/empty
refused 78 config.ca_file --ca-file $TESTDIR/nowhere
refused 78 config.ca_file --ca-file $TESTDIR/empty
refused 78 key.missing --key DEADBEEFDEADBEEF
refused 78 key.missing --address stranger@corp.example
refused 64 usage --bogus
refused 64 usage now
run as john postern --json init --account work
code_is 64 'what is missing is not asked for without a terminal'
is "$(error message | cut -d' ' -f1)" --address 'but named'

init
code_is 0 'all is given'
is "$(stat -c %a "$config" "$store" | tr '\n' ' ')" '600 700 ' 'nobody else can read it'
grep -v '^#' "$config" >$TESTDIR/config
is "$(grep -c = $TESTDIR/config)" 7 'the configuration has what was given, and the key'
refused_again() { # …and what is there stays as it is
    before=$(cat "$config" "$store/vault.db" | sha256sum)
    wanted=$1
    shift
    init "$@"
    code_is 78 "again: init $*"
    is "$(error rule)" "$wanted" 'is refused by its rule'
    is "$(cat "$config" "$store/vault.db" | sha256sum)" "$before" 'and changes nothing'
}
refused_again init.account
refused_again init.company --account other --company-domain other.example
init --account other --submit submission://john@mail.corp.example
code_is 0 'another account is added'
run as john postern --json config check
code_is 0 'to a configuration that holds'
is "$(grep -c '^\[account' "$config")" 2 'with both'

# A new machine: the configuration came along, the vault did not.
before=$(sha256sum <"$config")
mv "$store" "$store.away"
run as john postern --json sync
code_is 74 'without its vault'
is "$(error mend | grep -c "'postern init'")" 1 'init is what helps'
run as john postern init
code_is 0 'and does'
out_has '^next: postern password set work$' 'saying what comes next'
is "$(sha256sum <"$config")" "$before" 'the configuration stays as it is'
company_password john | as john postern -q password set work
company_fill john --count 2
run as john postern --json sync work
code_is 0 'and mail comes in'
mv "$store" "$store.away2"
init --address 'Somebody Else <jsmith@corp.example>'
code_is 78 'an account that is another makes no vault'
ok [ ! -e "$store" ] -- 'of its name'
init
code_is 0 'the same flags do'
is "$(/usr/bin/python3 -c "import json; print(json.load(open('$out'))['key'])")" "$(company_key john)" 'sealed to the key of the account'
is "$(sha256sum <"$config")" "$before" 'and the configuration stays'
run as john postern init
code_is 64 'with a vault there is an account to be named'

# On a terminal it asks, and a wrong answer is asked for again.
rm -r "$config" "$store"
printf '%s\n' John '' 'John Smith <jsmith@corp.example>' '' gmail.com '' imap://john@mail.corp.example \
    smtps://john@mail.corp.example imaps://john@mail.corp.example imaps://john@mail.corp.example \
    smtps://john@mail.corp.example >$TESTDIR/answers
as john script -qec 'postern init' /dev/null <$TESTDIR/answers >$out 2>&1
is "$(grep -c 'send.address\|without it nothing\|config.value\|transport.scheme' $out)" 6 'six wrong answers are told'
is "$(sed -n 's/^\(domains\|fetch\|submit\|address\) = //p' "$config" | tr '\n' ' ')" \
    'corp.example John Smith <jsmith@corp.example> imaps://john@mail.corp.example smtps://john@mail.corp.example ' \
    'and the right ones taken'
rm -r "$config" "$store"
head -n 3 $TESTDIR/answers >$TESTDIR/some
as john script -qec 'postern init' /dev/null <$TESTDIR/some >$out 2>&1
out_has 'is missing (usage)' 'whoever gives up is told what is missing'
ok [ ! -e "$config" -a ! -e "$store" ] -- 'and nothing is left behind'
# --- a key, too
home=$COMPANY/home/key
mkdir -m 700 -p $home/.gnupg
made() {
    run as key postern init --account work --address 'Kay Young <k.young@corp.example>' --fetch imaps://key@mail.corp.example/ --submit smtps://key@mail.corp.example \
        --company-domain corp.example --ca-file $COMPANY_CA --generate-key
}
made
code_is 0 'a key is made with the account'
err_has 'has no passphrase; give it one: gpg --change-passphrase' 'that nobody was asked to protect is told'
err_has 'expires in 2 years' 'and so is its life'
is "$(as key gpg --batch --with-colons --list-keys k.young@corp.example 2>/dev/null |
    awk -F: '/^pub/ { printf "%s %d ", $17, ($7 - $6) / 86400 } /^sub/ { print $17 }')" \
    'ed25519 730 cv25519' 'it is of the kinds that are documented, and ends'

done_testing

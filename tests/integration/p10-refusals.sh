#!/bin/sh
# P10: each refusal has a fixture: its code, its rule, the value that broke it and what mends it, and
# the same in words as in JSON.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_make
company_person mary
user_ready john
company_introduce john mary
config=$(user_config john)
cp "$config" $TESTDIR/good
trial=$TESTDIR/trial

# refuses CODE RULE VALUE MEND COMMAND…: VALUE and MEND are parts of the sentence and of the mend
refuses() {
    wanted=$1
    rule=$2
    value=$3
    mend=$4
    shift 4
    run as john postern --json "$@"
    code_is "$wanted" "p10_109 $rule: code $wanted"
    is "$(/usr/bin/python3 - $out $err "$wanted" "$rule" "$value" "$mend" <<-'END'
	import json, sys
	out, err, code, rule, value, mend = sys.argv[1:]
	told = json.load(open(out))["error"]
	words = "postern: %s (%s): %s" % (told["message"], told["rule"], told["mend"])
	said = open(err).read().splitlines()[-1:] or [""]
	if told["code"] != int(code): print("code", told["code"])
	if told["rule"] != rule: print("rule", told["rule"])
	if value not in told["message"]: print("message", told["message"])
	if mend not in told["mend"]: print("mend", told["mend"])
	if not said[0].endswith(words.removeprefix("postern: ")): print("words", said[0])
	END
    )" '' "p10_109 $rule: the value, the mend, and the same in words"
}

# with LINE…: the good configuration and an account "b" of these lines, in $trial
with() {
    { cat $TESTDIR/good; printf '[account "b"]\naddress = jsmith@corp.example\n'; printf '%s\n' "$@"; } >$trial
}
uri() {
    with "fetch = $1"
    shift
    refuses 78 "$@" --config $trial config check
}

# Servers.
uri imap://john@mail.corp.example transport.scheme imap:// imaps://
uri imaps://john@mail.corp.example:143 transport.port 143 993
uri imaps:mail server.uri 'account "b", fetch' imaps://
uri imaps://john@10.23.0.1 server.literal 10.23.0.1 'name as its certificate'
uri imaps://john@mail.evil.test server.company mail.evil.test 'domains'
uri imaps://john@imap.gmail.com server.freemail imap.gmail.com company
uri imaps://mail.corp.example server.login mail.corp.example %40
uri 'imaps://john;AUTH=N.ONE@mail.corp.example' server.login ';AUTH=N.ONE' SCRAM

# The configuration and the policy.
with 'keeep = yes'
refuses 78 config.key keeep 'did you mean keep' --config $trial config check
with 'keep = maybe'
refuses 78 config.value maybe keep --config $trial config check
with 'keep = yes' 'keep = no'
refuses 78 config.syntax keep 'keep one' --config $trial config check
with 'fetch = imaps://john@mail.corp.example' 'tunnel = ssh -W %u gateway'
refuses 78 config.tunnel '%u' '%' --config $trial config check
refuses 78 config.file /nowhere/config --config --config /nowhere/config config check
refuses 78 policy.file /nowhere/policy administrator --policy /nowhere/policy config check
printf '[company]\ndomains = other.example\n' >$TESTDIR/policy
refuses 78 policy.conflict domains 'take domains' --policy $TESTDIR/policy config check
refuses 78 config.account nobody work sync nobody
with 'submit = smtps://john@mail.corp.example' 'secret = sealed'
refuses 78 config.fetch '"b"' 'add a fetch' --config $trial sync b
sed '/^submit/d' $TESTDIR/good >$trial
refuses 78 config.submit send 'add a submit' --config $trial send --to mary.jones@corp.example --body /dev/null
sed 's|^ca_file = .*|ca_file = /nowhere/ca.pem|' $TESTDIR/good >$trial
refuses 78 config.ca_file /nowhere/ca.pem ca_file --config $trial sync
sed 's|^domains = .*|&\nnetworks = 10.99.0.0/16|' $TESTDIR/good >$trial
refuses 78 server.network 10.23.0.1 networks --config $trial sync
sed 's|^domains = .*|&\noffices = 10.99.0.0/16|' $TESTDIR/good >$trial
refuses 78 server.office 10.23.0.1 '' --config $trial sync
{ cat $TESTDIR/good; printf '[crypto]\nunlock_timeout = 0s\n'; } >$trial
refuses 78 key.cache keyring unlock_timeout --config $trial unlock

# Secrets.
with 'fetch = imaps://john@mail.corp.example' 'secret = sealed' "key = $(company_key john)"
refuses 78 secret.missing '"b"' 'password set b' --config $trial sync b
with 'fetch = imaps://john@mail.corp.example' 'secret = sealed' "key = $(company_key mary)"
refuses 78 secret.sealed "$(company_key mary)" 'secret = keyring' --config $trial sync b

# Letters.
printf 'Text.' >$TESTDIR/body
letter() {
    code=$1
    rule=$2
    value=$3
    mend=$4
    shift 4
    refuses "$code" "$rule" "$value" "$mend" send --body $TESTDIR/body "$@"
}
letter 64 send.recipients 'not 0' --to --subject x
letter 78 send.freemail x@hotmail.com '' --to x@hotmail.com
letter 78 send.from boss@corp.example aliases --from boss@corp.example --to mary.jones@corp.example
letter 65 send.value --subject '' --subject "$(printf 'a\rb')" --to mary.jones@corp.example
letter 78 send.encrypt 'leaves the company' no-encrypt --no-encrypt --to someone@other.test
letter 78 send.sensitive private no-encrypt --no-encrypt --sensitivity private --to mary.jones@corp.example
refuses 65 send.body /nowhere/body '' send --to mary.jones@corp.example --body /nowhere/body
sed "s/^key = .*/&\nsign_key = $(company_key mary)/" $TESTDIR/good >$trial
refuses 78 send.sign '"work"' sign_key --config $trial send --sign --to mary.jones@corp.example --body $TESTDIR/body

sed '/^key = /d' $TESTDIR/good >$trial
refuses 78 send.own-key '"work"' 'key = FINGERPRINT' --config $trial send --encrypt --to mary.jones@corp.example --body $TESTDIR/body

# Queries, messages, calls.
refuses 65 query.syntax 'from:' '' search 'from:('
refuses 65 message.id aaaaaaaaaaaaaaaa '' show aaaaaaaaaaaaaaaa
refuses 64 usage --bogus '' search --bogus

# Servers that are not there, or not what they should be.
refuses 69 server.unreachable mail.corp.example '' sync
with 'fetch = imaps://john@nowhere.corp.example' 'secret = command:echo x'
refuses 69 server.dns nowhere.corp.example DNS --config $trial sync b
with 'fetch = imaps://john@mail.corp.example' 'secret = command:echo x' 'tunnel = /nowhere/ssh %a'
refuses 69 server.tunnel /nowhere/ssh installed --config $trial sync b
with 'fetch = imaps://john@mail2.corp.example' 'secret = command:echo x'
hostile imap-preauth 993
refuses 76 server.protocol PREAUTH '' --config $trial sync b
company_certificate $COMPANY/tls/other other-name mail2.corp.example
HOSTILE_CERTIFICATE=$COMPANY/tls/other hostile imap-honest 993
refuses 76 tls.name www.corp.example '' --config $trial sync b
hostile imap-refused-login 993
refuses 77 login.refused mail2.corp.example 'where account "b" takes it' --config $trial sync b
refuses 77 login.blocked b 'password retry b' --config $trial sync b

# Several accounts fail, each in its way: a line each, and the worst code.
account() { printf '[account "%s"]\naddress = jsmith@corp.example\nfetch = %s\nsecret = command:echo z%s\n' "$1" "$2" "$1"; }
many() {
    { sed '/^\[account/,$d' $TESTDIR/good; cat $TESTDIR/accounts; } >$trial
    run as john fetchd --once --config $trial
    code_is "$1" "p10_111 of several failures the worst code: $1"
    is "$(sed 's/^fetchd: \([a-z]*\): .*(\([a-z.-]*\)).*/\1 \2/' $err | sort | tr '\n' ' ')" "$2" 'p10_111 and a line for each'
    run as john postern --config $trial --json sync
    code_is "$1" "p10_111 sync, too: $1"
    is "$(/usr/bin/python3 -c "
import json
d = json.load(open('$out'))
print(d['error']['code'], *sorted(a['account'] + ' ' + a['error']['rule'] for a in d['accounts'] if a['error']))")" "$1 $(echo "${2% }" | sed s/login.refused/login.blocked/)" \
        'p10_111 and in JSON (where a second try is not made)'
}
company_certificate $COMPANY/tls/hostile none mail2.corp.example
hostile imap-refused-login 993
{ account far imaps://j@mail.corp.example; account in imaps://j@mail2.corp.example; account out imaps://j@mail.evil.test; } >$TESTDIR/accounts
many 78 'far server.unreachable in login.refused out server.company '
{ account far imaps://j@mail.corp.example; account in imaps://k@mail2.corp.example; } >$TESTDIR/accounts
many 77 'far server.unreachable in login.refused '
hostile imap-preauth 993
{ account far imaps://j@mail.corp.example; account in imaps://l@mail2.corp.example; } >$TESTDIR/accounts
many 76 'far server.unreachable in server.protocol '

# Nobody to talk to: the work is done, the failure is one of the output, and no file or socket that is
# opened meanwhile takes the words.
hostile imap-honest 993
account in imaps://m@mail2.corp.example >$TESTDIR/accounts
{ sed '/^\[account/,$d' $TESTDIR/good; cat $TESTDIR/accounts; } >$trial
sed -i "s/^secret = .*/&\nkey = $(company_key john)/" $trial
for way in '>&-' '<&- >&-' '<&- >&- 2>&-' '>/dev/full'; do
    for program in 'postern --config' 'fetchd --once --config'; do
        verb=
        [ "$program" != 'postern --config' ] || verb=sync
        run as john sh -c "exec $program $trial $verb $way"
        code_is 74 "p10_112 $program $verb $way"
    done
done
run as john postern verify
code_is 0 'p10_112 and the store is whole'

# A disk without room.
store=$COMPANY/home/john/.local/share/postern
cp -a "$store" $TESTDIR/store
mount -t tmpfs -o size=$(($(du -sk "$store" | cut -f1) + 120))k,mode=700 full "$store"
cp -a $TESTDIR/store/. "$store"
/usr/bin/python3 -c "open('$TESTDIR/big', 'w').write('Subject: big\r\n\r\n' + ''.join('%d\r\n' % (n * 7919 % 1000003) for n in range(200000)))"
hostile imap-honest 993 --message $TESTDIR/big
with 'fetch = imaps://john@mail2.corp.example' 'secret = command:echo y' "key = $(company_key john)"
refuses 74 vault.write full '' --config $trial sync b
umount "$store"
hostile_stop
done_testing

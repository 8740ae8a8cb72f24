#!/bin/sh
# Status: what is here, what waits, how the last sync went; without a private key.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john
as john postern -q init --account second --address 'John Smith <jsmith@corp.example>' \
    --fetch imaps://john@mail2.corp.example/ --submit smtps://john@mail2.corp.example \
    --company-domain corp.example --ca-file $COMPANY_CA --key "$(company_key john)"
company_password john | as john postern -q password set second
status() { as john postern --json status | /usr/bin/python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }

run as john postern status
code_is 0 'before the first sync'
out_has '^work: 0 messages, last sync never$' 'an account has nothing'
out_has '^vault: 0 messages, ' 'nor has the vault'
out_has '^index: locked$' 'and the index is locked'
is "$(status '[[a["name"], a["last_sync"], a["messages"], a["unindexed"], a["state"], a["error"]] for a in d["accounts"]]')" \
    "[['work', None, 0, 0, 'new', 0], ['second', None, 0, 0, 'new', 0]]" 'in JSON: new accounts'
is "$(status '(sorted(d), sorted(d["vault"]), sorted(d["index"]), d["outbox"])')" \
    "(['accounts', 'drafts', 'index', 'outbox', 'vault', 'warnings'], ['bytes', 'messages'], ['bytes', 'messages', 'truncated', 'unlocked'], 0)" 'and the rest of the contract'

company_fill john --count 1
run as john fetchd --once --account work
run as john postern status
out_has '^work: 1 message (1 not indexed yet), last sync [0-9][0-9]:[0-9][0-9], ok$' 'after one, with what waits for the index'
out_has '^vault: 1 message, ' 'and what the vault holds'
out_has '^second: 0 messages, last sync never$' 'the other account is as it was'

# What arrived and went before it was ever indexed waits for nothing.
cp $COMPANY/home/john/.config/postern/config $TESTDIR/config
sed -i '/^fetch = imaps:..john@mail.corp/a gone = remove' $COMPANY/home/john/.config/postern/config
printf 'Subject: a short life\n\n' | company_deliver john
run as john fetchd --once --account work
find $COMPANY/mail/john/Maildir -type f -exec grep -l 'a short life' {} + | xargs rm
run as john fetchd --once --account work
run as john postern status
out_has '^work: 1 message (1 not indexed yet), ' 'what went again does not wait'
cp $TESTDIR/config $COMPANY/home/john/.config/postern/config

run as john postern -q index
run as john postern status
out_has '^work: 1 message, last sync' 'indexed: nothing waits'
out_has '^index: unlocked, 1 message$' 'and the index is open'
is "$(status '(d["accounts"][0]["state"], d["accounts"][0]["unindexed"], d["index"]["unlocked"], d["index"]["messages"])')" \
    "('ok', 0, True, 1)" 'in JSON likewise'
ok [ "$(status 'd["vault"]["bytes"] > 0 and d["index"]["bytes"] > 0')" = True ] -- 'with sizes'
is "$(status '__import__("datetime").datetime.fromisoformat(d["accounts"][0]["last_sync"]).tzinfo is not None')" True 'times are RFC 3339'
{ echo 'Subject: without end'; yes 'X-Field: x' | head -n 1001; printf '\nWords.\n'; } | company_deliver john
run as john postern -q sync work
run as john postern status
code_is 0 'a message that cannot be read whole'
out_has "^  1 message holds more than could be read: 'postern search tag:truncated'\$" 'is counted'
is "$(status 'd["index"]["truncated"]') $(user_json john 'd[0]["subject"]' tag:truncated)" '1 without end' 'and found'
as john postern -q lock

# failing CODE WORDS: how the last sync of "second" went
failing() {
    run as john fetchd --once --account second
    code_is "$1" "a sync fails with $1"
    run as john postern status
    code_is 0 'status tells'
    out_has "^second: 0 messages, last sync .*, failed: $2 ($1)\$" "so: $2"
    is "$(status '(d["accounts"][1]["state"], d["accounts"][1]["error"])')" "('failed', $1)" 'in JSON too'
}
failing 69 'the server could not be reached'
hostile imap-wrong-tag 993
failing 76 'the server broke protocol or TLS'
hostile imap-refused-login 993
failing 77 'the server refused the login'
out_has "its login is not tried again before 'postern password set second'" 'what will not happen is told, too'
hostile_stop

# For a monitoring system: a file of Prometheus' text format, replaced whole.
metrics=$COMPANY/home/john/metrics.prom
user_line john '[log]' "metrics = $metrics"
run as john fetchd --once --account work
code_is 0 'a pass with metrics ends well'
is "$(find $metrics -perm 644)" $metrics 'others may read them'
metric() { /usr/bin/python3 -c "
import re
types, values = set(), {}
for line in open('$metrics'):
    if line.startswith('# HELP '):
        continue
    if line.startswith('# TYPE '):
        name, kind = re.fullmatch(r'# TYPE ([a-z_]+) (gauge)\n', line).groups()
        assert name not in types
        types.add(name)
        continue
    name, labels, value = re.fullmatch(r'([a-z_]+)(\{[a-z]+=\"(?:[^\"\\\\\\n]|\\\\.)*\"\})? (-?[0-9]+)\n', line).groups()
    assert name in types
    values[name + (labels or '')] = int(value)
print(values.get('$1'))"; }
is "$(metric 'postern_last_sync_exit_code{account=\"work\"}')" 0 'how the account did'
is "$(metric 'postern_last_sync_exit_code{account=\"second\"}')" 77 'and each other one'
as john postern --json status >$out
is "$(metric 'postern_messages{account=\"work\"}')" "$(/usr/bin/python3 -c "import json; print(json.load(open('$out'))['accounts'][0]['messages'])")" \
    'how many messages are here'
is "$(metric "postern_key_usable{key=\\\"$(company_key john)\\\"}")" 1 'that its key can be used'
ok [ "$(metric 'postern_last_sync_timestamp_seconds{account=\"work\"}')" -gt 1700000000 ] -- 'and when that was'
is "$(grep -c '@' $metrics)" 0 'no address stands there'
sed -i "s|^metrics = .*|metrics = $COMPANY/home/john/nowhere/x|" "$(user_config john)"
run as john fetchd --once --account work
code_is 0 'mail comes even where they cannot be written'
err_has 'metrics.write' 'and that is told'

for words in 'status work' 'status --all'; do
    # shellcheck disable=SC2086
    run as john postern --json $words
    code_is 64 "$words: wrong usage"
done
run as john postern --store $TESTDIR/nowhere --json status
code_is 74 'no vault'
run as john postern --config $TESTDIR/nowhere --json status
code_is 78 'no configuration'

# --- log
as john postern -q sync >/dev/null 2>&1
as john postern -q sync >/dev/null 2>&1
run as john postern --json log --limit 1 work
is "$(/usr/bin/python3 -c "import json; d = json.load(open('$out')); print([[e[n] for n in ('account', 'code', 'rule', 'stored')] for e in d], d[0]['runs'] > 1)")" \
    "[['work', 0, None, 0]] True" 'runs in a row that bring nothing are one'
user_uri john fetch imaps://john@nowhere.corp.example/
run as john postern sync
sync_code=$code
run as john postern log
code_is 0 'the last runs'
ok [ "$(head -n 2 $out | grep -c "work: failed: server.dns ($sync_code)")" = 1 ] -- 'what failed, and by which rule, first'
out_has 'work: .*[0-9] new' 'and what came'
run as john postern log other
code_is 78 'of no account that is not there'
run as john postern log --limit -1
code_is 64 'nor less than none'
as john postern -q lock
run as john postern log
code_is 0 'it needs no key'

done_testing

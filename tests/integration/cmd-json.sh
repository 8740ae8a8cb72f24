#!/bin/sh
# With --json every command answers one JSON document on stdout, whatever becomes of it; without it
# the same words are for people.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person john
company_fill john --count 5
company_person mary

# The whole of $out as one value (NaN and the like are none), then Python's view of EXPRESSION.
json() {
    /usr/bin/python3 -c "
import json, sys
def no(word): raise ValueError(word)
with open('$out', 'rb') as file: d = json.loads(file.read().decode('utf-8'), parse_constant=no)
print($1)" 2>&1
}
tested=
# answers CODE EXPRESSION WANTED COMMAND ARGUMENT…
answers() {
    wanted_code=$1
    expression=$2
    wanted=$3
    shift 3
    tested="$tested $1"
    run as john postern --json "$@"
    code_is "$wanted_code" "--json $*: code $wanted_code"
    is "$(json "$expression")" "$wanted" "--json $*: one document, with what was done"
}
# fails CODE RULE COMMAND ARGUMENT…
fails() {
    wanted_code=$1
    wanted=$2
    shift 2
    run as john postern --json "$@"
    code_is "$wanted_code" "--json $*: code $wanted_code"
    is "$(json '[d["error"]["code"], d["error"]["rule"], bool(d["error"]["message"]), sorted(d["error"])]')" \
        "[$wanted_code, '$wanted', True, ['code', 'mend', 'message', 'rule']]" "--json $*: the failure in JSON"
    is "$(tail -n 1 $err | cut -c1-9)" 'postern: ' "--json $*: and in words"
}

# Before there is anything.
for command in sync search status verify compact index lock unlock 'config show' 'config check' 'password set work' \
    'show aaaaaaaaaaaaaaaa' 'send --to mary.jones@corp.example --body -'; do
    # shellcheck disable=SC2086
    case $command in
    lock) fails 74 vault.read $command ;;
    *) fails 78 config.file $command ;;
    esac
done

answers 0 '[d["account"], d["key"], d["configuration"], d["vault"]]' \
    "['work', '$(company_key john)', '$(user_config john)', '$COMPANY/home/john/.local/share/postern']" \
    init --account work --address 'John Smith <jsmith@corp.example>' --fetch imaps://john@mail.corp.example/ \
    --submit smtps://john@mail.corp.example --company-domain corp.example --ca-file $COMPANY_CA
answers 0 '[d["account"], len(d["password"]) > 15]' "['work', True]" password generate work
run_with "$(company_password john)" as john postern --json password set work
code_is 0 '--json password set: code 0'
is "$(json d)" "{'account': 'work'}" '--json password set: one document, without the password'
answers 0 'd["holds"]' True config check
answers 0 '[d["file"], sorted(d["sections"]), d["sections"]["account \"work\""]["secret"]]' \
    "['$(user_config john)', ['account \"work\"', 'company'], 'sealed']" config show
answers 0 '[d["accounts"][0]["stored"], "error" in d]' '[5, False]' sync
answers 0 'd[0]["fingerprint"]' "$(company_key john)" key list
answers 0 'd["fingerprint"]' "$(company_key john)" key export
answers 1 d '[]' key list nobody@corp.example
answers 0 '[d["unlocked"], d["seconds"]]' '[True, 3600]' unlock
answers 0 '[d["unlocked"], d["was_unlocked"]]' '[False, True]' lock
answers 0 '[d["unlocked"], d["was_unlocked"]]' '[False, False]' lock
answers 0 'd["messages"]' 5 index
answers 0 'd["messages"]' 5 index --rebuild
answers 0 'len(d)' 5 search ''
answers 1 d '[]' search nosuchwordanywhere
answers 0 'sum(t["messages"] for t in d)' 5 search --threads ''
answers 0 'list(d.values())' '[5, 5, 0, False]' tag +work ''
answers 0 'len(d)' 5 tag --export
answers 0 '"jsmith@corp.example" in [a["address"] for a in d]' True address --limit 0 john
answers 1 d '[]' address nosuchname
fails 65 tag.file tag --import $TESTDIR/none
fails 78 tag.rules tag --rules
fails 64 tag.reserved tag -unread ''
answers 0 '[d["accounts"][0]["messages"], d["vault"]["messages"], d["outbox"]]' '[5, 5, 0]' status
answers 0 '[(e["account"], e["code"], e["stored"]) for e in d][-1]' "('work', 0, 5)" log
answers 0 '[d["messages"], d["damaged"], d["unindexed"]]' '[5, [], []]' verify
answers 0 '[d["vault"]["before"] >= d["vault"]["after"] > 0, sorted(d)]' "[True, ['index', 'index_compacted', 'vault']]" compact
answers 0 '[row["rule"] for row in d if row["status"] == "fail"]' '[]' doctor --offline
id=$(user_ids john '' | head -n 1)
answers 0 'd["id"]' "$id" show "$id"
answers 0 '[d[0]["part"], len(d)]' '[1, 1]' save "$id" --part 1 --to $COMPANY/home/john
printf 'Text.' >$TESTDIR/body
chmod 644 $TESTDIR/body
answers 0 '[d["state"], d["sent_to"]]' "['sent', ['mary.jones@corp.example']]" \
    send --to mary.jones@corp.example --subject x --body $TESTDIR/body
answers 0 '[d["state"], [letter["recipients"] for letter in d["letters"]], "Subject: x" in d["letters"][0]["text"]]' \
    "['dry-run', [['mary.jones@corp.example']], True]" \
    send --dry-run --to mary.jones@corp.example --subject x --body $TESTDIR/body
answers 0 '[d["state"], len(d["recipients"]), "In-Reply-To: " in d["letters"][0]["text"]]' "['dry-run', 1, True]" \
    reply "$id" --dry-run --no-encrypt --body $TESTDIR/body
answers 0 '[d["state"], "Forwarded message" in d["letters"][0]["text"]]' "['dry-run', True]" \
    forward "$id" --to mary.jones@corp.example --dry-run --no-encrypt --no-sign --body $TESTDIR/body
answers 0 '[d["state"], d["queued_to"], len(d["outbox"])]' "['queued', ['mary.jones@corp.example'], 1]" \
    send --queue --to mary.jones@corp.example --subject x --body $TESTDIR/body
answers 0 '[sorted(d[0]), d[0]["state"]]' "[['account', 'bytes', 'damaged', 'due', 'encrypted', 'from', 'id', 'recipients', 'since', 'state', 'subject', 'tried', 'tries'], 'queued']" outbox
answers 0 '[(one["address"], one["state"], one["answer"]) for one in d]' "[('mary.jones@corp.example', 'sent', None)]" outbox flush
answers 0 d '[]' outbox list
printf 'To: mary.jones@corp.example\nSubject: x\n\nx\n' >$TESTDIR/given
run_with "$(cat $TESTDIR/given)" as john postern --json sendmail -t -odq
code_is 0 'sendmail: a message that waits'
is "$(/usr/bin/python3 -c "import json; d = json.load(open('$out')); print(d['state'], d['queued_to'])")" "queued ['mary.jones@corp.example']" 'sendmail: one document'
as john postern -q outbox flush
tested="$tested sendmail"
fails 64 usage sendmail -bs
fails 65 outbox.id outbox drop nosuchletter
fails 65 outbox.id outbox sent nosuchletter
fails 64 usage outbox sent
answers 0 d '[]' draft list
fails 65 draft.id draft drop nosuchdraft
answers 0 '[row["name"] for row in d][0]' init help
answers 0 '"--limit" in d["help"]' True help search
answers 1 '[d["sensitive"], d["rule"], d["index"]]' '[False, None, None]' sensitive test $TESTDIR/body
printf '[sensitive "hr"]\nfrom = *@hr.corp.example\nfolder = H*\nindex = headers\n' >>"$(user_config john)"
printf 'From: Boss <boss@hr.corp.example>\nSubject: x\n\nText.\n' >$TESTDIR/letter
answers 0 '[d["sensitive"], d["rule"], d["key"], "boss@hr" in d["why"], d["index"]]' \
    "[True, 'hr', 'folder, from', True, 'headers']" sensitive test --folder HR $TESTDIR/letter
answers 1 'd["sensitive"]' False sensitive test $TESTDIR/letter
run_with "$(cat $TESTDIR/letter)" as john postern --json sensitive test - --account work --folder hr
code_is 0 'sensitive test: from standard input'
fails 65 message.file sensitive test $TESTDIR/none
fails 65 message.file sensitive test /dev/null
fails 65 message.file sensitive test $TESTDIR
fails 78 config.account sensitive test $TESTDIR/letter --account other
fails 64 usage sensitive try $TESTDIR/letter
run as john postern sensitive test --folder HR $TESTDIR/letter
out_has 'sensitive by rule "hr", which lets the index have its header' 'in words too'
chmod 644 $TESTDIR/letter
answers 0 'list(d.values())' "['work', 1, 0, 1, 0]" import --folder HR2 $TESTDIR/letter
fails 65 import.nothing import $TESTDIR/none
answers 0 'list(d.values())' '[1, 1, 0, 0, 0]' export --maildir $COMPANY/home/john/out "id:$id"
fails 64 usage export
fails 73 export.create export --mbox $COMPANY/home/john
for command in $(as john postern help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    case " $tested " in
    *" $command "*) tap_result 0 "$command is tested here" ;;
    *) tap_result 1 "$command is tested here" ;;
    esac
    answers 0 'list(d)' "['help']" "$command" --help
done
run as john postern --json --help
is "$(json 'list(d)')" "['help']" '--json --help: one document'
run as john postern --json --version
is "$(json 'list(d)')" "['version']" '--json --version: one document'

# What fails later.
fails 64 usage index --bogus
fails 64 usage lock now
fails 64 usage config
fails 64 usage config erase
fails 64 usage password set
fails 64 usage password erase work
fails 64 usage help search show
fails 64 usage key forget
fails 78 key.missing key trust nobody@corp.example
fails 65 key.input key import $TESTDIR/nothing
fails 64 usage search --sort cheapest x
fails 64 usage --color blue status
fails 78 config.account password set other
fails 78 init.account init --account work --address 'John Smith <jsmith@corp.example>' --fetch imaps://john@mail.corp.example/ \
    --submit smtps://john@mail.corp.example --company-domain corp.example
fails 78 config.account sync other
fails 65 query.syntax search 'from:('
fails 65 message.id show aaaaaaaaaaaaaaaa
fails 78 send.freemail send --to x@hotmail.com --body $TESTDIR/body
fails 65 send.body send --to mary.jones@corp.example --body $TESTDIR/nothing
company_stop
fails 69 server.unreachable sync
done_testing

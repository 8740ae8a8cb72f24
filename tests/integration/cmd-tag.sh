#!/bin/sh
# Own tags: given and taken away by queries and rules, kept in the vault, set while it is locked, and as text.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
company_fill john --demo --folder INBOX
printf 'From: Ann <ann@corp.example>\nMessage-ID: <odd+one=1@corp.example>\nSubject: oddity\n\nx\n' | company_deliver john
run as john fetchd --once
code_is 0 'the mail is here'

tag() { run as john postern "$@"; }
json() { /usr/bin/python3 -c "import json, sys; d = json.load(sys.stdin); print($1)" <$out; }
tagged() { user_json john 'sorted(h["subject"] for h in d)' "$1"; }
number=$(user_json john 'len(d)' subject:budget)

tag --json tag '+Team talk' +money --dry-run subject:budget
code_is 0 'a dry run'
is "$(json '[d[k] for k in ("found", "changed", "kept", "dry_run")]')" "[$number, $number, 0, True]" 'counts what would change'
is "$(tagged tag:money)" '[]' 'and changes nothing'
tag tag '+Team talk' +money subject:budget
code_is 0 'tags are given'
out_has "^$number of $number messages changed" 'and it is said to how many'
is "$(user_json john 'len(d)' 'tag:"team TALK" tag:money')" "$number" 'tag: finds them'
is "$(user_json john '[t for t in d[0]["tags"] if t != "unread"]' tag:money)" "['Team talk', 'money']" 'a result shows them'
tag --json tag +money '-Team talk' subject:budget OR tag:nothing
is "$(json '[d["found"], d["changed"]]')" "[$number, $number]" 'they are taken away again'
tag --json tag +MONEY subject:budget
is "$(json 'd["changed"]')" 0 'what is so already is not changed'
tag tag +x nosuchwordanywhere
code_is 1 'nothing found is code 1'
tag --json tag +x nosuchwordanywhere
code_is 1 'in JSON, too'

tag --json tag +all --dry-run '*'
is "$(json 'd["found"]')" "$(user_json john 'len(d)' '')" 'a star alone is every message'
tag --json tag -unread subject:budget
code_is 64 'a flag of the server cannot be taken away'
is "$(json 'd["error"]["rule"]')" tag.reserved 'by that rule'
err_has "the server's" 'and it is said why'
tag --json tag "+$(printf 'a\033[2J')" subject:budget
code_is 64 'a name that moves the terminal is refused'
is "$(json 'd["error"]["rule"]')" tag.name 'by that rule'
for words in 'subject:budget' '+a' '+a --export' '--export subject:x' '--import' '--import - x' '--export --dry-run' '+a ' ''; do
    # shellcheck disable=SC2086
    tag tag $words
    code_is 64 "refuses: $words"
done
tag tag +a 'fron:x'
code_is 65 'a wrong query is an error'
tag tag +a -- -subject:budget -subject:oddity
code_is 0 'a query may begin with a minus, behind --'

# Locked: gpg is not asked.
id=$(user_ids john subject:oddity)
as john postern -q lock
as john gpgconf --kill gpg-agent
mv $COMPANY/home/john/.gnupg/private-keys-v1.d $COMPANY/home/john/aside
tag --json tag '+while locked' -a "id:$id" OR id:aaaabbbbccccdddd
code_is 0 'a message named by its id gets a tag while the vault is locked'
is "$(json '[d["found"], d["changed"]]')" '[1, None]' 'and nobody can tell what changed'
tag tag +x id:aaaabbbbccccdddd
code_is 1 'one that is not there'
tag tag +x "id:$id" subject:oddity
ok [ "$code" = 75 -o "$code" = 78 ] -- 'any other query needs the key'
as john gpgconf --kill gpg-agent
rm -rf $COMPANY/home/john/.gnupg/private-keys-v1.d
mv $COMPANY/home/john/aside $COMPANY/home/john/.gnupg/private-keys-v1.d
is "$(tagged 'tag:"while locked"')" "['oddity']" 'it shows once the vault is open'

before=$(user_json john 'sorted((h["id"], h["tags"]) for h in d)' '')
as john postern -q index --rebuild
is "$(user_json john 'sorted((h["id"], h["tags"]) for h in d)' '')" "$before" 'p6_ tags outlive the index'
tag -q verify
code_is 0 'and the vault is sound'
run as john /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" journal $COMPANY/home/john/.local/share/postern/vault.db
code_is 0 'another reader understands the records'

# As text, there and back.
tag tag --export
code_is 0 'tags are written as text'
cp $out $TESTDIR/dump
out_has '^+while%20locked -- id:odd+one=1@corp.example$' 'in the form of notmuch'
tag -q tag -money '-while locked' -a ''
is "$(as john postern tag --export)" '' 'all are taken away'
run_with "$(cat $TESTDIR/dump)" as john postern --json tag --import -
code_is 0 'and read again'
is "$(user_json john 'sorted((h["id"], h["tags"]) for h in d)' '')" "$before" 'they are as they were'
{ echo '#notmuch-dump batch-tag:3 tags' && echo '+inbox +unread +old%20one -- id:odd+one=1@corp.example' &&
    echo '+a -- id:elsewhere@x'; } >$TESTDIR/notmuch
chmod 644 $TESTDIR/notmuch
tag --json tag --import $TESTDIR/notmuch
code_is 0 'tags of notmuch are taken over'
is "$(json '[d[k] for k in ("lines", "unknown", "left_out", "changed")]')" '[2, 1, 1, 1]' 'and what is not here is counted'
is "$(tagged 'tag:"old one" tag:inbox')" "['oddity']" 'by Message-ID'
echo '+new -- id:"odd' >>$TESTDIR/notmuch
tag --json tag --import $TESTDIR/notmuch
code_is 65 'a file with a wrong line'
err_has 'notmuch:4:' 'is told with its line'
tag --json tag --export
is "$(json 'sorted(d[0])')" "['id', 'message_id', 'tags']" 'the export is JSON, too'

# Rules: for new mail by themselves, for old mail when asked.
tag tag --rules
code_is 78 'without a rule there is none to follow'
err_has tag.rules 'which is said'
cp "$(user_config john)" $TESTDIR/config
user_line john '[tag "odd things"]' 'query = subject:oddity OR fron:x'
tag config check
code_is 78 'a rule that is no query'
err_has 'fron.*character 19' 'is told with its character'
run as john fetchd --once
code_is 78 'fetchd refuses it too'
cp $TESTDIR/config "$(user_config john)"
user_line john '[tag "odd things"]' 'query = subject:oddity'
printf 'From: Ann <ann@corp.example>\nSubject: another oddity\n\nx\n' | company_deliver john
run as john fetchd --once
is "$(tagged 'tag:"odd things"')" "['another oddity']" 'new mail gets the tag by itself'
tag -q tag '-odd things' 'subject:another'
tag --json tag --rules --dry-run
is "$(json '[d["found"], d["changed"]]')" '[2, 1]' 'old mail would, when asked'
tag -q tag --rules
is "$(tagged 'tag:"odd things"')" "['oddity']" 'and does, but where the hand took it away'
as john postern -q index --rebuild
is "$(tagged 'tag:"odd things"')" "['oddity']" 'which a rebuild does not forget'
done_testing

#!/bin/sh
# Searching: rare words, every language, fields, JSON, answers that are "no", and wrong queries.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
company_fill john --demo --folder INBOX --folder Projects
company_fill john --count 300 --needles $TESTDIR/needles
run as john fetchd --once
code_is 0 'the mail is here'

printf 'Subject: controlcharacters\n\n\001\036\037\177\302\205\342\200\250 end\n' | company_deliver john
run as john fetchd --once
is "$(user_json john 'len(d)' 'subject:controlcharacters')" 1 'control characters leave the JSON valid'

# A tenth of them will do where each search is slow.
sanitized && sed -n '0~10p' $TESTDIR/needles >$TESTDIR/some && mv $TESTDIR/some $TESTDIR/needles
while read -r needle place; do
    [ "$place" != inside ] || continue
    as john postern --json search "$needle" | grep -q '"id"' || echo "$needle"
done <$TESTDIR/needles >$TESTDIR/lost
is "$(head -n 5 $TESTDIR/lost)" '' "each of $(wc -l <$TESTDIR/needles) rare words is found"

finds() {
    run as john postern --json search --limit 0 "$1"
    code_is 0 "finds: $1"
}
for word in 'invoice' 'Überprüfung OR Rückfrage' 'договор' '報告書' '会議' '发票' 'تقرير' 'הפגישה' 'réunion' 'REUNION' \
    'subject:"budget for the new data centre"' 'from:mary' 'from:mary.jones@corp.example' 'to:jsmith' \
    'has:attachment' 'filename:offer.csv' 'folder:Projects' 'account:work' 'invoic*' \
    '(cooling OR canteen) AND NOT payslip' 'budget -payslip' 'date:2000..' 'size:>1k'; do
    finds "$word"
done

run as john postern --json search nosuchwordanywhere
code_is 1 'nothing found is code 1'
is "$(tr -d '[:space:]' <$out)" '[]' 'and an empty array'
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 as john strace -f -qq -o $TESTDIR/runs -e trace=execve \
    postern search budget >/dev/null 2>&1
is "$(grep -c 'execve(' $TESTDIR/runs)" 1 'while unlocked no other program is run: none of gpg, and none to look for it'
run as john postern search nosuchwordanywhere
code_is 1 'nothing found is code 1 in words, too'

is "$(user_json john 'len(set(h["thread"] for h in d))' 'subject:budget')" 1 'a thread is one thread'
is "$(user_json john 'sorted(d[0])' 'subject:budget')" \
    "['account', 'attachments', 'date', 'encrypted', 'folders', 'from', 'id', 'sensitive', 'signature', 'size', 'snippet', 'subject', 'tags', 'thread', 'to']" \
    'a result has the fields of the contract'
is "$(user_json john 'all(len(h["id"]) == 16 for h in d)' '')" True 'ids have sixteen characters'
is "$(user_json john '[h["date"] for h in d] == sorted((h["date"] for h in d), reverse=True)' '')" True 'newest first'
run as john postern --json search --limit 3 ''
is "$(grep -c '"id"' $out)" 3 'a limit limits'

for query in '(' 'invoice)' '"open' 'nosuchfield:x' 'date:yesterdayish' 'size:>x' 'AND' 'has:nothing'; do
    run as john postern --json search "$query"
    code_is 65 "refuses: $query"
done
run as john postern search 'budget nosuchfield:x'
code_is 65 'a wrong query is an error'
err_has '\^' 'that points at the character'
run as john postern --json search '"" OR 1=1; DROP TABLE x; --'
ok [ "$code" = 65 -o "$code" = 1 -o "$code" = 0 ] -- 'SQL is only words'
err_lacks 'SQL' 'and no database speaks'

run as john postern search -- -subject:centre subject:budget
code_is 1 'a query may begin with a minus, behind --'
run as john postern search -- subject:budget
code_is 0 'which is no part of it'

# A pipe has no end of lines.
run as john postern search 'subject:centre'
out_has 'Re: Budget for the new data centre$' 'a pipe gets whole subjects'
run as john script -qec "stty cols 60; postern search subject:centre" $TESTDIR/typescript
out_has 'Re: Budg[a-z ]*…' 'a terminal what it has room for'

# Conversations, and lines of one's own.
is "$(user_json john '(len(d), d[0]["matched"] == len(d[0]["ids"]), sorted(d[0]))' --threads 'subject:budget')" \
    "(1, True, ['authors', 'date', 'ids', 'matched', 'messages', 'subject', 'tags', 'thread'])" 'a conversation is one result'
run as john postern search --threads subject:budget
out_has '^[a-z2-7]\{16\} .*\[[0-9/]*\] .*Budget for the new data centre.*(unread)$' 'in one line, with count and tags'
run as john postern search --limit 1 --format '{date}\t{{{address}}} {attachments}' subject:budget
out_has '^20[0-9-]*T[0-9:+-]*	{[a-z.]*@corp.example} [0-9]$' 'a format says what is printed'
run as john postern search --threads --format '{matched}/{messages} {subject}' subject:budget
out_has '^[0-9]*/[0-9]* Budget for the new' 'of conversations, too'
run as john postern search --format '[{subject}]' subject:controlcharacters
is "$(tr -d '\n' <$out | tr -cd '\000-\037\177' | wc -c)" 0 'p8_85 no control character leaves by a format'
for format in '{subjekt}' '{id' 'id}' '\x' '{}'; do
    run as john postern search --format "$format" budget
    code_is 64 "refuses the format $format"
done
run as john postern search --format '{subjekt}' budget
err_has '{subject}' 'and says what may be meant'
run as john postern --json search --format '{id}' budget
code_is 64 'a format is not JSON'
run as john postern search --explain 'subject:budget (tag:unread OR size:>1M)'
code_is 0 'a query is explained'
out_has '^    tag:unread (character 17): [0-9]* messages$' 'part by part'
out_has 'VIRTUAL TABLE INDEX' 'with what SQLite does'
run as john postern --json search --explain "$(printf 'nosuch\033[2J')"
code_is 1 'one that finds nothing, too'
is "$(/usr/bin/python3 -c 'import json, sys; d = json.load(sys.stdin); print(d[0]["found"], sorted(d[0]))' <$out)" \
    "0 ['character', 'depth', 'found', 'plan', 'sql', 'term', 'value']" 'as JSON'
run as john postern search --explain "$(printf 'nosuch\033[2J OR \302\233x')"
is "$(grep -c -e "$(printf '\033')" -e "$(printf '\302\233')" $out)" 0 'p8_85 and words of the query move no terminal'

# What loads little says what everything says, in every word, and loads everything when it must.
ln -s "$builddir/bin/postern" $TESTDIR/postern-all
same() {
    run as john postern "$@"
    mv $out $TESTDIR/little && mv $err $TESTDIR/little.err
    little=$code
    run as john $TESTDIR/postern-all "$@"
    ok [ $little = $code ] -- "the code of $*"
    ok cmp -s $TESTDIR/little $out -- 'the same results'
    ok cmp -s $TESTDIR/little.err $err -- 'and complaints'
}
same search budget
same -q search --limit 3 --sort oldest 'invoi* OR budget'
same search --sort relevance --color always subject:budget
same search --threads budget
same search --format '{id} {tags}' --limit 20 ''
same search --explain 'subject:budget -payslip'
same search nosuchwordanywhere
same search 'budget nosuchfield:x'
same search --limit -1 budget
same search --help
same --policy /nowhere search budget
same --store $TESTDIR/nowhere search budget
same help search
everything() {
    as john strace -f -qq -o $TESTDIR/opened -e trace=openat,prctl \
        postern "$@" >$out 2>$err
    grep -c 'postern-all.so", .*= [0-9]' $TESTDIR/opened
}
if ! sanitized; then # there, all is in one program
    is "$(everything search budget)" 0 'a search loads little'
    is "$(everything --json search budget)" 1 'JSON takes everything'
    printf 'Subject: latecomer\n\nlate\n' | company_deliver john
    as john fetchd -q --once --seal-only
    is "$(everything search latecomer)" 1 'what the index lacks takes everything, too'
    is "$(wc -l <$out)" 1 'and is found'
    is "$(everything search latecomer)" 0 'and then there is little to it again'
    as john postern lock
    is "$(everything search latecomer)" 1 'so does a vault that is locked'
    is "$(wc -l <$out)" 1 'which gpg opens'
    ok grep -q 'prctl(PR_SET_NAME, "postern")' $TESTDIR/opened -- 'under the name that ps and pkill know'
fi

# Addresses, for mutt's query_command.
run as john postern address mary
code_is 0 'an address is completed'
is "$(sed -n 's/	.*//;2p' $out)" mary.jones@corp.example 'by name'
is "$(awk -F'\t' 'NR > 1 { print NF }' $out | sort -u)" 3 'with address, name and a remark behind a first line'
run as john postern --json address --limit 1 corp.exam
is "$(/usr/bin/python3 -c 'import json, sys; d = json.load(sys.stdin); print(len(d), sorted(d[0]))' <$out)" \
    "1 ['address', 'heard', 'last', 'name', 'seen', 'written']" 'as JSON'
run as john postern address nosuchname
code_is 1 'nobody is code 1'
done_testing

#!/bin/sh
# The index: fed from the vault, built anew at will, and never in doubt about what it lacks.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
store=$COMPANY/home/john/.local/share/postern
error() { /usr/bin/python3 -c "import json; print(json.load(open('$out'))['error']['$1'])"; }
number() { /usr/bin/python3 -c "import json; print(json.load(open('$out'))['$1'])"; }

run as john postern index
code_is 0 'an empty vault has an index'
out_has '^0 messages indexed$' 'of nothing'
company_fill john --count 1
run as john fetchd --once
as john postern -q lock
run as john postern index
code_is 0 'what came while it was locked is absorbed'
out_has '^1 message indexed$' 'and counted'
company_fill john --count 7
as john postern -q lock
run as john fetchd --once
run as john postern --json index
is "$code-$(number messages)" 0-8 'in JSON too'
ok [ "$(number bytes)" -gt 4096 ] -- 'with the size of it'
run as john postern -q index
is "$code-$(wc -c <$out)-$(wc -c <$err)" 0-0-0 'quietly: nothing is said'

before=$(user_ids john '')
run as john postern index --rebuild
code_is 0 'it is built anew'
out_has '^8 messages indexed$' 'whole'
is "$(user_ids john '')" "$before" 'and the ids stay'

# What is wrong with it is told, and building it anew is the mend.
size=$(stat -c %s "$store/index.db")
as john python3 - "$store/index.db" <<'END'
import sys
with open(sys.argv[1], 'r+b') as file:
    file.seek(100)
    file.write(b'\0' * 100)
END
for words in index 'search x' status; do
    # shellcheck disable=SC2086
    run as john postern --json $words
    code_is 74 "$words: a damaged index"
    is "$(error rule)" index.damage 'by its rule'
    is "$(error mend | grep -c -- "'postern index --rebuild'")" 1 'and the mend'
done
run as john postern index --rebuild
code_is 0 'which helps'
is "$(user_ids john '')" "$before" 'without a loss'
head -c 20 "$store/index.db" >$TESTDIR/short
cat $TESTDIR/short >"$store/index.db"
run as john postern --json search x
code_is 74 'a cut index'
run as john postern -q index --rebuild
code_is 0 'is built anew'
ok [ "$(stat -c %s "$store/index.db")" -ge $((size / 2)) ] -- 'to its size'

for words in now '--rebuild now' '--bogus'; do
    # shellcheck disable=SC2086
    run as john postern --json index $words
    code_is 64 "index $words: wrong usage"
    is "$(error rule)" usage 'by its rule'
done
is "$(user_ids john '')" "$before" 'which leaves the index alone'
run as john postern --store $TESTDIR/nowhere --json index
code_is 74 'no vault, no index'
is "$(error mend | grep -c 'postern init')" 1 'and what makes one'
done_testing

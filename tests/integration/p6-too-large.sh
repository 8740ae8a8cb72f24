#!/bin/sh
# P6: what is larger than max_size stays on a real server, by IMAP and POP3: listed, never removed,
# and fetched once it may come.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
status() { as "$1" postern --json status | /usr/bin/python3 -c "import json, sys; a = json.load(sys.stdin)['accounts'][0]; s = a['skipped']; print($2)"; }
large() { # USER SUBJECT BYTES
    { printf 'Subject: %s\n\n' "$2"; yes 'ten bytes' | head -c "$3"; } | company_deliver "$1"
}
sync() { # USER WORDS ...
    who=$1
    shift
    run as "$who" postern --json sync "$@"
}
synced() { /usr/bin/python3 -c "import json; a = json.load(open('$out'))['accounts'][0]; print(a['stored'], a['skipped'])"; }

user_ready john
user_line john 'max_size = 100K'
company_fill john --count 5
large john 'the plans' 300000
sync john
code_is 0 'a message that is too large is no failure'
is "$(synced)" '5 1' 'the others are fetched, it is not'
is "$(status john '(a["messages"], a["state"], len(s), s[0]["size"] > 300000, s[0]["mailbox"], s[0]["date"], s[0]["since"] is not None)')" \
    "(5, 'ok', 1, True, None, None, True)" 'status lists it, while locked without its mailbox'
run as john postern status
out_has "^  1 message stays on the server for its size, the largest 330\.0.*kB; to fetch: 'postern sync --large work'\$" 'in words too'

run as john postern --trace $TESTDIR/trace sync
code_is 0 'again'
is "$(grep -c 'UID FETCH\|UID SEARCH\|RFC822' $TESTDIR/trace)" 0 'and nothing is asked about it'

as john postern -q index
is "$(status john '(s[0]["mailbox"], s[0]["date"][:2])')" "('INBOX', '20')" 'unlocked, with its mailbox and date'
run as john postern status
out_has '^    INBOX, 330\.0.*kB, of ' 'in words too'

sync john --large
is "$code $(synced)" '0 1 0' '--large fetches it'
is "$(status john '(a["messages"], s)')" '(6, [])' 'and nothing stays'
sync john
is "$code $(synced)" '0 0 0' 'nor is it forgotten that it came'

large john 'more plans' 200000
large john 'and more' 400000
sync john
is "$code $(synced)" '0 0 2' 'two that stay'
sed -i 's/^max_size = .*/max_size = 300K/' "$(user_config john)"
sync john
is "$code $(synced)" '0 1 0' 'with a higher limit comes what fits'
is "$(status john '(a["messages"], len(s))')" '(7, 1)' 'and the other stays'
find $COMPANY/mail/john/Maildir -type f -exec grep -l 'and more' {} + | xargs rm
sync john
is "$code $(status john '(a["messages"], s)')" '0 (7, [])' 'until it is gone from the server'
run as john postern verify
code_is 0 'the vault is sound'
is "$(as john /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/john/Maildir)" \
    '7 same, 0 missing, 0 foreign, 0 twice' 'and has what the server has, byte for byte'

# POP3, and a server that is emptied otherwise.
user_ready mary pops://mary@mail.corp.example submission://mary@mail.corp.example
user_line mary 'max_size = 100K'
user_line mary 'keep = no'
company_fill mary --count 5
large mary 'the plans' 300000
box() { find $COMPANY/mail/mary/Maildir/cur $COMPANY/mail/mary/Maildir/new -type f | wc -l; }
sync mary
is "$code $(synced) $(box)" '0 5 1 1' 'POP3: keep = no removes the others, and leaves it there'
sync mary
is "$code $(synced) $(box)" '0 0 0 1' 'once and for all'
is "$(status mary '(a["messages"], len(s), s[0]["size"] > 300000)')" '(5, 1, True)' 'status lists it'
sync mary --large
is "$code $(synced) $(box)" '0 1 0 0' '--large fetches it, and it is removed'
is "$(status mary '(a["messages"], s)')" '(6, [])' 'and nothing stays'
done_testing

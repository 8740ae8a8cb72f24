#!/bin/sh
# Verifying: a sound store is sound; a damaged message is named, and hides no other.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
company_fill john --count 20 --folder INBOX
run as john fetchd --once
code_is 0 'the mail is here'

run as john postern verify
code_is 0 'a sound store'
out_has '20 messages opened, 0 damaged' 'and what was done'

vault=$(as john sh -c 'echo $HOME')/.local/share/postern/vault.db
as john python3 - "$vault" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
key, data = db.execute('SELECT key, data FROM chunk ORDER BY key LIMIT 1').fetchone()
db.execute('UPDATE chunk SET data = ? WHERE key = ?', (bytes([data[0] ^ 1]) + data[1:], key))
db.commit()
END
run as john postern verify
code_is 1 'p4 40: one bit of one chunk is damage'
out_has 'is damaged' 'which is named'
out_has '20 messages opened, 1 damaged' 'and the others are looked at too'
run as john postern --json verify
code_is 1 'in JSON likewise'
is "$(python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(d["messages"], len(d["damaged"]), d["unindexed"])' $out)" \
    '20 1 []' 'with the same numbers'

done_testing

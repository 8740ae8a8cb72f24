#!/bin/sh
# Verifying: a sound store is sound; a damaged message is named, and hides no other; every page of
# the index is looked at, and a damaged index is made anew.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
company_fill john --count 20 --folder INBOX
run as john fetchd --once
code_is 0 'the mail is here'
store=$(as john sh -c 'echo $HOME')/.local/share/postern
vault=$store/vault.db
index=$store/index.db

# Flips one bit of the file, in place.
flip() {
    as john python3 - "$1" "$2" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(-1, 1)
    file.write(bytes([byte ^ 1]))
END
}

tamper() {
    as john python3 - "$vault" "$1" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript(sys.argv[2])
db.commit()
END
}

of_json() { python3 -c "import json,sys; d = json.load(open(sys.argv[1])); print($1)" $out; }

run as john postern index
run as john postern verify
code_is 0 'a sound store'
out_has '20 messages opened, 0 damaged' 'and what was done'
pages=$(($(stat -c %s "$index") / 8192))
out_has "index: $pages pages opened, sound" 'on every page of the index too'

# --- the index ----------------------------------------------------------------------------------

for page in $((pages - 1)) $((pages / 2)) 1 0; do
    flip "$index" $((page * 8192 + 4000))
    run as john postern verify
    code_is 1 "p4 40: one bit of page $page of the index is damage"
    out_has 'the index is damaged: ' 'which is told as an answer'
    out_has "postern index --rebuild" 'with what to do'
    out_has '20 messages opened, 0 damaged' 'and the messages are looked at all the same'
    flip "$index" $((page * 8192 + 4000))
done
flip "$index" $(((pages - 1) * 8192 + 4000))
run as john postern verify
out_has "the index is damaged: page $pages does not open" 'the page is named'
run as john postern --json verify
code_is 1 'in JSON likewise'
is "$(of_json 'd["index_pages"], d["index_faults"], d["damaged"], d["unindexed"], d["vault_faults"]')" \
    "$pages ['page $pages does not open'] [] [] []" 'with the same words'
flip "$index" 4000
run as john postern search ''
code_is 74 'with its first page damaged the index cannot be asked'
err_has 'postern index --rebuild' 'and the failure says what to do'
run as john postern index --rebuild
code_is 0 'which makes it anew'
run as john postern verify
code_is 0 'and sound'
is "$(user_ids john | wc -l)" 20 'with all that was in it'

as john sh -c "head -c -8192 '$index' >'$index.short' && cat '$index.short' >'$index' && rm '$index.short'"
run as john postern verify
code_is 1 'p4 40: a page cut off is damage'
run as john postern index --rebuild
code_is 0 'mended alike'

# --- giving room back ---------------------------------------------------------------------------

as john mkdir -m 700 /run/test/nobody 2>/dev/null || install -d -m 700 -o john /run/test/nobody
ids=$(user_ids john '')
tamper 'INSERT INTO batch(id, ephemeral) VALUES (999, zeroblob(32));
    INSERT INTO message(row, id, batch, stored) VALUES (999, zeroblob(10), 999, 0);
    INSERT INTO chunk VALUES (999 << 20, zeroblob(500000))'
run as john flock "$store/lock" postern compact
code_is 75 'beside a writer nothing is compacted'
err_has 'another sync is writing' 'and it is said why'
run as john postern --json compact
code_is 0 'room is given back'
is "$(of_json 'd["vault"]["before"] - d["vault"]["after"] > 480000, d["index"]["after"] > 0, d["index_compacted"]')" \
    'True True True' 'and it is said how much'
as john postern -q lock
run as john env GNUPGHOME=/run/test/nobody postern compact
code_is 0 'locked, it works for the vault'
err_has 'the index is left as it is' 'and says what it did not do'
out_has '^vault: 0 bytes given back, ' 'a second time there is nothing to gain'
run as john postern verify
code_is 0 'nothing is lost'
is "$(user_ids john '')" "$ids" 'and all is found'

# --- without the key ----------------------------------------------------------------------------

as john postern -q lock
run as john env GNUPGHOME=/run/test/nobody postern verify
code_is 78 'without the private key nothing sealed can be verified'
err_has 'only the structure of vault.db was checked, and is sound' 'what was checked is told'
err_has 'no message and no page of the index was opened' 'and what was not'
as john cp "$vault" "$vault.whole"
tamper 'DELETE FROM batch WHERE id = 1'
run as john env GNUPGHOME=/run/test/nobody postern verify
code_is 78 'damage does not hide that'
err_has 'is damaged .row 1 of ' 'and is told'

# --- the match key ------------------------------------------------------------------------------

as john cp "$vault.whole" "$vault"
state=$(as john sh -c 'echo $HOME')/.local/state/postern
match=$(ls "$state"/*.match)
as john cp -p "$match" "$match.old"
as john rm "$match"
run as john fetchd --once
code_is 78 'without its match key nothing is fetched'
err_has "run 'postern unlock'" 'and the way back is told'
run as john postern status
code_is 78 'nor are the accounts known'
err_has "run 'postern unlock'" 'with the same words'
run as john postern lock
code_is 0 'locking needs no match key'
run as john postern unlock
code_is 0 'unlocking brings it back'
err_has 'put back from the copy in the vault' 'and says so'
ok cmp -s "$match" "$match.old" -- 'as it was'
is "$(stat -c %a "$match")" 600 'for nobody else'
run as john fetchd --once
code_is 0 'fetching goes on'
is "$(user_ids john | wc -l)" 20 'p6: and nothing is there twice'
as john sh -c "head -c 32 /dev/urandom >'$match'"
run as john fetchd --once
code_is 78 "another vault's key is refused"
err_has 'is not the one of this vault' 'before every message looks new'
run as john postern verify
code_is 0 'verifying puts it back, too'
err_has 'put back from the copy in the vault' 'and says so'
run as john fetchd --once
code_is 0 'and all is well'
as john chmod 644 "$match"
run as john postern search ''
code_is 0 'one that is open to others does not keep from reading'
err_has 'chmod 600' 'but is told'
as john chmod 600 "$match"
as john rm "$match.old"
as john postern -q index
as john cp "$vault" "$vault.whole"

# --- the vault ----------------------------------------------------------------------------------

tamper 'DELETE FROM batch WHERE id = 1'
run as john postern verify
code_is 1 'p4 40: a batch that is gone is damage'
out_has 'the vault is damaged: ' 'told as an answer'
as john cp "$vault.whole" "$vault"
tamper "UPDATE journal SET record = zeroblob(length(record)) WHERE sequence = 7"
run as john postern verify
code_is 1 'p4 40: a journal record that does not open is damage'
out_has 'the vault is damaged: journal record 7: ' 'it is named'
out_has '19 messages opened, 0 damaged' 'and hides no message but its own'
as john cp "$vault.whole" "$vault"
tamper "UPDATE meta SET match_copy = zeroblob(length(match_copy))"
run as john postern verify
code_is 1 'p4 40: a copy of the match key that does not open is damage'
out_has 'the vault is damaged: its copy of the match key' 'and named'
as john cp "$vault.whole" "$vault"
tamper "DELETE FROM journal WHERE sequence = 7"
run as john postern verify
code_is 1 'p4 40: a journal record that is gone is damage'
as john cp "$vault.whole" "$vault"
tamper "DELETE FROM journal WHERE sequence > 15"
run as john postern verify
code_is 1 'an index that is newer than its vault is found'
out_has 'newer than the vault' 'which was put back, so'
run as john postern search ''
code_is 74 'it is not searched, for it would miss what comes next'
err_has 'postern index --rebuild' 'and what to do is told'
as john cp "$vault.whole" "$vault"
as john rm "$vault.whole"

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
out_has '^restore the store from a backup' 'with what helps'
out_has '20 messages opened, 1 damaged' 'and the others are looked at too'
run as john postern --json verify
code_is 1 'in JSON likewise'
is "$(of_json 'd["messages"], len(d["damaged"]), d["unindexed"]')" '20 1 []' \
    'with the same numbers'

printf 'no database at all' | as john sh -c "cat >'$vault'"
run as john postern verify
code_is 74 'p4 40: a vault that is none'
err_has 'vault.damage): restore the store from a backup' 'and the mend is not to run what is running'
done_testing

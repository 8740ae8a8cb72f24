#!/bin/sh
# search: indexing and searching, beside notmuch and mu on the same messages, in one run.
#   BENCH_MESSAGES (10000), BENCH_RUNS (3), BENCH_VOCABULARY (200000 words, as in a real archive; 0 for a few hundred)
. "$srcdir/tests/bench/world.sh"
bench_world "$0"
MESSAGES=${BENCH_MESSAGES:-10000}
RUNS=${BENCH_RUNS:-3}
VOCABULARY=${BENCH_VOCABULARY:-200000}
BOX=$DISK/Maildir

company_start
bench_person john
company_fill john --count "$MESSAGES" --vocabulary "$VOCABULARY" --needles $TESTDIR/needles
cp -a "$COMPANY/mail/john/Maildir" "$BOX"
chmod -R a+rX "$BOX"
echo "# $MESSAGES messages of $VOCABULARY words, $(du -sm --apparent-size "$BOX" | cut -f1) MB"
eval "$(fresh_store john)"
eval "$(as_line john "fetchd --once --seal-only --store $DISK/john")" >/dev/null

# The key rests in the kernel's keyring from here on.
as john postern -q --store "$DISK/john" unlock || exit 1
postern_line() { as_line john "postern --store $DISK/john $*"; }

cat >$TESTDIR/notmuch <<-END
	[database]
	path=$BOX
	[user]
	name=John Smith
	primary_email=jsmith@corp.example
	[new]
	tags=new
	[search]
	exclude_tags=
END
notmuch_line() { echo "env NOTMUCH_CONFIG=$TESTDIR/notmuch HOME=$TESTDIR notmuch $*"; }
mu_line() { echo "env HOME=$TESTDIR MUHOME=$DISK/mu mu $*"; }

# --- indexing -----------------------------------------------------------------------------------

row 'Postern' "$RUNS" "rm -f $DISK/john/index.db*" true "$(postern_line -q index)"
wants notmuch && row 'notmuch' 1 "rm -rf $BOX/.notmuch" true "$(notmuch_line new --quiet)"
wants mu && row 'mu' 1 "rm -rf $DISK/mu; $(mu_line init -q --maildir=$BOX) " true "$(mu_line index -q)"
rows_measured "Indexing $MESSAGES messages"

# --- searching ----------------------------------------------------------------------------------

# queries TITLE POSTERN NOTMUCH MU
queries() {
    row 'Postern' 9 true true "$(postern_line "search --limit 20 '$2'")"
    wants notmuch && row 'notmuch' 9 true true "$(notmuch_line "search --output=summary --limit=20 '$3'")"
    wants mu && row 'mu' 9 true true "$(mu_line "find --maxnum=20 --sortfield=date --reverse '$4'")"
    rows_measured "Search: $1"
}

# A word that stands in one message, and the one that stands in most.
/usr/bin/python3 - "$BOX" >$TESTDIR/words <<'END'
import collections, os, re, sys
seen = collections.Counter()
for folder, _, names in os.walk(sys.argv[1]):
    for name in names[:4000]:
        with open(os.path.join(folder, name), errors="replace") as mail:
            if folder.endswith(("cur", "new")):
                body = mail.read().partition("\n\n")[2]
                seen.update(set(re.findall(r"\b[a-z]{5,12}\b", body)))
print(seen.most_common(1)[0][0], seen.most_common(3)[2][0])
END
read -r common second <$TESTDIR/words
rare=$(awk '$2 == "body" { print $1; exit }' $TESTDIR/needles)
queries "a rare word ($rare)" "$rare" "$rare" "$rare"
queries "a common word ($common)" "$common" "$common" "$common"
queries "two words ($common $second)" "$common $second" "$common $second" "$common $second"
queries 'a sender and a range of dates' 'from:mary date:2024..' 'from:mary date:2024..' 'from:mary date:2024..'
queries 'a phrase' '"the review to Thursday"' '"the review to Thursday"' 'body:"the review to Thursday"'
queries 'a prefix' 'invoi*' 'invoi*' 'invoi*'
many=$(printf %.2s "$common")'*'
queries "a prefix of many words ($many)" "$many" "$many" "$many"

# --- size ---------------------------------------------------------------------------------------

printf '\n## Room on the disk\n\n| | MB |\n|---|---|\n'
printf '| the mail as a maildir | %s |\n' "$(find "$BOX" -path '*/.notmuch' -prune -o -type f -print0 | du -cm --apparent-size --files0-from=- | tail -n1 | cut -f1)"
printf '| Postern: vault and index | %s |\n' "$(cat "$DISK"/john/vault.db "$DISK"/john/index.db | wc -c | awk '{ print int($1 / 1048576) }')"
[ ! -d "$BOX/.notmuch" ] || printf '| notmuch, beside the maildir | %s |\n' "$(du -sm --apparent-size "$BOX/.notmuch" | cut -f1)"
[ ! -d "$DISK/mu" ] || printf '| mu, beside the maildir | %s |\n' "$(du -sm --apparent-size "$DISK/mu" | cut -f1)"

#!/bin/sh
# Two searches and a sync at once, while mail arrives: nobody is turned away, and nobody sees half a message.
# TOGETHER_SECONDS makes it longer.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
seconds=${TOGETHER_SECONDS:-4}
letter() {
    printf 'From: ann@corp.example\nSubject: letter %s\n\nalpha %s\n' "$1" "$1"
    head -c 20000 /dev/zero | tr '\0' 'x' | fold -w 70
    printf '\nomega %s\n' "$1"
}
letter 0 | company_deliver john
run as john fetchd --once
code_is 0 'the first letter is here'
(
    n=1
    while [ ! -e $TESTDIR/enough ]; do
        letter $n | company_deliver john
        n=$((n + 1))
    done
) &
arriving=$!
run as john /usr/bin/python3 "$srcdir/tests/lib/search-together.py" "$seconds"
touch $TESTDIR/enough
code_is 0 'who searches beside a sync and another search finds whole messages, and is never turned away'
sed 's/^/# /' $out
wait $arriving
run as john postern verify
code_is 0 'and afterwards index and vault agree'
done_testing

#!/bin/sh
# Random mail and random queries: what search finds is what reading every message finds, and in order.
# ORACLE_MESSAGES, ORACLE_QUERIES and ORACLE_SEED make it another or a larger one.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
box=$COMPANY/mail/john/Maildir
seed=${ORACLE_SEED:-1}
queries=150
sanitized && queries=30
/usr/bin/python3 "$srcdir/tests/lib/search-oracle.py" make "$box" "${ORACLE_MESSAGES:-250}" "$seed"
chown -R mail:mail "$box"
cp -Rp "$box" $TESTDIR/box && chmod -R a+rX $TESTDIR/box
run as john fetchd --once
code_is 0 'the mail is here'
run as john /usr/bin/python3 "$srcdir/tests/lib/search-oracle.py" ask $TESTDIR/box "${ORACLE_QUERIES:-$queries}" "$seed"
code_is 0 'every query finds what reading every message finds, in order'
sed 's/^/# /' $out
done_testing

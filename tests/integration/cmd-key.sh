#!/bin/sh
# postern key: the GnuPG keyring as mail needs it.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
company_person mary
john=$(company_key john)
mary=$(company_key mary)
json() { /usr/bin/python3 -c "import json; d = json.load(open('$out')); print($1)"; }
secret_key() { as mary gpg --batch --armor --export-secret-keys; }

run as john postern key list
code_is 0 'the list'
out_has "^$john  yours, signs and encrypts, expires 20" 'has the own key'
out_has '^    John Smith <jsmith@corp.example>$' 'with its user id'
run as john postern key list mary.jones@corp.example
is "$code-$(wc -c <$out)" 1-0 'nobody is nobody'

# In and out.
as mary postern key export "$mary" >$TESTDIR/mary.asc
ok grep -q '^-----BEGIN PGP PUBLIC KEY BLOCK-----$' $TESTDIR/mary.asc -- 'export gives text'
is "$(grep -c PRIVATE $TESTDIR/mary.asc)" 0 'and nothing private'
run as john postern --json key export
is "$(json '[d["fingerprint"], d["key"][:36]]')" "['$john', '-----BEGIN PGP PUBLIC KEY BLOCK-----']" \
    'without a name it is the own key'
secret_key >$TESTDIR/private.asc
head -c 1100000 /dev/zero >$TESTDIR/large
chmod 644 $TESTDIR/mary.asc $TESTDIR/private.asc $TESTDIR/large
run as john postern key import $TESTDIR/mary.asc
code_is 0 'import'
out_has "^$mary  not confirmed, signs and encrypts" 'tells what came'
out_has '^1 new, 0 changed, 0 as they were$' 'how much of it'
out_has "'postern key trust FINGERPRINT'" 'and what to do'
run_with "$(cat $TESTDIR/mary.asc)" as john postern --json key import -
is "$(json '[d["imported"], d["unchanged"], d["keys"][0]["fingerprint"], d["keys"][0]["confirmed"]]')" \
    "[0, 1, '$mary', False]" 'again, from a pipe'
for bad in private.asc:key.private large:key.input nothing:key.input; do
    run as john postern --json key import "$TESTDIR/${bad%:*}"
    code_is 65 "import refuses what is ${bad%:*}"
    is "$(json 'd["error"]["rule"]')" "${bad#*:}" 'by its rule'
done
rm $TESTDIR/private.asc

# Who is confirmed.
printf x >$TESTDIR/body
chmod 644 $TESTDIR/body
letter() { run as john postern send "$@" --dry-run --to mary.jones@corp.example --subject x --body $TESTDIR/body; }
letter --encrypt
code_is 78 'an unconfirmed key: no letter'
mend=$(sed -n 's/.*then run: postern //p' $err)
is "$mend" "key trust $mary" 'and the way, ready to copy'
run as john postern key trust mary.jones@corp.example </dev/null
code_is 64 'where nobody can be asked'
err_has "$mary" 'it is said which key it is about'
letter --encrypt
code_is 78 'and nothing is confirmed by that'
# shellcheck disable=SC2086
run as john postern $mend --yes
code_is 0 'the way goes'
out_has "^$mary  confirmed, " 'to a confirmed key'
letter --encrypt
code_is 0 'and a letter'
is "$(as john gpg --batch --with-colons --check-sigs "$mary" 2>/dev/null | grep -c '^sig:!:.*:1[0-3]l:')" 1 'by a signature that stays here'
is "$(as john postern key export mary.jones@corp.example | as john gpg --list-packets 2>/dev/null | grep -c "$(printf %s "$john" | tail -c 16)")" 0 \
    'and does not go out'
run as john postern --json key trust --yes "$mary"
is "$code $(json 'd["was_confirmed"]')" '0 True' 'a second time changes nothing'

# A second key of hers.
as mary gpg --batch --yes --quiet --passphrase '' --quick-generate-key 'Mary Jones <mary.jones@corp.example>' future-default default 1y 2>/dev/null
as mary gpg --batch --armor --export mary.jones@corp.example >$TESTDIR/both.asc
chmod 644 $TESTDIR/both.asc
run as john postern key import $TESTDIR/both.asc
out_has '^1 new, 0 changed, 1 as they were$' 'a second key of hers comes'
for way in --encrypt --sign; do
    letter $way
    code_is 78 "p7_83 a changed key stops the letter that says $way"
    err_has '(key.changed)' 'p7_83 by its rule'
done
newer=$(sed -n 's/.*postern key trust \([0-9A-F]*\).*/\1/p' $err)
letter --no-encrypt
code_is 0 'p7_83 but not one that needs no key'
run as john postern key trust --yes "$newer"
err_has "has another confirmed key, $mary; delete" 'two confirmed keys are told'
letter --encrypt
code_is 78 'p9_102 and stop it too'
err_has '(key.ambiguous)' 'p9_102 by name'
as john gpg --batch --yes --delete-keys "$mary" 2>/dev/null
letter --encrypt
code_is 0 'until one is left'

# On a terminal.
as mary gpg --batch --quiet --passphrase '' --quick-generate-key '<h.hahn@corp.example>' future-default default 1y 2>/dev/null
as mary postern key export h.hahn@corp.example >$TESTDIR/hahn.asc
chmod 644 $TESTDIR/hahn.asc
as john postern -q key import $TESTDIR/hahn.asc
hahn=$(as john postern --json key list h.hahn@corp.example | sed -n 's/.*"fingerprint" : "\(.*\)".*/\1/p')
for answer in no yes; do
    { sleep 2; echo $answer; } | as john script -q -e -c "postern key trust $hahn" /dev/null >$out 2>&1
    code=$?
    out_has "fingerprint: $(printf %.4s "$hahn") .*  .* $(printf %s "$hahn" | tail -c 4)" "$answer: the fingerprint is shown in groups"
    code_is "$([ $answer = yes ]; echo $?)" 'and the answer counts'
done

# New ones.
run as john postern key generate --expire 90d 'Smith <john@corp.example>'
code_is 0 'a new key'
err_has 'no passphrase' 'without a terminal lies open, which is told'
out_has ' yours, signs and encrypts, expires 20' 'and expires'
run as john postern --json key generate --expire never
is "$(json '[d["expires"], d["private"], d["user_ids"][0]["address"]]')" "[None, True, 'jsmith@corp.example']" \
    'it is for the address of the account, and need not expire'
is "$(as john gpg --batch --with-colons --list-keys "$(json 'd["fingerprint"]')" 2>/dev/null | awk -F: '/^(pub|sub)/ { print $17 }' | tr '\n' ' ')" \
    'ed25519 cv25519 ' 'of elliptic curves'
for bad in 0d 2 y 51y 3w 99999999999999999999d ''; do
    run as john postern key generate --expire "$bad"
    code_is 64 "--expire '$bad' is no time"
done
run as john postern key generate 'not an address'
code_is 65 'it needs an address'

for bad in '' 'list a b' import 'import a b' 'trust' 'trust --expire 2y a' 'list --yes' forget; do
    # shellcheck disable=SC2086
    run as john postern --json key $bad
    code_is 64 "key $bad: wrong usage"
done
run as john postern key trust "$john"
code_is 0 'the own key needs no trust'
mv "$COMPANY/home/john/.gnupg/private-keys-v1.d" $TESTDIR/
as john gpgconf --kill all
as mary gpg --batch --quiet --passphrase '' --quick-generate-key '<j.gross@corp.example>' future-default default 1y 2>/dev/null
as mary postern key export j.gross@corp.example | as john postern -q key import -
run as john postern key trust --yes j.gross@corp.example
code_is 78 'where the private key is not'
err_has '(key.owner)' 'nothing can be confirmed'
done_testing

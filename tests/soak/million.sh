#!/bin/sh
# P8: a mailbox of a million messages, and one huge message, within 64 MiB a process; and nothing new costs
# what it costs in a small one.
#   MILLION (1000000) messages, HUGE (100000000) bytes; MILLION_DISK names a folder for the store
NAMESPACE_SECONDS=${NAMESPACE_SECONDS-86400}
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0" "$@"
. "$srcdir/tests/lib/user.sh"
MILLION=${MILLION:-1000000}
HUGE=${HUGE:-100000000}
DISK=$(mktemp -d "${MILLION_DISK:-$builddir}/million.XXXXXX")
trap 'kill "${SERVER-}" 2>/dev/null; rm -rf "$DISK"; tap_exit' EXIT

company_make
company_certificate $COMPANY/tls/huge none mail2.corp.example
server() {
    [ -z "${SERVER-}" ] || { kill "$SERVER"; wait "$SERVER" 2>/dev/null; }
    /usr/bin/python3 "$srcdir/tests/soak/million.py" --listen 10.23.0.2:993 --certificate $COMPANY/tls/huge.crt \
        --key $COMPANY/tls/huge.key --log $TESTDIR/said "$@" &
    SERVER=$!
    company_wait 10.23.0.2 993
}
server --count "$MILLION"
user_ready john imaps://john@mail2.corp.example/
company_password john >$COMPANY/home/john/.password
sed -i "s|^secret = .*|secret = command:cat $COMPANY/home/john/.password|" "$(user_config john)"
mv $COMPANY/home/john/.local/share/postern "$DISK/store"

# measured TEXT MIB COMMAND…: ends well, and no process of ours takes MIB
measured() {
    measured_text=$1
    measured_most=$(($2 * 1024))
    shift 2
    : >$TESTDIR/said
    rm -f $TESTDIR/peak
    run as john /usr/bin/python3 "$srcdir/tests/soak/peak.py" $TESTDIR/peak "$@"
    code_is 0 "$measured_text"
    diag "$measured_text: seconds, of them processor, KiB: $(cat $TESTDIR/peak); $(wc -l <$TESTDIR/said) commands"
    ok [ "$(tr ' ' '\n' <$TESTDIR/peak | tail -n +3 | grep -c '^[0-9]')" -gt 0 ] -- "$measured_text: something was measured"
    is "$(tr ' ' '\n' <$TESTDIR/peak | tail -n +3 | grep '^[0-9]' | awk -v most=$measured_most '$1 >= most')" '' \
        "p8_90 $measured_text: within $((measured_most / 1024)) MiB a process"
}
fetch() { measured "$1" 64 fetchd --once --seal-only -q --store "$DISK/store"; }
stored() { as john postern --store "$DISK/store" --json status | sed -n 's/.*"messages" : \([0-9]*\),$/\1/p' | head -n 1; }

fetch 'the first pass'
is "$(stored)" "$MILLION" 'everything is here'
diag "the vault: $(stat -c %s "$DISK/store/vault.db") bytes"
fetch 'nothing new'
ok [ "$(wc -l <$TESTDIR/said)" -le 8 ] -- 'costs no more commands than in a small mailbox'
kill -USR1 $SERVER
fetch 'one new message'
ok [ "$(wc -l <$TESTDIR/said)" -le 10 ] -- 'costs a few commands'
is "$(stored)" $((MILLION + 1)) 'and it is here'
server --count $((MILLION + 2)) --way plain --body "$HUGE"
fetch "one new message of $HUGE bytes, from a server that counts no changes"
is "$(stored)" $((MILLION + 2)) 'and it is here'
server --count $((MILLION + 2)) --way plain
fetch 'nothing new, and all flags compared'

if [ "${MILLION_INDEX-yes}" = yes ]; then
    measured 'the index is made' 128 postern --store "$DISK/store" -q index
    measured 'one word is found' 64 postern --store "$DISK/store" -q search --limit 20 unique777
    measured 'everything is found' 64 postern --store "$DISK/store" --json search --limit 0 number
    is "$(grep -c '"id"' $out)" $((MILLION + 2)) 'and listed'
fi
measured 'the state' 64 postern --store "$DISK/store" --json status
done_testing

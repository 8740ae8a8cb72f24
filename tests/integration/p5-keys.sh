#!/bin/sh
# P5: the keys that open the store. They are looked at before anything is fetched, and changed as a
# whole or not at all.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person john
company_person recovery
company_fill john --count 5
home=$COMPANY/home/john
recovery=$(company_key recovery)
json() { /usr/bin/python3 -c "import json; d = json.load(open('$out')); print($1)" 2>&1; }
as recovery gpg --batch --export "$recovery" | as john gpg --batch --quiet --import 2>/dev/null
printf '[company]\nrecovery_keys = %s\n' "$recovery" >$TESTDIR/policy
chmod 644 $TESTDIR/policy
mkdir -p "$(dirname "$(user_config john)")"
as john postern -q --policy $TESTDIR/policy init --account work --address 'John Smith <jsmith@corp.example>' \
    --fetch imaps://john@mail.corp.example/ --submit smtps://john@mail.corp.example --company-domain corp.example \
    --ca-file $COMPANY_CA --key "$(company_key john)"
company_password john | as john postern -q password set work
old=$(company_key john)
store=$home/.local/share/postern

# The recovery key alone.
run as john fetchd --once --policy $TESTDIR/policy
code_is 0 'five messages'
# recovered FOLDER: what of the vault opens for whom has the recovery key and nothing else of John's
recovered() {
    rm -rf "$COMPANY/home/recovery/.local" "$COMPANY/home/recovery/.config"
    mkdir -p -m 700 "$COMPANY/home/recovery/.local/share" "$COMPANY/home/recovery/.config/postern"
    cp -a "$1" "$COMPANY/home/recovery/.local/share/postern"
    rm -f "$COMPANY/home/recovery/.local/share/postern/"index.db*
    sed "s/^key = .*/key = $recovery/" "$(user_config john)" >"$COMPANY/home/recovery/.config/postern/config"
    as recovery postern -q lock
    as recovery postern -q unlock && user_ids recovery '' | wc -l
}
is "$(recovered "$store")" 5 'p5_52 a recovery key alone opens everything'

# What is looked at before the first word to a server.
expire() { as "$1" gpg --batch --quiet --passphrase '' --pinentry-mode loopback --quick-set-expire "$(company_key "$1")" "$2" 2>/dev/null; }
fetched() { traced john $TESTDIR/trace fetchd --once --policy $TESTDIR/policy >$out 2>$err; code=$?; }
company_fill john --count 1 --seed 2
move() { # PERSON: its key as it is now, for John
    as "$1" gpg --batch --export "$(company_key "$1")" | as john gpg --batch --quiet --import 2>/dev/null
}
expire recovery 10d && move recovery
fetched
code_is 0 'p5_52 a recovery key that expires soon stops nothing'
err_has "fetchd: the OpenPGP key $recovery expires in [0-9]* days, .* (key.expires)" 'p5_52 but is told in the log'
run as john postern --policy $TESTDIR/policy status
out_has "^warning: the OpenPGP key $recovery expires in [0-9]* days" 'p5_52 and by status'
run as john postern --policy $TESTDIR/policy --json status
is "$(json 'len(d["warnings"])')" 1 'p5_52 in JSON too'
as john strace -f -qq -o $TESTDIR/runs -e trace=execve fetchd --once --seal-only --policy $TESTDIR/policy >/dev/null 2>&1
is "$(grep -c -e --list-keys $TESTDIR/runs)" 0 'gpg is not asked again while the keyring is the same'
expire recovery seconds=1 && sleep 2 && move recovery
company_fill john --count 1 --seed 3
fetched
code_is 78 'p5_52 one that has expired does'
err_has "the OpenPGP key $recovery has expired (key.expired)" 'p5_52 which is named'
ok lacks_socket $TESTDIR/trace -- 'p5_52 before any server was asked'
run as john postern --policy $TESTDIR/policy status
out_has '^warning: .*(key.expired)' 'p5_52 status says so'
as john gpg --batch --yes --delete-keys "$recovery" 2>/dev/null
fetched
code_is 78 'p5_52 a recovery key that is missing does'
err_has '(key.missing)' 'p5_52 by its rule'
ok lacks_socket $TESTDIR/trace -- 'p5_52 before any server was asked'
expire recovery 1y && move recovery
as john gpg --batch --yes --quiet --passphrase '' --quick-generate-key 'John Smith <jsmith@corp.example>' future-default default 1y 2>/dev/null
fetched
code_is 0 'p5_53 a second key with the same user id changes nothing'
is "$(user_ids john '' | wc -l)" 7 'p5_53 and all of it opens'

# To another key.
new=$(as john postern --json key list jsmith@corp.example | /usr/bin/python3 -c "
import json, sys
print([key['fingerprint'] for key in json.load(sys.stdin) if key['fingerprint'] != '$old'][0])")
sed -i "1i # a line of John's" "$(user_config john)"
rotate() { as john postern --policy $TESTDIR/policy "$@" key rotate --to "$new"; }
opens() { as john postern -q lock && as john postern -q unlock && [ "$(user_ids john '' | wc -l)" = ${1:-7} ]; }
cp -a "$store" $TESTDIR/before
cp "$(user_config john)" $TESTDIR/config
for call in pwrite64 fdatasync rename; do
    n=1
    while [ $n -le 12 ]; do
        ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
            as john strace -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$n \
            postern --policy $TESTDIR/policy -q key rotate --to "$new" >$out 2>$err
        killed=$?
        opens || break
        [ $killed = 137 ] || break
        n=$((n + 1))
    done
    ok opens -- "a change of keys that is killed at any $call leaves a vault that opens"
    ok [ $n -gt 1 ] -- "it was killed $((n - 1)) times"
    as john postern -q lock
    rm -rf "$store"
    cp -a $TESTDIR/before "$store"
    cp $TESTDIR/config "$(user_config john)"
done
run rotate --json
code_is 0 'a change of keys'
is "$(json '[d["from"], d["to"], d["secrets"], d["lines"]]')" "['$old', '$new', 1, 1]" 'of the vault and a password'
is "$(diff $TESTDIR/config "$(user_config john)" | tr '\n' ' ')" \
    "$(grep -n '^key = ' $TESTDIR/config | cut -d: -f1)c$(grep -n '^key = ' $TESTDIR/config | cut -d: -f1) < key = $old --- > key = $new " \
    'changes one line of the configuration'
as john postern -q lock
as john gpg --batch --yes --delete-secret-and-public-key "$old" 2>/dev/null
ok opens -- 'the old key is not needed any more'
company_fill john --count 1 --seed 4
fetched
code_is 0 'nor for the password'
is "$(recovered "$store")" 8 'and the recovery key still opens everything'
run rotate
code_is 0 'once more'
out_has "^the vault and 1 password are sealed to $new$" 'changes nothing but the wraps'

# What would lock the owner out.
run as john postern --policy $TESTDIR/policy key rotate --to "$recovery"
code_is 78 'a key whose private half is not here'
err_has '(key.missing)' 'is not taken'
as john gpg --batch --yes --quiet --passphrase '' --quick-generate-key '<john@corp.example>' future-default default 1y 2>/dev/null
mv "$(user_config john)" $TESTDIR/elsewhere
ln -s $TESTDIR/elsewhere "$(user_config john)"
chmod 644 $TESTDIR/elsewhere
run as john postern --policy $TESTDIR/policy key rotate --to john@corp.example
code_is 78 'a configuration that is a link is not replaced'
err_has "write 'key = [0-9A-F]\{40\}' in line [0-9]* of" 'but which line is wrong now is told'
ok [ -L "$(user_config john)" ] -- 'and it stays'
ok opens 8 -- 'with the vault open'
done_testing

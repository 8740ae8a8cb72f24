#!/bin/sh
# postern key find: a real web key directory, and what may be wrong with one.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
company_person mary
johns=$COMPANY/home/john/.gnupg
mary=$(company_key mary)
json() { /usr/bin/python3 -c "import json; d = json.load(open('$out')); print($1)" 2>&1; }

# Two hosts for the two ways to ask; dirmngr trusts what this system does.
cat >>/run/etc/hosts <<END
10.23.0.2 openpgpkey.corp.example
10.23.0.2 direct.corp.example
10.66.0.1 openpgpkey.other.example
END
namespace_cover hosts /etc/hosts
cat $COMPANY_CA >/run/etc/authorities
mount --bind /run/etc/authorities /etc/ssl/certs/ca-certificates.crt
web=$TESTDIR/web
log=$TESTDIR/web.log
# serve HOST ADDRESS [FAULT]; the one before goes
serve() {
    [ -z "${web_pid-}" ] || { kill "$web_pid"; wait "$web_pid" 2>/dev/null; }
    as john gpgconf --kill dirmngr # it remembers
    company_certificate $COMPANY/tls/web "${3-none}" "$1"
    : >$log
    /usr/bin/python3 "$srcdir/tests/lib/wkd_server.py" --listen "$2" --certificate $COMPANY/tls/web.crt \
        --key $COMPANY/tls/web.key --root $web --log $log &
    web_pid=$!
    company_wait "$2" 443
}
place() { # ADDRESS [WAY]: where its key lies
    place_path=$web/$(/usr/bin/python3 "$srcdir/tests/lib/wkd_server.py" --path "$1" "${2-advanced}")
    mkdir -p "$(dirname "$place_path")"
    : >"$(dirname "$(dirname "$place_path")")/policy" # a directory without is none, dirmngr finds
    echo "$place_path"
}
key_of() { # PERSON USER-ID…: a key of hers; $made is its fingerprint
    key_person=$1
    made=$(as "$key_person" gpg --batch --yes --quiet --passphrase '' --status-fd 1 --quick-generate-key "$2" future-default default 1y 2>/dev/null |
        sed -n 's/.*KEY_CREATED . //p')
    shift 2
    for key_more in "$@"; do
        as "$key_person" gpg --batch --quiet --passphrase '' --quick-add-uid "$made" "$key_more" 2>/dev/null
    done
}
publish() { as mary gpg --batch --export "$1" >"$(place "$2" ${3-})"; } # FINGERPRINT ADDRESS [WAY]
find_key() { run as john postern "$@"; }
here() { as john postern --json key list "$1" | tr -d ' \n' | sed 's/^\[\]$//'; }

# Who may be asked.
find_key key find mary.jones@corp.example
code_is 78 'as it comes nobody is asked'
err_has '(key.wkd)' 'by the name of the rule'
run traced john $TESTDIR/trace postern key find mary.jones@corp.example
ok lacks_socket $TESTDIR/trace -- 'and before a socket'
sed -i '/^\[company\]/a wkd = company' "$(user_config john)"
run traced john $TESTDIR/trace postern --json key find mary.jones@corp.example ann@other.example
code_is 78 'of the company alone'
is "$(json 'd["error"]["rule"]')" key.wkd 'by the same name'
ok lacks_socket $TESTDIR/trace -- 'nobody at all is asked when one may not be'
printf '[company]\nwkd = never\n' >$TESTDIR/policy
chmod 644 $TESTDIR/policy
find_key --policy $TESTDIR/policy key find mary.jones@corp.example
code_is 78 'a policy narrows it'
find_key key find 'mary.jones'
code_is 65 'what is no address is refused'
find_key key find
code_is 64 'and none is wrong usage'
find_key key find mary.jones@corp.example
code_is 69 'a server that is not there'
err_has '(server.unreachable)' 'is told'

# Another company's server.
company_certificate $COMPANY/tls/other none openpgpkey.other.example
/usr/bin/python3 "$srcdir/tests/lib/wkd_server.py" --listen 10.66.0.1 --certificate $COMPANY/tls/other.crt \
    --key $COMPANY/tls/other.key --root $web --log $TESTDIR/other.log &
other_pid=$!
company_wait 10.66.0.1 443

# The advanced way.
serve openpgpkey.corp.example 10.23.0.2
as mary gpg --batch --quiet --passphrase '' --quick-add-uid "$mary" 'Boss <boss@corp.example>' 2>/dev/null
publish "$mary" mary.jones@corp.example
find_key key find mary.jones@corp.example nobody@corp.example
code_is 1 'one of two addresses has a key'
out_has "^$mary  not confirmed, signs and encrypts, expires 20" 'it is told'
out_has '^    ed25519, cv25519; published by https://openpgpkey.corp.example$' 'with its kind and its source'
out_has "'postern key find --import mary.jones@corp.example'.*'postern key trust $mary'" 'and the way to use it'
out_lacks boss 'only the user id that was looked for counts'
err_has 'no key of nobody@corp.example is published' 'of whom there is none, too'
is "$(here "$mary")" '' 'nothing enters the keyring'
is "$(grep -c '/.well-known/openpgpkey/corp.example/hu/[a-z0-9]*?l=mary.jones$' $log)" 1 'it was asked once, as the draft says'
find_key --json key find --import Mary.Jones@corp.example
code_is 0 'and taken in'
is "$(json '[(f["by"], f["imported"], f["in_keyring"], f["differs_from"], f["key"]["fingerprint"], f["key"]["algorithm"], [u["address"] for u in f["key"]["user_ids"]], f["key"]["confirmed"]) for f in d[0]["found"]]')" \
    "[('wkd', True, True, None, '$mary', 'ed25519, cv25519', ['mary.jones@corp.example'], False)]" 'in JSON'
find_key key find mary.jones@corp.example
out_has "not confirmed yet: .*'postern key trust $mary'" 'what is not confirmed is called so'
as john postern -q key trust --yes "$mary"
find_key key find mary.jones@corp.example
out_has 'the key that you have confirmed' 'and what is, too'

# Is one's own key there? doctor asks, too.
own=$(company_key john)
published() { # STATUS WORDS WHAT
    run as john postern --json doctor
    is "$(json '[(r["status"], "'"$2"'" in r["detail"]) for r in d if r["rule"] == "key.published"]')" "[('$1', True)]" "doctor: $3"
}
published warn 'no key of this address is published' 'a key that is not published'
as john gpg --batch --export "$own" >"$(place jsmith@corp.example)"
published pass 'others find' 'one that is'
publish "$mary" jsmith@corp.example
published fail 'no key of the address' "somebody else's in its place"
key_of mary '<jsmith@corp.example>'
publish "$made" jsmith@corp.example
published fail "the key $made" 'another key of the address'
find_key --json doctor --offline
is "$(json '[r["status"] for r in d if r["rule"] == "key.published"]')" "['skip']" 'doctor: nobody is asked offline'
rm "$(place jsmith@corp.example)"

# Another key than the confirmed one.
key_of mary 'Mary Jones <mary.jones@corp.example>'
publish "$made" mary.jones@corp.example
find_key key find mary.jones@corp.example
code_is 0 'p7_83 another key is found'
out_has "not the key $mary, which you have confirmed" 'p7_83 and told from the confirmed one'
find_key --json key find --import mary.jones@corp.example
is "$code $(json '[d[0]["error"]["rule"], d[0]["found"][0]["differs_from"]]')" "78 ['key.changed', '$mary']" 'p7_83 which it does not replace'
is "$(here "$made")" '' 'p7_83 nor come in beside'
printf x >$TESTDIR/body
chmod 644 $TESTDIR/body
letter() { run as john postern send --dry-run --to mary.jones@corp.example --subject x --body $TESTDIR/body --encrypt; }
letter
code_is 0 'p7_83 letters go to the confirmed one'

# Who has no key is to be looked for.
run as john postern send --dry-run --encrypt --to j.gross@corp.example --subject x --body $TESTDIR/body
code_is 78 'a letter to who has no key'
err_has 'postern key find j.gross@corp.example' 'names the way to look for it'
cp "$(user_config john)" $TESTDIR/config
printf '[crypto]\nautocrypt = no\n' >>"$(user_config john)"
run as john postern --policy $TESTDIR/policy send --dry-run --encrypt --to j.gross@corp.example --subject x --body $TESTDIR/body
cp $TESTDIR/config "$(user_config john)"
err_lacks 'key find' 'unless it may not be gone'

# What is no key of hers.
wrong() { # CODE TEXT [RULE]
    find_key --json key find --import j.gross@corp.example
    code_is "$1" "p7_82 $2"
    [ -z "${3-}" ] || is "$(json 'd[0]["error"]["rule"]')" "$3" 'p7_82 by its rule'
    is "$(json 'd[0]["found"]')" '[]' 'p7_82 is nothing found'
    is "$(here j.gross@corp.example)" '' 'p7_82 and nothing comes in'
}
gross=$(place j.gross@corp.example)
key_of mary 'Somebody Else <h.hahn@corp.example>'
hahn=$made
publish "$hahn" j.gross@corp.example
wrong 1 "somebody else's key"
head -c 3000 /dev/urandom | tr '\200-\377' '\0-\177' >"$gross"
wrong 65 'garbage' key.input
head -c 400000 /dev/zero >"$gross"
wrong 76 'too much' wkd.answer
as mary gpg --batch --export-secret-keys "$hahn" >"$gross"
wrong 65 'a private key' key.input
as mary gpg --batch --export "$mary" | head -c 300 >"$gross"
wrong 65 'half a key' key.input
# Another user id under the signatures of the true one.
as mary gpg --batch --export "$hahn" >$TESTDIR/hahn
/usr/bin/python3 - $TESTDIR/hahn "$gross" <<'END'
import sys
data, out, at = open(sys.argv[1], "rb").read(), b"", 0
while at < len(data):
    head = data[at]
    if head & 0x40:
        first = data[at + 1]
        size, begin = (first, 2) if first < 192 else ((first - 192 << 8) + data[at + 2] + 192, 3)
        tag = head & 63
    else:
        width = 1 << (head & 3)
        size, begin, tag = int.from_bytes(data[at + 1 : at + 1 + width], "big"), 1 + width, head >> 2 & 15
    packet = data[at : at + begin + size]
    if tag == 13:
        name = b"<j.gross@corp.example>"
        out += bytes([0xCD, len(name)]) + name
    else:
        out += packet
    at += begin + size
open(sys.argv[2], "wb").write(out)
END
wrong 1 'a user id that its key did not sign'
rm "$gross"
echo "https://mail.corp.example/other" >"$gross.location"
wrong 69 'a way to where nobody is'
rm "$gross.location"
serve openpgpkey.corp.example 10.23.0.2 other-ca
wrong 76 'a server with a certificate of nobody' wkd.tls
serve www.corp.example 10.23.0.2
wrong 76 'a server of another name' wkd.tls
published warn 'cannot be trusted' 'a server that cannot be trusted'

# The direct way, which is asked where there is no host for keys.
serve direct.corp.example 10.23.0.2
key_of mary '<j.direct@direct.corp.example>'
publish "$made" j.direct@direct.corp.example direct
find_key key find --import j.direct@direct.corp.example
code_is 0 'the direct way'
out_has "published by https://direct.corp.example" 'is told, too'
ok here "$made" -- 'and its key comes in'
is "$(grep -c 'direct.corp.example /.well-known/openpgpkey/hu/' $log)" 1 'it was asked once'
sed -i 's/^wkd = company/wkd = any/' "$(user_config john)"
key_of mary '<ann@other.example>'
publish "$made" ann@other.example
find_key -q key find ann@other.example
is "$code $(wc -c <$out)" '0 0' 'with any, others are asked, too'

# What mail carries. carry FROM FILE [DAYS [FIELD]]: a letter to John with the key in FILE, written so
# many days from now
serve openpgpkey.corp.example 10.23.0.2
carry() {
    /usr/bin/python3 - "$@" <<'END' | company_deliver john
import base64, email.utils, sys, time
sender, file, days, field = (sys.argv[1:] + ["0", ""][len(sys.argv) - 3 :])[:4]
key = base64.b64encode(open(file, "rb").read()).decode()
lines = "".join(f"\n {key[at : at + 76]}" for at in range(0, len(key), 76))
addr = sender if not field.startswith("addr=") else field[5:]
print(f"From: Somebody <{sender}>\nTo: jsmith@corp.example\nSubject: key", end="\n")
print(f"Date: {email.utils.formatdate(time.time() + float(days) * 86400)}")
if field and not field.startswith("addr="):
    print(field)
print(f"Autocrypt: addr={addr}; prefer-encrypt=mutual; keydata={lines}\n\ntext")
END
}
export_key() { as mary gpg --batch --export "$1" >"$2"; }
key_of mary 'Hans Hahn <hans.hahn@corp.example>' 'Boss <boss@corp.example>'
hans=$made
export_key "$hans" $TESTDIR/hans
key_of mary '<hans.hahn@corp.example>'
export_key "$made" $TESTDIR/hans-older
carry hans.hahn@corp.example $TESTDIR/hans-older -9
carry hans.hahn@corp.example $TESTDIR/hans -3
carry Hans.Hahn@corp.example $TESTDIR/hans 400
# Letters whose key is not for their sender, or no sender's.
carry boss@corp.example $TESTDIR/hans-older
carry lies@corp.example $TESTDIR/hans 0 addr=hans.hahn@corp.example
carry list@corp.example $TESTDIR/hans-older 0 'List-Id: <all.corp.example>'
for lie in list large many twin; do
    key_of mary "<$lie@corp.example>"
    export_key "$made" $TESTDIR/$lie
done
carry list@corp.example $TESTDIR/list 0 'List-Id: <all.corp.example>'
head -c 1000000 /dev/zero >>$TESTDIR/large
carry large@corp.example $TESTDIR/large
subkey=$(as mary gpg --batch --list-packets $TESTDIR/many 2>/dev/null | sed -n 's/^# off=\([0-9]*\) .*tag=14 .*/\1/p')
for n in $(seq 40); do tail -c +$((subkey + 1)) $TESTDIR/many; done >$TESTDIR/subkeys
cat $TESTDIR/subkeys >>$TESTDIR/many
carry many@corp.example $TESTDIR/many
carry twin@corp.example $TESTDIR/twin 0 "Autocrypt: addr=twin@corp.example; keydata=$(base64 -w 0 <$TESTDIR/list)"
# Mary's confirmed key with a subkey and a user id that it never signed; and another key as hers.
export_key "$mary" $TESTDIR/mary
{ cat $TESTDIR/mary; tail -c +$((subkey + 1)) $TESTDIR/twin; } >$TESTDIR/poison
carry mary.jones@corp.example $TESTDIR/poison -1
key_of mary '<mary.jones@corp.example>'
export_key "$made" $TESTDIR/forged
carry mary.jones@corp.example $TESTDIR/forged
# Who wrote with a key once, and goes on without.
key_of mary '<old@corp.example>'
export_key "$made" $TESTDIR/old
carry old@corp.example $TESTDIR/old -36
printf 'From: old@corp.example\nTo: jsmith@corp.example\nSubject: x\n\ntext\n' | company_deliver john
rm -f "$(place mary.jones@corp.example)"
run as john fetchd --once
code_is 0 'mail comes in'
find_key key find hans.hahn@corp.example
code_is 0 'p7_82 a key that mail carried is found'
out_has '^    ed25519, cv25519; came with 2 messages, the last one of ' 'p7_82 and told to be no more than that'
is "$(grep -c '^[0-9A-F]\{40\}' $out)$(grep -n "^$hans  not confirmed" $out | cut -d: -f1)" 21 'p7_82 the last one first, whatever the future says'
out_lacks boss 'p7_82 of it only what is for the sender'
out_lacks 'in use no more' 'and it is in use'
is "$(here hans.hahn@corp.example)" '' 'p7_82 nothing enters the keyring'
run as john postern send --dry-run --encrypt --to hans.hahn@corp.example --subject x --body $TESTDIR/body
code_is 78 'p7_82 nor is it used'
err_has 'postern key find hans.hahn@corp.example' 'p7_82 but the way is named'
for lie in boss lies list large many twin; do
    find_key key find $lie@corp.example
    is "$code $(wc -c <$out)" '1 0' "p7_82 $lie: what does not count is not found"
done
find_key key find old@corp.example
out_has '^    later mail, the last of 20.*, came without it: it may be in use no more' 'a key that later mail lacks for 35 days is told so'
find_key --json key find old@corp.example hans.hahn@corp.example
is "$(json '[f["recommendation"] for one in d for f in one["found"]]')" "['discourage', 'available', 'available']" 'and in JSON'
before=$(as john gpg --batch --export "$mary" | sha256sum)
find_key key find mary.jones@corp.example
out_has "not the key $mary, which you have confirmed" 'p7_82 another key than the confirmed one is told'
find_key --json key find --import mary.jones@corp.example
is "$code $(json 'd[0]["error"]["rule"]')" '78 key.changed' 'p7_82 and never takes its place'
is "$(as john gpg --batch --export "$mary" | sha256sum)" "$before" 'p7_82 the confirmed key is as it was'
letter
code_is 0 'p7_82 and letters go to it'
as john postern -q index --rebuild
find_key --json key find --import hans.hahn@corp.example
is "$(json '[(f["by"], f["source"], f["messages"], f["imported"], f["differs_from"]) for f in d[0]["found"]]')" \
    "[('autocrypt', None, 2, True, None), ('autocrypt', None, 1, False, None)]" 'a rebuilt index knows the same; the last one comes in'
is "$(as john gpg --batch --with-colons --list-keys "$hans" | grep -c '^uid')" 1 'with the one user id'

# What an encrypted letter says of its other recipients. gossip SENDER TO WHERE [ADDRESS FILE]…: to John and TO,
# the fields stand WHERE, inside or outside
gossip() {
    /usr/bin/python3 - "$@" <<'END' | company_deliver john
import base64, email.utils, subprocess, sys
sender, to, where, *pairs = sys.argv[1:]
fields = ""
for address, file in zip(pairs[::2], pairs[1::2]):
    key = base64.b64encode(open(file, "rb").read()).decode()
    fields += f"Autocrypt-Gossip: addr={address}; keydata=" + "".join(f"\n {key[at : at + 76]}" for at in range(0, len(key), 76)) + "\n"
payload = (fields if where == "inside" else "") + "Content-Type: text/plain\n\nwombat\n"
sealed = subprocess.run(["gpg", "--homedir", "/run/test/empty", "--batch", "--quiet", "--armor", "--trust-model", "always",
    "--encrypt", "--recipient-file", "/run/test/john"], input=payload.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
print(f"From: <{sender}>\nTo: jsmith@corp.example, {to}\nSubject: x\nDate: {email.utils.formatdate()}")
print(fields if where == "outside" else "", end="")
print(f"""MIME-Version: 1.0
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="seal"

--seal
Content-Type: application/pgp-encrypted

Version: 1

--seal
Content-Type: application/octet-stream

{sealed}
--seal--""")
END
}
mkdir -m 700 $TESTDIR/empty
as john gpg --batch --export "$own" >$TESTDIR/john
for peer in peer clear stranger; do
    key_of mary "<$peer@corp.example>"
    export_key "$made" $TESTDIR/$peer
done
peer=$(gpg --batch --homedir $TESTDIR/empty --with-colons --show-keys $TESTDIR/peer 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }')
key_of mary '<hans.hahn@corp.example>' '<jsmith@corp.example>'
export_key "$made" $TESTDIR/hans-said
key_of mary '<mary.jones@corp.example>'
export_key "$made" $TESTDIR/mary-said
gossip mary.jones@corp.example 'peer@corp.example, hans.hahn@corp.example' inside \
    peer@corp.example $TESTDIR/peer hans.hahn@corp.example $TESTDIR/hans-said stranger@corp.example $TESTDIR/stranger
gossip dan@corp.example 'clear@corp.example' outside clear@corp.example $TESTDIR/clear
gossip dan@corp.example 'large@corp.example, hans.hahn@corp.example, mary.jones@corp.example' inside large@corp.example $TESTDIR/large \
    jsmith@corp.example $TESTDIR/hans-said hans.hahn@corp.example $TESTDIR/hans mary.jones@corp.example $TESTDIR/mary-said
run as john fetchd --once
find_key key find peer@corp.example
code_is 0 'a key that another sends along is found'
out_has "^$peer  not confirmed" 'p7_82 it is not confirmed'
out_has '^    ed25519, cv25519; mary.jones@corp.example says that it is the key of peer@corp.example; in 1 encrypted message, the last one of 20.*, as anybody may write them$' \
    'p7_82 and told with who says so'
is "$(here peer@corp.example)" '' 'p7_82 nothing enters the keyring'
run as john postern send --dry-run --encrypt --to peer@corp.example --subject x --body $TESTDIR/body
is "$code $(grep -c 'postern key find peer@corp.example' $err)" '78 1' 'p7_82 nor is it used, but the way is named'
for lie in clear stranger large; do
    find_key key find $lie@corp.example
    is "$code $(wc -c <$out)" '1 0' "p7_82 $lie: gossip that does not count is not found"
done
find_key key find jsmith@corp.example
out_lacks 'says that it is' 'p7_82 nor what others say of the own address'
find_key key find hans.hahn@corp.example
is "$(grep -c '^[0-9A-F]\{40\}' $out) $(grep -n "^$hans" $out | cut -d: -f1) $(grep -c 'dan@' $out)" '3 1 0' \
    'p7_82 what the owner sent comes first, and once'
out_has '^    not a key that came with mail of hans.hahn@corp.example: ask which one is in use$' 'p7_83 another one than his own is warned of'
find_key key find mary.jones@corp.example
is "$(grep -A 4 "^$made" $out | grep -c "dan@corp.example says\|not the key $mary, which you have confirmed")" 2 'p7_82 the confirmed key stays in use'
find_key --json key find --import peer@corp.example mary.jones@corp.example
is "$code $(json '[[(f["by"], f["source"], f["recommendation"], f["imported"]) for f in one["found"] if f["by"] == "gossip"] for one in d], d[1]["error"]["rule"]')" \
    "78 [[('gossip', 'mary.jones@corp.example', 'discourage', True)], [('gossip', 'dan@corp.example', 'discourage', False)]] key.changed" 'asked for, it comes in where there is no other'
ok here "$peer" -- 'unconfirmed'

# What ours carries.
as john gpg --batch --quiet --passphrase '' --quick-add-uid "$(company_key john)" 'Secret Club <club@corp.example>' 2>/dev/null
carried() { # the key in a letter, by Python's reader and gpg
    as john postern send --dry-run --to mary.jones@corp.example --subject x --body $TESTDIR/body "$@" 2>/dev/null |
        /usr/bin/python3 -c '
import base64, email, email.policy, sys
letter = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.compat32)
fields = letter.get_all("Autocrypt") or []
assert all(len(line) <= 78 for field in fields for line in field.split("\n"))
words = [dict(part.strip().split("=", 1) for part in field.split(";")) for field in fields]
for one in words:
    sys.stderr.write(" ".join(sorted(one)) + " " + one["addr"] + "\n")
    sys.stdout.buffer.write(base64.b64decode("".join(one["keydata"].split()), validate=True))
' 2>$TESTDIR/fields | gpg --batch --homedir $TESTDIR/empty --with-colons --show-keys 2>/dev/null | awk -F: '/^(fpr|uid)/ { print $10 }'
}
for way in --encrypt --no-encrypt '--no-encrypt --no-sign'; do
    # shellcheck disable=SC2086
    is "$(carried $way | head -n 1)" "$(company_key john)" "send $way carries the own key"
    is "$(carried $way | grep '@')" 'John Smith <jsmith@corp.example>' 'with the user id of From alone'
    is "$(cat $TESTDIR/fields)" 'addr keydata jsmith@corp.example' 'in one field'
done
sed -i '/^address = /a aliases = john@corp.example' "$(user_config john)"
is "$(carried --from john@corp.example)" '' 'an address that the key has not gets none'
printf '[crypto]\nautocrypt = no\n' >>"$(user_config john)"
is "$(carried --encrypt)$(cat $TESTDIR/fields)" '' 'autocrypt = no carries none'
sed -i 's/^autocrypt = no/autocrypt = yes/' "$(user_config john)"

# The keys of the others, for who answers to all. said ARGUMENT…: who is named in each copy, within, as gpg opens it
said() {
    as john postern send --dry-run --encrypt --subject x --body $TESTDIR/body "$@" 2>/dev/null >$TESTDIR/copies
    grep -c -i gossip $TESTDIR/copies
    rm -f $TESTDIR/copy.*
    csplit -s -z -f $TESTDIR/copy. $TESTDIR/copies '/BEGIN PGP MESSAGE/' '{*}'
    for copy in $TESTDIR/copy.*; do
        sed -n '/BEGIN PGP MESSAGE/,/END PGP MESSAGE/p' "$copy" | as john gpg --batch --quiet --decrypt 2>/dev/null
    done | /usr/bin/python3 -c '
import base64, re, subprocess, sys
text = sys.stdin.read().replace("\r\n", "\n")
assert all(len(line) <= 998 for line in text.split("\n"))
for field in re.findall(r"^Autocrypt-Gossip: ((?:.*\n)(?:[ \t].*\n)*)", text, re.M):
    words = dict(part.strip().split("=", 1) for part in field.split(";"))
    key = base64.b64decode("".join(words.pop("keydata").split()), validate=True)
    shown = subprocess.run(["gpg", "--batch", "--homedir", "/run/test/empty", "--with-colons", "--show-keys"], input=key, capture_output=True)
    lines = [line.split(":") for line in shown.stdout.decode().split("\n")]
    print(words, next(line[9] for line in lines if line[0] == "fpr"), [line[9] for line in lines if line[0] == "uid"])
' | sort
}
as john postern -q key trust --yes "$peer"
as john postern -q key trust --yes "$hans"
both="0
{'addr': 'mary.jones@corp.example'} $mary ['Mary Jones <mary.jones@corp.example>']
{'addr': 'peer@corp.example'} $peer ['<peer@corp.example>']"
is "$(said --to mary.jones@corp.example --cc PEER@corp.example)" "$both" 'a letter to two carries the keys of both, within'
is "$(said --to mary.jones@corp.example --to jsmith@corp.example --cc peer@corp.example --cc mary.jones@corp.example)" "$both" 'each once, and not the own'
is "$(said --to mary.jones@corp.example --cc peer@corp.example --bcc hans.hahn@corp.example | sort -u)" "$both" 'p9_104 nobody hidden is among them, in any copy'
is "$(said --to mary.jones@corp.example --bcc hans.hahn@corp.example)" 0 'p9_104 and where but one is named there are none'
sed -i 's/^autocrypt = yes/autocrypt = no/' "$(user_config john)"
is "$(said --to mary.jones@corp.example --cc peer@corp.example)" 0 'autocrypt = no carries none of others either'
sed -i 's/^autocrypt = no/autocrypt = mutual/' "$(user_config john)"
is "$(carried --encrypt | grep -c .) $(cat $TESTDIR/fields)" '3 addr keydata prefer-encrypt jsmith@corp.example' 'mutual asks for answers that are encrypted'
sed -i 's/^autocrypt = mutual/autocrypt = no/' "$(user_config john)"
find_key key find mary.jones@corp.example
is "$code $(wc -c <$out)" '1 0' 'and finds none'
as john postern -q index --rebuild
sed -i 's/^autocrypt = no/autocrypt = yes/' "$(user_config john)"
find_key key find mary.jones@corp.example
is "$code $(wc -c <$out)" '1 0' 'nor is any remembered'

# Nothing else asks, whatever GnuPG's own files say.
as john gpgconf --kill dirmngr
printf '#!/bin/sh\ntouch %s/called\nexit 1\n' $TESTDIR >$TESTDIR/dirmngr
chmod 755 $TESTDIR/dirmngr
cat >>$johns/gpg.conf <<END
dirmngr-program $TESTDIR/dirmngr
auto-key-retrieve
auto-key-import
auto-key-locate clear,wkd,keyserver,dane
keyserver hkps://openpgpkey.other.example
keyserver-options auto-key-retrieve
END
echo 'keyserver hkps://openpgpkey.other.example' >>$johns/dirmngr.conf
: >$log
: >$TESTDIR/other.log
for command in 'send --dry-run --encrypt --to ann@other.example --subject x --body body' 'key list ann@other.example' \
    'send --dry-run --no-encrypt --to mary.jones@corp.example --subject x --body body' 'key export mary.jones@corp.example' \
    'key import ann.asc' 'key trust --yes ann@other.example' 'status'; do
    [ -f $COMPANY/home/john/ann.asc ] || {
        cp $TESTDIR/body $COMPANY/home/john/body
        as mary gpg --batch --export --armor "$made" >$COMPANY/home/john/ann.asc
    }
    # shellcheck disable=SC2086
    run traced john $TESTDIR/trace postern $command
    ok lacks_socket $TESTDIR/trace -- "p8_93 $command asks nobody"
done
is "$(grep -h /hu/ $log $TESTDIR/other.log)" '' 'p8_93 and no server heard of it'
ok [ ! -e $TESTDIR/called ] -- 'p8_93 nor was anything started that could'

kill $other_pid "$web_pid"
done_testing

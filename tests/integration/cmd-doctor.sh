#!/bin/sh
# The doctor: one row a rule, with what was found and the mend; asks nobody, changes nothing.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

# rows EXPRESSION: a Python expression over the rows `d` of the last --json run
rows() {
    /usr/bin/python3 -c "import json,sys; d = json.load(open('$out')); print($1)"
}
# status RULE: the statuses of its rows, each once
status() {
    rows "','.join(sorted({r['status'] for r in d if r['rule'] == '$1'}))"
}

company_start
user_ready john
config=$(user_config john)
store=$COMPANY/home/john/.local/share/postern
cp "$config" $TESTDIR/config
restore() { cp $TESTDIR/config "$config"; }

as john postern -q unlock
as john postern -q index
run as john postern --json doctor
code_is 0 'a healthy company'
is "$(rows "sorted({r['rule'] for r in d if r['status'] == 'fail'})")" '[]' 'nothing fails'
is "$(rows "[r['rule'] for r in d if r['status'] == 'skip']")" "['key.published']" 'and nothing is skipped but what may not be asked'
is "$(rows "{tuple(r) for r in d}")" "{('rule', 'status', 'subject', 'detail', 'mend')}" \
    'each row has exactly the keys of the contract'
is "$(rows "{r['mend'] is None for r in d if r['status'] == 'pass'}, {r['mend'] is None for r in d if r['status'] != 'pass'}")" \
    '{True} {False}' 'a mend where there is something to mend'
is "$(rows "[r['rule'] for r in d] == sorted([r['rule'] for r in d], key=[r['rule'] for r in d].index)")" True \
    'the rows of one rule stand together'
for rule in config.readable policy.file transport.port server.freemail server.company \
    server.network network.office ports.closed tls.old-versions tls.clear tls.chain \
    certificate.days login.works login.names password.there password.strong \
    password.different key.encrypt key.secret store.permissions matchkey.permissions outbox.waiting freemail.use; do
    is "$(status $rule)" pass "$rule passes"
done
is "$(rows "sorted(r['subject'] for r in d if r['rule'] == 'ports.closed')")" \
    "['mail.corp.example:109', 'mail.corp.example:110', 'mail.corp.example:143', 'mail.corp.example:25']" \
    'the four ports for mail in clear were looked at'
is "$(rows "sorted({r['subject'] for r in d if r['rule'] in ('tls.old-versions', 'tls.clear')})")" \
    "['mail.corp.example:465', 'mail.corp.example:993']" 'the TLS ports were tried with what they must refuse'
is "$(rows "{(r['status'], r['detail']) for r in d if r['rule'] == 'server.abilities'}")" \
    "{('warn', 'the server does not offer SCRAM')}" 'what the servers lack is told'
is "$(rows "{r['detail'].split()[0] in ('89', '90') for r in d if r['rule'] == 'certificate.days'}")" '{True}' \
    'and how long their certificates are good for'
run as john postern --color always doctor
code_is 0 'the table'
out_has '.\[32mpass.\[0m  ports.closed' 'in colours'
out_has ' 1 skipped' 'and says at the end what was skipped'

# Mail that went to freemail providers.
letter() { printf 'From: %s\r\nTo: %s\r\nSubject: x\r\nDate: Mon, 04 Mar 2024 10:00:00 +0000\r\n\r\nText.\r\n' "$1" "$2" | company_deliver john; }
freemail() { rows "[(r['status'], r['detail'].rpartition(' (')[0] or r['detail']) for r in d if r['rule'] == 'freemail.use']"; }
letter 'Mary <mary.jones@corp.example>' 'x@gmail.com' # hers
letter 'jsmith@corp.example.evil.test' 'x@gmail.com'  # somebody's
letter 'John Smith <jsmith@corp.example>' 'gmail.com@corp.example, "x@gmail.com" <mary.jones@corp.example>'
as john postern -q sync
as john postern -q index
run as john postern --json doctor --offline
is "$(freemail)" "[('pass', 'no mail goes to freemail providers')]" 'letters of others, and names that look like a provider'"'"'s'
letter 'JSmith@corp.example' 'mary.jones@corp.example, Max <max@GMX.de>'
as john postern -q sync
as john postern -q index
run as john postern --json doctor --offline
code_is 0 'a letter of our own to a freemail provider'
is "$(freemail)" "[('warn', '1 letter went to freemail providers, the last to max@GMX.de')]" 'is a warning'
traced john $TESTDIR/trace postern --json doctor --offline >$out 2>$err
ok lacks_socket $TESTDIR/trace -- 'for which nobody is asked'
as john postern -q lock
run as john postern --json doctor --offline
is "$(freemail)" "[('skip', 'the index is locked')]" 'and while the index is locked nothing is said'
as john postern -q unlock
mv "$store/index.db" $TESTDIR/
run as john postern --json doctor --offline
is "$(freemail)" "[('skip', 'there is no index yet, or it cannot be read')]" 'nor without an index'
ok [ ! -e "$store/index.db" ] -- 'of which none is made'
mv $TESTDIR/index.db "$store/"

traced john $TESTDIR/trace postern --json doctor --offline >$out 2>$err
code=$?
code_is 0 'offline'
ok lacks_socket $TESTDIR/trace -- 'p1 no socket is opened'
is "$(rows "sorted({r['rule'] for r in d if r['status'] == 'skip'})")" \
    "['certificate.days', 'key.published', 'login.works', 'network.office', 'ports.closed', 'server.abilities', 'server.network', 'tls.chain', 'tls.clear', 'tls.old-versions']" \
    'the rules of the network are skipped'
traced john $TESTDIR/trace postern --json doctor >$out 2>$err
is "$(grep -o 'connect(.*htons([0-9]*).*10\.[0-9.]*' $TESTDIR/trace | grep -o 'htons([0-9]*)' | sort -u | tr -d 'a-z()' | sort -n | tr '\n' ' ')" \
    '25 109 110 143 465 993 ' 'p1 and online only the probed ports and our own are connected to'

# An open port: what came to it is counted.
cat >$TESTDIR/listen.py <<'END'
import socket, sys
server = socket.create_server(('10.23.0.1', int(sys.argv[1])))
open(sys.argv[2], 'w').write('')
while True:
    peer, _ = server.accept()
    got = peer.recv(100)
    open(sys.argv[2], 'a').write('%d bytes\n' % len(got))
    peer.close()
END
/usr/bin/python3 $TESTDIR/listen.py 143 $TESTDIR/heard &
listener=$!
company_wait 10.23.0.1 143
run as john postern --json doctor
code_is 1 'p1 an open port 143 is a fault'
is "$(rows "[(r['subject'], r['status']) for r in d if r['rule'] == 'ports.closed' and r['status'] != 'pass']")" \
    "[('mail.corp.example:143', 'fail')]" 'which is named'
sleep 0.2
is "$(cat $TESTDIR/heard)" '0 bytes' 'p1 and nothing was sent to it'
run as john postern --json doctor --offline
code_is 0 'offline it is not seen'
kill $listener

# Servers whose TLS is not what it should be.
failing() { rows "sorted({r['rule'] for r in d if r['status'] == 'fail'})"; }
user_uri john fetch imaps://john@mail2.corp.example
hostile imap-honest 993 --old-tls
run as john postern --json doctor
is "$(failing)" "['tls.chain', 'tls.old-versions']" 'p3 a server that knows old TLS alone'
is "$(rows "[r['detail'] for r in d if r['rule'] == 'tls.old-versions' and r['status'] == 'fail']")" \
    "['mail2.corp.example takes TLSv1.1']" 'p3 the version is named'
hostile imap-plain-greeting 993
run as john postern --json doctor
is "$(failing)" "['tls.chain', 'tls.clear']" 'p1 a TLS port that speaks in clear'
out_lacks "$(company_password john)" 'without showing the password'
is "$(hostile_clear | grep -c -i -E 'login|authenticate|john')" 0 'p1 and without saying anything of the user to it'
company_certificate $COMPANY/tls/soon ends-soon mail2.corp.example
HOSTILE_CERTIFICATE=$COMPANY/tls/soon hostile imap-honest 993
run as john postern --json doctor
is "$(status certificate.days)" pass,warn 'p3 a certificate that ends soon'
is "$(rows "[r['detail'].split()[0] in ('9', '10') for r in d if r['rule'] == 'certificate.days' and r['status'] == 'warn']")" \
    '[True]' 'is told with its days'
restore
user_uri john submit submission://john@mail2.corp.example
hostile smtp-honest 587 --old-tls
run as john postern --json doctor
is "$(rows "[r['detail'] for r in d if r['rule'] == 'tls.old-versions' and r['status'] == 'fail']")" \
    "['mail2.corp.example takes TLSv1.1']" 'p3 old TLS behind STARTTLS'
hostile smtp-no-starttls 587
run as john postern --json doctor
is "$(status tls.old-versions)" pass,skip 'a server without STARTTLS cannot be asked'
hostile_stop
restore

# Logins and passwords.
user_uri john fetch imaps://jsmith@mail.corp.example/
run as john postern --json doctor --offline
is "$(status login.names)" pass,warn 'a login that is the local part is told'
user_uri john fetch imaps://JSmith%40corp.example@mail.corp.example/
run as john postern --json doctor --offline
code_is 0 'which is no fault'
is "$(status login.names)" pass,warn 'or the whole address'
sed -i 's/^domains = .*/&\nlogin_names = fail/' "$config"
run as john postern --json doctor --offline
code_is 1 'unless the company says so'
is "$(status login.names)" fail,pass 'then it is a fault'
restore
cat >>"$config" <<END
[account "twin"]
address = john.smith@corp.example
fetch = pops://john@mail.corp.example
secret = sealed
key = $(company_key john)
END
company_password john | as john postern -q password set twin
run as john postern --json doctor --offline
code_is 1 'two accounts'
is "$(status login.names)" warn 'the same login in both is told'
is "$(status password.different)" fail 'the same password is a fault'
out_lacks "$(company_password john)" 'which is not shown'
echo hunter2 | as john postern -q password set twin
run as john postern --json doctor
is "$(status password.different)" pass 'different ones are none'
is "$(status password.strong)" fail,pass 'but a weak one is'
is "$(status login.works)" fail,pass 'and a wrong one does not work'
restore

echo hunter2 | as john postern -q password set work
run as john postern --json doctor
is "$(rows "[r['status'] for r in d if r['rule'] == 'login.works']")" "['fail', 'skip']" \
    'a refused password is not tried at the other server'
is "$(rows "[r['mend'] for r in d if r['rule'] in ('login.works', 'password.strong') and r['status'] == 'fail']")" \
    "['set the right password: postern password set work', 'run: postern password generate work (and tell the server)']" \
    'and the mends name the account'
company_password john | as john postern -q password set work

# Servers.
user_uri john submit smtps://john@mail.evil.test
run as john postern --json doctor --offline
code_is 1 'a foreign server'
is "$(rows "[(r['rule'], r['subject']) for r in d if r['status'] == 'fail']")" \
    "[('server.company', 'work submit')]" 'is named with the account'
user_uri john submit smtps://john@gmail.com
run as john postern --json doctor --offline
is "$(rows "[r['rule'] for r in d if r['status'] == 'fail']")" "['server.freemail']" 'freemail'
user_uri john submit smtp://john:hunter42@mail.corp.example:25
run as john postern --json doctor --offline
is "$(rows "[r['rule'] for r in d if r['status'] == 'fail']")" "['transport.port']" 'a plain scheme'
out_lacks hunter42 'and nothing of the URI is shown'
restore
sed -i 's/^domains = .*/&\nnetworks = 10.99.0.0\/16/' "$config"
run as john postern --json doctor
is "$(rows "sorted({r['rule'] for r in d if r['status'] == 'fail'})")" "['login.works', 'server.network']" \
    'p2 a server outside the networks'
is "$(status ports.closed)" skip 'p2 is not probed'
restore
sed -i 's/^domains = .*/&\noffices = 10.99.0.0\/16/' "$config"
run as john postern --json doctor
is "$(status network.office)" fail 'not in the office'
is "$(status ports.closed)" skip 'nothing is probed from there'
restore
sed -i '/^ca_file/d' "$config"
run as john postern --json doctor
is "$(status tls.chain)" fail 'p3 a chain to nowhere'
is "$(status login.works)" skip 'and no login is tried'
restore

# What lies on the disk.
chmod 644 "$store/vault.db"
run as john postern --json doctor --offline
code_is 1 'a store that others can read'
is "$(status store.permissions)" fail 'is a fault'
chmod 600 "$store/vault.db"
chmod 755 "$store"
run as john postern --json doctor --offline
is "$(status store.permissions)" fail 'so is an open folder'
is "$(stat -c %a "$store")" 755 'which the doctor leaves as it is'
chmod 700 "$store"
chmod 644 "$COMPANY"/home/john/.local/state/postern/*.match
run as john postern --json doctor --offline
is "$(status matchkey.permissions)" fail 'a match key that others can read'
chmod 600 "$COMPANY"/home/john/.local/state/postern/*.match
run as john postern --json --store /nowhere doctor --offline
is "$(status store.permissions)" fail 'no store'
is "$(status password.strong)" skip 'has no passwords'
ok [ ! -e /nowhere ] -- 'and none is made'

# Keys.
as john gpg --batch --quick-set-expire "$(company_key john)" 10d
as john gpg --batch --quick-set-expire "$(company_key john)" 10d '*'
run as john postern --json doctor --offline
code_is 0 'a key that expires soon'
is "$(status key.encrypt)" warn 'is told in time'
as john gpg --batch --quick-set-expire "$(company_key john)" seconds=1
sleep 2
run as john postern --json doctor --offline
code_is 1 'an expired key'
is "$(status key.encrypt)" fail 'is a fault'
as john gpg --batch --quick-set-expire "$(company_key john)" 1y
as john gpg --batch --quick-set-expire "$(company_key john)" 1y '*'

# A key with a passphrase: its pinentry notes that it was called.
mary=$COMPANY/home/mary
mkdir -p -m 700 "$mary" "$mary/.gnupg"
printf '#!/bin/sh\ntouch %s/asked\nexit 1\n' $TESTDIR >$TESTDIR/pinentry
chmod 755 $TESTDIR/pinentry
echo "pinentry-program $TESTDIR/pinentry" >"$mary/.gnupg/gpg-agent.conf"
as mary gpg --batch --quiet --pinentry-mode loopback --passphrase locked --quick-generate-key \
    'Mary Jones <mary.jones@corp.example>' future-default default never 2>/dev/null
as mary gpg --batch --with-colons --list-keys 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }' >"$mary/.fingerprint"
user_ready mary
as mary gpgconf --kill gpg-agent
run as mary postern --json doctor
code_is 0 'a locked key is no fault'
is "$(status password.strong),$(status password.different),$(status login.works)" skip,skip,skip \
    'what needs it is skipped'
is "$(status ports.closed),$(status key.encrypt),$(status key.secret)" pass,pass,skip 'and so is whether it opens anything; the rest is not'
ok [ ! -e $TESTDIR/asked ] -- 'and nobody was asked for the passphrase'
is "$(status agent.pinentry)" pass 'who would ask is there'
echo 'pinentry-program /nowhere/pinentry' >"$mary/.gnupg/gpg-agent.conf"
run as mary postern doctor
out_has '^warn  agent.pinentry' 'or not'
out_has 'skipped: OpenPGP cannot decrypt' 'the table says why'
printf x | as mary gpg --batch --quiet --trust-model always -r "$(company_key mary)" --encrypt >$TESTDIR/x.gpg
as mary gpg --batch --quiet --pinentry-mode loopback --passphrase locked --decrypt $TESTDIR/x.gpg >/dev/null
run as mary postern --json doctor
is "$(status password.strong),$(status login.works)" pass,pass 'unlocked, all rules are judged'
ok [ ! -e $TESTDIR/asked ] -- 'still without asking'

# The files that all this goes by.
echo 'nonsense = 1' >>"$config"
run as john postern --json doctor
code_is 1 'a configuration that cannot be read'
is "$(status config.readable)" fail 'is the fault'
is "$(status login.works),$(status key.encrypt)" skip,skip 'and the rest is skipped'
restore
user_line john 'tunnel = ssh -W %a:%p gateway'
run as john postern --json doctor
is "$(status config.readable),$(status login.works)" pass,fail \
    'an account whose tunnel does not stand is not connected without'
restore
printf '[company]\ndomains = corp.example\n' >/usr/local/etc/postern-test-policy
chmod 666 /usr/local/etc/postern-test-policy
run as john postern --json --policy /usr/local/etc/postern-test-policy doctor
code_is 78 'p2 a policy that others can write ends the doctor too'
out_has policy.file 'by the name of its rule'
run as john postern doctor --nonsense
code_is 64 'a wrong option'
done_testing

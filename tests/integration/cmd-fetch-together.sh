#!/bin/sh
# Several accounts fetch at the same time, and several connections for one account.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john
for n in 0 1 2 3 4 5 6 7 8 9; do set -- "$@" --folder "Box.$n"; done
all=2000
sanitized && all=400
company_fill john --count $all --folder INBOX "$@"
company_fill mary --count 300 --seed 5

# account NAME LOGIN HOST LINE…
account() {
    printf '[account "%s"]\naddress = %s\nfetch = imaps://%s@%s\nkey = %s\n' "$1" \
        "$(company_address john)" "$2" "$3" "$(company_key john)"
    shift 3
    printf '%s\n' "$@"
}
secret() { company_password "$2" | as john postern -q password set "$1"; }
sessions() { grep -c 'imap(john).*bodies=' $COMPANY/dovecot/log; }

# --- one account, many connections --------------------------------------------------------------

user_line john 'connections = 4'
run as john postern sync
code_is 0 'four connections fetch eleven mailboxes'
is "$(user_json john 'len(d)' '')" $all 'every message is here'
is "$(as john /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/john/Maildir --every $((all / 20)))" \
    '20 same, 0 missing, 0 foreign, 0 twice' 'byte for byte'
sleep 0.5 # for the server's log
ok [ "$(sessions)" -gt 1 ] -- 'the server saw more than one connection'
ok [ "$(sessions)" -le 4 ] -- 'and no more than four'
is "$(grep -o 'imap(john).*bodies=[0-9]*' $COMPANY/dovecot/log | grep -o '[0-9]*$' | awk '{ n += $1 } END { print n }')" $all \
    'and gave each message once'
run as john postern --json sync
is "$(/usr/bin/python3 -c 'import json,sys; a = json.load(sys.stdin)["accounts"][0]; print(a["stored"], a["known"])' <$out)" '0 0' \
    'there is nothing new after'

# What moves from a mailbox that one connection sees to one that another sees is not gone.
user_line john 'gone = remove'
/usr/bin/python3 - "$(company_password john)" <<'END'
import imaplib, ssl, sys
imap = imaplib.IMAP4_SSL("mail.corp.example", ssl_context=ssl.create_default_context(cafile="/run/company/ca.pem"))
imap.login("john", sys.argv[1])
for n in range(10):
    imap.select(f"Box/{n}")
    imap.uid("MOVE", "1:5", f"Box/{(n + 7) % 10}")
imap.select("INBOX")
imap.uid("STORE", "1:3", "+FLAGS", "(\\Deleted)")
imap.expunge()
imap.logout()
END
run as john postern sync
code_is 0 'p6_60 the next pass ends well'
out_has '3 removed' 'p6_60 what was expunged went, and nothing that moved'
is "$(user_json john 'len(d)' 'NOT tag:gone')" $((all - 3)) 'p6_60 all the others are here'

# A server that lets only one of them in gets no less done.
echo 'mail_max_userip_connections = 1' >>$COMPANY/dovecot.conf
company_stop
company_start
company_fill john --count 400 --seed 9 --folder INBOX --folder Box.1 --folder Box.2
run as john postern sync
code_is 0 'where the server lets but one in, that one does it all'
is "$(user_json john 'len(d)' 'NOT tag:gone')" $((all + 397)) 'and everything is here'
sed -i '/^mail_max_userip_connections = 1$/d' $COMPANY/dovecot.conf
company_stop
company_start

# --- many accounts ------------------------------------------------------------------------------

for name in a b c d e; do account $name mary mail.corp.example >>"$(user_config john)"; done
for name in a b c d e; do secret $name mary; done
run as john postern --json sync
code_is 0 'six accounts fetch together'
is "$(/usr/bin/python3 -c 'import json,sys; a = json.load(sys.stdin)["accounts"]; print(len(a), sum(x["stored"] for x in a), sum(x["known"] for x in a))' <$out)" \
    '6 300 1200' 'what several have is stored once'
is "$(user_json john '{len(m["folders"]) for m in d}' 'account:a' | head -c 4)" '{1}' 'and lies where it lay'
for name in a c e; do is "$(user_json john 'len(d)' account:$name)" 300 "account $name has all of it"; done
run as john postern verify
code_is 0 'the vault is sound'
company_fill mary --count 50 --seed 6
as john script -qec 'postern sync' /dev/null </dev/null >$out 2>&1
out_has 'b: 50 of 50 messages' 'a terminal shows each account'
out_has 'e: 50 of 50 messages' 'in a line of its own'
out_has "$(printf '\033\\[[1-9]A')" 'one below another'

# One whose server stalls in the middle of its pass holds up nobody.
account slow john mail2.corp.example >>"$(user_config john)"
secret slow john
hostile imap-silent-after-login 993
company_secret_mail john john 'Beside' text | company_deliver mary
as john postern --json sync >$out 2>$err &
sync=$!
tries=0
while [ "$(user_json john 'len(d)' account:b subject:Beside)" != 1 ] && [ $tries -lt 60 ]; do
    as john postern -q index >/dev/null 2>&1
    tries=$((tries + 1))
    sleep 0.5
done
ok kill -0 $sync -- 'a server that stalls in its pass is still waited for'
is "$(user_json john 'len(d)' account:b subject:Beside)" 1 'while the mail of the others is here'
pkill -INT -x postern
wait $sync
is $? 75 'Ctrl-C ends it'
out_has 'run.interrupted' 'and the account that was waited for says so'
hostile_stop
done_testing

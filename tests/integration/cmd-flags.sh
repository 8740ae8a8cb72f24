#!/bin/sh
# What other clients do on the server: flags become tags here and vanish again, what is expunged is
# marked or removed; with QRESYNC, with CONDSTORE, and from a server that has neither.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
plain='IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT NAMESPACE UIDPLUS UNSELECT LIST-EXTENDED CHILDREN ESEARCH'

other() { { company_password "$1" && cat; } | as "$1" /usr/bin/python3 "$srcdir/tests/lib/imap-do.py" $COMPANY_CA "$1"; }
# Seen by another client before the next comes, so that they are numbered as they came.
letter() {
    company_secret_mail "$1" "$1" "$2" "text of $2" | company_deliver "$1"
    echo SELECT INBOX | other "$1"
}
sync() {
    run as "$1" postern -q sync
    code_is 0 "$2"
}
found() { user_json "$1" 'sorted(h["subject"] for h in d)' "$2"; }
tags() { user_json john 'd[0]["tags"]' "$1"; }
number() { as "$1" postern --json status | /usr/bin/python3 -c "import json, sys; d = json.load(sys.stdin); print($2)"; }

for way in QRESYNC CONDSTORE plain; do
    rm -rf $COMPANY/home/john/.config $COMPANY/home/john/.local $COMPANY/mail/john
    case $way in
    CONDSTORE) echo "imap_capability = $plain CONDSTORE" >>$COMPANY/dovecot.conf ;;
    plain) echo "imap_capability = $plain" >>$COMPANY/dovecot.conf ;;
    esac
    doveadm -c $COMPANY/dovecot.conf reload
    user_ready john
    for name in Alpha Beta Gamma Delta; do letter john $name; done
    sync john "$way: the first pass"
    other john <<-'END'
	SELECT INBOX
	STORE 1 +FLAGS (\Seen \Flagged $Weird+key NonJunk)
	STORE 2 +FLAGS (\Answered)
	CREATE Archive
	COPY 1 Archive
	SELECT Archive
	STORE 1 -FLAGS (\Flagged NonJunk)
	STORE 1 +FLAGS (archived)
	END
    sync john "$way: a pass after flags were set"
    is "$(tags Alpha)" "['\$Weird+key', 'NonJunk', 'archived', 'flagged']" "$way: flags are tags, of both mailboxes"
    is "$(tags Beta)" "['replied', 'unread']" "$way: and only of their message"
    is "$(found john is:unread)" "['Beta', 'Delta', 'Gamma']" "$way: what was read is"
    before=$(number john 'd["vault"]["bytes"]')
    other john <<-'END'
	SELECT INBOX
	STORE 1 -FLAGS (\Seen \Flagged $Weird+key)
	SELECT Archive
	STORE 1 -FLAGS (\Seen archived)
	END
    sync john "$way: a pass after they were cleared"
    is "$(tags Alpha)" "['\$Weird+key', 'NonJunk', 'unread']" "$way: tags vanish with the last flag"
    other john <<-'END'
	SELECT INBOX
	STORE 1,3 +FLAGS (\Deleted)
	EXPUNGE
	END
    sync john "$way: a pass after an expunge"
    is "$(found john tag:gone)" "['Gamma']" "$way: what lies nowhere any more is marked"
    is "$(user_json john 'd[0]["folders"]' Alpha)" "['Archive']" "$way: what lies elsewhere is there"
    is "$(number john '[d["accounts"][0]["messages"], d["vault"]["messages"], d["vault"]["bytes"] == '"$before"']')" '[4, 4, True]' \
        "$way: and nothing was removed"
    other john <<-'END'
	SELECT INBOX
	STORE 1 +FLAGS (\Flagged)
	COPY 1 Archive
	STORE 1 +FLAGS (\Deleted)
	EXPUNGE
	END
    sync john "$way: a pass after a move"
    is "$(user_json john '(d[0]["folders"], d[0]["tags"])' Beta)" "(['Archive'], ['flagged', 'replied', 'unread'])" \
        "$way: a moved message has moved"

    user_line john 'gone = remove'
    letter john Epsilon
    sync john "$way: a pass with gone = remove"
    other john <<-'END'
	SELECT INBOX
	STORE 1 +FLAGS (\Deleted)
	EXPUNGE
	END
    sync john "$way: and one after an expunge"
    is "$(found john '')" "['Alpha', 'Beta', 'Epsilon', 'Gamma']" "$way: which removes the message"
    is "$(number john '[d["accounts"][0]["messages"], d["vault"]["messages"], d["index"]["messages"]]')" '[4, 4, 4]' "$way: and all counts agree"
    run as john postern -q verify
    code_is 0 "$way: the vault is sound"
    run as john postern -q index --rebuild
    is "$(found john '') $(found john tag:gone)" "['Alpha', 'Beta', 'Epsilon', 'Gamma'] ['Gamma']" "$way: a rebuilt index says the same"
    before=$(as john /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" journal $COMPANY/home/john/.local/share/postern/vault.db | wc -l)
    sync john "$way: a pass over nothing new"
    is "$(as john /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" journal $COMPANY/home/john/.local/share/postern/vault.db | wc -l)" \
        "$before" "$way: which writes nothing"
done

# A mailbox that is renamed, and one that is deleted: gone = remove removes nothing for them.
other john <<-'END'
	CREATE Doomed
	SELECT Archive
	COPY 1:* Doomed
	RENAME Archive Attic
END
letter john Zeta
letter john Eta
other john <<-'END'
	SELECT INBOX
	COPY 1:2 Doomed
	STORE 1:2 +FLAGS (\Deleted)
	EXPUNGE
END
sync john 'a pass after a mailbox was renamed'
is "$(user_json john 'd[0]["folders"]' Alpha)" "['Attic', 'Doomed']" 'its messages lie under the new name alone'
is "$(found john 'folder:Doomed -folder:Attic')" "['Epsilon', 'Zeta']" 'and others in the second one'
echo 'DELETE Doomed' | other john
sync john 'a pass after a mailbox was deleted'
is "$(user_json john 'd[0]["folders"]' Alpha)" "['Attic']" 'what lies elsewhere is there'
is "$(found john tag:gone)" "['Epsilon', 'Gamma', 'Zeta']" 'p6_59 what lies nowhere any more is marked, and kept'
run as john postern -q index --rebuild
is "$(user_json john 'd[0]["folders"]' Alpha) $(found john tag:gone)" "['Attic'] ['Epsilon', 'Gamma', 'Zeta']" 'a rebuilt index says the same'
run as john postern -q verify
code_is 0 'and the vault is sound'

# The brake, and consent.
user_ready mary
user_line mary 'gone = remove'
company_fill mary --count 120 --folder INBOX
sync mary 'a pass over 120 messages'
other mary <<-'END'
	SELECT INBOX
	STORE 1:60 +FLAGS (\Deleted)
	EXPUNGE
	END
run as mary fetchd --once
code_is 75 'p6_59 half of an account gone: fetchd does not believe it'
err_has accept-removals 'and says what to do'
is "$(user_json mary 'len(d)' '')" 120 'p6_59 nothing was removed'
run as mary postern --json sync
code_is 75 'nor does sync'
is "$(/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["error"]["rule"])' <$out)" sync.brake 'whose JSON names the rule'
run as mary postern --json sync --accept-removals
code_is 0 'p6_59 unless it is told to'
is "$(/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["accounts"][0]["removed"])' <$out)" 60 'and says how many went'
is "$(user_json mary 'len(d)' '')" 60 'p6_59 which removes them'
done_testing

#!/bin/sh
# P9: what must not leave does not, whatever is said on the command line. No server runs here: what got
# as far as one would end with 69.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_make
company_person mary
user_ready john
company_introduce john mary
mary=mary.jones@corp.example
config=$(user_config john)
good=$TESTDIR/good
trial=$TESTDIR/trial
cp "$config" $good
person() { # person ADDRESS [OPTION…]: a key of john's own making, which is as confirmed as one can be
    person_address=$1
    shift
    as john gpg --batch --yes --quiet "$@" --passphrase '' --quick-generate-key "<$person_address>" \
        future-default default 1y 2>/dev/null
}
fingerprints_of() { as john gpg --batch --with-colons --list-keys "$1" 2>/dev/null | awk -F: '/^pub/ { wanted = 1 } /^fpr/ && wanted { print $10; wanted = 0 }'; }
letter() { run_with 'Text.' as john postern --json "$@" --body -; }
rule() { /usr/bin/python3 -c "import json; print(json.load(open('$out'))['error']['rule'])" 2>/dev/null; }
# refused CODE RULE TEXT COMMAND…
refused() {
    wanted=$1
    by=$2
    words=$3
    shift 3
    letter "$@"
    is "$code $(rule)" "$wanted $by" "$words"
}

# 99: values that would become lines of their own.
newline='
'
return=$(printf '\r')
separator=$(printf '\342\200\250')
for end in "$newline" "$return" "$return$newline" "$separator" "$(printf '\t')"; do
    case $end in
    "$newline") options='to cc bcc from subject attach' ;;
    *) options='to subject' ;;
    esac
    for option in $options; do
        refused 65 send.value "p9_99 --$option with $(printf %s "$end" | od -An -tx1 | tr -d ' \n') in it" send \
            --to $mary "--$option" "$mary${end}Bcc: x@evil.test"
    done
done
refused 65 send.address 'p9_99 an address of 600 bytes' send --to "$(printf 'x%.0s' $(seq 600))@corp.example"
for option in sensitivity dsn; do
    refused 64 usage "p9_99 --$option with a line end in it" send --to $mary "--$option" "private${newline}Bcc: x@evil.test"
done
touch "$TESTDIR/two${newline}lines.txt"
refused 65 send.value 'p9_99 a file whose name has two lines' send --to $mary --attach "$TESTDIR/two${newline}lines.txt"

# 99: what an answer takes from a letter, and the environment, give no line of their own either.
/usr/bin/python3 - $TESTDIR/hostile <<'END'
import os, sys
evil = b"=?utf-8?q?x=0D=0ABcc:_x=40evil.test=0D=0A=0D=0Abody?="
mary = b" <mary.jones@corp.example>"
cases = {
    "encoded": [b"Subject: " + evil, b"From: " + evil + mary, b"Message-ID: <a@x>"],
    "base64": [b"Subject: =?utf-8?b?eA0KQmNjOiB4QGV2aWwudGVzdA==?=", b"Reply-To: =?utf-7?q?x+AA0ACg-Bcc:_x?=" + mary],
    "bare": [b"Subject: a\rBcc: x@evil.test", b"From: \"a\rBcc: x@evil.test\"" + mary, b"Message-ID: <a\rBcc: x@evil.test>"],
    "blanks": [b"Subject: a" + b" " * 200 + b"b", b"From: \"a" + b" " * 3000 + b"b\"" + mary, b"References: <a" + b"b" * 2000 + b"@x>"],
    "ids": [b"Message-ID: <a@x\r\n Bcc: x@evil.test>", b"References: <a\rBcc: x> <b c> <d\r\n e> <=?utf-8?q?=0D=0ABcc:?=@x>"],
    "list": [b"List-Post: <mailto:list@corp.example%0D%0ABcc:x@evil.test>", b"Mail-Followup-To: " + evil + mary],
    "quoted": [b"List-Post: <mailto:%22a%0D%0ABcc:%20x%22%3Clist@corp.example%3E>", b"Mail-Followup-To: \"a\\\r\n Bcc: x\"" + mary],
    "names": [b"Content-Type: multipart/mixed; boundary=b"],
}
parts = b"--b\r\n\r\nnames\r\n" + b"".join(
    b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; " + name + b"\r\n\r\nx\r\n"
    for name in (b"filename*=utf-8''a%0D%0ABcc:%20x%40evil.test", b'filename="a\rBcc: x"', b'filename="' + evil + b'"')) + b"--b--\r\n"
os.makedirs(sys.argv[1] + "/cur")
os.makedirs(sys.argv[1] + "/new")
for case, fields in cases.items():
    if not any(field.startswith(b"From") for field in fields):
        fields.append(b"From: Mary" + mary)
    head = b"\r\n".join(fields + [b"To: jsmith@corp.example", b"", b""])
    with open(f"{sys.argv[1]}/cur/{case}:2,S", "wb") as file:
        file.write(head + (parts if case == "names" else b"original " + case.encode() + b"\r\n"))
END
run as john postern import $TESTDIR/hostile
mkdir $TESTDIR/made
makes() { # makes WHAT COMMAND…: what would leave, to be looked at below
    what=$1
    shift
    run_with 'Text.' as john "$@" --dry-run --no-encrypt --no-sign
    { echo "$code" && cat $out; } >"$TESTDIR/made/$what"
}
for case in encoded base64 bare blanks ids list quoted names; do
    id=$(user_ids john $case)
    makes "reply to $case" postern reply "$id" --all
    makes "forward of $case" postern forward "$id" --to $mary
    makes "forward --attach of $case" postern forward "$id" --to $mary --attach
done
for case in list quoted; do
    run_with 'Text.' as john postern --json reply "$(user_ids john $case)" --list --dry-run
    is "$code $(rule)" '65 reply.list' "p9_99 a list's address with a line end in it: $case"
done
makes 'letter under hostile names' env "EMAIL=x${newline}Bcc: x@evil.test" "USER=x${newline}Bcc: x" "LOGNAME=x${newline}Bcc: x" \
    "NAME=x${newline}Bcc: x" REPLYTO=x@evil.test "TZ=x${newline}Bcc: x" postern send --to $mary
# Each with what it has and should not have.
/usr/bin/python3 - $TESTDIR/made >$TESTDIR/made.txt <<'END'
import email, os, sys
outer = {"Date", "From", "To", "Cc", "Subject", "Message-ID", "In-Reply-To", "References", "Autocrypt", "MIME-Version",
         "Content-Type", "Content-Transfer-Encoding"}
inner = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"}
for name in sorted(os.listdir(sys.argv[1])):
    code, raw = open(os.path.join(sys.argv[1], name), "rb").read().split(b"\n", 1)
    letter = email.message_from_bytes(raw)
    wrong = [] if code == b"0" else [code]
    wrong += [one for one in letter.keys() if one not in outer]
    if letter.get_content_type() == "multipart/mixed":
        wrong += [one for part in letter.get_payload() for one in part.keys() if one not in inner]
    wrong += [line for line in raw.split(b"\r\n") if len(line) > 998 or b"\r" in line or b"\n" in line]
    wrong += [letter[one] for one in ("From", "To", "Cc") if "evil.test>" in letter.get(one, "")]
    print(name, *wrong, sep="|")
END
while read -r made; do
    is "${made#*|}" "$made" "p9_99 nothing of it becomes a line: $made"
done <$TESTDIR/made.txt
is "$(wc -l <$TESTDIR/made.txt)" 25 'p9_99 in all of them'

# 101: the rule sees the mailbox that a server would see, or there is no letter.
for address in 'john%hotmail.com@corp.example' 'hotmail.com!john@corp.example' '"a@hotmail.com"@corp.example' \
    '@a,@b:c@corp.example' '<@hotmail.com:c@corp.example>' 'staff: a@corp.example, b@corp.example;' \
    'a@corp.example b@hotmail.com' 'a@corp.example (x@hotmail.com' '<a@corp.example> <b@hotmail.com>' \
    'a@corp.example@hotmail.com' 'a@[10.23.0.1]' 'a@10.23.0.1.' 'a@corp.example.' 'a@.corp.example' 'a@localhost>' \
    'jоhn@corp.example' 'a@corp..example' 'a' '' '<>' '-a@corp.example>'; do
    refused 65 send.address "p9_101 not sent to: $address" send --no-encrypt --to "$address"
done
cyrillic=$(printf 'a@c\320\276rp.example')
refused 78 send.encrypt 'p9_101 a domain that only looks like ours is another' send --no-encrypt --to "$cyrillic"
refused 78 send.encrypt 'p9_101 so is one that ends like ours' send --no-encrypt --to a@evilcorp.example
refused 78 send.encrypt 'p9_101 the name beside an address counts for nothing' send --no-encrypt --to '"boss@corp.example" <a@evil.test>'
refused 78 send.freemail 'p9_101 nor does a comment' send --to 'a@corp.example, b(@corp.example)@hotmail.com'
letter send --dry-run --to "Mary <$mary>, =?utf-8?q?a=40evil.test?= <STAFF@CORP.EXAMPLE>"
code_is 0 'p9_101 odd, but ours'
is "$(/usr/bin/python3 -c "import json; print(json.load(open('$out'))['recipients'])")" "['$mary', 'STAFF@corp.example']" \
    'p9_101 and just what the envelope has'

# 102: the right key or none.
person old@corp.example --faked-system-time 20200101T000000!
person gone@corp.example
sed 's/^:-----/-----/' $COMPANY/home/john/.gnupg/openpgp-revocs.d/"$(fingerprints_of gone@corp.example)".rev | as john gpg --batch --quiet --import 2>/dev/null
person twin@corp.example
person twin@corp.example
for name in new partner; do
    domain=corp.example
    [ $name = new ] || domain=other.example
    as mary gpg --batch --quiet --passphrase '' --quick-generate-key "<$name@$domain>" future-default default 1y 2>/dev/null
    as mary gpg --batch --export $name@$domain | as john gpg --batch --quiet --import 2>/dev/null
done
named() { # named ADDRESS: are all its keys and it told?
    for fingerprint in $(fingerprints_of "$1"); do
        err_has "$fingerprint" "p9_102 by its fingerprint: $1"
    done
    err_has "$1" 'p9_102 and by the address'
}
refused 78 key.missing 'p9_102 part of an address is no address' send --encrypt --to jones@corp.example
err_has 'jones@corp.example' 'p9_102 which is told'
for case in old:key.expired gone:key.revoked twin:key.ambiguous; do
    address=${case%%:*}@corp.example
    for option in --encrypt --sign; do # --sign says nothing about encryption
        refused 78 ${case#*:} "p9_102 no letter under a key with a fault: $address" send $option --to "$address"
        named "$address"
        refused 78 ${case#*:} 'p9_102 nor a hidden copy' send $option --to $mary --bcc "$address"
    done
    letter send --dry-run --no-encrypt --to "$address"
    code_is 0 'p9_102 in clear, if one says so'
done
refused 78 key.untrusted 'p9_102 nor under one that nobody confirmed' send --encrypt --to new@corp.example
named new@corp.example
letter send --dry-run --to $mary --cc new@corp.example
code_is 0 'p9_102 inside the company and without being told to, in clear'
err_has 'not encrypted: .*new@corp.example' 'p9_102 which is told'
out_has '"encrypted" : false' 'p9_102 everywhere'
refused 78 key.expired 'p9_102 behind whom no fault of another hides' send --to new@corp.example --cc old@corp.example
refused 78 key.untrusted 'p9_102 outside never' send --to $mary --cc partner@other.example
named partner@other.example

# The sender's own keys.
sed "s/^key = .*/key = $(fingerprints_of old@corp.example)/" $good >$trial
refused 78 key.expired 'p9_102 who could not read his own letter encrypts none' --config $trial send --no-sign --to $mary
err_has 'your own key' 'p9_102 and learns that it is his'
sed "s/^key = .*/&\nsign_key = $(fingerprints_of old@corp.example)/" $good >$trial
refused 78 key.expired 'p9_102 an expired key signs nothing' --config $trial send --no-encrypt --to $mary
err_has 'your own key' 'p9_102 and is told to be his'
as john gpg --batch --quiet --passphrase secret --quick-generate-key '<locked@corp.example>' future-default default 1y 2>/dev/null
as john gpgconf --kill gpg-agent
sed "s/^key = .*/&\nsign_key = $(fingerprints_of locked@corp.example)/" $good >$trial
for option in --encrypt --no-encrypt --dry-run; do
    refused 75 key.locked "p9_102 nor does one that nobody unlocks: $option" --config $trial send $option --to $mary
done
err_has 'nobody could be asked for the passphrase' 'which is told in words'
sed '/^key = /d' $good >$trial
refused 78 send.own-key 'p9_102 without a key of his own nobody encrypts' --config $trial send --to $mary
letter --config $trial send --dry-run --no-encrypt --to $mary
code_is 0 'p9_102 which --no-encrypt allows'
out_has '"signed" : false' 'p9_102 nor signs'

# 105, 108: what a rule for sensitive mail fits leaves encrypted or not at all.
cat $good - >$trial <<-'END'
	[sensitive "figures"]
	subject = quokka
	[sensitive "animals"]
	body = zebra(fish|horse)
	[sensitive "marked"]
	header = Sensitivity: private
	subject = never
END
printf 'A zebrahorse.' >$TESTDIR/attached.txt
chmod 644 $TESTDIR/attached.txt
json() { /usr/bin/python3 -c "import json; d = json.load(open('$out')); print($1)"; }
sensitive() { # sensitive RULE OPTION…: a letter that fits RULE, of the text $text
    fits=$1
    shift
    run_with "$text" as john postern --json --config $trial send "$@" --no-encrypt --to $mary --body -
    is "$code $(rule)" '78 send.sensitive' "p9_108 what fits \"$fits\" does not leave in clear"
    err_has "\"$fits\"" 'p9_108 by which rule is told'
    run_with "$text" as john postern --json --config $trial send "$@" --dry-run --to $mary --body -
    is "$code $(json "d['encrypted']")" '0 True' 'p9_108 but encrypted'
    run_with "$text" as john postern --json --config $trial send "$@" --to $mary --cc new@corp.example --body -
    is "$code $(rule)" '78 key.untrusted' 'p9_105 and not to whom nobody can encrypt'
    err_has "must be encrypted: .*\"$fits\"" 'p9_105 for that rule'
    run_with "$text" as john postern --json --config $trial send "$@" --to $mary --bcc old@corp.example --body -
    is "$code $(rule)" '78 key.expired' 'p9_105 nor is there a way out named'
    err_lacks 'say --no-encrypt' 'p9_105 that is none'
}
text='Text.'
sensitive figures --subject 'The QUOKKA figures'
sensitive animals --attach $TESTDIR/attached.txt
text='> A zebrafish, quoted.'
sensitive animals --subject Re:
text='Text.'
run_with 'Text.' as john postern --json --config $trial send --dry-run --no-encrypt --to $mary --subject never --body -
is "$code $(json "d['encrypted']")" '0 False' 'p9_108 what fits none may leave in clear'
refused 78 send.sensitive 'p9_108 nor does what is marked so, without any rule' send --no-encrypt --sensitivity Private --to $mary
err_has 'marked as private' 'p9_108 by its mark'
refused 78 key.untrusted 'p9_108 to anybody' send --sensitivity personal --to new@corp.example
refused 64 usage 'and there are three marks' send --sensitivity secret --to $mary

# 107: a link is no address, and no argument at all.
for link in "mailto:$mary" "mailto:$mary?attach=/etc/passwd" "mailto:$mary?bcc=x@evil.test&body=x" "<mailto:$mary>" \
    "mailto:?to=$mary" "$mary?bcc=x@evil.test"; do
    refused 65 send.address "p9_107 --to $link" send --no-encrypt --to "$link"
    refused 64 usage "p9_107 $link" send "$link"
done

# 108: no flag, no configuration lifts what policy says.
for option in '' --no-encrypt --no-sign '--dry-run --no-encrypt --no-sign'; do
    case $option in
    '') fields='to cc bcc' ;;
    *) fields=bcc ;;
    esac
    for field in $fields; do
        # shellcheck disable=SC2086
        refused 78 send.freemail "p9_108 freemail in --$field${option:+ with $option}" send $option --to $mary --$field x@hotmail.com
    done
    case $option in
    *--no-encrypt*) by=send.encrypt ;;
    *) by=key.missing ;;
    esac
    # shellcheck disable=SC2086
    refused 78 $by "p9_108 a stranger${option:+ with $option}" send $option --to $mary --bcc x@other.example
done
printf '[company]\noutside = refuse\nfreemail = refuse\n' >$TESTDIR/policy
sed 's/^domains = .*/&\noutside = allow\nfreemail = allow/' $good >$trial
chmod 644 $TESTDIR/policy
refused 78 send.outside 'p9_108 a configuration of old is narrowed by the policy' --policy $TESTDIR/policy --config $trial send --no-encrypt --to x@other.example
refused 78 send.freemail 'p9_108 for freemail too' --policy $TESTDIR/policy --config $trial send --no-encrypt --to x@hotmail.com
letter --config $trial send --dry-run --no-encrypt --to x@other.example
code_is 0 'p9_108 and is as wide as it says without one'
printf 'Text.' >$TESTDIR/body
chmod 644 $TESTDIR/body
traced john $TESTDIR/net postern send --no-encrypt --to x@other.example --body $TESTDIR/body 2>/dev/null
ok lacks_socket $TESTDIR/net -- 'p9_108 what is refused opens no socket'
traced john $TESTDIR/net postern send --no-encrypt --to $mary --body $TESTDIR/body 2>/dev/null
ok opened_socket $TESTDIR/net -- 'and what is not, does'
done_testing

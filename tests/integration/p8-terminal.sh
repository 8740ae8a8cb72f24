#!/bin/sh
# P8: whatever mail, servers and callers put in, nothing that moves a terminal comes out, and reading
# asks nobody outside.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
company_person mary
user_ready john imaps://john@mail2.corp.example smtps://john@mail2.corp.example
evil=$(printf 'a\033[31m\033]0;x\007\302\233\b\r\177\016\342\200\250\342\200\256b')

# harmful FILE: how many control characters, separators and bidi overrides it holds
harmful() {
    /usr/bin/python3 -c "import re
text = open('$1', 'rb').read().decode('utf-8')
print(len(re.findall('[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]', text)))"
}
all=$TESTDIR/all
: >$all
said=0
# says COMMAND…: runs it as john; what it says, on either side, is looked at
says() {
    as john "$@" >$out 2>$err </dev/null
    [ ! -s $out ] || said=$((said + 1))
    [ ! -s $err ] || said=$((said + 1))
    cat $out $err >>$all
}

# From mail and servers.
cat >$TESTDIR/mail <<END
From: =?utf-8?Q?Mal=1B[31m=C2=9B=E2=80=AElory?= <m$evil@corp.example>
To: $evil <jsmith@corp.example>
Cc: "=?utf-8?B?$(printf %s "$evil" | base64 -w0)?=" <x@corp.example>
Subject: wicked =?utf-8?B?$(printf %s "$evil" | base64 -w0)?= $evil
Date: Mon, 04 Mar 2024 10:00:00 $evil
Message-ID: <$evil@corp.example>
X-Mailer: $evil
List-Id: $evil <list.corp.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=utf-8

wicked text $evil
--x
Content-Type: text/html; charset=utf-8

<p title="$evil">wicked &#27;[31m &#x9b;2J &#x202e; <a href="http://x/$evil">$evil</a></p>
--x
Content-Type: application/pdf; name="$evil.pdf"
Content-Disposition: attachment; filename*=utf-8''%1B%5B31m%C2%9B%0D%E2%80%AE.pdf

x
--x--
END
hostile imap-evil-words 993 --message $TESTDIR/mail
says fetchd --once
says postern -v sync
id=$(user_ids john wicked)
ok [ -n "$id" ] -- 'the wicked letter is here'
for command in "show $id" "show --headers $id" "show --html $id" "show --headers $id" "show thread:$id" \
    'search wicked' 'search --limit 1 wicked' 'search --threads wicked' 'search --sort relevance wicked' 'search --explain wicked' \
    "search folder:a*" status verify doctor "config show" "index --rebuild"; do
    # shellcheck disable=SC2086
    says postern $command
done
is "$(harmful $all)" 0 'p8_85 nothing of a letter or a mailbox name moves the terminal'
ok [ "$(grep -c wicked $all)" -ge 9 ] -- 'p8_85 though much of it was shown'

# On a terminal, which adds a CR to each line.
: >$all
for command in "show --raw $id" "show --part 2 $id" "show --part 3 $id" "show $id" "show --headers $id" "search wicked"; do
    as john script -qec "postern --color never $command" /dev/null </dev/null 2>&1 | sed 's/\r$//' >>$all
done
is "$(harmful $all)" 0 'p8_85 nor do raw bytes and parts on a terminal'
ok [ "$(grep -c 'wicked text' $all)" -ge 3 ] -- 'p8_85 which are shown'
is "$(as john postern show --raw "$id" | sha256sum)" "$(sha256sum <$TESTDIR/mail)" 'p8_85 though a pipe gets every byte'

: >$all
for case in imap-evil-refusal:993:fetch:imaps imap-alert:993:fetch:imaps imap-alert-within:993:fetch:imaps \
    smtp-bad-advice:465:submit:smtps; do
    IFS=: read -r name port key scheme <<-END
	$case
	END
    hostile "$name" "$port"
    user_uri john "$key" "$scheme://john@mail2.corp.example"
    says fetchd --once
    says postern sync
    says postern send --to mary.jones@corp.example --subject x --no-encrypt --body /dev/null
    says postern status
    says postern log
    as john postern -q password retry work
done
is "$(harmful $all)" 0 'p8_85 nothing of a server moves it'
ok grep -q 'turn off TLS' $all -- 'p8_85 though its words were shown'

# From the command line, the environment and the configuration.
: >$all
said=0
for word in "$evil" "--$evil" "-$evil" "from:$evil" "id:$evil" "($evil" "folder:\"$evil"; do
    for verb in search show status sync verify index lock unlock 'password set' 'password retry' 'config show' help doctor \
        'init --account' 'send --to' 'send --subject' 'send --attach' 'send --from' 'search --sort' 'search --limit' \
        'show --part' nosuch '--config' '--store' '--policy' '--trace' '--color'; do
        # shellcheck disable=SC2086
        says postern $verb "$word"
    done
    says fetchd --once --account "$word"
    says fetchd --once --config "$word"
    says fetchd --once "$word"
    says postern "$word"
done
for line in "$evil" "[$evil]" "$evil = yes" "keep = $evil" "tunnel = $evil %u" "fetch = imaps://$evil@mail.corp.example" \
    "fetch = imaps://john@$evil" "secret = command:$evil" "secret = credential:$evil" "folders = $evil" "address = $evil"; do
    { cat "$(user_config john)"; printf '[account "b"]\naddress = jsmith@corp.example\n%s\n' "$line"; } >$TESTDIR/config
    says postern --config $TESTDIR/config config check
    says postern --config $TESTDIR/config sync b
    says fetchd --once --config $TESTDIR/config
done
is "$(harmful $all)" 0 'p8_85 nothing of a caller, a file name or a configuration moves it'
ok [ $said -gt 150 ] -- "p8_85 though $said times something was said"

# A line end is no way into the configuration.
cp "$(user_config john)" $TESTDIR/before
for flag in --account --address --fetch --submit --company-domain --ca-file --key; do
    run as john postern init "$flag=x
[company]
freemail = allow" --account y --address jsmith@corp.example --fetch imaps://john@mail.corp.example --company-domain corp.example
    ok [ "$code" != 0 ] -- "p8_96 a line end in $flag is refused"
    ok cmp -s "$(user_config john)" $TESTDIR/before -- 'p8_96 and the configuration is as it was'
done

# Reading asks nobody: neither for the signer's key, nor for what a letter names.
printf '#!/bin/sh\ntouch %s/called\nexit 1\n' $TESTDIR >$TESTDIR/dirmngr
chmod 755 $TESTDIR/dirmngr
cat >>$COMPANY/home/john/.gnupg/gpg.conf <<END
dirmngr-program $TESTDIR/dirmngr
auto-key-retrieve
auto-key-import
keyserver hkp://mail.evil.test
keyserver-options auto-key-retrieve
auto-key-locate clear,wkd,keyserver,dane
END
printf 'Content-Type: text/plain\r\n\r\ncall home\r\n' >$TESTDIR/signed
cat >$TESTDIR/caller <<END
From: Mary Jones <mary.jones@corp.example>
To: jsmith@corp.example
Subject: caller
List-Unsubscribe: <http://mail.evil.test/gone>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Disposition-Notification-To: <x@mail.evil.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"; micalg=pgp-sha512

--s
$(tr -d '\r' <$TESTDIR/signed)

--s
Content-Type: application/pgp-signature

$(as mary gpg --batch --quiet --armor --sig-keyserver-url http://mail.evil.test/key.asc --detach-sign <$TESTDIR/signed)
--s--
--m
Content-Type: text/html

<img src="http://mail.evil.test/pixel"><link rel=stylesheet href="http://mail.evil.test/s"><p>call home</p>
--m
Content-Type: message/external-body; access-type=URL; URL="http://mail.evil.test/body"

Content-Type: text/plain

--m--
END
wicked=$TESTDIR/mail # three UIDs are known by now
hostile imap-honest 993 --message $wicked --message $wicked --message $wicked --message $TESTDIR/caller
user_uri john fetch imaps://john@mail2.corp.example
as john fetchd --once >/dev/null
id=$(user_ids john subject:caller)
for command in "show $id" "show --html $id" "--json show $id" 'search caller'; do
    # shellcheck disable=SC2086
    run traced john $TESTDIR/trace postern $command
    code_is 0 "p8_93 $command"
    ok lacks_socket $TESTDIR/trace -- 'p8_93 calls nobody'
done
run as john postern show "$id"
out_has 'call home' 'p8_93 the text is shown'
ok [ ! -e $TESTDIR/called ] -- 'p8_93 and nothing was started that could'
hostile_stop
done_testing

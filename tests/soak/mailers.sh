#!/bin/sh
# The mailers that people have, each with `postern sendmail` as its sendmail: mutt, git send-email, s-nail, bsd-mailx and
# cron. What they hand over arrives through Postfix as they meant it, is opened by gpg, munpack and mutt, and a refusal
# reaches who wrote it. Packages (Debian): mutt git git-email s-nail bsd-mailx mpack libmailtools-perl; what is missing is skipped.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
company_person mary
user_ready john
company_introduce john mary
company_introduce mary john
mary=mary.jones@corp.example
home=$COMPANY/home/john
hers=$COMPANY/home/mary
box=$COMPANY/mail/mary/Maildir/new
read_letter="/usr/bin/python3 $srcdir/tests/lib/read-letter.py"
ln -s "$(command -v postern)" $TESTDIR/sendmail
chmod 755 $TESTDIR
# The link, whose exit code is noted. s-nail of root gives others the HOME that stands in /etc/passwd.
sendmail=$TESTDIR/noting
printf '#!/bin/sh\nHOME=%s %s/sendmail "$@"\ncode=$?\necho $code >%s/code\nexit $code\n' $home $TESTDIR $TESTDIR >$sendmail
chmod 755 $sendmail
arrived() { find $box -type f 2>/dev/null | wc -l; }
# arrives COUNT TEXT [WORD]: so many letters lie in mary's inbox; that with the word is read
arrives() {
    tries=0
    until [ "$(arrived)" -ge "$1" ] || [ $tries -gt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    is "$(arrived)" "$1" "$2"
    grep -l -r -e "${3-}" $box | head -1 | xargs -r cat >$TESTDIR/letter
    as mary $read_letter $TESTDIR/letter $hers/.gnupg >$TESTDIR/told 2>$TESTDIR/trouble || diag "$(cat $TESTDIR/trouble)"
}
told() { /usr/bin/python3 -c "import json; d = json.load(open('$TESTDIR/told')); print($1)"; }
empty() { rm -f $box/*; }
# missing PROGRAM TEXT: skips it
missing() {
    command -v "$1" >/dev/null && return 1
    skip "$2" "$1 is not installed"
}
waiting() { as john postern -q --json outbox | /usr/bin/python3 -c "import json,sys; print([one['state'] for one in json.load(sys.stdin)])"; }
offline() { user_uri john submit smtps://john@mail2.corp.example; }
online() { user_uri john submit smtps://john@mail.corp.example; }
is_signed() {
    is "$(told "(d['wrong'], d['signers'], len(d['keys']))")" "([], ['$(company_key john)'], 2)" "$1: encrypted to mary and its sender, and gpg verifies the signature of john"
}
# is_refused MAILER WORDS: after a run, with a From that is not john's
is_refused() {
    ok [ "$code" != 0 ] -- "$1: another sender is refused"
    is "$(cat $TESTDIR/code)" 78 "$1: by the exit code for that"
    ok grep -q -e "$2" $out $err -- "$1: and the mailer says so"
    is "$(arrived)-$(waiting)" '0-[]' "$1: and nothing leaves or waits"
}
head -c 300000 /dev/urandom >$home/blob.bin
printf 'one\n.\nFrom here\n\303\274ber\n%s\ntrailing   \n' "$(head -c 1500 /dev/zero | tr '\0' x)" >$home/notes.txt
chmod 644 $home/blob.bin $home/notes.txt

cat >$home/.muttrc <<END
set sendmail="$sendmail -oem -oi" from="John Smith <jsmith@corp.example>" realname="John Smith" use_envelope_from copy=no
set charset=utf-8 send_charset="us-ascii:utf-8"
END
cat >$TESTDIR/cron <<END
From: root (Cron Daemon)
To: $mary
Subject: Cron <root@laptop> backup
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
X-Cron-Env: <SHELL=/bin/sh>
Auto-Submitted: auto-generated

disk full: Größe
.
and more
END

by_mutt() { # by_mutt FROM
    run_with 'The zebrafish.
.
From mutt.' as john mutt -n -F $home/.muttrc -e "set from='$1'" -s 'By mutt: Größe' -a blob.bin notes.txt -- "$mary"
}
by_git() { # by_git FROM
    run as john git -C $home/work send-email --quiet --sendmail-cmd="$sendmail" --confirm=never --suppress-cc=all --to=$mary \
        --from="$1" --thread $home/patches
}
by_snail() { # by_snail FROM
    run_with 'By s-nail: Größe
.
end' as john s-nail -n -S sendwait -S "mta=$sendmail" -S "DEAD=$home/dead.letter" -S v15-compat -S "from=$1" -S ttycharset=utf-8 -s 'By s-nail: Größe' -a blob.bin "$mary"
}
by_mailx() { # by_mailx FROM
    printf 'set sendmail=%s\nset sendwait\n' $sendmail >$home/.mailrc
    run_with 'By mailx.
end' as john bsd-mailx -s 'By mailx' -a "From: $1" "$mary"
}
by_cron() {
    run_with "$(sed "s/^From: root .*/From: $1/" $TESTDIR/cron)" as john $sendmail -FCronDaemon -i -odi -oem -oi -t
}
john='John Smith <jsmith@corp.example>'
boss='The Boss <boss@corp.example>'

# each MAILER SUBJECT LETTERS WORDS WORD: arrives, and waits, and is refused
each() {
    empty
    "by_$1" "$john"
    code_is 0 "$1: sends"
    is "$(cat $err)" '' "$1: without a complaint"
    arrives "$3" "$1: it arrives" "${5-}"
    is_signed "$1"
    is "$(told "(d['inner']['Subject'], d['outer']['Subject'], d['inner']['From'], d['inner']['To'])")" \
        "('$2', '[...]', '$john', '$mary')" "$1: with its fields, and its subject inside alone"
    mkdir -p $TESTDIR/of.$1
    cp $box/* $TESTDIR/letter $TESTDIR/told $TESTDIR/of.$1/
    empty
    offline
    "by_$1" "$john"
    code_is 0 "$1: a server that is away is no failure"
    is "$(arrived)-$(waiting | grep -o queued | wc -l)" "0-$3" "$1: it waits"
    online
    run as john postern outbox flush
    code_is 0 "$1: a later flush"
    arrives "$3" "$1: delivers it" "${5-}"
    is_signed "$1 later"
    is "$(waiting)" '[]' "$1: and nothing waits"
    empty
    "by_$1" "$boss"
    is_refused "$1" "$4"
}
# has_sum MAILER FILE: as an attachment of what arrived
has_sum() {
    cp $TESTDIR/of.$1/told $TESTDIR/told
    is "$(told "d['digests']['$2']")" "$(sha256sum <$home/$2 | cut -c 1-64)" "$1: $2 has the bytes that were attached"
}
has_text() {
    cp $TESTDIR/of.$1/told $TESTDIR/told
    is "$(told "d['text'].replace('\\r', '').strip()")" "$2" "$1: and the text as it was"
}

# --- mutt ----------------------------------------------------------------------------------------------
if ! missing mutt 'mutt'; then
    each mutt 'By mutt: Größe' 1 'exited 78'
    has_sum mutt blob.bin
    has_text mutt 'The zebrafish.
.
From mutt.'
    if ! missing munpack 'munpack reads it'; then
        mkdir $TESTDIR/unpacked
        as mary gpg --batch --quiet --decrypt $TESTDIR/of.mutt/letter 2>/dev/null | tr -d '\r' >$TESTDIR/clear
        as mary munpack -q -C $TESTDIR/unpacked $TESTDIR/clear >/dev/null 2>&1
        ok cmp $home/blob.bin $TESTDIR/unpacked/blob.bin -- 'munpack finds the same bytes'
        ok cmp $home/notes.txt $TESTDIR/unpacked/notes.txt -- 'and the same text'
    fi
    # Mary reads it by mutt, and saves an attachment there.
    { echo 'From jsmith@corp.example Mon Mar  4 10:00:00 2024'; sed 's/^From />&/' $TESTDIR/of.mutt/letter; } >$hers/box
    printf 'set crypt_use_gpgme crypt_verify_sig=yes charset=utf-8 quit=yes wait_key=no folder=%s\nignore *\nunignore from subject\n' $hers >$hers/.muttrc
    AS_EXTRA=TERM=xterm
    as mary /usr/bin/python3 "$srcdir/tests/lib/on-terminal.py" 'Msgs:1=>\r' 'zebrafish=>v' 'blob\.bin=>/blob\r' 'blob=>s' \
        'Save to file=>\x15saved.bin\r' 'saved=>q' '.=>q' '.=>x' -- mutt -n -F $hers/.muttrc -R -f $hers/box >$TESTDIR/screen 2>&1
    AS_EXTRA=
    ok grep -q 'zebrafish' $TESTDIR/screen -- 'mutt shows the text'
    ok grep -q -a 'Good signature' $TESTDIR/screen -- 'and who signed it'
    ok cmp $home/blob.bin $hers/saved.bin -- 'and saves the same bytes'
fi

# --- git ---------------------------------------------------------------------------------------------------
if ! { git --version && perl -MMail::Address -e 1 && [ -x "$(git --exec-path)/git-send-email" ]; } >/dev/null 2>&1; then
    skip 'git send-email' 'it is not installed, or its libmailtools-perl'
else
    as john git init -q $home/work
    as john git config --global user.name 'John Smith'
    as john git config --global user.email jsmith@corp.example
    cp $home/notes.txt $home/work/
    as john git -C $home/work add .
    as john git -C $home/work commit -q -m 'notes: Größe

Why: ü.'
    cp $home/blob.bin $home/work/
    as john git -C $home/work add .
    as john git -C $home/work commit -q -m 'a blob'
    as john git -C $home/work format-patch -q --root -o $home/patches
    each git '[PATCH 1/2] notes: Größe' 2 'send.from' 'Message-I[dD]:.*-1-jsmith'
    as mary git init -q $hers/work
    for n in 1 2; do
        as mary gpg --batch --quiet --decrypt "$(grep -l "^Message-I[dD]:.*-$n-jsmith" $TESTDIR/of.git/[0-9]* | head -1)" >$TESTDIR/patch.$n 2>/dev/null
        as mary git -C $hers/work -c user.name=Mary -c user.email=$mary am -q $TESTDIR/patch.$n >$TESTDIR/am 2>&1 || diag "$(cat $TESTDIR/am)"
    done
    is "$(as mary git -C $hers/work log --format='%T %an %ae %B')" "$(as john git -C $home/work log --format='%T %an %ae %B')" \
        'git am makes the same commits of them'
fi

# --- s-nail and mailx --------------------------------------------------------------------------------------
if ! missing s-nail 's-nail'; then
    each snail 'By s-nail: Größe' 1 'message not sent'
    has_sum snail blob.bin
    has_text snail 'By s-nail: Größe
.
end'
fi
if ! missing bsd-mailx 'mailx'; then
    each mailx 'By mailx' 1 'error code 78'
    has_text mailx 'By mailx.
end'
fi

# --- cron --------------------------------------------------------------------------------------------------
each cron 'Cron <root@laptop> backup' 1 'send.from'
has_text cron 'disk full: Größe
.
and more'
done_testing

#!/bin/sh
# Letters written in an editor, on a real terminal: what is asked, what is kept, and where the text lies meanwhile.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

# Postfix knows nobody called nobody. What is left in memory is ours.
company_make
{ echo 'if !/^nobody@/'; cat $COMPANY/postfix/mailboxes; echo endif; } >$TESTDIR/mailboxes
cat $TESTDIR/mailboxes >$COMPANY/postfix/mailboxes
touch -d '-1 minute' $COMPANY/postfix/mailboxes
mount -t tmpfs tmpfs /dev/shm
company_start
company_person mary
user_ready john
company_introduce john mary
company_introduce mary john
mary=mary.jones@corp.example
home=$COMPANY/home/john
vault=$home/.local/share/postern/vault.db
# An editor without a screen: what EDIT says is done with the text, "$1".
cat >$TESTDIR/editor <<'END'
#!/bin/sh
for file; do :; done
cp "$file" $HOME/seen
eval "$EDIT" 2>>$HOME/said
END
chmod 755 $TESTDIR/editor

person() { # EDIT STEP… -- COMMAND…: john in front of a terminal
    person_edit=$1
    shift
    run as john env TERM=xterm VISUAL=$TESTDIR/editor "EDIT=set -- \"\$file\"; $person_edit" \
        /usr/bin/python3 "$srcdir/tests/lib/on-terminal.py" "$@"
}
wrote() { echo "printf '%s\n' 'To: $mary' 'Subject: Walrus' '' '$1' >\"\$1\""; }
drafts() { as john /usr/bin/python3 "$srcdir/tests/lib/read-vault.py" drafts $vault; }
field() { drafts | cut -f 2 | /usr/bin/python3 -c "import json,sys; d = json.loads(sys.stdin.readline()); print($1)"; }
id_of() { drafts | head -n 1 | cut -f 1; }
count() { as john postern -q --json status | /usr/bin/python3 -c "import json,sys; d = json.load(sys.stdin); print(d['drafts'], d['outbox'])"; }
letters() { find "$COMPANY/mail/mary" -path '*/Maildir/new/*' -type f 2>/dev/null | wc -l; }
arrived() { # N
    tries=0
    until [ "$(letters)" -ge "$1" ] || [ $tries -gt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    letters
}
left() { ls -A /dev/shm; }
menu='k/d\): '

# --- what is asked ---------------------------------------------------------------------------------
person "$(wrote 'The walrus sleeps.'); stat -c '%a %U' \"\$1\" \"\$(dirname \"\$1\")\" >\$HOME/modes" "$menu=>s\n" -- postern send
code_is 0 'a letter is written in the editor, and sent'
is "$(sort -u $home/modes | tr '\n' ' ')" "600 $(stat -c %U $home) 700 $(stat -c %U $home) " 'p4_43 where nobody else can read it'
out_has 'it leaves encrypted and signed' 'how it leaves is shown before'
out_has "To: <$mary>" 'and to whom'
is "$(arrived 1)" 1 'it arrives'
is "$(count)" '0 0' 'and lies nowhere else'
out_has 'is not known to Postern' 'an editor that is not known is told of'
person '' -- postern send --subject Unchanged
code_is 1 'what was not changed is not sent'
out_has 'nothing is sent: nothing was changed' 'which is said'
person ': >"$1"' -- postern send
out_has 'nothing is sent: the text is empty' 'nor is an empty text'
person 'exit 3' -- postern --json send
code_is 65 'an editor that fails sends nothing'
out_has 'draft.editor' 'and is told'
person 'head -c 16777217 /dev/zero | tr "\0" x >"$1"' -- postern send
code_is 65 'limit_draft_bytes: a text larger than that is none'
out_has 'longer than 16 MiB (draft.text)' 'and is told'
person "$(wrote 'x')" "$menu=>d\n" -- postern send
out_has 'the letter is dropped' 'a letter can be dropped'
is "$(count) $(left)" '0 0 ' 'nothing of all these is left'
person "printf 'To: $mary\nCopy: x@y\n\nx\n' >\"\$1\"" "$menu=>e\n" "$menu=>d\n" -- postern send
out_has 'line 2 has the field .*Copy' 'a wrong line is told with its number, and edited again'
person "printf 'To: $mary, nobody\n\nx\n' >\"\$1\"" "$menu=>d\n" -- postern send
out_has 'line 1 (To): ' 'so is a wrong address'
person "printf 'From: boss@corp.example\nTo: $mary\n\nx\n' >\"\$1\"" "$menu=>d\n" -- postern send
out_has 'line 1 (From): .*send.from' 'and a sender that one is not'
person "printf 'To: $mary\nAttach: /nowhere\n\nx\n' >\"\$1\"" "$menu=>d\n" -- postern send
out_has 'line 2 (Attach): .*cannot be opened' 'and a file that is not there'
person 'head -c 17000000 /dev/zero | tr "\0" x >"$1"' "$menu=>d\n" -- postern send
out_has 'longer than 16 MiB (draft.text)' 'and a text without measure'
person "printf 'To: $mary\n\n' >\"\$1\"" "$menu=>d\n" -- postern send
out_has 'draft.empty' 'and a letter without a word'

# --- drafts ----------------------------------------------------------------------------------------
printf 'numbers\n' >$home/figures.csv
as john postern lock
person "printf 'To: $mary\nSubject: Quokka\nAttach: ~/figures.csv\n\nThe quokka waits.\n' >\"\$1\"" "$menu=>k\n" -- \
    postern --json send
code_is 1 'a letter is kept as a draft, while the vault is locked, too'
id=$(id_of)
out_has "\"draft\" : \"$id\"" 'under the name that is told'
run as john postern draft
out_has "^$id  " 'drafts are listed'
out_lacks 'Quokka' 'which does not say what they are while it is locked'
as john postern unlock 2>/dev/null
run as john postern --json draft
out_has '"subject" : "Quokka"' 'and does so later'
rm $home/figures.csv
is "$(field 'd["parts"][0][:2]')" "['figures.csv', 'text/csv']" 'what it takes along lies in the vault, too'
run grep -r -l -a -e quokka -e Quokka $home/.local $home/.config $COMPANY/mail/john
code_is 1 'p4_43 no word of it stands anywhere in clear'
run as john postern draft edit $id
code_is 64 'a draft is edited on a terminal'
person 'sed -i s/waits/sings/ "$1"' "$menu=>s\n" -- postern draft edit $id
code_is 0 'a draft is gone on with, and sent'
ok grep -q 'Enclosed: 1 figures.csv' $home/seen -- 'with what it takes along'
is "$(arrived 2) $(count)" '2 0 0' 'once'
last=$(find "$COMPANY/mail/mary" -path '*/Maildir/new/*' -type f | xargs ls -t | head -n 1)
/usr/bin/python3 "$srcdir/tests/lib/read-letter.py" $last $COMPANY/home/mary/.gnupg >$TESTDIR/read
ok grep -q 'The quokka sings' $TESTDIR/read -- 'with the text as it was edited last'
run as john postern draft send $id
code_is 65 'and is a draft no more'
err_has 'there is no draft .*draft.id' 'which is said'
person "$(wrote 'x')" "$menu=>k\n" -- postern send --no-encrypt --dsn success,delay
run as john postern --json draft send $(id_of) --dry-run
out_has '"encrypted" : false' 'what was wished of a letter is kept with it'
run as john postern draft send $(id_of) --dry-run
err_has 'would be asked for notices: success, delay$' 'and of which notices'
run as john postern draft send $(id_of) --dry-run --dsn never
err_has 'would be asked for notices: never$' 'which can be said anew'
is "$(count)" '1 0' 'what is only shown stays a draft'
run as john postern draft drop $(id_of) aaaaaaaaaaaaaaaa
is "$code $(count)" '65 1 0' 'of several to be dropped all are there, or none is touched'
run as john postern draft drop $(id_of)
is "$code $(count)" '0 0 0' 'a draft is dropped'
for words in 'edit' 'send a b' 'drop' 'list x' 'paint'; do
    run as john postern draft $words
    code_is 64 "usage: draft $words"
done

# --- what may not leave in clear -------------------------------------------------------------------
printf 'The axolotl.\n' | as mary gpg --batch -q --trust-model always -r "$(company_key john)" --encrypt --armor >$TESTDIR/sealed
{ printf 'From: %s\nTo: jsmith@corp.example\nSubject: Sealed\nMessage-ID: <s@corp.example>\n\n' $mary; cat $TESTDIR/sealed; } |
    company_deliver john
run as john fetchd --once
sealed=$(user_ids john subject:sealed | head -n 1)
person 'echo Yes. >>"$1"' "$menu=>k\n" -- postern reply $sealed
ok grep -q '^> The axolotl' $home/seen -- 'an answer begins with the quote'
ok grep -q '^# It leaves encrypted' $home/seen -- 'and says that it leaves encrypted'
is "$(field '(d["in_reply_to"], d["because"] != "")')" "('s@corp.example', True)" 'its draft knows what it answers'
run as john postern draft send $(id_of) --no-encrypt
code_is 78 'p9_103 the draft of an answer to encrypted mail leaves encrypted or not at all'
err_has 'came encrypted' 'and says why'
run as john postern draft send $(id_of) --queue
is "$code $(count)" '0 0 1' 'encrypted it leaves'
as john postern outbox drop $(as john postern --json outbox | sed -n 's/.*"id" : "\(.*\)",/\1/p') >/dev/null
person '' "$menu=>d\n" -- postern forward $sealed --to $mary
out_has 'it leaves encrypted' 'a letter is passed on as it is, after a question'

printf '\n[sensitive "walrus"]\nsubject = walrus\nindex = headers\n' >>"$(user_config john)"
{ printf 'From: %s\nTo: jsmith@corp.example\nSubject: Walrus\nMessage-ID: <w@corp.example>\n\nSecret.\n' $mary; } | company_deliver john
run as john fetchd --once
person '' -- postern reply "$(user_ids john subject:walrus is:sensitive | head -n 1)"
code_is 78 'p9_103 what is sealed singly is not answered by way of a draft'
out_has 'draft.sensitive' 'by its rule'
person '' -- postern forward "$(user_ids john subject:walrus is:sensitive | head -n 1)" --to $mary
code_is 78 'p9_103 nor passed on so'
is "$(drafts | wc -l) $(left)" '0 ' 'and nothing of it is written'

# What is written in the editor is held against what holds for every letter: when it is sent, not when it was kept.
# keeps TEXT: a draft of it; refuses CODE RULE WHAT [OPTION…]: it is not sent, and stays
keeps() { person "printf '$1' >\"\$1\"" "$menu=>k\n" -- postern send; }
refuses() {
    wanted="$1 $2 1 0"
    what=$3
    shift 3
    run as john postern --json draft send $(id_of) "$@"
    is "$code $(sed -n 's/.*"rule" : "\(.*\)",*/\1/p' $out) $(count)" "$wanted" "$what"
}
drops() { as john postern -q draft drop $(id_of); }
keeps "To: $mary\nSubject: The walrus\n\nx\n"
refuses 78 send.sensitive 'p9_108 a draft that fits a rule does not leave in clear' --no-encrypt
run as john postern --json draft send $(id_of) --dry-run
out_has '"encrypted" : true' 'p9_108 but encrypted'
drops
keeps "To: $mary\nBcc: x@hotmail.com\n\nx\n"
refuses 78 send.freemail 'p9_108 freemail is refused in every field of a draft'
drops
keeps "To: $mary\nCc: x@other.example\n\nx\n"
refuses 78 send.encrypt 'p9_108 and what leaves the company in clear' --no-encrypt
drops
for address in 'john%%%%hotmail.com@corp.example' '@a,@b:c@corp.example' 'staff: a@corp.example;'; do
    keeps "To: $address\n\nx\n"
    refuses 65 send.address "p9_101 a draft to $address is not sent"
    drops
done
keeps "To: $mary\nSubject: x\342\200\250Bcc: x@evil.test\n\nx\n"
refuses 65 send.value 'p9_99 a subject of two lines is none in a draft either'
drops
keeps "To: $mary\nSubject: x\rBcc: x@evil.test\n\nx\n"
refuses 65 draft.line 'p9_99 nor one with a CR'
drops
sed -i 's/^domains = .*/&; partner.example/' "$(user_config john)"
keeps 'To: x@partner.example\n\nx\n'
run as john postern draft send $(id_of) --no-encrypt --dry-run
code_is 0 'p9_108 what policy allowed when a draft was kept'
sed -i 's/; partner.example//' "$(user_config john)"
refuses 78 send.encrypt 'p9_108 it may forbid when it is sent' --no-encrypt
drops
person "sed -i 's/^To: .*/&, j.gross@corp.example/' \"\$1\"; echo Yes. >>\"\$1\"" "$menu=>k\n" -- postern reply $sealed
refuses 78 key.missing 'p9_105 who is added to the answer to encrypted mail is somebody to encrypt to'
drops
before=$(letters)
person "printf '%s\n' 'To: $mary' 'Bcc: h.hahn@corp.example' 'Subject: Hidden' '' x >\"\$1\"" "$menu=>s\n" -- postern send --no-encrypt
is "$code $(arrived $((before + 1)))" "0 $((before + 1))" 'a letter with a hidden copy leaves the editor'
is "$(find $COMPANY/mail/mary -path '*/Maildir/new/*' -type f -exec grep -l -i -e '^bcc' -e hahn {} + | wc -l)" 0 'p9_104 which tells nobody of it'

# --- what the server refuses -----------------------------------------------------------------------
person "printf 'To: nobody@corp.example\nSubject: No\n\nx\n' >\"\$1\"" "$menu=>s\n" -- postern send --no-encrypt
code_is 65 'what the server refuses is told'
is "$(count)" '1 0' 'p6_62 and is a draft again'
run as john postern -q draft drop $(id_of)

# --- what is killed --------------------------------------------------------------------------------
slow="$(wrote 'The narwhal dives.'); echo saved >/dev/tty; sleep 60"
person "$slow" 'saved=>!SIGTERM' -- postern send
code_is 75 'a signal ends editor and command'
is "$(field 'd["text"].split()[-1]') $(left)" 'dives. ' 'p4_43 the draft is kept, and nothing in memory'
as john postern -q draft drop $(id_of)
person "$slow" 'saved=>!SIGKILL' -- postern send
is "$(left | grep -c postern-draft-)" 1 'who is killed leaves the text in memory'
run as john postern draft
is "$(field 'd["text"].split()[-1]') $(left)" 'dives. ' 'p4_43 the next command takes it into the vault, and leaves nothing'
out_has "^$(id_of)" 'and lists it'
id=$(id_of)
person 'echo saved >/dev/tty; sleep 60' 'saved=>!SIGKILL' -- postern send
run as john postern -q draft drop $id
is "$(drafts | wc -l) $(left)" '0 ' 'what nobody wrote at is no draft'
n=0
doubled=
while [ $n -lt "${ROUNDS-3}" ]; do
    n=$((n + 1))
    person "$(wrote "Round $n")" "$menu=>k\n" -- postern send
    before=$(letters)
    as john timeout -s KILL 0.$((20 + n * ${STEP-22})) postern -q draft send $(id_of) >/dev/null 2>&1
    sleep 0.3
    waiting=$(count)
    case "$waiting $(($(letters) - before))" in
        '1 0 0' | '0 1 0' | '0 1 1' | '0 0 1') ;;
        *) doubled="$doubled round $n: $waiting $(($(letters) - before));" ;;
    esac
    for i in $(drafts | cut -f 1); do as john postern -q draft drop $i; done
    for i in $(as john postern -q --json outbox | sed -n 's/.*"id" : "\(.*\)",/\1/p'); do as john postern -q outbox drop $i; done
done
is "$doubled" '' 'p6_62 whoever is killed while it is sent: a letter is a draft, in the outbox, or sent'

# --- where it lies ---------------------------------------------------------------------------------
mkdir -p $home/swap $home/.config/nano
printf 'set backup writebackup undofile swapfile\nset backupdir=~/swap undodir=~/swap directory=~/swap viminfo=\047100,/50,:50,<50,n~/swap/info\n' >$home/.vimrc
printf 'set backup\nset backupdir "%s"\nset historylog\nset positionlog\n' $home/swap >$home/.nanorc
cat >$home/.emacs <<'END'
(setq make-backup-files t auto-save-default t create-lockfiles t auto-save-interval 20 auto-save-timeout 1)
(setq backup-directory-alist '(("." . "~/swap")) auto-save-file-name-transforms '((".*" "~/swap/" t)))
(savehist-mode 1) (recentf-mode 1) (save-place-mode 1) (desktop-save-mode 1)
END
chown -R "$(stat -c %u $home)" $home/swap $home/.config $home/.vimrc $home/.nanorc $home/.emacs
elsewhere() { # what was written with the word in it to files that are no terminal, no pipe and not in memory's place
    grep -a -e 'zebrafish' $TESTDIR/calls | grep -a -v -e '</dev/shm/postern-draft-' -e '</dev/\(pts\|tty\|ptmx\)' \
        -e '<pipe:' -e '<socket:' -e 'execve('
}
watched() { # EDITOR KEYS COMMAND…
    watched_editor=$1
    watched_keys=$2
    shift 2
    : >$TESTDIR/calls
    chmod 666 $TESTDIR/calls
    run as john env TERM=xterm "VISUAL=$watched_editor" ASAN_OPTIONS=detect_leaks=0 /usr/bin/python3 \
        "$srcdir/tests/lib/on-terminal.py" "$watched_keys" "$menu=>k\n" -- strace -f -y -s 100000 -o $TESTDIR/calls \
        -e trace=write,pwrite64,writev,pwritev,sendto,rename,renameat,renameat2,link,linkat "$@"
}
vims='letter\.eml=>Gozebrafish swims\x1b:w\rozebrafish dives\x1b:wq\r'
nanos='letter\.eml=>zebrafish swims\x0f\r\x18'
for editor in vim.basic vim.tiny nano emacs; do
    [ -x "$(command -v $editor)" ] || { skip "$editor" 'it is not installed'; continue; }
    keys=$vims
    [ $editor != nano ] || keys=$nanos
    [ $editor != emacs ] || keys='letter\.eml.*=>zebrafish swims and swims and swims\x18\x13zebrafish dives\x18\x13\x18\x03'
    watched $editor "$keys" postern send --subject "By $editor"
    is "$(drafts | grep -e "By $editor" | grep -c zebrafish)" 1 "$editor: what is written is kept"
    is "$(elsewhere | head -n 3)$(ls -A $home/swap)" '' "p4_43 $editor: it writes the text to memory alone, whatever its settings say"
    ok grep -q 'postern-draft-.*zebrafish' $TESTDIR/calls -- "$editor: to a place of its own there"
    out_lacks 'is not known' "$editor is known"
done
printf 'x\n' >$home/bare
chown "$(stat -c %u $home)" $home/bare
watched vim.tiny "bare=>Gozebrafish\x1b:wq\r" vim.tiny $home/bare
ok [ -n "$(elsewhere)" ] -- 'which this test would see otherwise'
for i in $(drafts | cut -f 1); do as john postern -q draft drop $i; done

mkdir $TESTDIR/disk
mount --bind "$builddir" /dev/shm
person "$(wrote x)" -- env -u XDG_RUNTIME_DIR postern send
code_is 78 'p4_43 where nothing is in memory no editor is started'
out_has 'draft.place.*--body' 'and what to do is said'
umount /dev/shm
mount -t tmpfs -o size=4k tmpfs /dev/shm
person "$(wrote x)" -- env -u XDG_RUNTIME_DIR postern send
code_is 74 'where there is no room in memory nothing is begun'
out_has 'draft.write' 'which is told'
umount /dev/shm
run as john env VISUAL=no-such-editor /usr/bin/python3 "$srcdir/tests/lib/on-terminal.py" -- postern send
code_is 78 'an editor that is not there is told'
is "$(drafts | wc -l) $(left)" '0 ' 'and nothing is left'
done_testing

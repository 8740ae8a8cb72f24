#!/bin/sh
# Moving in from what mbsync and offlineimap fetched, so that nothing is fetched again, and out to notmuch.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
home=$COMPANY/home/john
company_fill john --count 300 --folder INBOX --folder Archive.2023 --folder 'Gr&APYA3w-e'
company_password john >$home/.password
json() { /usr/bin/python3 -c "import json, sys; d = json.load(sys.stdin); print($1)" <$out; }
bodies() { grep -o 'bodies=[0-9]*' $COMPANY/dovecot/log | tail -n +"$1" | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'; }
sessions() { grep -c 'bodies=' $COMPANY/dovecot/log; }

cat >$home/.mbsyncrc <<END
IMAPAccount a
Host mail.corp.example
User john
PassCmd "cat $home/.password"
SSLType IMAPS
CertificateFile $COMPANY_CA

IMAPStore far
Account a

MaildirStore near
Path $home/mbsync/
Inbox $home/mbsync/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Near
Sync Pull
SyncState *
END
cat >$home/.offlineimaprc <<END
[general]
accounts = a
[Account a]
localrepository = l
remoterepository = r
[Repository l]
type = Maildir
localfolders = $home/offlineimap
[Repository r]
type = IMAP
remotehost = mail.corp.example
remoteuser = john
remotepassfile = $home/.password
ssl = yes
sslcacertfile = $COMPANY_CA
END

# offlineimap writes some header fields anew ("From:" and a line break become "From: " and one): those are other
# messages, to be fetched. mbsync only adds a field, which import leaves out.
unchanged() {
    for folder in "$1" $COMPANY/mail/john/Maildir; do
        find "$folder" -path '*/cur/*' -type f -o -path '*/new/*' -type f |
            while read -r file; do tr -d '\r' <"$file" | sed '1,/^$/{/^X-TUID:/d}' | sha256sum; done | sort -u >"$TESTDIR/sums.$(basename "$folder")"
    done
    comm -12 "$TESTDIR/sums.$(basename "$1")" $TESTDIR/sums.Maildir | wc -l
}
move_in() { # PROGRAM ARGUMENT…
    mkdir -p $home/$1
    if ! command -v "$1" >/dev/null; then
        skip "$1 is not installed"
        return
    fi
    as john "$@" >$TESTDIR/peer 2>&1 || diag "$(cat $TESTDIR/peer)"
    rm -rf $home/.local/share/postern $home/.config/postern
    user_ready john
    run as john postern --json import $home/$1
    is "$(json 'd["imported"]')" 300 "what $1 fetched is imported"
    moved_before=$(sessions)
    run as john postern --json sync
    sleep 1
    moved_known=$(unchanged $home/$1)
    is "$(json '[d["accounts"][0][n] for n in ("stored", "known")]') $(bodies $((moved_before + 1)))" \
        "[$((300 - moved_known)), $moved_known] $((300 - moved_known))" "and the first sync knows all $moved_known that it left as they were"
}
move_in mbsync -q -a
move_in offlineimap -o -u quiet

run as john postern export --maildir $home/out
if command -v notmuch >/dev/null; then
    printf '[database]\npath=%s\n[new]\ntags=new\n' $home/out >$home/.notmuch-config
    as john notmuch new >$TESTDIR/peer 2>&1 || diag "$(cat $TESTDIR/peer)"
    is "$(as john notmuch count)" 300 'notmuch reads what is exported'
    is "$(as john notmuch count folder:.Archive.2023)" 100 'with its folders'
else
    skip 'notmuch is not installed'
fi
done_testing

#!/bin/sh
# fetch: Postern beside the other fetchers, on the same server and the same mail, in one run.
# Prints tables with ratios to the floor, a client that drops what it gets (drain.c).
#   BENCH_MESSAGES (10000), BENCH_RUNS (3), BENCH_SLOW=yes also runs the peers that take minutes
. "$srcdir/tests/bench/world.sh"
bench_world "$0"
MESSAGES=${BENCH_MESSAGES:-10000}
RUNS=${BENCH_RUNS:-3}
DRAIN=$builddir/tests/bench/drain
FAR=1000 # messages behind the long line
DELAY=20 # milliseconds each way

company_start
bench_person john
bench_person mary pops://mary@mail.corp.example submission://mary@mail.corp.example
echo "# $MESSAGES messages in INBOX, $RUNS runs; server and client share $(nproc) cores"
# In parts, since make-mail.py keeps in memory what it makes; both get the same.
for part in $(seq $(((MESSAGES + 9999) / 10000))); do
    company_fill john --seed "$part" --count $((part * 10000 > MESSAGES ? MESSAGES % 10000 : 10000))
done
rm -rf $COMPANY/mail/mary
cp -a $COMPANY/mail/john $COMPANY/mail/mary
for name in john mary; do
    company_password $name >$TESTDIR/$name.password
done

# --- the peers' configurations ---

# mbsync_file NAME HOST FSYNC
mbsync_file() {
    cat >$TESTDIR/mbsync.$1 <<-END
	FSync $3

	IMAPAccount a
	Host $2
	User john
	PassCmd "cat $TESTDIR/john.password"
	SSLType IMAPS
	CertificateFile $COMPANY_CA

	IMAPStore far
	Account a

	MaildirStore near
	Path $DISK/peer/
	Inbox $DISK/peer/INBOX

	Channel c
	Far :far:
	Near :near:
	Create Near
	Sync Pull
	SyncState *
	END
}

# fetchmail_file NAME HOST PROTOCOL PORT LOGIN
fetchmail_file() {
    cat >$TESTDIR/fetchmail.$1 <<-END
	set idfile $DISK/peer/ids
	poll $2 protocol $3 port $4 uidl user $5 password $(cat $TESTDIR/$5.password)
	ssl sslcertck sslcertfile $COMPANY_CA fetchall keep bsmtp $DISK/peer/mail
	END
    chmod 600 $TESTDIR/fetchmail.$1
}
FETCHMAIL="fetchmail -s --pidfile $TESTDIR/fetchmail.pid -f $TESTDIR/fetchmail"

# mpop_file NAME HOST
mpop_file() {
    cat >$TESTDIR/mpop.$1 <<-END
	account default
	host $2
	port 995
	tls on
	tls_starttls off
	tls_trust_file $COMPANY_CA
	user mary
	passwordeval cat $TESTDIR/mary.password
	keep on
	uidls_file $DISK/peer/uidls
	delivery maildir $DISK/peer
	END
    chmod 600 $TESTDIR/mpop.$1
}

# fdm_file NAME HOST
fdm_file() {
    cat >$TESTDIR/fdm.$1 <<-END
	set lock-file "$TESTDIR/fdm.lock"
	set verify-certificates
	account "a" imaps server "$2" user "john" pass "$(cat $TESTDIR/john.password)" keep
	action "keep" maildir "$DISK/peer/mail"
	match all action "keep"
	END
    chmod 600 $TESTDIR/fdm.$1
}

count_line() { echo "test \$(find $DISK/peer -type f -path '*/new/*' -o -type f -path '*/cur/*' | wc -l) -eq $1"; }
stored_line() { as_line "$1" "postern --store $DISK/$1 --json status | grep -q '\"messages\" *: *$2'"; }
fetch_line() { as_line "$1" "fetchd --once --seal-only --store $DISK/$1"; }
drain_line() { echo "$DRAIN $1 10.23.0.1 $2 $TESTDIR/$2.password"; }
maildir_line() { echo "$(fresh_folder peer); mkdir -p $DISK/peer/new $DISK/peer/cur $DISK/peer/tmp"; }

peers() {
    mbsync_file "$1" "$2" yes
    mbsync_file "$1-lazy" "$2" no
    fetchmail_file "$1-imap" "$2" IMAP 993 john
    fetchmail_file "$1-pop3" "$2" POP3 995 mary
    mpop_file "$1" "$2"
    fdm_file "$1" "$2"
}
peers near mail.corp.example
peers far mail2.corp.example

# The server reads new mail in once; that is nobody's time.
for name in john mary; do
    eval "$(drain_line imap $name)" >/dev/null 2>&1
done

# --- 1: the first fetch -------------------------------------------------------------------------

row 'raw drain' "$RUNS" true true "$(drain_line imap john)"
row 'Postern' "$RUNS" "$(fresh_store john)" "$(stored_line john "$MESSAGES")" "$(fetch_line john)"
wants mbsync && {
    row 'mbsync, FSync no' "$RUNS" "$(fresh_folder peer)" "$(count_line "$MESSAGES")" "mbsync -q -c $TESTDIR/mbsync.near-lazy c"
    row 'mbsync' 1 "$(fresh_folder peer)" "$(count_line "$MESSAGES")" "mbsync -q -c $TESTDIR/mbsync.near c"
}
wants fetchmail && row 'fetchmail, bsmtp' 1 "$(fresh_folder peer)" true "$FETCHMAIL.near-imap"
rows_measured "IMAPS, first fetch of $MESSAGES messages"

# --- 2: nothing new -----------------------------------------------------------------------------

eval "$(fresh_store john)"
eval "$(fetch_line john)" >/dev/null
sed -i 's/ fetchall / /' $TESTDIR/fetchmail.near-imap
wants fetchmail && row 'fetchmail' 7 true true "$FETCHMAIL.near-imap || test \$? = 1"
row 'Postern' 7 true true "$(fetch_line john)"
wants mbsync && row 'mbsync' 7 true true "mbsync -q -c $TESTDIR/mbsync.near c"
rows_measured "IMAPS, nothing new in $MESSAGES messages"

# --- 3: POP3 ------------------------------------------------------------------------------------

row 'raw drain' "$RUNS" true true "$(drain_line pop3 mary)"
row 'Postern' "$RUNS" "$(fresh_store mary)" "$(stored_line mary "$MESSAGES")" "$(fetch_line mary)"
wants mpop && row 'mpop' 1 "$(maildir_line)" "$(count_line "$MESSAGES")" "mpop -q --file=$TESTDIR/mpop.near"
rows_measured "POP3S, first fetch of $MESSAGES messages"

# --- 4: a long line -----------------------------------------------------------------------------

company_far() {
    company_stop
    rm -rf $COMPANY/mail/john $COMPANY/mail/mary
    mkdir -p $COMPANY/mail/john $COMPANY/mail/mary
    chown mail:mail $COMPANY/mail/john $COMPANY/mail/mary
    company_fill john --count $FAR
    company_fill mary --count $FAR
    company_certificate $COMPANY/tls/mail none mail2.corp.example
    company_start
    /usr/bin/python3 "$srcdir/tests/bench/slow-way.py" $DELAY 10.23.0.2:993 10.23.0.1:993 10.23.0.2:995 10.23.0.1:995 &
    way=$!
    company_wait 10.23.0.2 993 995
    user_uri john fetch imaps://john@mail2.corp.example/
    user_uri mary fetch pops://mary@mail2.corp.example
}
company_far
row 'raw drain, IMAP' "$RUNS" true true "$(drain_line imap john | sed 's/10.23.0.1/10.23.0.2/')"
row 'Postern, IMAP' "$RUNS" "$(fresh_store john)" "$(stored_line john $FAR)" "$(fetch_line john)"
wants mbsync && {
    row 'mbsync, FSync no' "$RUNS" "$(fresh_folder peer)" "$(count_line $FAR)" "mbsync -q -c $TESTDIR/mbsync.far-lazy c"
    row 'mbsync' 1 "$(fresh_folder peer)" "$(count_line $FAR)" "mbsync -q -c $TESTDIR/mbsync.far c"
}
row 'raw drain, POP3' "$RUNS" true true "$(drain_line pop3 mary | sed 's/10.23.0.1/10.23.0.2/')"
row 'Postern, POP3' "$RUNS" "$(fresh_store mary)" "$(stored_line mary $FAR)" "$(fetch_line mary)"
wants mpop && row 'mpop' 1 "$(maildir_line)" "$(count_line $FAR)" "mpop -q --file=$TESTDIR/mpop.far"
if [ "${BENCH_SLOW-}" = yes ]; then
    wants fetchmail && row 'fetchmail, IMAP' 1 "$(fresh_folder peer)" true "$FETCHMAIL.far-imap"
    wants fetchmail && row 'fetchmail, POP3' 1 "$(fresh_folder peer)" true "$FETCHMAIL.far-pop3"
    wants fdm && row 'fdm, IMAP' 1 "$(fresh_folder peer)" "$(count_line $FAR)" "env SSL_CERT_FILE=$COMPANY_CA fdm -q -f $TESTDIR/fdm.far fetch"
fi
rows_measured "$FAR messages, $((2 * DELAY)) ms round trip"
kill $way

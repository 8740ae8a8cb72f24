#!/bin/sh
# Fetching over a compressed connection (RFC 4978): the same mail, where it is wanted and offered.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
company_fill john --count 200 --folder INBOX --folder Archive
company_fill john --odd
trace=/run/company/trace
asked() { sed -n 's/.* C: [0-9]* \(COMPRESS DEFLATE\|AUTHENTICATE\|ENABLE\).*/\1/p' $trace | xargs; }
fetch() {
    rm -f $trace
    run as john fetchd --once --trace $trace
}

printf 'protocol imap {\n  mail_plugins = imap_zlib\n}\n' >>$COMPANY/dovecot.conf
company_restart
fetch
code_is 0 'a pass ends well'
is "$(asked)" 'AUTHENTICATE ENABLE' 'nothing is compressed without a word'

company_fill john --count 100 --folder Projects
user_line john 'compress = yes'
fetch
code_is 0 'so does a compressed one'
is "$(asked)" 'AUTHENTICATE COMPRESS DEFLATE ENABLE' 'which begins behind the login'
n=$(user_json john 'len(d)' '')
is "$(as john /usr/bin/python3 "$srcdir/tests/lib/same-mail.py" $COMPANY/mail/john/Maildir --every 1)" \
    "$n same, 0 missing, 0 foreign, 0 twice" 'what is stored is what the server has, byte for byte'

sed -i '/imap_zlib/d' $COMPANY/dovecot.conf
company_restart
fetch
code_is 0 'a server that cannot is used as it is'
is "$(asked)" 'AUTHENTICATE ENABLE' 'and not asked'
done_testing

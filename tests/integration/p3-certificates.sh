#!/bin/sh
# P3: only an authenticated server. One fault a certificate; pins; the environment; old TLS.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

printf 'From: mary.jones@corp.example\r\nSubject: brandnew\r\n\r\nOne.\r\nTwo.\r\n' >$TESTDIR/new
company_start
user_ready john imaps://john@mail2.corp.example/ smtps://john@mail2.corp.example
hostile imap-honest 993
run as john fetchd --once
code_is 0 'a good certificate is good'

for fault in self-signed other-ca other-name common-name-only expired not-yet-valid no-server-auth; do
    company_certificate $COMPANY/tls/bad $fault mail2.corp.example
    HOSTILE_CERTIFICATE=$COMPANY/tls/bad
    for kind in imap-honest:993:imaps pop3-honest:995:pops; do
        IFS=: read -r case port scheme <<-END
		$kind
		END
        hostile "$case" "$port"
        user_uri john fetch "$scheme://john@mail2.corp.example/"
        run as john fetchd --once
        code_is 76 "p3_26 $scheme: $fault is refused"
        is "$(hostile_inside)" '' 'p3_26 and nothing was said to it'
    done
    hostile smtp-honest 465
    run_with x as john postern send --to mary.jones@corp.example --subject x --no-encrypt --body -
    code_is 76 "p3_26 smtps: $fault is refused"
    is "$(hostile_inside)" '' 'p3_26 and nothing was said to it'
done

# Trust comes from the configuration alone.
company_certificate $COMPANY/tls/bad other-ca mail2.corp.example
mkdir -p $TESTDIR/trust
cp $COMPANY/other-ca.crt $TESTDIR/trust/ca.pem
cat >$TESTDIR/openssl.cnf <<-END
	openssl_conf = all
	[all]
	ssl_conf = ssl
	[ssl]
	system_default = own
	[own]
	VerifyCAFile = $TESTDIR/trust/ca.pem
	MinProtocol = TLSv1
	END
hostile imap-honest 993
user_uri john fetch imaps://john@mail2.corp.example/
AS_EXTRA="SSL_CERT_FILE=$TESTDIR/trust/ca.pem SSL_CERT_DIR=$TESTDIR/trust OPENSSL_CONF=$TESTDIR/openssl.cnf"
run as john fetchd --once
code_is 76 'p3_28 SSL_CERT_FILE, SSL_CERT_DIR and OPENSSL_CONF change nothing'
AS_EXTRA=


# With ca_file set, what the machine trusts counts for nothing.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -f $bundle ]; then
    mount --bind $COMPANY/other-ca.crt $bundle
    run as john fetchd --once
    code_is 76 'p3_27 a CA of the system does not help where ca_file is set'
    is "$(hostile_inside)" '' 'p3_27 and nothing was said to it'
    sed -i 's/^ca_file/#&/' "$(user_config john)"
    run as john fetchd --once
    code_is 0 'p3_27 though without ca_file it is trusted'
    sed -i 's/^#ca_file/ca_file/' "$(user_config john)"
    umount $bundle
else
    skip 'p3_27 a CA of the system does not help' "there is no $bundle"
fi

pin() { openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64; }
user_line john "pin = sha256/$(pin $COMPANY/tls/bad.crt)"
run as john fetchd --once
code_is 76 'p3_27 the right pin does not heal a wrong chain'
unset HOSTILE_CERTIFICATE
hostile imap-honest 993
run as john fetchd --once
code_is 76 'p3_27 a right chain does not heal a wrong pin'
sed -i '/^pin/d' "$(user_config john)"
user_line john "pin = sha256/$(pin $COMPANY/tls/bad.crt); sha256/$(pin $COMPANY/tls/hostile.crt)"
run as john fetchd --once
code_is 0 'p3_27 the chain and one of two pins is right'

hostile imap-honest 993 --old-tls
run as john fetchd --once
code_is 76 'p3_29 TLS 1.1 is refused'
is "$(grep -c open $HOSTILE_LOG)" 1 'p3_29 and not tried again with less'

# A connection that ends without TLS's good-bye: what had not come whole is not kept.
kept() { user_json john 'sorted(h["subject"] for h in d)' ''; }
before=$(kept)
new=$TESTDIR/new
four="--message $new --message $new --message $new --message $new" # three UIDs are known by now
for case in imap-cut-in-body:993 imap-cut-after-body:993 pop3-cut-in-message:995 pop3-cut-before-dot:995; do
    # shellcheck disable=SC2086
    hostile "${case%:*}" "${case#*:}" $four
    case $case in imap*) scheme=imaps ;; *) scheme=pops ;; esac
    user_uri john fetch $scheme://john@mail2.corp.example
    run as john fetchd --once
    code_is 76 "p3_32 ${case%:*} is told"
    is "$(kept)" "$before" 'p3_32 and nothing is kept'
done
# Behind a message it matters to who still has something to say.
user_line john 'keep = no'
hostile pop3-cut-after-dot 995 --message $TESTDIR/new
run as john fetchd --once
code_is 76 'p3_32 a cut behind the message is told, too'
hostile pop3-honest 995 --message $TESTDIR/new
run as john fetchd --once
code_is 0 'p3_32 and the next run ends well'
is "$(user_json john 'len(d)' subject:brandnew)" 1 'p3_32 with the message whole and once'
hostile_stop
done_testing

# company — the mail server of corp.example, and the people who use it. Needs namespace.sh.
#
#   company_start              CA, certificates, Dovecot (993, 995) and Postfix (465, 587) on
#                              mail.corp.example; users john and mary with random passwords
#   company_stop, company_restart
#   company_person NAME        home of john or mary: $COMPANY/home/NAME with an OpenPGP key of his
#   company_introduce A B      A gets B's public key and trusts it (local signature)
#   as NAME COMMAND…           runs COMMAND with NAME's home and nothing of the caller's
#   company_password NAME      prints it
#   company_key NAME           prints the fingerprint
#   company_certificate FILE FAULT   a server certificate with one fault, see below
#   company_dovecot_beside CERTIFICATE   a second Dovecot on mail2.corp.example (10.23.0.2)
#   company_fill NAME ARGUMENT…          make-mail.py into NAME's mailbox
#   company_secret_mail FROM TO SUBJECT TEXT | company_deliver NAME
#   company_log                what the servers said
#
# Dovecot's LMTP socket is $COMPANY/dovecot/lmtp; what is delivered there to ADDRESS lies in
# $COMPANY/mail/ADDRESS/Maildir.
#
# The mail lies in maildirs under $COMPANY/mail/NAME/Maildir, so that make-mail.py can fill them.
# Mail to foreign domains ends in $COMPANY/mail/outside/Maildir: nothing leaves this machine.

COMPANY=/run/company
COMPANY_CA=$COMPANY/ca.pem

company_login() {
    case $1 in john | mary) echo "$1" ;; *) echo "company: nobody called $1" >&2; return 1 ;; esac
}

company_address() {
    case $1 in john) echo jsmith@corp.example ;; mary) echo mary.jones@corp.example ;; esac
}

company_full_name() {
    case $1 in john) echo 'John Smith' ;; mary) echo 'Mary Jones' ;; esac
}

company_password() {
    sed -n "s/^$1:{PLAIN}//p" $COMPANY/users
}

company_key() {
    cat "$COMPANY/home/$1/.fingerprint"
}

company_start() {
    [ -d $COMPANY ] || company_make
    company_dovecot_start
    company_postfix_start
    company_wait 10.23.0.1 993 995 465 587
}

company_stop() {
    company_kill $COMPANY/dovecot/master.pid
    company_kill $COMPANY/postfix/spool/pid/master.pid
}

company_restart() {
    company_stop
    company_start
}

company_make() {
    mkdir -p $COMPANY/tls $COMPANY/mail $COMPANY/home
    company_make_ca $COMPANY/ca 'Corp Example Root CA'
    cp $COMPANY/ca.crt $COMPANY_CA
    company_certificate $COMPANY/tls/mail none
    for company_user in john mary; do
        printf '%s:{PLAIN}%s\n' $company_user "$(openssl rand -hex 12)"
        mkdir -p $COMPANY/mail/$company_user
    done >$COMPANY/users
    mkdir -p $COMPANY/mail/outside
    chown -R mail:mail $COMPANY/mail
    chmod 750 $COMPANY/mail
    company_dovecot_configure dovecot 10.23.0.1 $COMPANY/tls/mail
    company_postfix_configure
}

# --- certificates -------------------------------------------------------------------------------

# company_make_ca PATH NAME: PATH.crt and PATH.key
company_make_ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 120 \
        -subj "/O=Corp Example/CN=$2" -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$1.key" -out "$1.crt" 2>/dev/null
}

# company_certificate PATH FAULT [HOST]: PATH.crt and PATH.key for HOST (mail.corp.example).
# Faults: none self-signed other-ca other-name common-name-only ends-soon expired not-yet-valid
# no-server-auth
company_certificate() {
    company_host=${3-mail.corp.example}
    company_issuer=$COMPANY/ca
    company_names="subjectAltName=DNS:$company_host"
    company_usage='extendedKeyUsage=serverAuth'
    company_from=$(date -u -d '-1 hour' +%Y%m%d%H%M%SZ)
    company_until=$(date -u -d '+90 days' +%Y%m%d%H%M%SZ)
    case $2 in
    none | self-signed) ;;
    other-ca)
        [ -f $COMPANY/other-ca.crt ] || company_make_ca $COMPANY/other-ca 'Some Other CA'
        company_issuer=$COMPANY/other-ca
        ;;
    other-name) company_names='subjectAltName=DNS:www.corp.example' ;;
    common-name-only) company_names='nsComment=no names' ;;
    ends-soon) company_until=$(date -u -d '+10 days' +%Y%m%d%H%M%SZ) ;;
    expired) company_until=$(date -u -d '-1 minute' +%Y%m%d%H%M%SZ) ;;
    not-yet-valid) company_from=$(date -u -d '+1 day' +%Y%m%d%H%M%SZ) ;;
    no-server-auth) company_usage='extendedKeyUsage=clientAuth' ;;
    *) echo "company: no such fault: $2" >&2; return 1 ;;
    esac
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$company_host" \
        -keyout "$1.key" -out "$1.csr" 2>/dev/null
    [ "$2" != self-signed ] || company_self="-selfsign -keyfile $1.key"
    : >"$1.db"
    cat >"$1.cnf" <<-END
	[ca]
	default_ca = own
	[own]
	database = $1.db
	new_certs_dir = $(dirname "$1")
	rand_serial = yes
	default_md = sha256
	policy = any
	unique_subject = no
	[any]
	commonName = supplied
	[server]
	basicConstraints = critical, CA:FALSE
	keyUsage = critical, digitalSignature
	$company_usage
	$company_names
	END
    # shellcheck disable=SC2086
    openssl ca -batch -notext -config "$1.cnf" -extensions server \
        -cert "$company_issuer.crt" -keyfile "$company_issuer.key" ${company_self-} \
        -startdate "$company_from" -enddate "$company_until" -in "$1.csr" -out "$1.crt" 2>"$1.log" ||
        { cat "$1.log" >&2; return 1; }
    unset company_self
}

# --- Dovecot ------------------------------------------------------------------------------------

# company_dovecot_configure FOLDER ADDRESS CERTIFICATE
company_dovecot_configure() {
    mkdir -p "$COMPANY/$1/state"
    cat >"$COMPANY/$1.conf" <<-END
	base_dir = $COMPANY/$1
	state_dir = $COMPANY/$1/state
	instance_name = $1
	protocols = imap pop3 lmtp
	listen = $2
	log_path = $COMPANY/$1/log
	ssl = required
	ssl_cert = <$3.crt
	ssl_key = <$3.key
	ssl_min_protocol = TLSv1.2
	disable_plaintext_auth = yes
	auth_mechanisms = plain login
	auth_failure_delay = 0
	first_valid_uid = 1
	mail_location = maildir:~/Maildir
	mail_fsync = never
	mail_max_userip_connections = 50
	imap_logout_format = bodies=%{fetch_body_count} headers=%{fetch_hdr_count} expunged=%{expunged}
	pop3_logout_format = retrieved=%r deleted=%d left=%m
	namespace inbox {
	  inbox = yes
	  separator = /
	}
	passdb {
	  driver = passwd-file
	  args = $COMPANY/users
	}
	userdb {
	  driver = static
	  args = uid=mail gid=mail home=$COMPANY/mail/%u allow_all_users=yes
	}
	service imap-login {
	  inet_listener imap {
	    port = 0
	  }
	  inet_listener imaps {
	    port = 993
	    ssl = yes
	  }
	}
	service pop3-login {
	  inet_listener pop3 {
	    port = 0
	  }
	  inet_listener pop3s {
	    port = 995
	    ssl = yes
	  }
	}
	service lmtp {
	  user = mail
	  unix_listener lmtp {
	    mode = 0666
	  }
	}
	service auth {
	  unix_listener auth-postfix {
	    mode = 0666
	  }
	}
	service stats {
	  unix_listener stats-writer {
	    mode = 0666
	  }
	}
	END
}

company_dovecot_start() {
    dovecot -c $COMPANY/dovecot.conf
}

company_dovecot_beside() {
    [ ! -f $COMPANY/beside/master.pid ] || company_kill $COMPANY/beside/master.pid
    company_dovecot_configure beside 10.23.0.2 "$1"
    dovecot -c $COMPANY/beside.conf
    company_wait 10.23.0.2 993 995
}

# --- Postfix ------------------------------------------------------------------------------------

company_postfix_configure() {
    company_folder=$COMPANY/postfix
    mkdir -p $company_folder/data $company_folder/spool/pid
    for company_queue in active bounce corrupt defer deferred flush hold incoming maildrop private public saved trace; do
        mkdir -m 700 $company_folder/spool/$company_queue
        chown postfix:postdrop $company_folder/spool/$company_queue
    done
    chmod 710 $company_folder/spool/public
    chown postfix $company_folder/data
    cat >$company_folder/main.cf <<-END
	compatibility_level = 3.6
	queue_directory = $company_folder/spool
	data_directory = $company_folder/data
	command_directory = /usr/sbin
	daemon_directory = /usr/lib/postfix/sbin
	shlib_directory = no
	mail_owner = postfix
	setgid_group = postdrop
	maillog_file = $company_folder/log
	maillog_file_prefixes = $company_folder
	myhostname = mail.corp.example
	mydestination =
	mynetworks =
	inet_interfaces = 10.23.0.1
	inet_protocols = ipv4
	alias_maps =
	biff = no
	message_size_limit = 200000000
	mailbox_size_limit = 0
	virtual_mailbox_limit = 0
	virtual_mailbox_domains = static:all
	virtual_mailbox_base = $COMPANY/mail
	virtual_mailbox_maps = regexp:$company_folder/mailboxes
	virtual_uid_maps = static:$(id -u mail)
	virtual_gid_maps = static:$(id -g mail)
	virtual_minimum_uid = 1
	smtpd_tls_cert_file = $COMPANY/tls/mail.crt
	smtpd_tls_key_file = $COMPANY/tls/mail.key
	smtpd_tls_mandatory_protocols = >=TLSv1.2
	smtpd_tls_loglevel = 1
	smtpd_tls_auth_only = yes
	smtpd_sasl_auth_enable = yes
	smtpd_sasl_type = dovecot
	smtpd_sasl_path = $COMPANY/dovecot/auth-postfix
	smtpd_sender_login_maps = regexp:$company_folder/logins
	smtpd_sender_restrictions = reject_sender_login_mismatch
	smtpd_recipient_restrictions = permit_sasl_authenticated, reject
	smtpd_relay_restrictions = permit_sasl_authenticated, reject
	smtpd_peername_lookup = no
	smtputf8_enable = yes
	END
    cat >$company_folder/master.cf <<-END
	smtps     inet  n - n - - smtpd -o smtpd_tls_wrappermode=yes
	587       inet  n - n - - smtpd -o smtpd_tls_security_level=encrypt
	cleanup   unix  n - n - 0 cleanup
	qmgr      unix  n - n 300 1 qmgr
	rewrite   unix  - - n - - trivial-rewrite
	bounce    unix  - - n - 0 bounce
	defer     unix  - - n - 0 bounce
	trace     unix  - - n - 0 bounce
	verify    unix  - - n - 1 verify
	proxymap  unix  - - n - - proxymap
	tlsmgr    unix  - - n 1000? 1 tlsmgr
	error     unix  - - n - - error
	retry     unix  - - n - - error
	virtual   unix  - n n - - virtual
	anvil     unix  - - n - 1 anvil
	postlog   unix-dgram n - n - 1 postlogd
	END
    cat >$company_folder/mailboxes <<-'END'
	/^jsmith@corp\.example$/ john/Maildir/
	/^john\.smith@corp\.example$/ john/Maildir/
	/^mary\.jones@corp\.example$/ mary/Maildir/
	/^[^@]+@(.*\.)?corp\.example$/ staff/Maildir/
	/./ outside/Maildir/
	END
    cat >$company_folder/logins <<-'END'
	/^(jsmith|john\.smith)@corp\.example$/ john
	/^mary\.jones@corp\.example$/ mary
	END
    # Postfix reads a file that is younger than a second again and again.
    touch -d '-1 minute' $company_folder/main.cf $company_folder/master.cf $company_folder/mailboxes $company_folder/logins
    mkdir -p $COMPANY/mail/staff
    chown mail:mail $COMPANY/mail/staff
}

# The master itself: the `postfix` command would look after /etc/postfix first, and is slow.
company_postfix_start() {
    MAIL_CONFIG=$COMPANY/postfix setsid /usr/lib/postfix/sbin/master </dev/null >$COMPANY/postfix/start.log 2>&1 &
}

company_log() {
    cat $COMPANY/*/log 2>/dev/null
}

# --- people -------------------------------------------------------------------------------------

company_person() {
    company_home=$COMPANY/home/$1
    mkdir -p -m 700 "$company_home" "$company_home/.gnupg"
    chmod 700 "$company_home" "$company_home/.gnupg"
    as "$1" gpg --batch --quiet --passphrase '' --quick-generate-key \
        "$(company_full_name "$1") <$(company_address "$1")>" future-default default 1y 2>"$company_home/.gpg.log" ||
        { cat "$company_home/.gpg.log" >&2; return 1; }
    rm "$company_home/.gpg.log"
    as "$1" gpg --batch --with-colons --list-keys 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }' \
        >"$company_home/.fingerprint"
}

company_introduce() {
    as "$2" gpg --batch --export "$(company_key "$2")" | as "$1" gpg --batch --quiet --import 2>/dev/null
    as "$1" gpg --batch --quiet --yes --quick-lsign-key "$(company_key "$2")" >/dev/null 2>&1
    as "$1" gpg --batch --quiet --check-trustdb 2>/dev/null
}

# The sanitizers' options pass, and what a test adds to AS_EXTRA.
as() {
    (
        company_home=$COMPANY/home/$1
        shift
        cd "$company_home" || exit
        exec env -i HOME="$company_home" PATH="${builddir:+$builddir/bin:}$PATH" TERM="${TERM-dumb}" \
            LC_ALL=C.UTF-8 TZ=Europe/Berlin ASAN_OPTIONS="${ASAN_OPTIONS-}" LSAN_OPTIONS="${LSAN_OPTIONS-}" \
            UBSAN_OPTIONS="${UBSAN_OPTIONS-}" ${AS_EXTRA-} "$@"
    )
}

# company_secret_mail FROM TO SUBJECT TEXT: a PGP/MIME letter, signed by FROM and encrypted to TO
company_secret_mail() {
    company_inner=$(printf 'Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n' "$4" |
        as "$1" gpg --batch --quiet --armor --trust-model always --sign --encrypt --recipient "$(company_key "$2")")
    cat <<-END
	From: $(company_full_name "$1") <$(company_address "$1")>
	To: $(company_full_name "$2") <$(company_address "$2")>
	Subject: $3
	Date: $(date -R)
	Message-ID: <$(openssl rand -hex 8)@corp.example>
	MIME-Version: 1.0
	Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="seal"

	--seal
	Content-Type: application/pgp-encrypted

	Version: 1

	--seal
	Content-Type: application/octet-stream; name="encrypted.asc"

	$company_inner

	--seal--
	END
}

# company_deliver NAME: the letter on stdin appears in NAME's inbox
company_deliver() {
    company_box=$COMPANY/mail/$1/Maildir
    mkdir -p "$company_box/new" "$company_box/cur" "$company_box/tmp"
    company_letter=$company_box/new/$(date +%s).$(openssl rand -hex 8).corp
    cat >"$company_letter"
    chown -R mail:mail "$company_box"
}

# company_fill NAME ARGUMENT…: make-mail.py into NAME's maildir
company_fill() {
    company_who=$1
    shift
    /usr/bin/python3 "$srcdir/tests/lib/make-mail.py" --maildir "$COMPANY/mail/$company_who/Maildir" "$@"
    chown -R mail:mail "$COMPANY/mail/$company_who"
}

# --- small tools --------------------------------------------------------------------------------

# company_wait ADDRESS PORT…: until each answers, at most ten seconds
company_wait() {
    company_where=$1
    shift
    for company_port in "$@"; do
        company_tries=0
        until ss -Hltn "src $company_where and sport = :$company_port" | grep -q .; do
            company_tries=$((company_tries + 1))
            if [ $company_tries -gt 200 ]; then
                echo "company: nothing listens on $company_where port $company_port" >&2
                company_log | tail -n 20 >&2
                return 1
            fi
            sleep 0.05
        done
    done
}

# company_kill PIDFILE: ends that server and waits for its end, at most ten seconds
company_kill() {
    [ -s "$1" ] || return 0
    company_pid=$(tr -dc 0-9 <"$1")
    kill "$company_pid" 2>/dev/null || return 0
    company_tries=0
    while grep -q '^State:[[:space:]][^Z]' "/proc/$company_pid/status" 2>/dev/null; do
        company_tries=$((company_tries + 1))
        [ $company_tries -le 200 ] || { kill -9 "$company_pid"; return 1; }
        sleep 0.05
    done
}

#!/bin/sh
# Postern against Cyrus IMAP and Courier, from Debian's packages: others.py compares. They cannot be installed
# beside Dovecot and Postfix, so they are unpacked below the build folder and laid over /usr and /etc of a world
# of their own.
#   other-servers.sh cyrus|courier
NAMESPACE_SECONDS=${NAMESPACE_SECONDS-3600}
. "${srcdir:-.}/tests/lib/tap.sh"
OTHERS=$builddir/other-servers
PACKAGES='cyrus-common cyrus-imapd cyrus-pop3d courier-imap courier-pop courier-base courier-authlib
    courier-authdaemon courier-authlib-userdb gamin sasl2-bin libsasl2-modules libsasl2-modules-db'
LIBRARIES='libical3 libcourier-unicode4 libltdl7 libgamin0 libxapian30 libpq5 libldap-2.5-0 libicu72 libjansson4 libpcre3
    libwrap0 libgdbm6 libidn12 libxml2 libdb5.3 libsasl2-2 libcom-err2'

# What the machine has stays as it is.
wanted() {
    echo "$PACKAGES"
    for package in $LIBRARIES; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || echo "$package"
    done
}
unpack() {
    rm -rf "$OTHERS"
    mkdir -p "$OTHERS/packages" "$OTHERS/root"
    # shellcheck disable=SC2046
    (cd "$OTHERS/packages" && apt-get -q download $(wanted)) >"$OTHERS/log" 2>&1 || return
    for package in "$OTHERS"/packages/*.deb; do
        dpkg -x "$package" "$OTHERS/root" || return
    done
    touch "$OTHERS/ready"
}
if [ ! -e "$OTHERS/ready" ] && ! unpack; then
    echo "1..0 # SKIP the servers' packages cannot be had: see $OTHERS/log"
    exit 0
fi
world "$0" "$@"
. "$srcdir/tests/lib/user.sh"

lay_over() {
    mkdir /run/etc-upper /run/etc-work
    mount -t overlay -o "lowerdir=$OTHERS/root/usr:/usr" others /usr &&
        mount -t overlay -o "lowerdir=$OTHERS/root/etc:/etc,upperdir=/run/etc-upper,workdir=/run/etc-work" others /etc || return
    for name in hosts resolv.conf nsswitch.conf; do
        rm -f /etc/$name
        cp /run/etc/$name /etc/$name
    done
    echo 'cyrus:x:8:8:cyrus:/run/cyrus:/bin/sh' >>/etc/passwd
    ldconfig 2>/dev/null || true
}

# 10.23.0.1, as mail.corp.example
cyrus_start() {
    CYRUS=/run/cyrus
    for name in lib/socket lib/db spool proc lock socket; do
        mkdir -p $CYRUS/$name
    done
    cat >$CYRUS/imapd.conf <<-END
	configdirectory: $CYRUS/lib
	proc_path: $CYRUS/proc
	mboxname_lockpath: $CYRUS/lock
	defaultpartition: default
	partition-default: $CYRUS/spool
	unixhierarchysep: no
	altnamespace: no
	cyrus_user: cyrus
	admins: admin
	servername: mail.corp.example
	sasl_pwcheck_method: auxprop
	sasl_auxprop_plugin: sasldb
	sasl_sasldb_path: $CYRUS/sasldb2
	sasl_mech_list: PLAIN SCRAM-SHA-1 SCRAM-SHA-256
	allowplaintext: no
	lmtpsocket: $CYRUS/socket/lmtp
	idlesocket: $CYRUS/socket/idle
	notifysocket: $CYRUS/socket/notify
	tls_server_cert: $CYRUS/certificate
	tls_server_key: $CYRUS/key
	autocreate_quota: -1
	popminpoll: 0
	END
    cat >$CYRUS/cyrus.conf <<-END
	START {
	  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C $CYRUS/imapd.conf -r"
	  idled cmd="/usr/lib/cyrus/bin/idled -C $CYRUS/imapd.conf"
	}
	SERVICES {
	  imaps cmd="/usr/lib/cyrus/bin/imapd -C $CYRUS/imapd.conf -s" listen="10.23.0.1:993" prefork=0
	  pop3s cmd="/usr/lib/cyrus/bin/pop3d -C $CYRUS/imapd.conf -s" listen="10.23.0.1:995" prefork=0
	}
	EVENTS {
	}
	END
    cp $COMPANY/tls/mail.crt $CYRUS/certificate
    cp $COMPANY/tls/mail.key $CYRUS/key
    for name in john mary; do
        company_password $name | tr -d '\n' | saslpasswd2 -p -c -f $CYRUS/sasldb2 -u mail.corp.example $name
    done
    printf admin | saslpasswd2 -p -c -f $CYRUS/sasldb2 -u mail.corp.example admin
    chown -R mail:mail $CYRUS
    setsid /usr/lib/cyrus/bin/master -C $CYRUS/imapd.conf -M $CYRUS/cyrus.conf -p $CYRUS/master.pid \
        </dev/null >$CYRUS/log 2>&1 &
    company_wait 10.23.0.1 993 995
}

# courier_listen NAME PORT LOGIN SERVER
courier_listen() {
    env -i /bin/sh -c "set -a; prefix=/usr; exec_prefix=/usr; sbindir=/usr/sbin; bindir=/usr/bin
        . /etc/courier/$1; . /etc/courier/$1-ssl
        TLS_CERTFILE=$COURIER/pair.pem TLS_TRUSTCERTS=$COMPANY_CA TLS_CACHEFILE= TLS_DHPARAMS= TLS_VERIFYPEER=NONE
        IMAP_TLS=1 POP3_TLS=1 IMAP_USELOCKS=0
        exec /usr/sbin/courierlogger -pid=$COURIER/$1.pid -start -name=$1 /usr/sbin/couriertcpd -address=10.23.0.2 \
            -maxprocs=40 -maxperip=40 -nodnslookup -noidentlookup $2 /usr/bin/couriertls -server -tcpd -user=mail \
            /usr/lib/courier/courier/$3 $4 Maildir"
}

# 10.23.0.2, as mail2.corp.example
courier_start() {
    COURIER=/run/courier
    mkdir -p $COURIER/authdaemon
    company_certificate $COMPANY/tls/courier none mail2.corp.example
    cat $COMPANY/tls/courier.crt $COMPANY/tls/courier.key >$COURIER/pair.pem
    (umask 077 && : >/etc/courier/userdb)
    for name in john mary; do
        mkdir -p $COURIER/home/$name
        maildirmake.courier $COURIER/home/$name/Maildir
        printf '%s\tuid=8|gid=8|home=%s|mail=%s|systempw=%s\n' $name $COURIER/home/$name $COURIER/home/$name/Maildir \
            "$(openssl passwd -6 "$(company_password $name)")" >>/etc/courier/userdb
    done
    chown -R mail:mail $COURIER
    makeuserdb
    sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' /etc/courier/authdaemonrc
    (set -a && . /etc/courier/authdaemonrc && exec courierlogger -pid=$COURIER/authdaemon/pid -start \
        /usr/lib/courier/courier-authlib/authdaemond)
    courier_listen imapd 993 imaplogin /usr/bin/imapd
    courier_listen pop3d 995 courierpop3login /usr/lib/courier/courier/courierpop3d
    company_wait 10.23.0.2 993 995
}

company_make
if ! lay_over 2>$TESTDIR/overlay; then
    echo "1..0 # SKIP nothing can be laid over /usr here: $(head -n 1 $TESTDIR/overlay)"
    tap_done=yes
    exit 0
fi
"${1}_start"
tap_done=yes
/usr/bin/python3 "$srcdir/tests/soak/others.py" "$1"

# exim — a second kind of server to send by: Exim on mail2.corp.example (10.23.0.2), 465 and 587. Needs company.sh.
#
#   exim_fetch      outside of the world: its packages from the archive, if they are not here
#   exim_start      delivers to the mailboxes that company.sh's Postfix delivers to; fails where it is not here
#
# Debian does not let it be installed beside Postfix, so it is unpacked below the build folder.

EXIM=/run/exim
EXIM_HERE=$builddir/exim
EXIM_PACKAGES='exim4-daemon-light libdb5.3 libgnutls-dane0 libidn12 libnsl2 libtirpc3 libunbound8 libevent-2.1-7'

exim_unpack() {
    rm -rf "$EXIM_HERE/root"
    mkdir -p "$EXIM_HERE/root" "$EXIM_HERE/packages" || return
    for exim_package in $EXIM_PACKAGES; do
        # What the machine has is used.
        if [ "$exim_package" = exim4-daemon-light ] || ! dpkg-query -W -f '${db:Status-Status}' "$exim_package" 2>/dev/null | grep -q '^installed$'; then
            (cd "$EXIM_HERE/packages" && apt-get -q download "$exim_package") >>"$EXIM_HERE/log" 2>&1 || return
        fi
    done
    for exim_package in "$EXIM_HERE"/packages/*.deb; do
        dpkg -x "$exim_package" "$EXIM_HERE/root" || return
    done
    chmod u-s "$EXIM_HERE/root/usr/sbin/exim4"
    touch "$EXIM_HERE/ready"
}

exim_fetch() {
    [ -z "${POSTERN_OUTER_NET-}" ] || return 0
    mkdir -p "$EXIM_HERE"
    (
        flock 9
        [ -e "$EXIM_HERE/ready" ] || exim_unpack
    ) 9>"$EXIM_HERE/lock"
}

exim_configuration() {
    cat <<-END
	primary_hostname = mail2.corp.example
	exim_user = mail
	exim_group = mail
	spool_directory = $EXIM/spool
	log_file_path = $EXIM/log/%s
	pid_file_path = $EXIM/pid
	local_interfaces = 10.23.0.2
	daemon_smtp_ports = 465 : 587
	tls_on_connect_ports = 465
	tls_advertise_hosts = *
	tls_certificate = $EXIM/tls.crt
	tls_privatekey = $EXIM/tls.key
	auth_advertise_hosts = \${if eq{\$tls_in_cipher}{}{}{*}}
	smtputf8_advertise_hosts = *
	dsn_advertise_hosts = *
	message_size_limit = 100M
	host_lookup =
	rfc1413_hosts =
	acl_smtp_rcpt = envelope
	acl_smtp_data = content
	deliver_drop_privilege
	keep_environment =
	begin acl
	envelope:
	  accept authenticated = *
	  deny message = log in first
	content:
	  accept
	begin routers
	everyone:
	  driver = accept
	  transport = box
	begin transports
	box:
	  driver = appendfile
	  directory = $COMPANY/mail/\${lookup{\$local_part@\$domain}lsearch{$EXIM/boxes}{\$value}{\${if match_domain{\$domain}{corp.example}{staff}{outside}}}}/Maildir
	  maildir_format
	  create_directory
	begin authenticators
	plain:
	  driver = plaintext
	  public_name = PLAIN
	  server_prompts = :
	  server_condition = \${if eq{\$auth3}{\${lookup{\$auth2}lsearch{$EXIM/users}{\$value}{\$auth3.}}}}
	  server_set_id = \$auth2
	END
}

# Its user is looked up by name. It stays in the foreground: the other way it is started anew by its own path.
exim_start() {
    [ -e "$EXIM_HERE/ready" ] || return
    cp /etc/passwd /etc/group /run/etc/
    grep -q '^Debian-exim:' /run/etc/passwd || echo "Debian-exim:x:$(id -u mail):$(id -g mail)::$EXIM:/bin/false" >>/run/etc/passwd
    grep -q '^Debian-exim:' /run/etc/group || echo "Debian-exim:x:$(id -g mail):" >>/run/etc/group
    namespace_cover passwd /etc/passwd
    namespace_cover group /etc/group
    mkdir -p $EXIM/spool $EXIM/log
    company_certificate $EXIM/tls none mail2.corp.example
    printf '%s: %s\n' john "$(company_password john)" mary "$(company_password mary)" >$EXIM/users
    printf 'jsmith@corp.example: john\nmary.jones@corp.example: mary\n' >$EXIM/boxes
    chown -R mail:mail $EXIM
    exim_configuration >$EXIM/configuration
    LD_LIBRARY_PATH=$(find "$EXIM_HERE/root/usr/lib" -name '*.so.*' -printf '%h\n' 2>/dev/null | sort -u | paste -sd :) \
        setsid "$EXIM_HERE/root/usr/sbin/exim4" -C $EXIM/configuration -bdf </dev/null >$EXIM/out 2>&1 &
    company_wait 10.23.0.2 465 587
}

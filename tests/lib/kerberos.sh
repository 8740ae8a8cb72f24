# kerberos — the company's KDC, and servers that log in by it. Needs company.sh and company_make.
#
#   kerberos_start             realm CORP.EXAMPLE; principals john and mary with their passwords;
#                              Dovecot and Postfix of mail.corp.example take GSSAPI and PLAIN
#   kerberos_kdc_stop, kerberos_kdc_start
#   kerberos_admin COMMAND…    kadmin.local
#   kerberos_key PRINCIPAL     a new random key for it, which the servers learn
#   kerberos_forget            the servers' keys are taken away from them
#   kerberos_ticket NAME [OPTION…]   kinit, into NAME's own file of tickets; NAME-none has none
#   kerberos_tickets NAME      where that file is, for KRB5CCNAME
#   kerberos_asked             what the KDC was asked for, one a line, since kerberos_quiet
#
# What Kerberos trusts lies in /etc/krb5.conf alone: it is covered in our own namespace.

kerberos_folder=$COMPANY/kdc
kerberos_realm=CORP.EXAMPLE
KRB5_KDC_PROFILE=$kerberos_folder/kdc.conf
export KRB5_KDC_PROFILE

# Reverse look-ups and aliases lead astray here, on purpose: Debian's own file switches neither off.
kerberos_settings() {
    cat >/run/etc/krb5.conf <<-END
	[libdefaults]
	default_realm = $kerberos_realm
	dns_lookup_kdc = false
	dns_canonicalize_hostname = ${1-true}
	rdns = true
	[realms]
	$kerberos_realm = {
	  kdc = 10.23.0.2
	}
	END
    for kerberos_other in FAR.EXAMPLE; do
        printf '%s = {\n kdc = 10.23.0.2\n}\n' $kerberos_other >>/run/etc/krb5.conf
    done
}

kerberos_start() {
    mkdir -p -m 700 $kerberos_folder
    kerberos_settings
    namespace_cover krb5.conf /etc/krb5.conf
    cat >$kerberos_folder/kdc.conf <<-END
	[kdcdefaults]
	kdc_listen = 10.23.0.2:88
	kdc_tcp_listen = 10.23.0.2:88
	[realms]
	$kerberos_realm = {
	  database_name = $kerberos_folder/principal
	  key_stash_file = $kerberos_folder/stash
	  acl_file = $kerberos_folder/acl
	  max_life = 10h
	}
	FAR.EXAMPLE = {
	  database_name = $kerberos_folder/far
	  key_stash_file = $kerberos_folder/far-stash
	  acl_file = $kerberos_folder/acl
	}
	[logging]
	kdc = FILE:$kerberos_folder/log
	END
    for kerberos_one in $kerberos_realm FAR.EXAMPLE; do
        kdb5_util -r $kerberos_one create -s -P "$(openssl rand -hex 12)" >/dev/null 2>&1 || return
    done
    for kerberos_one in john mary; do
        kerberos_admin addprinc -pw "$(company_password $kerberos_one)" $kerberos_one
    done
    kadmin.local -r FAR.EXAMPLE addprinc -pw far john >/dev/null 2>&1
    for kerberos_one in imap pop smtp; do
        kerberos_key $kerberos_one/mail.corp.example
    done
    sed -i "s|^auth_mechanisms = .*|auth_mechanisms = gssapi plain\nauth_krb5_keytab = $kerberos_folder/keytab\nauth_gssapi_hostname = \"\$ALL\"|" \
        $COMPANY/dovecot.conf
    chmod 755 $kerberos_folder
    kerberos_kdc_start
}

kerberos_admin() { kadmin.local -r $kerberos_realm "$@" >/dev/null 2>&1; }

kerberos_key() {
    kerberos_admin addprinc -randkey "$1"
    kerberos_admin ktadd -k $kerberos_folder/keytab "$1" && chown dovecot $kerberos_folder/keytab
}

kerberos_forget() { mv $kerberos_folder/keytab $kerberos_folder/keytab.gone; }

kerberos_kdc_start() {
    krb5kdc -r $kerberos_realm -r FAR.EXAMPLE -P $kerberos_folder/pid
    kerberos_tries=0
    until ss -Hlun 'src 10.23.0.2 and sport = :88' | grep -q .; do
        kerberos_tries=$((kerberos_tries + 1))
        [ $kerberos_tries -le 200 ] || { cat $kerberos_folder/log >&2; return 1; }
        sleep 0.05
    done
}

kerberos_kdc_stop() { company_kill $kerberos_folder/pid; }

kerberos_tickets() { echo "$COMPANY/home/$1/.tickets"; }

kerberos_ticket() {
    kerberos_who=$1
    shift
    company_password "$kerberos_who" |
        as "$kerberos_who" kinit -c "$(kerberos_tickets "$kerberos_who")" "$@" "$kerberos_who" >/dev/null
}

kerberos_quiet() { : >$kerberos_folder/log; }

# The KDC tells of each ticket for whom and for what.
kerberos_asked() { sed -n 's/.*TGS_REQ.* for \([^,]*\).*/\1/p' $kerberos_folder/log | sort -u; }

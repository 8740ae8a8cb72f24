#!/bin/sh
# Logging in by a Kerberos ticket: a real KDC, Dovecot, Postfix by way of it, and a server that lies.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"
. "$srcdir/tests/lib/kerberos.sh"

# The servers' addresses have other names too, and first: Kerberos must not take those.
sed -e 's/^10.23.0.1 /&real.corp.example /' -e 's/^10.23.0.2 mail2/10.23.0.2 real2.corp.example mail2/' /etc/hosts >$TESTDIR/hosts
cat $TESTDIR/hosts >/run/etc/hosts # which lies over the other: a new file would not
is "$(getent hosts mail2.corp.example | awk '{ print $2 }')" real2.corp.example 'the servers are really called something else'
company_make
kerberos_start
company_start
user_ready john
company_fill john --count 3
log=$COMPANY/dovecot/log
config=$(user_config john)
AS_EXTRA="KRB5CCNAME=FILE:$(kerberos_tickets john)"
sends() { run_with 'Text.' as john postern send --to mary.jones@corp.example --subject x --no-sign --no-encrypt --body -; }
logins() { grep -c 'method=GSSAPI' $log; }
again() { as john postern -q password retry work; }
user_uri john fetch 'imaps://john;AUTH=GSSAPI@mail.corp.example/'
user_uri john submit 'smtps://john;AUTH=GSSAPI@mail.corp.example'
# No password is asked for: there is none.
sed -i 's/^secret = .*/secret = command:touch \/run\/test\/asked/' "$config"

run as john fetchd --once
code_is 75 'no ticket: try again later'
err_has 'login.ticket.*: run .kinit.' 'by its rule, and the mend names kinit'
is "$(grep -c rip= $log)" 0 'and no server is asked'
run as john postern --json doctor
is "$(/usr/bin/python3 -c 'import json,sys; print(sorted({r["status"] for r in json.load(open(sys.argv[1])) if r["rule"].startswith("password.") or r["rule"] == "login.works"}))' $out)" \
    "['skip']" 'doctor: passwords are no matter, and the login is not judged'
out_has 'run .kinit.' 'doctor: the mend'

kerberos_ticket john
for server in imaps pops; do
    user_uri john fetch "$server://john;AUTH=GSSAPI@mail.corp.example"
    : >$log
    kerberos_quiet
    run as john fetchd --once
    code_is 0 "$server: logs in by a ticket"
    is "$(grep -o 'Login: user=<john>, method=[A-Z]*' $log)" 'Login: user=<john>, method=GSSAPI' "$server: and Dovecot says so"
    is "$(kerberos_asked)" "${server%s}/mail.corp.example@CORP.EXAMPLE" "p3: $server: for the server of the URI, not what the DNS calls it"
done
for server in smtps submission; do
    user_uri john submit "$server://john;AUTH=GSSAPI@mail.corp.example"
    : >$COMPANY/postfix/log
    kerberos_quiet
    sends
    code_is 0 "$server: sends by a ticket"
    ok grep -q "sasl_method=GSSAPI, sasl_username=john" $COMPANY/postfix/log -- "$server: and Postfix says so"
    is "$(kerberos_asked)" smtp/mail.corp.example@CORP.EXAMPLE "$server: for the service of that name"
done
# A file for each process: in one for all, calls that overlap stand in two halves.
as john env ASAN_OPTIONS=detect_leaks=0 strace -ff -qq -e trace=alarm,poll,execve,sendto,socket -e signal=none \
    -o $TESTDIR/strace postern -q sync
helper=$(grep -l 'execve("[^"]*postern-gss"' $TESTDIR/strace.* | tail -n 1)
ok grep -q '^alarm(180)' "$helper" -- 'who makes the tokens has three minutes to live'
ok grep -q '^socket(AF_INET, SOCK_DGRAM' "$helper" -- 'it speaks to the KDC'
is "$(grep -v -c -E 'AF_UNIX|SOCK_DGRAM|SOCK_STREAM, IPPROTO_TCP|alarm|poll|execve|sendto|socket\(AF_NETLINK' "$helper")" 0 'and to nobody else'
ok [ "$(cat $TESTDIR/strace.* | grep 'poll(' | sed -n 's/.*}\], [0-9]*, \([0-9]*\)).*/\1/p' | grep -c '^\(60000\|59[0-9]\{3\}\)$')" -gt 0 ] -- 'a minute for each answer'
ok [ ! -e /run/test/asked ] -- 'no password was asked for'
for canonicalize in true fallback; do
    kerberos_settings $canonicalize
    user_uri john fetch 'imaps://john;AUTH=GSSAPI@mail2.corp.example'
    hostile imap-kerberos 993
    run as john fetchd --once
    code_is 78 'p3: a server that Kerberos does not know'
    err_has 'Kerberos makes no ticket for imap/mail2.corp.example.*login.service' 'is told by its rule'
    is "$(grep -c 'real2*.corp' $kerberos_folder/log)" 0 "p3: dns_canonicalize_hostname = $canonicalize: no other name is asked for"
done
hostile_stop
kerberos_settings
user_uri john fetch 'imaps://john;AUTH=GSSAPI@mail.corp.example/'

run as john postern --json doctor
is "$(/usr/bin/python3 -c 'import json,sys; print([r["status"] for r in json.load(open(sys.argv[1])) if r["rule"] == "login.works"])' $out)" \
    "['pass', 'pass']" 'doctor: both logins work'

# What may be used for a login, and what is told of it.
sed -i 's/^\[company\]$/&\nmin_auth = GSSAPI/' "$config"
user_uri john fetch imaps://john@mail.corp.example/
: >$log
run as john fetchd --once --trace $TESTDIR/trace
code_is 0 'the company demands it, the URI says nothing'
is "$(logins)" 1 'and it is used'
ok grep -q 'AUTHENTICATE GSSAPI' $TESTDIR/trace -- 'p4 the trace names it'
is "$(grep -c -E '[A-Za-z0-9+/]{40}' $TESTDIR/trace)" 0 'p4 and shows no token'
user_uri john fetch 'imaps://john;AUTH=PLAIN@mail.corp.example/'
run as john fetchd --once
code_is 78 'p3_34 and nothing weaker is'
sed -i /^min_auth/d "$config"
sed -i 's/^auth_mechanisms = .*/auth_mechanisms = plain/' $COMPANY/dovecot.conf
company_restart
user_uri john fetch 'imaps://john;AUTH=GSSAPI@mail.corp.example/'
kerberos_quiet
run as john fetchd --once
code_is 78 'p3_34 a server that does not offer it'
err_has 'login.mechanism' 'by its rule'
is "$(kerberos_asked)" '' 'and no KDC is asked for it'
sed -i 's/^auth_mechanisms = .*/auth_mechanisms = gssapi plain/' $COMPANY/dovecot.conf
company_restart

# What Kerberos trusts stands in /etc/krb5.conf alone.
sed 's/kdc = .*/kdc = 10.66.0.1/' /run/etc/krb5.conf >$TESTDIR/other.conf
run as john env KRB5_CONFIG=$TESTDIR/other.conf KRB5_TRACE=$TESTDIR/krb5-trace fetchd --once
code_is 0 'p3: another KRB5_CONFIG changes nothing'
ok [ ! -e $TESTDIR/krb5-trace ] -- 'p4 and nothing is written for KRB5_TRACE'

# Who may not.
user_uri john fetch 'imaps://mary;AUTH=GSSAPI@mail.corp.example/'
: >$log
run as john fetchd --once
code_is 77 'the ticket of john, the login of mary'
err_has 'login.refused.*klist' 'is refused by the server, and the mend names klist'
run as john fetchd --once
err_has 'login.blocked.*kinit.*password retry work' 'p3_35 and not tried again with this ticket'
is "$(logins)" 1 'p3_35 nor does the server hear of it'
sleep 1.1
kerberos_ticket john
run as john fetchd --once
err_has 'login.refused' 'p3_35 with the next ticket it is'
user_uri john fetch 'imaps://john;AUTH=GSSAPI@mail.corp.example/'
kerberos_forget
company_restart
run as john fetchd --once
code_is 77 'a server that has no keys'
again
mv $kerberos_folder/keytab.gone $kerberos_folder/keytab
kerberos_admin cpw -randkey imap/mail.corp.example
run as john fetchd --once
code_is 77 'a server that has not the key which Kerberos has'
kerberos_key imap/mail.corp.example
again
kerberos_kdc_stop
run as john env KRB5CCNAME="FILE:$(kerberos_tickets mary)" fetchd --once
code_is 75 'a file of tickets that is not there'
began=$(date +%s)
run as john fetchd --once
code_is 69 'no KDC answers'
err_has 'login.kdc' 'by its rule'
ok [ $(($(date +%s) - began)) -le 30 ] -- 'in time'
kerberos_kdc_start
printf 'far\n' | as john kinit -c $TESTDIR/far john@FAR.EXAMPLE >/dev/null
run as john env KRB5CCNAME=FILE:$TESTDIR/far fetchd --once
code_is 78 'a ticket of another realm'
err_has 'login.service' 'by its rule'
kerberos_ticket john -l 2s
sleep 2.1
run as john fetchd --once
code_is 75 'a ticket that has ended'
err_has 'login.ticket.*kinit' 'is told'

# A server with a key, that breaks the rules.
KRB5_KTNAME=$kerberos_folder/keytab
export KRB5_KTNAME
kerberos_key imap/mail2.corp.example
kerberos_ticket john
user_uri john fetch 'imaps://john;AUTH=GSSAPI@mail2.corp.example/'
hostile imap-kerberos 993
run as john fetchd --once
code_is 0 'a scripted server that breaks nothing'
is "$(sed -n 's/^[0-9]* chose //p' $HOSTILE_LOG)" "b'\\x01\\x00\\x00\\x00john'" 'p3: no layer, of size 0, for the login of the URI'
breaks() { # breaks CASE RULE TEXT
    hostile "$1" 993
    run as john fetchd --once
    code_is 76 "$3"
    err_has "$2" "$3: by its rule"
    ok [ -z "$(hostile_inside | grep -i -E "(^b'|[\\]n)[^ ]* (list|select|examine)")" ] -- "$3: nothing more is said"
}
breaks imap-kerberos-without-none login.layer 'p3_33 a layer demanded within TLS'
breaks imap-kerberos-early login.unproven 'p3_33 a yes without a proof'
breaks imap-kerberos-unproven login.unproven 'p3_33 a proof that is none'
breaks imap-kerberos-endless login.challenge 'p3_34 challenges without end'
breaks imap-kerberos-empty login.challenge 'p3_34 empty challenges'
breaks imap-kerberos-huge login.challenge 'p3_34 a token that is too large'
breaks imap-kerberos-garbled login.unproven 'p3_34 a token that is none'
breaks imap-kerberos-short-offer login.challenge 'p3_34 an offer that is too short'
hostile_stop

# A net child that was taken over gets no token for who has a password, nor more than a login takes; and the
# keeper does not believe postern-gss either. Each fake says its frames, once it was told who logs in.
mkdir $TESTDIR/bin
cp $builddir/bin/fetchd $builddir/bin/postern-* $TESTDIR/bin
fake() { # fake PROGRAM TYPE-TO-WAIT-FOR FRAME…
    cat >$TESTDIR/bin/$1 <<END
#!/usr/bin/python3
import socket, struct, sys, time
wire = socket.socket(fileno=3)
def exactly(size):
    data = b""
    while len(data) < size:
        data += wire.recv(size - len(data)) or sys.exit()
    return data
def frame():
    size, kind = struct.unpack(">IB", exactly(5))
    exactly(size)
    return kind
if "$1" == "postern-net":
    exactly(1)  # the socket, see fetchd/handover.h
while frame() != $2:
    pass
for kind, size in $3:
    wire.sendall(struct.pack(">IB", size, kind) + b"x" * size)
    print(frame(), file=open("$TESTDIR/answers", "a"))
time.sleep(20)
END
    chmod 755 $TESTDIR/bin/$1
}
lies() { # lies URI TEXT
    user_uri john fetch "$1"
    : >$TESTDIR/answers
    run as john $TESTDIR/bin/fetchd --once
    code_is 70 "$2"
    err_has 'net.record' "$2: by its rule"
}
fake postern-net 3 '[(25, 0)]'
sed -i 's/^secret = .*/secret = command:echo password/' "$config"
lies imaps://john@mail.corp.example/ 'p8_98 a child that wants a token for a login by password'
is "$(cat $TESTDIR/answers)" '' 'p8_98 gets none'
fake postern-net 3 '[(25, 48001)]'
lies 'imaps://john;AUTH=GSSAPI@mail.corp.example/' 'p8_98 a child that hands over more than a token'
fake postern-net 3 '[(26, 0)]'
lies 'imaps://john;AUTH=GSSAPI@mail.corp.example/' 'p8_98 a child that answers'
cp $builddir/bin/postern-net $TESTDIR/bin
fake postern-gss 1 '[(26, 48001)]'
lies 'imaps://john;AUTH=GSSAPI@mail.corp.example/' 'p8_98 a ticket with a name of 48,001 bytes'
fake postern-gss 1 '[(23, 0)]'
lies 'imaps://john;AUTH=GSSAPI@mail.corp.example/' 'p8_98 a postern-gss that says it is done'
fake postern-gss 1 '[(26, 9), (25, 9)]'
lies 'imaps://john;AUTH=GSSAPI@mail.corp.example/' 'p8_98 a postern-gss that asks'
fake postern-net 3 '[(25, 0), (25, 9), (25, 9), (25, 9)]'
fake postern-gss 1 '[(26, 9), (26, 9), (26, 9), (26, 9), (26, 9)]'
lies 'imaps://john;AUTH=GSSAPI@mail.corp.example/' 'p8_98 a child that asks for a fourth answer'
is "$(tr '\n' ' ' <$TESTDIR/answers)" '25 26 25 26 25 26 ' 'p8_98 gets three'
done_testing

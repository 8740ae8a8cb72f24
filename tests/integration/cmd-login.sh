#!/bin/sh
# Logging in: by SCRAM with real servers, by the strongest mechanism they offer, and never by one
# that is weaker than the company's minimum.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
company_fill john --count 3
log=$COMPANY/dovecot/log

# Restarts Dovecot with the mechanisms named.
offers() {
    sed -i "s/auth_mechanisms = .*/auth_mechanisms = $*/" $COMPANY/dovecot.conf
    company_restart
    : >$log
    : >$COMPANY/postfix/log
}
# The mechanisms of the logins since then, as Dovecot tells them.
logins() { grep -o 'Login: user=<john>, method=[A-Z0-9-]*' $log | sed 's/.*method=//' | tr '\n' ' '; }
# And of those that Postfix asked Dovecot to judge.
senders() { grep -o 'sasl_method=[A-Z0-9-]*' $COMPANY/postfix/log | sed 's/.*=//' | tr '\n' ' '; }
company_says() { sed -i "s/^\[company\]\$/&\n$1/" "$(user_config john)"; }
sends() { run_with 'Text.' as john postern send --to mary.jones@corp.example --subject x --no-sign --no-encrypt --body -; }

all='plain login cram-md5 scram-sha-1 scram-sha-256'
offers $all
for mechanism in SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN; do
    for server in imaps pops; do
        : >$log
        user_uri john fetch "$server://john;AUTH=$mechanism@mail.corp.example"
        run as john fetchd --once
        code_is 0 "$server: logs in by $mechanism"
        is "$(logins)" "$mechanism " "$server: and Dovecot says so"
    done
    for server in smtps submission; do
        : >$COMPANY/postfix/log
        user_uri john submit "$server://john;AUTH=$mechanism@mail.corp.example"
        sends
        code_is 0 "$server: sends by $mechanism"
        is "$(senders)" "$mechanism " "$server: and Postfix says so"
    done
done

user_uri john fetch imaps://john@mail.corp.example/
user_uri john submit smtps://john@mail.corp.example
: >$log
: >$COMPANY/postfix/log
run as john fetchd --once
sends
is "$(logins)$(senders)" 'SCRAM-SHA-256 SCRAM-SHA-256 ' 'nothing demanded: the strongest is taken'

# What a login needs of the machine: nothing.
user_uri john fetch pops://john@mail.corp.example
traced_login() { # traced_login FILE: the calls of the net child from its first byte on
    as john env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=open,openat,execve,sendto,recvfrom \
        -e signal=none -o "$1.all" fetchd --once >$out 2>$err
    traced_child=$(sed -n 's/^\([0-9]*\) .*execve("[^"]*postern-net".*/\1/p' "$1.all" | head -n 1)
    grep "^$traced_child " "$1.all" | sed '1,/sendto(4/d' >"$1"
}
traced_login $TESTDIR/strace
ok grep -q 'recvfrom(4' $TESTDIR/strace -- 'a traced login talks'
is "$(grep -E '(open|openat)\(' $TESTDIR/strace)" '' 'and opens no file'
user_uri john fetch imaps://john@mail.corp.example/

company_says 'min_auth = SCRAM-SHA-256'
run as john fetchd --once
code_is 0 'p3: the minimum is met'
for weaker in 'plain' 'plain login' 'cram-md5 plain' 'scram-sha-1 plain'; do
    offers "$weaker"
    for server in imaps pops; do
        user_uri john fetch "$server://john@mail.corp.example"
        run as john fetchd --once
        code_is 78 "p3: 34: $server: only $weaker is refused"
        err_has 'login.mechanism' 'by its rule'
    done
    sends
    code_is 78 "p3: 34: smtps: only $weaker is refused"
    is "$(grep -c -E 'auth failed|Login: |sasl_' $log)$(grep -c sasl_ $COMPANY/postfix/log)" 00 'p3: 34: no login was tried'
done
user_uri john fetch 'imaps://john;AUTH=PLAIN@mail.corp.example/'
run as john fetchd --once
code_is 78 'p3: 34: what the account demands does not lift the minimum'
offers $all
user_uri john fetch imaps://john@mail.corp.example/

# Dovecot 2.3 binds no channel: to who demands it, that is an offer taken away. (Above, it heard "y".)
sed -i 's/^min_auth = .*/min_auth = SCRAM-SHA-256-PLUS/' "$(user_config john)"
: >$log
for server in imaps pops; do
    user_uri john fetch "$server://john@mail.corp.example"
    run as john fetchd --once
    code_is 76 "p3: 33: $server: a binding that is demanded and not offered"
    err_has 'login.binding' 'by its rule'
done
sends
code_is 76 'p3: 33: smtps: likewise'
is "$(grep -c -E 'auth failed|Login: ' $log)" 0 'p3: 33: no login was tried'
sed -i 's/^min_auth = .*/min_auth = SCRAM-SHA-256/' "$(user_config john)"
user_uri john fetch imaps://john@mail.corp.example/

# A refused login is one.
printf 'wrong' | as john postern -q password set work
run as john fetchd --once
code_is 77 'a wrong password is a refused login'
err_has 'postern password set work$' 'and the mend names the account'
sed -i 's/^secret = .*/secret = command:echo another/' "$(user_config john)"
run as john fetchd --once
code_is 77 'a wrong password from elsewhere too'
err_has 'correct the password where account "work" takes it from' 'and the mend leads there'
done_testing

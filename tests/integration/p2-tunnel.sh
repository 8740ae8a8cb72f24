#!/bin/sh
# P2, P3: a tunnel is a way to the company's server, no way around the rules: through a real sshd, and
# with commands that lie.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john
company_fill john --count 20
config=$(user_config john)
cp "$config" $TESTDIR/config
ssh=$COMPANY/ssh
mkdir -p $ssh /run/sshd
ssh-keygen -q -t ed25519 -N '' -f $ssh/host
ssh-keygen -q -t ed25519 -N '' -f $ssh/john
cat >$ssh/sshd_config <<END
ListenAddress 10.23.0.1
HostKey $ssh/host
AuthorizedKeysFile $ssh/john.pub
PidFile $ssh/pid
StrictModes no
UsePAM no
PermitRootLogin yes
AllowTcpForwarding yes
END
echo "gateway $(cat $ssh/host.pub)" >$ssh/known
cat >$ssh/config <<END
Host gateway
HostName 10.23.0.1
HostKeyAlias gateway
User root
IdentityFile $ssh/john
UserKnownHostsFile $ssh/known
BatchMode yes
END
/usr/sbin/sshd -f $ssh/sshd_config -E $ssh/log
company_wait 10.23.0.1 22

# tunnel COMMAND [COMPANY-LINE…]: the configuration with it
tunnel() {
    cp $TESTDIR/config "$config"
    user_line john "tunnel = $1"
    shift
    for line; do sed -i "s|^domains = .*|&\n$line|" "$config"; done
}
went() { grep -o 'connect(.*htons([0-9]*)' $TESTDIR/trace | grep -o 'htons([0-9]*)' | sort -u | tr -dc '0-9\n' | tr '\n' ' '; }

tunnel "ssh -F $ssh/config -W %a:%p gateway"
traced john $TESTDIR/trace fetchd --once >$out 2>$err
code=$?
code_is 0 'fetching through sshd'
is "$(went)" '22 ' 'the only connection from here goes to the gateway'
is "$(user_json john 'len(d)' '')" 20 'and everything came'
run as john fetchd --once
code_is 0 'a second pass'
is "$(grep -c 'Accepted publickey' $ssh/log)" 2 'each pass goes through the gateway'
run as john sh -c 'echo hello | postern send --to jsmith@corp.example --subject tunnelled'
code_is 0 'sending through sshd'
is "$(pgrep -fc "ssh -F $ssh/config")" 0 'no tunnel is left behind'
run as john postern --json doctor
out_lacks '"status" : "fail"' 'the doctor goes through it, too'
is "$(/usr/bin/python3 -c 'import json,sys; print(sorted({r["rule"] for r in json.load(sys.stdin) if r["status"] == "skip"}))' <$out)" \
    "['key.published', 'network.office', 'ports.closed', 'server.network']" 'and leaves out what only the other end sees'

# A server that ends the connection ends the tunnel with it; the next letter takes another.
as john gpg --batch --quiet --passphrase '' --quick-generate-key '<h.hahn@corp.example>' future-default default 1y 2>/dev/null
hostile smtp-leaves-after-letter 465
tunnel "sh -c 'ssh -F $ssh/config -W %a:%p gateway; exit 3'"
user_uri john submit smtps://john@mail2.corp.example
run as john sh -c 'echo hello | postern send --encrypt --to jsmith@corp.example --bcc h.hahn@corp.example --subject two'
code_is 0 'two letters through two tunnels'
is "$(grep -c ' letter ' $HOSTILE_LOG)-$(grep -c ' open' $HOSTILE_LOG)" 2-2 'each once'
hostile_stop

# The rules of the company still stand.
for case in "%h:%p|networks = 10.0.0.0/8|78" "%a:%p|networks = 10.0.0.0/8|0" "%h:%p|networks = 10.0.0.0/8|tunnel = yes|0" \
    "%a:%p|offices = 10.0.0.0/8|78" "%a:%p|offices = 10.0.0.0/8|tunnel = yes|0" "%a:%p|networks = 10.99.0.0/16|78"; do
    oldifs=$IFS
    IFS='|'
    # shellcheck disable=SC2086
    set -- $case
    IFS=$oldifs
    place=$1
    shift
    wanted=
    first=${1-}
    second=
    case $# in 2) wanted=$2 ;; 3) second=$2 wanted=$3 ;; esac
    tunnel "ssh -F $ssh/config -W $place gateway" "$first" ${second:+"$second"}
    traced john $TESTDIR/trace fetchd --once >$out 2>$err
    code=$?
    code_is "$wanted" "p2_25 $place with $first${second:+ and $second}"
    [ "$wanted" = 0 ] || ok [ -z "$(went | grep 22)" ] -- 'p2_25 and the tunnel is not even started'
done
tunnel "ssh -F $ssh/config -W %h:%u gateway"
run as john fetchd --once
code_is 78 'an unknown letter'

# Commands that are no tunnel.
cat >$ssh/show <<'END'
#!/bin/sh
printf '<%s>\n' "$@" >"$HOME/words"
exit 3
END
chmod +x $ssh/show
tunnel "$ssh/show '%h;touch x' \$(touch y) -o%p"
run as john fetchd --once
code_is 69 'p2_24 a tunnel that ends at once'
err_has 'ended with exit status 3' 'is told with its exit status'
is "$(tr '\n' ' ' <$COMPANY/home/john/words)" '<mail.corp.example;touch x> <$(touch> <y)> <-o993> ' 'p2_24 no shell reads its words'
tunnel 'no-such-command-anywhere %a'
run as john fetchd --once
code_is 69 'a command that is not there'
tunnel "sh -c 'echo \"* OK IMAP4rev1 at your service\"; sleep 5'"
run as john fetchd --once
code_is 76 'p1_12 a tunnel that speaks in clear'
err_has 'does not speak TLS' 'p1_12 is told so'
tunnel "sh -c 'echo Welcome to the gateway; exec ssh -F $ssh/config -W %a:%p gateway'"
run as john fetchd --once
code_is 76 'p1_12 a banner before TLS'
company_certificate $COMPANY/tls/beside none mail2.corp.example
company_dovecot_beside $COMPANY/tls/beside
tunnel "ssh -F $ssh/config -W 10.23.0.2:%p gateway"
run as john fetchd --once
code_is 76 'p3 a tunnel to another server'
err_has 'tls.name' 'p3 is found out by its certificate'
for uri in imaps://john@-oProxyCommand=x.corp.example imaps://john@-x.corp.example; do
    tunnel 'ssh -W %h:%p gateway'
    user_uri john fetch "$uri"
    run as john fetchd --once
    code_is 78 "p2_24 $uri"
done

# Ctrl-C while the gateway is silent.
tunnel 'sleep 60'
sanitized && later=5
as john timeout --preserve-status -s INT ${later:-1} fetchd --once >$out 2>$err
code=$?
code_is 75 'Ctrl-C ends the wait'
is "$(pgrep -fc 'sleep 60')" 0 'and the tunnel'
kill "$(cat $ssh/pid)"
done_testing

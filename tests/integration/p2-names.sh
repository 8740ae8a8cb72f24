#!/bin/sh
# P2: what a name server says is held against the company's networks, once, and the address that was
# looked at is the one connected to.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

# Names are asked for their IPv6 addresses only where there is one.
six=yes
ip -6 address add fd23::1/128 dev lo 2>/dev/null || six=

company_make
user_ready john
questions=$TESTDIR/questions
: >$questions
/usr/bin/python3 "$srcdir/tests/lib/hostile_dns.py" --listen 127.0.0.1 --log $questions 2>$TESTDIR/dns.err &
dns=$!
company_wait 127.0.0.1 53

# fetch NAME: from that host; where the trace shows a connection that is no question to the name server
fetch() {
    user_uri john fetch "imaps://john@$1.corp.example/"
    : >$questions
    run traced john $TESTDIR/trace fetchd --once
}
went() {
    sed -n 's/.*connect(.*sin6\{0,1\}_port=htons(\([0-9]*\)).*inet_\(addr\|pton\)(\(AF_INET6, \)\{0,1\}"\([0-9a-f:.]*\)".*/\4 \1/p' \
        $TESTDIR/trace | grep -v -e ' 53$' -e ' 0$' | sort -u
}
networks() {
    sed -i '/^networks = /d' "$(user_config john)"
    [ $# = 0 ] || sed -i "s|^domains = .*|&\\nnetworks = $1|" "$(user_config john)"
}

# One look-up: what the name says a moment later is not asked.
networks 10.23.0.0/16
company_certificate $COMPANY/tls/rebind none rebind.corp.example
HOSTILE_CERTIFICATE=$COMPANY/tls/rebind hostile imap-honest 993
fetch rebind
code_is 0 'p2_16 a name that moves is fetched from where it was'
is "$(went)" '10.23.0.2 993' 'p2_16 at the address that was looked at'
is "$(grep -c '^A rebind' $questions)" 1 'p2_16 after one question'
fetch rebind
code_is 78 'p2_16 and no more once it lies outside'
err_has server.network 'p2_16 by its rule'
is "$(went)" '' 'p2_16 without a connection'

for host in mixed4 ${six:+mixed6}; do
    fetch $host
    code_is 78 "p2_17 $host is refused whole"
    err_has server.network 'p2_17 by its rule'
    is "$(went)" '' 'p2_17 without a connection'
done
fetch many
code_is 69 'p2_17 4,000 addresses are too many'
err_has 'more than' 'p2_17 and told so'
is "$(went)" '' 'p2_17 without a connection'

# Another name for a freemail host is refused, whatever its addresses; one for a stranger's by what he is.
company_certificate $COMPANY/tls/freemail none imap.hotmail.com
HOSTILE_CERTIFICATE=$COMPANY/tls/freemail hostile imap-honest 993
for networks in '' 10.23.0.0/16; do
    networks $networks
    for host in alias chain; do
        fetch $host
        code_is 78 "p2_19 $host: another name for a freemail host is refused${networks:+, though its address is the company's}"
        err_has "$host.corp.example is another name for .*, which belongs to a freemail provider (server.freemail)" 'p2_19 by its rule'
        is "$(went)" '' 'p2_19 without a connection'
        is "$(grep -c "^A $host" $questions)" 1 'p2_19 after one question'
    done
done
networks 10.23.1.0/24
fetch hosted
code_is 78 'p2_19 an alias of a stranger'
err_has server.network 'p2_19 is refused by its address'
is "$(went)" '' 'p2_19 without a connection'
networks
company_certificate $COMPANY/tls/stranger none mail.evil.test
HOSTILE_CERTIFICATE=$COMPANY/tls/stranger hostile imap-honest 993
fetch hosted
code_is 76 'p2_19 or is not our server'
err_has tls.name 'p2_19 as its certificate tells'
is "$(hostile_inside)" '' 'p2_19 and nothing was said to it'

# Special addresses, in every clothing, though no networks are named.
for host in zero metadata multicast loopback ${six:+mapped nat64 six2four unspecified link}; do
    fetch $host
    code_is 78 "p2_18 $host is refused"
    is "$(went)" '' 'p2_18 without a connection'
done
[ -n "$six" ] || skip 'p2_18 addresses of IPv6' 'this kernel has none'
hostile_stop
kill $dns
done_testing

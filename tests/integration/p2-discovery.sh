#!/bin/sh
# Servers that nobody named: init takes from DNS what every rule allows, says so, and no more.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_make
company_person john
config=$(user_config john)
store=$COMPANY/home/john/.local/share/postern
queries=$TESTDIR/queries

# dns LINE…: a name server with these lines of dnsmasq's configuration
dns() {
    dns_stop
    : >$queries
    printf '%s\n' user=root no-resolv no-hosts keep-in-foreground bind-interfaces listen-address=127.0.0.1 \
        log-queries "log-facility=$queries" pid-file= local=/corp.example/ local=/gmail.com/ "$@" >$TESTDIR/dns.conf
    dnsmasq --conf-file=$TESTDIR/dns.conf &
    dns_pid=$!
    dns_tries=0
    until ss -Hlun 'src 127.0.0.1 and sport = :53' | grep -q . || [ $dns_tries -gt 200 ]; do
        dns_tries=$((dns_tries + 1))
        sleep 0.05
    done
}
dns_stop() {
    [ -z "${dns_pid-}" ] || { kill "$dns_pid" && wait "$dns_pid" || true; } 2>/dev/null
    dns_pid=
}
asked() { sed -n 's/.*query\[\([A-Z]*\)\] \([^ ]*\) from .*/\1 \2/p' $queries | sort -u | tr '\n' ' '; }
# srv SERVICE TARGET PORT [PRIORITY]
srv() { echo "srv-host=_$1._tcp.corp.example,$2,$3,${4-0},1"; }

member() { /usr/bin/python3 -c "import json; d = json.load(open('$out')); print(d['error']['$1'] if 'error' in d else d['$1'])"; }
init() { # init OPTION…: without --fetch and --submit
    rm -rf "$config" "$store"
    run as john postern --json init --account work --address 'John Smith <jsmith@corp.example>' \
        --company-domain corp.example "$@"
}
refused() { # refused CODE RULE WHAT
    code_is "$1" "$3: code $1"
    is "$(member rule)" "$2" "by rule $2"
    ok [ ! -e "$config" -a ! -e "$store" ] -- 'and nothing is left behind'
}

good_fetch=$(srv imaps mail.corp.example 993)
good_submit=$(srv submissions mail.corp.example 465)

dns "$good_fetch" "$good_submit" "$(srv pop3s mail2.corp.example 995)" "$(srv submission mail2.corp.example 587)" \
    "$(srv imap mail2.corp.example 143)" "$(srv pop3 mail2.corp.example 110)"
rm -rf "$config" "$store"
traced john $TESTDIR/trace postern --json init --account work --address 'John Smith <jsmith@corp.example>' \
    --company-domain corp.example >$out 2>$err
is $? 0 'what DNS names is taken'
is "$(member fetch) $(member submit)" \
    'imaps://jsmith%40corp.example@mail.corp.example smtps://jsmith%40corp.example@mail.corp.example' 'and told'
err_has 'the DNS of corp.example names the server to fetch from: --fetch imaps://' 'in words, too'
err_has 'the DNS of corp.example names the server to send by: --submit smtps://' 'each'
is "$(sed -n 's/^\(fetch\|submit\) = //p' "$config" | tr '\n' ' ')" "$(member fetch) $(member submit) " 'and written'
is "$(asked)" 'SRV _imaps._tcp.corp.example SRV _pop3s._tcp.corp.example SRV _submission._tcp.corp.example SRV _submissions._tcp.corp.example ' \
    'p1 four names were asked for, none of a service in clear'
is "$(grep -E '(connect|sendto|sendm+sg)\(.*sin6?_port' $TESTDIR/trace | grep -v 'htons(53)' | grep -c .)" 0 \
    'p1 and nobody but the name server was spoken to'
ok opened_socket $TESTDIR/trace -- 'which the trace shows'

init --login john
is "$(member fetch)" imaps://john@mail.corp.example 'the login is another where it is given'
init --fetch imaps://john@mail2.corp.example --login john
is "$(member fetch) $(member submit)" 'imaps://john@mail2.corp.example smtps://john@mail.corp.example' \
    'what an option names is not looked for'
: >$queries
init --fetch imaps://john@mail.corp.example --submit smtps://john@mail.corp.example --login john
refused 64 usage 'a login without a server to look for'
init --fetch imaps://john@mail.corp.example --submit smtps://john@mail.corp.example
code_is 0 'with both named'
is "$(asked)" '' 'nothing is asked'

printf '[company]\ndomains = hr.corp.example\n' >$TESTDIR/policy
chmod 644 $TESTDIR/policy
init --policy $TESTDIR/policy
refused 78 server.company 'p2 a policy that knows less than the domain given'

dns "$(srv imaps a.corp.example 993 20)" "$(srv imaps b.corp.example 993 10)" "$(srv pop3s c.corp.example 995 5)" \
    "$(srv submission d.corp.example 587)"
init --login john
is "$(member fetch) $(member submit)" 'pops://john@c.corp.example submission://john@d.corp.example' \
    'the better priority wins, and STARTTLS where there is nothing else'

dns 'srv-host=_imaps._tcp.corp.example' "$(srv pop3s mail.corp.example 995)" "$good_submit"
init --login john
is "$(member fetch)" pops://john@mail.corp.example 'the target "." is a no'
dns 'srv-host=_imaps._tcp.corp.example' "$good_submit"
init
refused 64 usage 'nothing else'
is "$(member message)" '--fetch is missing, and corp.example names no server of the company'"'"'s to fetch from' \
    'the option is named'
dns "$good_fetch"
init
refused 64 usage 'no server to send by'
is "$(member message | grep -c '^--submit is missing')" 1 'names the other option'

dns "$(srv imaps mail.evil.test 993)" "$good_submit"
init
refused 78 server.company 'p2_19 a target outside'
is "$(member message | grep -c '^_imaps._tcp.corp.example names mail.evil.test port 993: ')" 1 'the record is told'
is "$(member mend | grep -c -e --fetch)" 1 'and the option'
dns "$good_fetch" "$(srv imaps mail.evil.test 993 9)" "$good_submit"
init
refused 78 server.company 'p2_19 a target outside beside a good one'
dns "$(srv imaps imap.gmail.com 993)" "$good_submit"
init
refused 78 server.freemail 'p2_19 a freemail provider'
dns "$(srv imaps 10.23.0.1 993)" "$good_submit"
init
refused 78 server.literal 'p2_19 an address'
dns "$(srv imaps mail.corp.example 143)" "$good_submit"
init
refused 78 transport.port 'p1_19 port 143'
dns "$good_fetch" "$(srv submission mail.corp.example 25)"
init
refused 78 transport.port 'p1_19 port 25'

# _imaps is a CNAME (5) of a freemail provider's own service.
wire() { printf '%s' "$1" | tr . '\n' | while read -r label || [ -n "$label" ]; do printf '%02x' ${#label}; printf '%s' "$label" | od -An -tx1 | tr -d ' \n'; done; printf 00; }
dns 'cname=_imaps._tcp.corp.example,_imaps._tcp.gmail.com' 'srv-host=_imaps._tcp.gmail.com,imap.gmail.com,993' "$good_submit"
init
refused 78 server.freemail 'p2_19 an alias of a freemail provider'
dns "dns-rr=_imaps._tcp.corp.example,33,0000000103e1$(wire mail.corp.example/.evil.test)" "$good_submit"
init
refused 78 server.uri 'p2_19 a name that would end the host in a URI'
dns 'txt-record=_imaps._tcp.corp.example,0 1 993 mail.evil.test' "$good_submit"
init
refused 64 usage 'p2_19 text is no record'

# A name that is fine, and is an alias of a freemail host: every use of it is refused.
dns "$(srv imaps in.corp.example 993)" "$(srv submissions out.corp.example 465)" cname=in.corp.example,imap.gmail.com \
    cname=out.corp.example,smtp.gmail.com host-record=imap.gmail.com,10.23.0.1 host-record=smtp.gmail.com,10.23.0.1
init
code_is 0 'an alias is for later'
sed -i "s|^secret = .*|secret = command:echo password|" "$config"
run as john postern --json sync
is "$(/usr/bin/python3 -c "import json; print([a['error']['rule'] for a in json.load(open('$out'))['accounts']])")" "['server.freemail']" \
    'p2_19 sync: a host that is another name for a freemail provider'"'"'s'
run_with 'Text.' as john postern --json send --to mary.jones@corp.example --subject x --no-sign --no-encrypt --body -
is "$(member rule)" server.freemail 'p2_19 send: likewise'
run as john postern --json doctor
is "$(/usr/bin/python3 -c "import json; print(sorted({(r['rule'], r['status']) for r in json.load(open('$out')) if r['status'] == 'fail' and r['rule'].startswith('server.')}))")" \
    "[('server.freemail', 'fail')]" 'p2_19 doctor: by its rule'

rm -rf "$config" "$store"
: >$queries
run as john postern --json init --account work --address jsmith@gmail.com --company-domain corp.example
refused 64 usage 'p2 an address elsewhere'
is "$(asked)" '' 'is no reason to ask there'

# On a terminal it is proposed.
asks() { as john script -qec 'postern init' /dev/null <$TESTDIR/answers >$out 2>&1; }
rm -rf "$config" "$store"
dns "$good_fetch" "$good_submit"
printf '%s\n' 'John Smith <jsmith@corp.example>' '' '' john '' '' >$TESTDIR/answers
asks
out_has 'it names mail.corp.example' 'on a terminal: what was found is shown'
out_has '\[imaps://john@mail.corp.example\]: ' 'and proposed'
is "$(sed -n 's/^\(fetch\|submit\) = //p' "$config" | tr '\n' ' ')" \
    'imaps://john@mail.corp.example smtps://john@mail.corp.example ' 'and taken when there is no other answer'
rm -rf "$config" "$store"
printf '%s\n' 'John Smith <jsmith@corp.example>' '' '' john imaps://j@mail2.corp.example '' >$TESTDIR/answers
asks
is "$(sed -n 's/^\(fetch\|submit\) = //p' "$config" | tr '\n' ' ')" \
    'imaps://j@mail2.corp.example smtps://john@mail.corp.example ' 'another answer counts'
rm -rf "$config" "$store"
dns "$(srv imaps mail.evil.test 993)" "$good_submit"
printf '%s\n' 'John Smith <jsmith@corp.example>' '' '' '' imaps://john@mail.corp.example john '' >$TESTDIR/answers
asks
out_has 'names mail.evil.test port 993' 'what is refused is told'
out_lacks '\[imaps://' 'p2 and not proposed'
is "$(sed -n 's/^\(fetch\|submit\) = //p' "$config" | tr '\n' ' ')" \
    'imaps://john@mail.corp.example smtps://john@mail.corp.example ' 'the person names another'

dns_stop
init
refused 69 server.dns 'no name server'
is "$(member mend | grep -c -e --fetch)" 1 'the option is named'
rm -rf "$config" "$store"
printf '%s\n' 'John Smith <jsmith@corp.example>' '' '' imaps://john@mail.corp.example smtps://john@mail.corp.example >$TESTDIR/answers
asks
is "$(grep -c 'asking the DNS' $out)" 1 'on a terminal: it is asked once'
ok [ -e "$config" ] -- 'and the rest goes on'

/usr/bin/python3 -c 'import socket, time
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
time.sleep(60)' &
dns_pid=$!
until ss -Hlun 'src 127.0.0.1 and sport = :53' | grep -q .; do sleep 0.05; done
rm -rf "$config" "$store"
began=$(date +%s)
as john timeout --preserve-status -s INT 1 postern init --account work --address jsmith@corp.example \
    --company-domain corp.example >$out 2>&1
is "$?" 130 'a name server that is silent: Ctrl-C ends the wait'
ok [ $(($(date +%s) - began)) -lt 4 -a ! -e "$config" -a ! -e "$store" ] -- 'at once, with nothing left behind'
dns_stop
done_testing

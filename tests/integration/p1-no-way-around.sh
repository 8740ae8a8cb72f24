#!/bin/sh
# P1: what breaks, advises or points elsewhere leads to no second, weaker try: no other version, port
# or host, no proxy.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"
. "$srcdir/tests/lib/hostile.sh"

company_start
user_ready john imaps://john@mail2.corp.example/ smtps://john@mail2.corp.example

send() { run_with x traced john $TESTDIR/trace postern send --to mary.jones@corp.example --subject x --no-encrypt --body -; }
fetch() { run traced john $TESTDIR/trace fetchd --once; }
# Where connections were tried to, ADDRESS:PORT, each once.
went() {
    sed -n 's/.*connect(.*sin_port=htons(\([0-9]*\)), sin_addr=inet_addr("\([0-9.]*\)").*/\2:\1/p' $TESTDIR/trace |
        sort -u | tr '\n' ' ' | sed 's/ $//'
}

# A handshake that is reset in place of each of the server's records.
for try in imap-honest:993:imaps pop3-honest:995:pops smtp-honest:465:smtps smtp-honest:587:submission; do
    case=${try%%:*}
    scheme=${try##*:}
    port=${try#*:}
    port=${port%:*}
    for record in 0 1 2 3 4 5 6 7 8; do
        hostile "$case" "$port" --reset-record $record
        case $scheme in
        imaps | pops)
            user_uri john fetch "$scheme://john@mail2.corp.example"
            fetch
            ;;
        *)
            user_uri john submit "$scheme://john@mail2.corp.example"
            send
            ;;
        esac
        case $scheme-$code in *-69 | *-75 | *-76) tap_result 0 "p1_8 $scheme: reset at record $record is told ($code)" ;;
        smtps-0 | submission-0) err_has '^postern: not sent yet: ' "p1_8 $scheme: reset at record $record is told, and the letter waits" ;;
        *) code_is 76 "p1_8 $scheme: reset at record $record is told" ;;
        esac
        is "$(grep -c ' open$' $HOSTILE_LOG),$(hostile_clear | grep -c "^b.\\\\x16\\\\x03")" 1,1 'p1_8 by one connection and one ClientHello'
        is "$(went)" "10.23.0.2:$port" 'p1_8 and nothing else is tried'
        is "$(hostile_inside)" '' 'p1_8 and nothing is said'
    done
done

# What a server says is shown as its words and never followed.
user_uri john submit smtps://john@mail2.corp.example
hostile smtp-forward 465
send
code_is 65 'p1_7 a forward is a refused recipient'
is "$(went)" 10.23.0.2:465 'p1_7 and is not followed'
err_has 'please try <jsmith@evil.test>' 'p1_7 but shown'
hostile smtp-bad-advice 465
send
code_is 77 'p1_11 a refusal with advice is a refusal'
err_has 'turn off TLS at http://evil.test' 'p1_11 whose words are shown'
is "$(/usr/bin/python3 -c "import unicodedata as u; print([c for c in open('$err').read() if u.category(c)[0] == 'C' and c != '\n'])")" '[]' \
    'p1_11 without anything that moves the terminal'
is "$(went)" 10.23.0.2:465 'p1_11 and not followed'
as john postern -q password retry work

# Proxies: of the environment and of the desktop.
mkdir -p $COMPANY/home/john/.config/glib-2.0/settings
cat >$COMPANY/home/john/.config/glib-2.0/settings/keyfile <<'END'
[system/proxy]
mode='manual'
[system/proxy/socks]
host='10.66.0.1'
port=1080
END
AS_EXTRA='ALL_PROXY=socks5://10.66.0.1:1080 all_proxy=socks5://10.66.0.1:1080 http_proxy=http://10.66.0.1:3128
    HTTPS_PROXY=http://10.66.0.1:3128 GSETTINGS_BACKEND=keyfile XDG_CURRENT_DESKTOP=GNOME'
user_uri john fetch imaps://john@mail.corp.example/
user_uri john submit smtps://john@mail.corp.example
fetch
code_is 0 'p1_10 fetching goes well while proxies are set'
is "$(went)" 10.23.0.1:993 'p1_10 and past them'
send
code_is 0 'p1_10 so does sending'
is "$(went)" 10.23.0.1:465 'p1_10 and past them'
AS_EXTRA=

hostile_stop
done_testing

#!/bin/sh
# P2: only the company's servers, by name and by address; the policy cannot be lifted.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john

# refused NUMBER URI
refused() {
    user_uri john fetch "$2"
    traced john $TESTDIR/trace fetchd --once >$out 2>$err
    code=$?
    code_is 78 "$1 $2 is refused"
    ok lacks_socket $TESTDIR/trace -- 'before any socket or look-up'
}
for host in notcorp.example corp.example.evil.test mail.hotmail.com imap.gmail.com mail.corp.example@evil.test \
    mail.evil.test 'mаil.corp.exаmple' \
    'mail.corp.example%00.evil.test' '-oProxyCommand.corp.example' 'mail..corp.example' \
    "$(printf 'x%.0s' $(seq 64)).corp.example"; do
    refused p2_13 "imaps://john@$host/"
done
for host in 10.23.0.1 127.1 0x0a170001 2130706433 '[::1]' '[v1.x]' localhost mail; do
    refused p2_14 "imaps://john@$host/"
done

user_uri john fetch imaps://john@MAIL.corp.example./
run as john fetchd --once
code_is 0 'p2_13 case and one final dot make no difference'

# Addresses: each must lie in the networks.
config=$(user_config john)
cp "$config" $TESTDIR/good
networks() { sed "s|^domains = .*|&\\nnetworks = $1|" $TESTDIR/good >"$config"; }
networks 10.23.0.0/16
run as john fetchd --once
code_is 0 'p2_18 a server inside the networks is fetched from'
networks 10.24.0.0/16
run as john fetchd --once
code_is 78 'p2_18 a server outside them is refused'
networks 10.23.0.0/16
for host in outside.corp.example mixed.corp.example; do
    user_uri john fetch "imaps://john@$host/"
    traced john $TESTDIR/trace fetchd --once >$out 2>$err
    code=$?
    code_is 78 "p2_17 $host is refused"
    is "$(grep -c 'connect(.*993' $TESTDIR/trace)" 0 'p2_17 and not connected to'
done
for value in 10.0.0.0/33 10.0.0.1/8 010.0.0.0/8 ::/129 nonsense; do
    cp $TESTDIR/good "$config"
    networks $value
    run as john fetchd --once
    code_is 78 "p2_23 networks = $value is refused"
    err_has "$value" 'p2_23 naming the value'
done
for value in com co.uk github.io '*' ''; do
    sed "s|^domains = .*|domains = $value|" $TESTDIR/good >"$config"
    run as john fetchd --once
    code_is 78 "p2_15 domains = $value is refused"
done
cp $TESTDIR/good "$config"

# The company's policy narrows and cannot be got around. The world's /usr/local/etc is its own; a
# build that looks elsewhere would need the machine's changed.
if [ "${sysconfdir-/usr/local/etc}" != /usr/local/etc ]; then
    skip 'the policy holds' "this build looks for it in $sysconfdir"
    done_testing
    exit
fi
policy=/usr/local/etc/postern/policy
mkdir -p ${policy%/*}
printf '[company]\ndomains = corp.example\nnetworks = 10.99.0.0/16\n' >$policy
refused_by_policy() {
    run "$@"
    code_is 78 "p2_22 the policy holds: $*"
}
sed "s|^domains = .*|&\\nnetworks = 0.0.0.0/0|" $TESTDIR/good >"$config"
refused_by_policy as john fetchd --once
refused_by_policy as john fetchd --once --policy /dev/null
AS_EXTRA="XDG_CONFIG_DIRS=/tmp XDG_CONFIG_HOME=$COMPANY/home/john/.config" refused_by_policy as john fetchd --once
cp $TESTDIR/good "$config"
printf '[company]\nnetworks = 10.23.0.0/16\n' >$policy
run as john fetchd --once
code_is 0 'p2_20 a policy that allows it allows it'
bad_policy() {
    run as john fetchd --once
    code_is 78 "p2_21 a policy that is $1 ends everything"
    rm -rf $policy
}
chmod 666 $policy
bad_policy 'writable by others'
: >$policy
bad_policy empty
printf 'not a policy' >$policy
bad_policy broken
printf '[company]\nunknown = 1\n' >$policy
bad_policy 'not understood'
mkdir $policy
bad_policy 'a folder'
printf '[company]\n' >$TESTDIR/policy
ln -s $TESTDIR/policy $policy
bad_policy 'a link'
printf '[company]\nnetworks = 10.23.0.0/16\n' >$policy
chown mail $policy
bad_policy "somebody's"
done_testing

#!/bin/sh
# Usage: gnupg-home.sh DIR
# Makes two throw-away GnuPG homes below DIR, which must be short (an agent's socket takes at
# most 107 bytes): DIR/own holds the owner's private keys and everybody's public keys, DIR/others
# everybody else's private keys. DIR/keys says which key is which: NAME FINGERPRINT.
# In a build folder the first caller of a day makes them for all, for they take seconds to make.
set -eu
dir=$1
shared=
[ -d tests ] && [ -w tests ] && shared=$PWD/tests/gnupg-homes

if [ -n "$shared" ]; then
    exec 9>"$shared.lock"
    flock 9
    if [ -n "$(find "$shared/keys" -newer "$0" -mmin -600 2>/dev/null)" ]; then
        cp -a "$shared/." "$dir"
        exit
    fi
fi

g() { # HOME gpg-argument…
    home=$1
    shift
    gpg --homedir "$dir/$home" --batch --quiet --yes --no-tty --pinentry-mode loopback \
        --passphrase "${passphrase-}" "$@" 2>>"$dir/log"
}

key() { # HOME NAME USER-ID ALGORITHM USAGE EXPIRY [gpg-argument…]; sets fpr
    home=$1 name=$2 uid=$3 algorithm=$4 usage=$5 expiry=$6
    shift 6
    fpr=$(g "$home" --status-fd 1 "$@" --quick-gen-key "$uid" "$algorithm" "$usage" "$expiry" |
        sed -n 's/^.*KEY_CREATED . //p')
    echo "$name $fpr" >>"$dir/keys"
}

both=future-default # signs, and has a subkey that encrypts
# "!": the time stands still. One that runs on can be a second behind what gpg itself just made.
long_ago=--faked-system-time=20200101T000000!

for home in own others; do
    mkdir -m 700 "$dir/$home"
    # Whoever is asked for a passphrase in a test has none.
    echo 'pinentry-program /nonexistent/pinentry' >"$dir/$home/gpg-agent.conf"
    # gpg waits five seconds for an agent that it starts itself, which is short on a busy machine.
    gpg-agent --homedir "$dir/$home" --daemon >"$dir/log" 2>&1 </dev/null 9>&-
done

key own owner 'John Smith <jsmith@corp.example>' $both default never
owner=$fpr
passphrase=locked key own locked 'John Locked <locked@corp.example>' $both default never
key others friend 'Friend <friend@corp.example>' $both default never
friend=$fpr
g others --quick-add-uid "$friend" 'Friend <Friend.Second@Corp.Example>'
key others stranger 'Friend <friend@corp.example>' $both default never "$long_ago"
key others twin-one 'Twin <twin@corp.example>' $both default never
one=$fpr
key others twin-two 'Twin <twin@corp.example>' $both default never
two=$fpr
key others disabled 'Disabled <disabled@corp.example>' $both default never
disabled=$fpr
key others sign-only 'Signs <signs@corp.example>' ed25519 sign never
key others revoked 'Revoked <revoked@corp.example>' $both default never
revoked=$fpr
key others expired 'Expired <expired@corp.example>' $both default 1d "$long_ago"
key others soon 'Soon <soon@corp.example>' $both default 2d
key others old-subkey 'Old <old@corp.example>' ed25519 sign never "$long_ago"
g others "$long_ago" --quick-add-key "$fpr" cv25519 encr 1d
# Of each of these three the first is confirmed, and the second came later.
key others changed 'Changed <changed@corp.example>' $both default never "$long_ago"
changed=$fpr
key others changed-new 'Changed <changed@corp.example>' $both default never
key others moved 'Moved <moved@corp.example>' $both default never
moved=$fpr
key others moved-new 'Moved <moved@corp.example>' $both default never
key others lapsed 'Lapsed <lapsed@corp.example>' $both default never "$long_ago"
lapsed=$fpr
key others lapsed-new 'Lapsed <lapsed@corp.example>' $both default never

g others --armor --export >"$dir/others.asc"
g own --import "$dir/others.asc"
# What the signing half of a revoked key still does, the tests want to see.
revoke() {
    sed 's/^:---/---/' "$dir/others/openpgp-revocs.d/$1.rev" >"$dir/revoked.asc"
    g own --import "$dir/revoked.asc"
}
revoke "$revoked"
for confirmed in "$friend" "$one" "$two" "$changed" "$moved" "$lapsed"; do
    g own --default-key "$owner" --quick-lsign-key "$confirmed" >>"$dir/log"
done
revoke "$moved"
g others --faked-system-time=20200103T000000! --quick-set-expire "$lapsed" 1d
g others --armor --export "$lapsed" >"$dir/lapsed.asc"
g own --import "$dir/lapsed.asc"
# A user id that came after the confirmation: it is on a confirmed key, but is not itself confirmed.
g others --quick-add-uid "$friend" 'Boss <boss@corp.example>'
g others --armor --export "$friend" >"$dir/friend.asc"
g own --import "$dir/friend.asc"
g own --armor --export "$owner" >"$dir/owner.asc"
g others --import "$dir/owner.asc"
printf 'disable\nquit\n' | g own --command-fd 0 --edit-key "$disabled" >>"$dir/log"
g own --check-trustdb
# The agents still know what they were told while the keys were made.
for home in own others; do
    gpgconf --homedir "$dir/$home" --kill all
done

# The file of names comes last: where it is, all is.
if [ -n "$shared" ]; then
    rm -rf "$shared"
    mkdir -m 700 "$shared"
    cp -a "$dir/own" "$dir/others" "$dir"/*.asc "$shared"
    rm -f "$shared"/*/S.*
    cp "$dir/keys" "$shared"
fi

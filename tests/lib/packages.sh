# packages — installs what a list names and the machine lacks.
#
#   packages_install TOP [LIST]   TOP is the source tree, LIST below it tests/lib/packages or another;
#                                 says what is missing, nothing when all is there
#
# No service is started: invoke-rc.d is denied by a policy-rc.d that exists only while apt runs.

packages_missing() {
    packages_wanted=$(sed -e 's/#.*//' "$1/${2-tests/lib/packages}")
    # shellcheck disable=SC2086
    packages_there=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $packages_wanted 2>/dev/null)
    for package in $packages_wanted; do
        case "
$packages_there
" in
        *"
$package installed
"*) ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

packages_install() {
    if ! command -v dpkg-query >/dev/null; then
        echo "packages: this is no Debian; install the likes of $1/${2-tests/lib/packages} by hand" >&2
        return 0
    fi
    packages_lacking=$(packages_missing "$@")
    [ -n "$packages_lacking" ] || return 0
    echo "Packages missing: $packages_lacking"
    if [ "$(id -u)" = 0 ]; then
        packages_apt "$packages_lacking"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null || { command -v sudo >/dev/null && [ -t 0 ]; }; then
        sudo sh -c ". '$1/tests/lib/packages.sh'; packages_apt '$packages_lacking'"
    else
        echo "packages: neither root nor sudo here; ask root to run: apt-get install $packages_lacking" >&2
        return 1
    fi
}

# Needs root. Postfix is told beforehand that nobody wants it configured.
packages_apt() {
    packages_log=$(mktemp /tmp/postern-apt.XXXXXX)
    packages_gate=/usr/sbin/policy-rc.d
    packages_own_gate=no
    if [ ! -e "$packages_gate" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$packages_gate"
        chmod 755 "$packages_gate"
        packages_own_gate=yes
    fi
    (
        trap '[ $packages_own_gate = no ] || rm -f "$packages_gate"' EXIT
        trap 'exit 130' INT TERM
        export DEBIAN_FRONTEND=noninteractive
        echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
        apt-get -q update || echo 'packages: apt-get update failed, trying with what is known' >&2
        # shellcheck disable=SC2086
        apt-get -q -y --no-install-recommends install $1
    ) >"$packages_log" 2>&1
    packages_status=$?
    if [ $packages_status != 0 ]; then
        tail -n 20 "$packages_log" >&2
        echo "packages: apt-get failed, the whole of it is in $packages_log" >&2
        return 1
    fi
    rm -f "$packages_log"
}

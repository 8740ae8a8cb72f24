# namespace — a private little world: own network, mounts, processes and host name.
#
#   namespace_enter SCRIPT [ARGUMENT…]   runs SCRIPT again inside; returns only there
#
# Inside, lo carries the addresses of the company's two servers and of one stranger, the names
# below resolve to them, and /run and the policy's folder are empty file systems of our own, so
# that whatever is written there is gone with the last process. Nothing outside is touched.
# NAMESPACE_SECONDS, when set, is how long the world may last.
# Root enters directly; anybody else by a user namespace with the subordinate ids of /etc/subuid.

namespace_parts='--net --mount --uts --ipc --pid --fork --kill-child --mount-proc'
namespace_user='--user --map-root-user --map-auto'

# The options for unshare that work here, or failure.
namespace_options() {
    # shellcheck disable=SC2086
    if [ "$(id -u)" = 0 ] && unshare $namespace_parts true 2>/dev/null; then
        echo "$namespace_parts"
    elif unshare $namespace_user $namespace_parts true 2>/dev/null; then
        echo "$namespace_user $namespace_parts"
    else
        return 1
    fi
}

namespace_possible() { namespace_options >/dev/null; }

namespace_enter() {
    namespace_now=$(readlink /proc/self/ns/net)
    if [ -n "${POSTERN_OUTER_NET-}" ] && [ "$POSTERN_OUTER_NET" != "$namespace_now" ]; then
        namespace_furnish
        return
    fi
    namespace_chosen=$(namespace_options) || { namespace_complain >&2; exit 99; }
    POSTERN_OUTER_NET=$namespace_now
    export POSTERN_OUTER_NET
    # shellcheck disable=SC2086
    exec ${NAMESPACE_SECONDS:+timeout $NAMESPACE_SECONDS} unshare $namespace_chosen -- sh "$@"
}

# One sentence for what is most likely missing.
namespace_complain() {
    if ! command -v unshare >/dev/null; then
        echo 'unshare is missing: install util-linux.'
    elif [ "$(id -u)" = 0 ]; then
        echo 'Root may not make namespaces here: the container lacks CAP_SYS_ADMIN, or seccomp forbids unshare.'
    elif ! command -v newuidmap >/dev/null; then
        echo 'Not root, and newuidmap is missing: install uidmap, or run this as root.'
    elif ! grep -q "^$(id -un):\|^$(id -u):" /etc/subuid 2>/dev/null; then
        echo "Not root, and /etc/subuid gives $(id -un) no subordinate ids: let root run usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un), or run this as root."
    else
        echo 'Not root, and the kernel allows no user namespaces (kernel.unprivileged_userns_clone, user.max_user_namespaces, AppArmor): run this as root.'
    fi
}

namespace_furnish() {
    PATH=$PATH:/usr/sbin:/sbin
    namespace_resolver=$(readlink -m /etc/resolv.conf)
    mount -t tmpfs -o mode=755,size=80% postern-run /run
    [ ! -d /usr/local/etc ] || mount -t tmpfs -o mode=755 postern-policy /usr/local/etc
    hostname johns-laptop
    ip link set lo up
    for namespace_address in 10.23.0.1 10.23.0.2 10.66.0.1; do
        ip address add $namespace_address/32 dev lo
    done
    mkdir /run/etc
    cat >/run/etc/hosts <<-END
	127.0.0.1 localhost
	127.0.1.1 johns-laptop
	10.23.0.1 mail.corp.example
	10.23.0.2 mail2.corp.example
	10.66.0.1 mail.hotmail.com
	10.66.0.1 mail.evil.test outside.corp.example corp.example.evil.test
	10.23.0.2 mixed.corp.example
	10.66.0.1 mixed.corp.example
	END
    echo 'nameserver 127.0.0.1' >/run/etc/resolv.conf
    printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n' \
        >/run/etc/nsswitch.conf
    namespace_cover hosts /etc/hosts
    namespace_cover resolv.conf "$namespace_resolver"
    namespace_cover nsswitch.conf /etc/nsswitch.conf
}

# Lays /run/etc/FILE over PATH; a path below /run was hidden by our own tmpfs and is made anew.
namespace_cover() {
    case $2 in
    /run/*)
        mkdir -p "$(dirname "$2")"
        cp "/run/etc/$1" "$2"
        ;;
    *) [ ! -e "$2" ] || mount --bind "/run/etc/$1" "$2" ;;
    esac
}

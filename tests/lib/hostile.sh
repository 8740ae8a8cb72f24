# hostile — a scripted hostile server (hostile.py) on mail2.corp.example. Needs company.sh.
#
#   hostile CASE PORT [OPTION…]   starts it, with a good certificate unless HOSTILE_CERTIFICATE
#                                 names another (a path for company_certificate's .crt and .key)
#   hostile_stop                  ends it
#   hostile_log                   what the client sent so far; see hostile.py
#   hostile_clear, hostile_inside just the bytes sent before, inside TLS, one Python literal a line

hostile() {
    hostile_stop
    [ -d $COMPANY ] || company_make
    [ -f $COMPANY/tls/hostile.crt ] || company_certificate $COMPANY/tls/hostile none mail2.corp.example
    HOSTILE_LOG=$COMPANY/hostile.log
    : >$HOSTILE_LOG
    hostile_pair=${HOSTILE_CERTIFICATE-$COMPANY/tls/hostile}
    hostile_case=$1
    hostile_port=$2
    shift 2
    /usr/bin/python3 "$srcdir/tests/lib/hostile.py" "$hostile_case" --listen "10.23.0.2:$hostile_port" \
        --certificate "$hostile_pair.crt" --key "$hostile_pair.key" --log $HOSTILE_LOG "$@" 2>$COMPANY/hostile.err &
    HOSTILE_PID=$!
    company_wait 10.23.0.2 "$hostile_port" || { cat $COMPANY/hostile.err >&2; return 1; }
}

hostile_stop() {
    [ -n "${HOSTILE_PID-}" ] || return 0
    kill "$HOSTILE_PID" 2>/dev/null || true
    wait "$HOSTILE_PID" 2>/dev/null || true
    HOSTILE_PID=
}

hostile_log() { cat $HOSTILE_LOG; }
hostile_clear() { sed -n 's/^[0-9]* clear //p' $HOSTILE_LOG; }
hostile_inside() { sed -n 's/^[0-9]* tls //p' $HOSTILE_LOG; }

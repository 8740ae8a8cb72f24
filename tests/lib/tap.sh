# tap — TAP for shell scripts, and the usual opening of an integration test.
#
#   . "${srcdir:-.}/tests/lib/tap.sh"   (by hand: from the top, with builddir=… when not build)
#   world "$0"                 enters the namespace, starts nothing yet (company.sh is at hand)
#   run COMMAND…               runs it; afterwards $code, $out (file), $err (file)
#   ok CONDITION-COMMAND… -- TEXT      passes when the command succeeds
#   is GOT WANTED TEXT
#   code_is NUMBER TEXT        about the last `run`
#   out_has PATTERN TEXT, err_has PATTERN TEXT, out_lacks PATTERN TEXT, err_lacks PATTERN TEXT
#   skip TEXT REASON
#   done_testing               prints the plan; the script must end with it
#
# A failing test tells what `run` saw. Exit of the script before done_testing is a bail-out.

: "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${builddir:=$srcdir/build}"
export srcdir builddir
tap_number=0
tap_failed=0
code=
out=/dev/null
err=/dev/null

world() {
    . "$srcdir/tests/lib/namespace.sh"
    if [ "$(id -u)" != 0 ] && ! namespace_possible; then
        echo "1..0 # SKIP $(namespace_complain)"
        exit 0
    fi
    NAMESPACE_SECONDS=${NAMESPACE_SECONDS-1200}
    namespace_enter "$@"
    . "$srcdir/tests/lib/company.sh"
    TESTDIR=/run/test
    mkdir -p $TESTDIR
    out=$TESTDIR/out
    err=$TESTDIR/err
    : >$out
    : >$err
    PATH=$builddir/bin:$PATH
    export PATH
    trap tap_exit EXIT
}

tap_exit() {
    [ -n "${tap_done-}" ] || echo "Bail out! ${0##*/} ended after test $tap_number without a plan"
}

tap_result() {
    tap_number=$((tap_number + 1))
    if [ "$1" = 0 ]; then
        printf 'ok %d - %s\n' $tap_number "$2"
        return 0
    fi
    tap_failed=$((tap_failed + 1))
    printf 'not ok %d - %s\n' $tap_number "$2"
    return 0
}

diag() {
    printf '%s\n' "$*" | sed 's/^/# /'
}

# What the last `run` saw, short.
tap_tell() {
    diag "exit code: $code"
    head -c 2000 "$out" | sed 's/^/# stdout: /'
    echo
    head -c 2000 "$err" | sed 's/^/# stderr: /'
    echo
}

run() {
    code=0
    "$@" >$out 2>$err </dev/null || code=$?
}

# As run, with the text TEXT on stdin.
run_with() {
    tap_input=$1
    shift
    code=0
    printf '%s' "$tap_input" | "$@" >$out 2>$err || code=$?
}

ok() {
    tap_command=
    while [ "$1" != -- ]; do
        tap_command="$tap_command '$(printf '%s' "$1" | sed "s/'/'\\\\''/g")'"
        shift
    done
    if eval "$tap_command" >/dev/null 2>&1; then
        tap_result 0 "$2"
    else
        tap_result 1 "$2"
        diag "failed: $tap_command"
    fi
}

is() {
    if [ "$1" = "$2" ]; then
        tap_result 0 "$3"
    else
        tap_result 1 "$3"
        diag "got:    $1"
        diag "wanted: $2"
    fi
}

code_is() {
    if [ "$code" = "$1" ]; then
        tap_result 0 "$2"
    else
        tap_result 1 "$2"
        diag "wanted exit code $1"
        tap_tell
    fi
}

tap_has() {
    if grep -q -e "$2" "$1"; then tap_found=0; else tap_found=1; fi
    [ "$4" = has ] || tap_found=$((1 - tap_found))
    tap_result $tap_found "$3"
    [ $tap_found = 0 ] || { diag "$4: $2"; tap_tell; }
}

out_has() { tap_has $out "$1" "$2" has; }
err_has() { tap_has $err "$1" "$2" has; }
out_lacks() { tap_has $out "$1" "$2" lacks; }
err_lacks() { tap_has $err "$1" "$2" lacks; }

# Was the product built with sanitizers? Then addresses and memory are no measure, and strace
# needs leak checking off (`unleaked`).
sanitized() {
    grep -q -s -e '^S\["MODE_CFLAGS"\].*sanitize' "$builddir/config.status"
}

skip() {
    tap_number=$((tap_number + 1))
    printf 'ok %d - %s # SKIP %s\n' $tap_number "$1" "$2"
}

done_testing() {
    [ $tap_failed = 0 ] || company_log 2>/dev/null | tail -n 30 | sed 's/^/# server: /'
    printf '1..%d\n' $tap_number
    tap_done=yes
    [ $tap_failed = 0 ]
}

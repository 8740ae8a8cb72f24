# world — what both benches begin with: a namespace with the company's servers, john with Postern set
# up, and a place on a real disk for what the programs write.
#
#   bench_world SCRIPT         as world() of tests/lib/tap.sh; then $DISK is an empty folder
#   floor_is NAME, row NAME RUNS PREPARE CHECK COMMAND      rows for measure.py, see there
#   rows_measured TITLE        measures them and forgets them
#   wants PROGRAM              is it installed? else says that its row is missing
#
# BENCH_DISK names the folder to use, by default one below the build.

bench_world() {
    NAMESPACE_SECONDS=7200
    . "$srcdir/tests/lib/tap.sh"
    world "$@"
    . "$srcdir/tests/lib/user.sh"
    trap - EXIT
    DISK=${BENCH_DISK:-$builddir/tests/bench/disk}
    ROWS=$TESTDIR/rows
    rm -rf "$DISK"
    mkdir -p "$DISK"
    DISK=$(cd "$DISK" && pwd)
    trap 'rm -rf "$DISK"' EXIT
    trap 'exit 130' INT TERM
    : >$ROWS
}

row() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>$ROWS
}

rows_measured() {
    (cd $TESTDIR && /usr/bin/python3 "$srcdir/tests/bench/measure.py" "$1") <$ROWS
    : >$ROWS
}

wants() {
    command -v "$1" >/dev/null && return
    echo "($1 is not installed)"
    return 1
}

# A line for `sh -c` that runs as NAME, see as() of tests/lib/company.sh.
as_line() {
    bench_who=$1
    shift
    echo "env -i -C $COMPANY/home/$bench_who HOME=$COMPANY/home/$bench_who PATH=$builddir/bin:$PATH LC_ALL=C.UTF-8 $*"
}

# bench_person NAME [FETCH]: NAME's store is $DISK/NAME, its empty state $DISK/NAME.empty
bench_person() {
    user_ready "$@"
    company_password "$1" >"$COMPANY/home/$1/.password"
    sed -i "s|^secret = .*|secret = command:cat $COMPANY/home/$1/.password|" "$(user_config "$1")"
    mv "$COMPANY/home/$1/.local/share/postern" "$DISK/$1.empty"
}

# Lines for PREPARE: an empty store, an empty folder of a peer.
fresh_store() { echo "rm -rf $DISK/$1; cp -a $DISK/$1.empty $DISK/$1; sync"; }
fresh_folder() { echo "rm -rf $DISK/$1; mkdir -p $DISK/$1; sync"; }

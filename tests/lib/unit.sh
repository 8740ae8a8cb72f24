# Usage: unit.sh PROGRAM — runs a unit test; cmocka 1.1 calls a test that was skipped "not ok".
exec 3>&1
code=$({ { "$@"; echo $? >&4; } | sed 's/^not ok\( [0-9]* # SKIP\)/ok\1/' >&3; } 4>&1)
exit "$code"

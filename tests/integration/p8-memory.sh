#!/bin/sh
# P8: memory stays bounded whatever comes: a message of 280 MB in 64 MiB, in both processes. It is larger
# than what is parsed (LIMIT_VIEW_BYTES).
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

company_start
user_ready john
size=280000000
sanitized && size=10000000
company_fill john --size $size
company_fill john --count 20 --folder Projects

# The highest VmHWM of each of our processes while a pass runs.
cat >$TESTDIR/watch.py <<'END'
import os, re, subprocess, sys, time
peak = {}
process = subprocess.Popen(sys.argv[2:])
while process.poll() is None:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = open("/proc/%s/status" % pid).read()
        except OSError:
            continue
        name = re.search(r"Name:\s*(.*)", text)[1]
        high = re.search(r"VmHWM:\s*(\d+)", text)
        if name in ("fetchd", "postern-net") and high:
            peak[name] = max(peak.get(name, 0), int(high[1]))
    time.sleep(0.005)
open(sys.argv[1], "w").write("".join("%s %d\n" % entry for entry in sorted(peak.items())))
sys.exit(process.returncode)
END
if sanitized; then
    run as john fetchd --once
    code_is 0 'a large message arrives'
else
    run as john /usr/bin/python3 $TESTDIR/watch.py $TESTDIR/peak fetchd --once
    code_is 0 'a message of 280 MB arrives'
    diag "peak, kB: $(tr '\n' ' ' <$TESTDIR/peak)"
    for name in fetchd postern-net; do
        ok [ "$(sed -n "s/^$name //p" $TESTDIR/peak)" -lt 65536 ] -- "p8_90 $name stays below 64 MiB"
    done
fi
is "$(user_json john 'len(d)' '')" 21 'all of them are found'
large=$(user_ids john 'size:>5M')
is "$(as john postern show --raw "$large" | sha256sum)" \
    "$(find $COMPANY/mail/john -size +5M -type f -exec sed 's/$/\r/' {} + | sha256sum)" 'the large one is what the server has'
if ! sanitized; then # for whom a smaller one must do
    run as john postern show "$large"
    code_is 65 'a message that is too large to be parsed is refused'
    err_has 'message.size.*--raw' 'and one is told how to get at it'
fi

# As many connections as there may be, each with more than it may hold.
user_line john 'connections = 8'
for n in 1 2 3 4 5 6 7 8; do
    company_fill john --count 20 --seed 4$n --folder Box.$n
    head -c 20000000 /dev/urandom | base64 | sed '1i Subject: large\n' >$COMPANY/mail/john/Maildir/.Box.$n/cur/170000000$n.large:2,
done
chown -R mail:mail $COMPANY/mail/john
if sanitized; then
    run as john fetchd --once --seal-only
else
    run as john /usr/bin/python3 $TESTDIR/watch.py $TESTDIR/peak fetchd --once --seal-only
    diag "peak, kB: $(tr '\n' ' ' <$TESTDIR/peak)"
    ok [ "$(sed -n 's/^fetchd //p' $TESTDIR/peak)" -lt 65536 ] -- 'p8_90 fetchd stays below 64 MiB with eight connections, too'
fi
is "$(user_json john 'len(d)' '')" 189 'which bring everything'
done_testing

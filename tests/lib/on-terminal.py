"""Runs a command on a pseudo-terminal, and answers it: a person in front of it.

on-terminal.py [STEP…] -- COMMAND…

A STEP is "PATTERN=>KEYS": once the output since the last step matches PATTERN (a regular
expression), KEYS are typed; \\r, \\x.. and so on are understood, as Python has them. "PATTERN=>!SIGNAL" sends the
command a signal instead. What it prints goes to standard output; the exit code is the command's,
128 + N for a signal N, 125 when a step's pattern did not come within 30 seconds.
"""

import os
import pty
import re
import select
import signal
import sys
import time

cut = sys.argv.index("--")
steps = [step.split("=>", 1) for step in sys.argv[1:cut]]
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[cut + 1], sys.argv[cut + 1:])

seen = b""
until = time.monotonic() + 30
late = False
while True:
    if steps and re.search(steps[0][0].encode(), seen, re.S):
        _, keys = steps.pop(0)
        seen = b""
        until = time.monotonic() + 30
        if keys.startswith("!"):
            os.kill(child, getattr(signal, keys[1:]))
        else:
            os.write(terminal, keys.encode().decode("unicode_escape").encode("latin-1"))
    ready, _, _ = select.select([terminal], [], [], 0.1)
    if ready:
        try:
            got = os.read(terminal, 65536)
        except OSError:
            break
        if not got:
            break
        seen += got
        sys.stdout.buffer.write(got.replace(b"\r\n", b"\n"))
    elif time.monotonic() > until:
        late = True
        os.kill(child, signal.SIGKILL)
        break
sys.stdout.flush()
_, status = os.waitpid(child, 0)
sys.exit(125 if late else os.waitstatus_to_exitcode(status) if not os.WIFSIGNALED(status)
         else 128 + os.WTERMSIG(status))

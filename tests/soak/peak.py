#!/usr/bin/env python3
"""peak: runs a command and tells how much memory it took.

  peak.py FILE COMMAND…

Appends one line to FILE: seconds, seconds of processor, and "NAME KIB" with the highest VmHWM of each of our
processes below it. Ends as the command ends. What the command left behind counts too, when it ends before.
"""

import ctypes
import glob
import os
import re
import resource
import subprocess
import sys
import time

OURS = ("fetchd", "postern", "postern-net")


def family(pid):
    found = [pid]
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path, encoding="ascii") as file:
                children = file.read().split()
        except OSError:
            continue
        for child in children:
            found += family(int(child))
    return found


def look(pid, peak):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return
    name, high = re.search(r"Name:\s*(.*)", text), re.search(r"VmHWM:\s*(\d+)", text)
    if name and high and name[1] in OURS:
        peak[name[1]] = max(peak.get(name[1], 0), int(high[1]))


def reap(command):
    """GPGME starts gpg by way of a process that ends at once: what it used comes to us."""
    try:
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid == command:
                break
            os.waitpid(ended.si_pid, 0)
    except ChildProcessError:
        pass


def main():
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    peak, began = {}, time.monotonic()
    process = subprocess.Popen(sys.argv[2:])
    while process.poll() is None:
        for pid in family(process.pid):
            look(pid, peak)
        reap(process.pid)
        time.sleep(0.01)
    reap(None)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(sys.argv[1], "a", encoding="ascii") as file:
        print("%.1f %.1f" % (time.monotonic() - began, used.ru_utime + used.ru_stime),
              *(f"{name} {high}" for name, high in sorted(peak.items())), file=file)
    sys.exit(process.returncode)


main()

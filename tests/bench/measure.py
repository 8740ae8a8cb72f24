#!/usr/bin/env python3
"""measure: times whole programs against a floor, in one run, and prints the ratios.

  measure.py TITLE < ROWS

A row is five fields parted by tabs: name, runs, preparation (a shell line before each run, not
timed), check (a shell line after each, which must succeed), command (a shell line). The first row is the floor.
CPU is user and system time of the command and all it waited for; memory its largest process.
"""

import os
import statistics
import subprocess
import sys
import time


def shell(line):
    return subprocess.run(["sh", "-c", line], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)


def once(command):
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        log = os.open("measure.log", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.execvp("sh", ["sh", "-c", command if "||" in command else "exec " + command])
    _, status, used = os.wait4(pid, 0)
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, status


def row(name, runs, prepare, check, command):
    walls, cpus, sizes = [], [], []
    for _ in range(int(runs)):
        shell(prepare).check_returncode()
        wall, cpu, size, status = once(command)
        after = shell(check)
        if status or after.returncode:
            with open("measure.log", errors="replace") as log:
                tail = log.read()[-300:].strip().replace("\n", " | ")
            return f"| {name} | failed ({os.waitstatus_to_exitcode(status)}): {tail} |", None
        walls.append(wall)
        cpus.append(cpu)
        sizes.append(size)
    return (name, runs, walls, cpus, max(sizes)), (statistics.median(walls), statistics.median(cpus))


def main():
    print(f"\n## {sys.argv[1]}\n")
    print("| | runs | wall s: min / median / max | CPU s | largest process MB | wall / floor | CPU / floor |")
    print("|---|---|---|---|---|---|---|", flush=True)
    floor = None
    for line in sys.stdin:
        if not line.strip():
            continue
        result, middle = row(*line.rstrip("\n").split("\t"))
        if middle is None:
            print(result, flush=True)
            continue
        floor = floor or middle
        name, runs, walls, cpus, size = result
        print(f"| {name} | {runs} | {min(walls):.3f} / {middle[0]:.3f} / {max(walls):.3f} | {middle[1]:.3f} |"
              f" {size:.0f} | {middle[0] / floor[0]:.2f} | {middle[1] / max(floor[1], 0.001):.2f} |", flush=True)


main()

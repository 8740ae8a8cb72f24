#!/usr/bin/env python3
"""search-together: searches while mail arrives, and shows what they find.

  search-together.py SECONDS      two searches and a sync over and over at once; says what went wrong

Run as the user whose mail it is. Each message begins with "alpha N" and ends with "omega N".
"""

import json
import subprocess
import sys
import threading
import time

END = time.monotonic() + float(sys.argv[1])
wrong, count, longest = [], {"search": 0, "show": 0, "sync": 0, "found": 0}, [0.0]


def run(*words):
    began = time.monotonic()
    done = subprocess.run(["postern", *words], stdin=subprocess.DEVNULL, capture_output=True)
    longest[0] = max(longest[0], time.monotonic() - began)
    return done


def show(hit):
    whole = run("show", "--raw", hit["id"])
    count["show"] += 1
    number = hit["subject"].split()[-1].encode()
    if whole.returncode or b"alpha " + number not in whole.stdout or b"omega " + number not in whole.stdout:
        wrong.append(f"show {hit['id']}: {whole.returncode} {whole.stderr!r}, {len(whole.stdout)} bytes")


def search(query):
    most = 0
    while time.monotonic() < END:
        got = run("--json", "search", "--limit", "0", query)
        count["search"] += 1
        if got.returncode > 1:
            wrong.append(f"search {query}: {got.returncode} {got.stderr!r}")
            continue
        hits = json.loads(got.stdout)
        if len(hits) < most:
            wrong.append(f"search {query}: {len(hits)} after {most}")
        most = max(most, len(hits))
        for hit in hits[:2]:
            show(hit)
    count["found"] = max(count["found"], most)


def sync():
    while time.monotonic() < END:
        got = run("-q", "sync")
        count["sync"] += 1
        if got.returncode:
            wrong.append(f"sync: {got.returncode} {got.stderr!r}")


threads = [threading.Thread(target=search, args=("alpha omega",)), threading.Thread(target=search, args=("omega",)),
           threading.Thread(target=sync)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(", ".join(f"{number} {name}" for name, number in count.items()), f"longest {longest[0]:.1f} s")
for line in wrong[:20]:
    print(line)
sys.exit(1 if wrong or count["found"] == 0 else 0)

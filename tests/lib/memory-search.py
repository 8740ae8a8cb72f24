#!/usr/bin/env python3
"""memory-search: where do given words lie in the memory of a process?

  memory-search.py PID WORD…   each word also in base64, at each of its three places in it

One line a find: "ADDRESS FLAGS NAME SPELLING", FLAGS as in /proc/PID/smaps ("lo" locked in memory, "dd" left
out of dumps), NAME of the mapping or "-", SPELLING "plain" or "base64-N". Needs to be root.
"""
import base64
import re
import sys


def spellings(word):
    """The word, and what of it is the same in base64 wherever it begins."""
    yield "plain", word
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + word)
        first = [0, 2, 3][shift]
        last = len(whole) - [0, 3, 2][(shift + len(word)) % 3]  # the letter that holds what follows too
        yield f"base64-{shift}", whole[first:last]


def mappings(pid):
    flags, current = {}, None
    for line in open(f"/proc/{pid}/smaps"):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
        if head:
            current = (int(head[1], 16), int(head[2], 16), head[3], head[4].strip().replace(" ", "_") or "-")
        elif line.startswith("VmFlags:"):
            yield (*current, line.split()[1:])


def main(pid, words):
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for begin, end, access, name, flags in mappings(pid):
            if "r" not in access or name in ("[vvar]", "[vsyscall]"):
                continue
            try:
                memory.seek(begin)
                data = memory.read(end - begin)
            except OSError:
                continue
            for word in words:
                for kind, spelling in spellings(word.encode()):
                    for find in re.finditer(re.escape(spelling), data):
                        print(hex(begin + find.start()), ",".join(flags), name, kind)


main(int(sys.argv[1]), sys.argv[2:])

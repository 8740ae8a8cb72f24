#!/usr/bin/python3
"""same-mail: is what `postern show --raw` gives back what lies in the server's maildir?

  same-mail.py MAILDIR [--every N]

Run it as the user. Prints "N same, N missing, N foreign, N twice". Servers send CRLF for every
line's end, so the files are compared that way; --every looks at each N-th message only, and then
"missing" is not counted.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor


def digest(data):
    return hashlib.sha256(data).hexdigest()


def served(path):
    with open(path, "rb") as file:
        return digest(re.sub(rb"(?<!\r)\n", b"\r\n", file.read()))


def stored(identity):
    return digest(subprocess.run(["postern", "show", "--raw", identity], check=True, stdout=subprocess.PIPE).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("maildir")
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    there = {served(os.path.join(top, name)) for top, _, names in os.walk(options.maildir)
             if os.path.basename(top) in ("cur", "new") for name in names}
    listing = subprocess.run(["postern", "--json", "search", "--limit", "0", ""], stdout=subprocess.PIPE)
    identities = [hit["id"] for hit in json.loads(listing.stdout)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        here = list(pool.map(stored, identities[:: options.every]))
    missing = len(there - set(here)) if options.every == 1 else max(0, len(there) - len(identities))
    print("%d same, %d missing, %d foreign, %d twice"
          % (len(there & set(here)), missing, len(set(here) - there), len(here) - len(set(here))))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Another client of the company's IMAP server.

imap-do.py CA USER <<END
PASSWORD
IMAP command, without a tag
…
END
"""

import imaplib
import ssl
import sys

context = ssl.create_default_context(cafile=sys.argv[1])
server = imaplib.IMAP4_SSL("mail.corp.example", ssl_context=context)
lines = sys.stdin.read().splitlines()
server.login(sys.argv[2], lines[0])
for line in filter(None, lines[1:]):
    tag = server._new_tag()
    server.send(tag + b" " + line.encode() + b"\r\n")
    while not (answer := server.readline()).startswith(tag):
        pass
    if b" OK" not in answer:
        sys.exit(f"{line}: {answer!r}")
server.logout()

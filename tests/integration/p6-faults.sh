#!/bin/sh
# p6_55: one fault somewhere in a session with a real server. `make soak` puts it at every byte.
exec sh "$srcdir/tests/soak/faults.sh" believable "imap pop3" --samples 10

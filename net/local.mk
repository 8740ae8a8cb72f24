noinst_LIBRARIES += libpostern-net.a
libpostern_net_a_SOURCES = \
	net/certificate.c \
	net/connect.c \
	net/dotstuff.c \
	net/fetcher.c \
	net/guard-fetch.c \
	net/guard-scan.c \
	net/guard-status.c \
	net/guard-value.c \
	net/guard.c \
	net/imap-error.c \
	net/imap-get.c \
	net/imap-list.c \
	net/imap-login.c \
	net/imap-mailbox.c \
	net/imap-set.c \
	net/imap.c \
	net/line.c \
	net/mailboxname.c \
	net/pop3.c \
	net/pop3login.c \
	net/pop3reply.c \
	net/roll.c \
	net/sasl.c \
	net/session.c \
	net/smtpreply.c \
	net/staple.c \
	net/submission.c \
	net/tls.c \
	net/words.c

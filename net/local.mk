noinst_LIBRARIES += libpostern-net.a
libpostern_net_a_SOURCES = \
	net/certificate.c net/certificate.h \
	net/connect.c net/connect.h \
	net/deflate.c net/deflate.h \
	net/discover.c net/discover.h \
	net/dotstuff.c net/dotstuff.h \
	net/fetcher.c net/fetcher.h net/filed.h \
	net/changes.h \
	net/guard-change.c \
	net/guard-fetch.c \
	net/guard-names.c \
	net/guard-scan.c net/guard-scan.h \
	net/guard-state.h \
	net/guard-status.c \
	net/guard-value.c \
	net/guard.c net/guard.h \
	net/imap-append.c net/imap-changes.c \
	net/imap-error.c \
	net/imap-get.c \
	net/imap-idle.c \
	net/imap-list.c \
	net/imap-login.c \
	net/imap-mailbox.c \
	net/imap-names.c \
	net/imap-set.c \
	net/imap-sizes.c \
	net/imap.c net/imap.h \
	net/line.c net/line.h \
	net/lookup.c net/lookup.h \
	net/mailboxname.c net/mailboxname.h \
	net/mech-gssapi.c \
	net/mech-password.c net/mechanism.h \
	net/mech-scram.c \
	net/mech-token.c \
	net/pop3.c net/pop3.h \
	net/pop3login.c \
	net/pop3reply.c net/pop3reply.h \
	net/probe.c net/probe.h \
	net/report.h \
	net/resolve.c net/resolve.h \
	net/roll.c net/roll.h \
	net/sasl.c net/sasl.h \
	net/session.c net/session.h \
	net/smtpreply.c net/smtpreply.h \
	net/staple.c net/staple.h \
	net/submission.c net/submission.h \
	net/submission-letter.c net/submission-notice.c net/submission-state.h \
	net/tls.c net/tls.h net/tls-start.c \
	net/tlsport.c net/tlsport.h \
	net/trace.c net/trace.h \
	net/words.c net/words.h

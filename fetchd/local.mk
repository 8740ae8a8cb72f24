noinst_LIBRARIES += libpostern-fetchd.a
libpostern_fetchd_a_SOURCES = \
	fetchd/access.c fetchd/access.h \
	fetchd/call.c fetchd/call.h \
	fetchd/child.c fetchd/child.h \
	fetchd/clockwatch.c fetchd/clockwatch.h \
	fetchd/daemon.c fetchd/daemon.h \
	fetchd/deliver.c fetchd/deliver.h fetchd/deliver-lmtp.c fetchd/deliver-maildir.c \
	fetchd/dispatch.c fetchd/dispatch.h fetchd/owncopy.c fetchd/owncopy.h \
	fetchd/engine.c fetchd/engine.h \
	fetchd/flush.c fetchd/flush.h fetchd/flusher.c fetchd/flusher.h \
	fetchd/handover.c fetchd/handover.h \
	fetchd/hook.c fetchd/hook.h \
	fetchd/import.c fetchd/import.h \
	fetchd/connection.c fetchd/connection.h \
	fetchd/keynote.c fetchd/keynote.h \
	fetchd/keywatch.c fetchd/keywatch.h \
	fetchd/metrics.c fetchd/metrics.h \
	fetchd/link.c fetchd/link.h fetchd/link-changes.c fetchd/link-file.c fetchd/link-letter.c \
	fetchd/link-login.c fetchd/link-state.h fetchd/link-steps.c \
	fetchd/login.c fetchd/login.h \
	fetchd/loginguard.c fetchd/loginguard.h \
	fetchd/notify.c fetchd/notify.h \
	fetchd/pass.c fetchd/pass.h fetchd/pass-changes.c fetchd/pass-gone.c \
	fetchd/pass-handoff.c fetchd/pass-handoff.h \
	fetchd/pass-imap.c fetchd/pass-known.c fetchd/pass-large.c fetchd/pass-mailbox.h fetchd/pass-pop3.c \
	fetchd/pass-sent.c fetchd/pass-sent.h \
	fetchd/patience.c fetchd/patience.h \
	fetchd/plan.c fetchd/plan.h \
	fetchd/record.c fetchd/record.h fetchd/record-file.c fetchd/record-letter.c \
	fetchd/outboxkey.c fetchd/outboxkey.h fetchd/filing.c fetchd/filing.h fetchd/lettersource.c fetchd/lettersource.h \
	fetchd/sending.c fetchd/sending.h \
	fetchd/sensitive.c fetchd/sensitive.h fetchd/sensitive-watch.c \
	fetchd/schedule.c fetchd/schedule.h \
	fetchd/spawn.c fetchd/spawn.h \
	fetchd/ticket.c fetchd/ticket.h \
	fetchd/trust.c fetchd/trust.h \
	fetchd/tour.c fetchd/tour.h \
	fetchd/trip.c fetchd/trip.h \
	fetchd/tracelog.c fetchd/tracelog.h \
	fetchd/tunnel.c fetchd/tunnel.h \
	fetchd/wire.c fetchd/wire.h

sbin_PROGRAMS += bin/fetchd
bin_fetchd_SOURCES = fetchd/main.c
bin_fetchd_LDADD = $(LINK_fetchd)

# The net child links no store and no keys: what parses a server's bytes has neither to give away.
pkglibexec_PROGRAMS += bin/postern-net
bin_postern_net_SOURCES = fetchd/netmain.c fetchd/confine.c fetchd/confine.h
if SANITIZERS
bin_postern_net_SOURCES += fetchd/netmain-sanitized.c
endif
bin_postern_net_LDADD = libpostern-fetchd.a $(LINK_net) $(SECCOMP_LIBS)

# Nor does what makes Kerberos tokens, which must read files and ask a KDC.
pkglibexec_PROGRAMS += bin/postern-gss
bin_postern_gss_SOURCES = fetchd/gssmain.c fetchd/gss.c fetchd/gss.h fetchd/confine.c fetchd/confine.h
if SANITIZERS
bin_postern_gss_SOURCES += fetchd/netmain-sanitized.c
endif
bin_postern_gss_CFLAGS = $(AM_CFLAGS) $(KRB5_CFLAGS)
bin_postern_gss_LDADD = libpostern-fetchd.a $(LINK_net) $(SECCOMP_LIBS) $(KRB5_LIBS)

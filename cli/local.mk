CLI_SEARCH = \
	cli/command.h cli/context.c cli/options.c \
	cli/output.c cli/output.h \
	cli/program.c cli/program.h \
	cli/search-format.c cli/search-format.h \
	cli/search-list.c cli/search-list.h \
	cli/searching.c cli/searching.h

CLI_ALL = \
	cli/all.c cli/all.h cli/meet.c $(CLI_SEARCH) \
	cli/delivery.c cli/delivery.h cli/delivery-tell.c \
	cli/doctor.c cli/doctor.h cli/doctor-config.c cli/doctor-freemail.c cli/doctor-key.c cli/doctor-login.c cli/doctor-outbox.c \
	cli/doctor-password.c cli/doctor-published.c cli/doctor-ports.c cli/doctor-print.c cli/doctor-report.c \
	cli/doctor-server.c cli/doctor-store.c cli/doctor-tls.c \
	cli/composing.c cli/composing.h cli/draft.c cli/draft.h \
	cli/editor.c cli/editor.h cli/editplace.c cli/editplace.h \
	cli/key.h cli/key-print.c cli/cmd-key.c cli/cmd-key-find.c cli/cmd-key-generate.c cli/cmd-key-import.c \
	cli/cmd-key-list.c cli/cmd-key-rotate.c cli/cmd-key-trust.c \
	cli/original.c cli/original.h \
	cli/json.c cli/json.h \
	cli/meter.c cli/meter.h \
	cli/posting.c cli/posting.h \
	cli/progress.c cli/progress.h \
	cli/protect.c cli/protect.h \
	cli/reading.h cli/reading-fetch.c cli/reading-json.c cli/reading-meeting.c \
	cli/reading-known.c cli/reading-text.c \
	cli/rsvp.c cli/rsvp.h \
	cli/outbox-list.c cli/outbox-list.h \
	cli/search-json.c cli/search-json.h \
	cli/server.c cli/server.h \
	cli/setup.c cli/setup.h \
	cli/terminal.c cli/terminal.h \
	cli/wizard.c cli/wizard.h \
	cli/writing.c cli/writing.h \
	cli/cmd-address.c cli/cmd-compact.c cli/cmd-config.c cli/cmd-doctor.c cli/cmd-draft.c cli/cmd-forward.c cli/cmd-help.c cli/cmd-import.c cli/cmd-index.c cli/cmd-init.c cli/cmd-lock.c cli/cmd-outbox.c \
	cli/cmd-export.c \
	cli/cmd-log.c cli/cmd-password.c cli/cmd-password-check.c cli/password.h cli/cmd-reply.c cli/cmd-save.c cli/cmd-search.c cli/cmd-send.c cli/cmd-sendmail.c cli/cmd-sensitive.c cli/cmd-show.c cli/cmd-status.c \
	cli/cmd-sync.c cli/cmd-tag.c cli/cmd-verify.c

bin_PROGRAMS += bin/postern
EXTRA_DIST += cli/all.map
if SANITIZERS
bin_postern_SOURCES = cli/main-sanitized.c $(CLI_ALL)
bin_postern_LDADD = $(JSON_LIBS) $(LINK_fetchd)
else
# What people call answers a search; it links little, and so starts at once. Symbols are looked up
# in the order of libraries: those with the most come first.
bin_postern_SOURCES = cli/main.c cli/all.h $(CLI_SEARCH)
bin_postern_LDFLAGS = $(AM_LDFLAGS) -Wl,--no-as-needed $(CRYPTO_LIBS) $(SQLITE_LIBS) -Wl,--as-needed
bin_postern_LDADD = $(LINK_fetchd)
# Everything else it loads from here.
pkglibexec_PROGRAMS += bin/postern-all.so
bin_postern_all_so_SOURCES = $(CLI_ALL)
bin_postern_all_so_LDFLAGS = -shared $(HARDEN_SHARED) $(MODE_CFLAGS) -Wl,--version-script=$(srcdir)/cli/all.map
bin_postern_all_so_LDADD = $(JSON_LIBS) $(LINK_fetchd)
endif

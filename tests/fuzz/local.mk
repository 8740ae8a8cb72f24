# One target per parser. Built with --enable-fuzzing each is a libFuzzer program; built without,
# tests/fuzz/replay.c runs it over its corpus folder, which is how ./check replays them.
if FUZZING
FUZZ_DRIVER =
FUZZER_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_DRIVER = tests/fuzz/replay.c
FUZZER_LINK = $(AM_LDFLAGS)
endif

FUZZ_TARGETS =
check_PROGRAMS += $(FUZZ_TARGETS)
EXTRA_DIST += tests/corpus

# make fuzz: each target for FUZZ_SECONDS, from its samples. What it finds new stays in its
# .found folder, a sample that breaks it is fuzz-<name>.broken-…
FUZZ_SECONDS = 60
FUZZ_RUNS = $(FUZZ_TARGETS:=.run)
.PHONY: fuzz $(FUZZ_RUNS)
if FUZZING
fuzz: $(FUZZ_RUNS)
$(FUZZ_RUNS): %.run: %
	@mkdir -p $*.found && echo "$*: $(FUZZ_SECONDS) s" && \
	$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix=$*.broken- $*.found \
		$(srcdir)/tests/corpus/$(subst fuzz-,,$(*F)) >$*.log 2>&1 || \
	{ tail -n 60 $*.log; echo "$*: failed, see $*.log"; exit 1; }; \
	$(SED) -n 's|^stat::number_of_executed_units: *|$*: runs |p' $*.log
else
TESTS += $(FUZZ_TARGETS)
fuzz:
	@echo 'make fuzz needs a build of its own: configure --enable-fuzzing CC=clang' >&2; exit 1
endif

FUZZ_TARGETS += tests/fuzz/fuzz-mime
tests_fuzz_fuzz_mime_SOURCES = tests/fuzz/fuzz-mime.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_mime_LDADD = $(LINK_mime)
tests_fuzz_fuzz_mime_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-calendar
tests_fuzz_fuzz_calendar_SOURCES = tests/fuzz/fuzz-calendar.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_calendar_LDADD = $(LINK_mime)
tests_fuzz_fuzz_calendar_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-draftform
tests_fuzz_fuzz_draftform_SOURCES = tests/fuzz/fuzz-draftform.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_draftform_LDADD = $(LINK_mime)
tests_fuzz_fuzz_draftform_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-given
tests_fuzz_fuzz_given_SOURCES = tests/fuzz/fuzz-given.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_given_LDADD = $(LINK_mime)
tests_fuzz_fuzz_given_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-rfc2047
tests_fuzz_fuzz_rfc2047_SOURCES = tests/fuzz/fuzz-rfc2047.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_rfc2047_LDADD = $(LINK_mime)
tests_fuzz_fuzz_rfc2047_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-mbox
tests_fuzz_fuzz_mbox_SOURCES = tests/fuzz/fuzz-mbox.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_mbox_LDADD = $(LINK_archive)
tests_fuzz_fuzz_mbox_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-guard
tests_fuzz_fuzz_guard_SOURCES = tests/fuzz/fuzz-guard.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_guard_LDADD = $(LINK_net)
tests_fuzz_fuzz_guard_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-imap
tests_fuzz_fuzz_imap_SOURCES = tests/fuzz/fuzz-imap.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_imap_LDADD = $(LINK_net)
tests_fuzz_fuzz_imap_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-line
FEED = tests/fuzz/feed.c tests/fuzz/feed.h
tests_fuzz_fuzz_line_SOURCES = tests/fuzz/fuzz-line.c $(FEED) $(FUZZ_DRIVER)
tests_fuzz_fuzz_line_LDADD = $(LINK_net)
tests_fuzz_fuzz_line_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-pop3
tests_fuzz_fuzz_pop3_SOURCES = tests/fuzz/fuzz-pop3.c $(FEED) $(FUZZ_DRIVER)
tests_fuzz_fuzz_pop3_LDADD = $(LINK_net)
tests_fuzz_fuzz_pop3_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-smtp
tests_fuzz_fuzz_smtp_SOURCES = tests/fuzz/fuzz-smtp.c $(FEED) $(FUZZ_DRIVER)
tests_fuzz_fuzz_smtp_LDADD = $(LINK_net)
tests_fuzz_fuzz_smtp_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-query
tests_fuzz_fuzz_query_SOURCES = tests/fuzz/fuzz-query.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_query_LDADD = $(LINK_store)
tests_fuzz_fuzz_query_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-config
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_config_LDADD = $(LINK_core)
tests_fuzz_fuzz_config_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-chunks
tests_fuzz_fuzz_chunks_SOURCES = tests/fuzz/fuzz-chunks.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_chunks_LDADD = $(LINK_crypto)
tests_fuzz_fuzz_chunks_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-wire
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz-wire.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_wire_LDADD = $(LINK_fetchd)
tests_fuzz_fuzz_wire_LDFLAGS = $(FUZZER_LINK)


FUZZ_TARGETS += tests/fuzz/fuzz-record
tests_fuzz_fuzz_record_SOURCES = tests/fuzz/fuzz-record.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_record_LDADD = $(LINK_store)
tests_fuzz_fuzz_record_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-sealed
tests_fuzz_fuzz_sealed_SOURCES = tests/fuzz/fuzz-sealed.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_sealed_LDADD = $(LINK_store)
tests_fuzz_fuzz_sealed_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-trace
tests_fuzz_fuzz_trace_SOURCES = tests/fuzz/fuzz-trace.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_trace_LDADD = $(LINK_net)
tests_fuzz_fuzz_trace_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-pgp-outline
tests_fuzz_fuzz_pgp_outline_SOURCES = tests/fuzz/fuzz-pgp-outline.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_pgp_outline_LDADD = $(LINK_crypto)
tests_fuzz_fuzz_pgp_outline_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-inline-pgp
tests_fuzz_fuzz_inline_pgp_SOURCES = tests/fuzz/fuzz-inline-pgp.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_inline_pgp_LDADD = $(LINK_crypto)
tests_fuzz_fuzz_inline_pgp_LDFLAGS = $(FUZZER_LINK)

FUZZ_TARGETS += tests/fuzz/fuzz-pgp-cert
tests_fuzz_fuzz_pgp_cert_SOURCES = tests/fuzz/fuzz-pgp-cert.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_pgp_cert_LDADD = $(LINK_crypto)
tests_fuzz_fuzz_pgp_cert_LDFLAGS = $(FUZZER_LINK)

UNIT_NET = \
	tests/unit/net/test-connect \
	tests/unit/net/test-deadline \
	tests/unit/net/test-deflate \
	tests/unit/net/test-discover \
	tests/unit/net/test-guard \
	tests/unit/net/test-guard-scan \
	tests/unit/net/test-hello \
	tests/unit/net/test-imap \
	tests/unit/net/test-imap-changes \
	tests/unit/net/test-imap-hostile \
	tests/unit/net/test-imap-headers \
	tests/unit/net/test-imap-idle \
	tests/unit/net/test-imap-append \
	tests/unit/net/test-imap-login \
	tests/unit/net/test-imap-sizes \
	tests/unit/net/test-line \
	tests/unit/net/test-mailboxname \
	tests/unit/net/test-pop3 \
	tests/unit/net/test-probe \
	tests/unit/net/test-sasl \
	tests/unit/net/test-scram \
	tests/unit/net/test-token \
	tests/unit/net/test-submission \
	tests/unit/net/test-submission-faults \
	tests/unit/net/test-tls \
	tests/unit/net/test-trace
check_PROGRAMS += $(UNIT_NET)
TESTS += $(UNIT_NET)

OWN_NETWORK = tests/unit/net/own-network.c tests/unit/net/own-network.h
tests_unit_net_test_probe_SOURCES = tests/unit/net/test-probe.c $(OWN_NETWORK)
tests_unit_net_test_probe_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_connect_SOURCES = tests/unit/net/test-connect.c $(OWN_NETWORK)
tests_unit_net_test_connect_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_discover_SOURCES = tests/unit/net/test-discover.c $(OWN_NETWORK)
tests_unit_net_test_discover_LDADD = $(LINK_net) $(UNIT_LIBS)
PEER = tests/unit/net/tls-peer.c tests/unit/net/tls-peer.h
FAST_CLOCK = tests/unit/net/fast-clock.c tests/unit/net/fast-clock.h
tests_unit_net_test_deadline_SOURCES = \
	tests/unit/net/test-deadline.c $(FAST_CLOCK) $(OWN_NETWORK) $(PEER)
tests_unit_net_test_deadline_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_hello_SOURCES = tests/unit/net/test-hello.c $(PEER)
tests_unit_net_test_hello_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_line_SOURCES = tests/unit/net/test-line.c $(PEER)
tests_unit_net_test_line_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_pop3_SOURCES = tests/unit/net/test-pop3.c $(PEER)
tests_unit_net_test_pop3_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_sasl_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_scram_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_token_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_trace_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_submission_SOURCES = \
	tests/unit/net/test-submission.c $(PEER)
tests_unit_net_test_submission_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_submission_faults_SOURCES = \
	tests/unit/net/test-submission-faults.c $(PEER)
tests_unit_net_test_submission_faults_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_tls_SOURCES = tests/unit/net/test-tls.c $(PEER)
tests_unit_net_test_tls_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_guard_scan_LDADD = $(LINK_net) $(UNIT_LIBS)
IMAP_TALK = tests/unit/net/imap-talk.c tests/unit/net/imap-talk.h $(PEER)
tests_unit_net_test_deflate_SOURCES = tests/unit/net/test-deflate.c $(IMAP_TALK)
tests_unit_net_test_deflate_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_guard_SOURCES = tests/unit/net/test-guard.c $(IMAP_TALK)
tests_unit_net_test_guard_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_imap_SOURCES = tests/unit/net/test-imap.c $(IMAP_TALK)
tests_unit_net_test_imap_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_imap_changes_SOURCES = tests/unit/net/test-imap-changes.c $(IMAP_TALK)
tests_unit_net_test_imap_changes_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_imap_hostile_SOURCES = tests/unit/net/test-imap-hostile.c $(IMAP_TALK)
tests_unit_net_test_imap_hostile_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_imap_append_SOURCES = tests/unit/net/test-imap-append.c $(IMAP_TALK)
tests_unit_net_test_imap_append_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_imap_idle_SOURCES = tests/unit/net/test-imap-idle.c $(FAST_CLOCK) $(IMAP_TALK)
tests_unit_net_test_imap_idle_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_imap_login_SOURCES = tests/unit/net/test-imap-login.c $(IMAP_TALK)
tests_unit_net_test_imap_login_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_imap_headers_SOURCES = tests/unit/net/test-imap-headers.c $(IMAP_TALK)
tests_unit_net_test_imap_headers_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_imap_sizes_SOURCES = tests/unit/net/test-imap-sizes.c $(IMAP_TALK)
tests_unit_net_test_imap_sizes_LDADD = $(LINK_net) $(UNIT_LIBS)
tests_unit_net_test_mailboxname_LDADD = $(LINK_net) $(UNIT_LIBS)

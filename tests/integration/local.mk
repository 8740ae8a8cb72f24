# Scripts that need the whole product; each makes its own world (tests/lib/).
INTEGRATION = \
	tests/integration/cmd-config.sh \
	tests/integration/cmd-daemon.sh \
	tests/integration/cmd-deliver.sh \
	tests/integration/cmd-doctor.sh \
	tests/integration/cmd-draft.sh \
	tests/integration/cmd-fetch-compressed.sh \
	tests/integration/cmd-fetch-imap.sh \
	tests/integration/cmd-fetch-pop3.sh \
	tests/integration/cmd-fetch-together.sh \
	tests/integration/cmd-flags.sh \
	tests/integration/cmd-help.sh \
	tests/integration/cmd-import.sh \
	tests/integration/cmd-index.sh \
	tests/integration/cmd-interrupt.sh \
	tests/integration/cmd-init.sh \
	tests/integration/cmd-json.sh \
	tests/integration/cmd-kerberos.sh \
	tests/integration/cmd-key.sh \
	tests/integration/cmd-key-find.sh \
	tests/integration/cmd-keyring.sh \
	tests/integration/cmd-lock.sh \
	tests/integration/cmd-login.sh \
	tests/integration/cmd-outbox.sh tests/integration/cmd-outbox-sent.sh \
	tests/integration/cmd-password.sh \
	tests/integration/cmd-reply.sh \
	tests/integration/cmd-save.sh \
	tests/integration/cmd-search.sh \
	tests/integration/cmd-tag.sh \
	tests/integration/search-oracle.sh \
	tests/integration/cmd-sendmail.sh tests/integration/cmd-sent.sh \
	tests/integration/search-together.sh \
	tests/integration/cmd-send.sh \
	tests/integration/cmd-send-copies.sh \
	tests/integration/cmd-send-servers.sh \
	tests/integration/cmd-show.sh \
	tests/integration/cmd-status.sh \
	tests/integration/cmd-token.sh \
	tests/integration/cmd-usage.sh \
	tests/integration/cmd-verify.sh \
	tests/integration/imap-news.sh \
	tests/integration/p1-no-plaintext.sh \
	tests/integration/p1-no-way-around.sh \
	tests/integration/p10-refusals.sh \
	tests/integration/p2-discovery.sh \
	tests/integration/p2-names.sh \
	tests/integration/p2-only-company.sh \
	tests/integration/p2-tunnel.sh \
	tests/integration/p3-certificates.sh \
	tests/integration/p3-login-refused.sh \
	tests/integration/p4-nothing-readable.sh \
	tests/integration/p4-secrets-in-memory.sh \
	tests/integration/p4-sensitive.sh \
	tests/integration/p4-trace.sh \
	tests/integration/p5-keys.sh \
	tests/integration/p5-public-keys-only.sh \
	tests/integration/p6-faults.sh \
	tests/integration/p6-kill.sh \
	tests/integration/p6-odd-servers.sh \
	tests/integration/p6-readback.sh \
	tests/integration/p6-restore.sh \
	tests/integration/p6-too-large.sh \
	tests/integration/p7-no-false-trust.sh \
	tests/integration/p8-child.sh \
	tests/integration/p8-hostile-server.sh \
	tests/integration/p8-memory.sh \
	tests/integration/p8-terminal.sh \
	tests/integration/p9-no-way-out.sh \
	tests/integration/p9-what-leaves.sh
TESTS += $(INTEGRATION)
SH_LOG_COMPILER = sh
EXTRA_DIST += demo .ci/run $(INTEGRATION) \
	tests/lib/company.sh \
	tests/lib/exim.sh tests/lib/gss_server.py \
	tests/lib/hostile.py \
	tests/lib/hostile.sh \
	tests/lib/hostile_dns.py \
	tests/lib/hostile_imap.py \
	tests/lib/hostile_pop3.py \
	tests/lib/hostile_smtp.py tests/lib/imap-do.py \
	tests/lib/kerberos.sh \
	tests/lib/lsan.supp \
	tests/lib/lmtp-server.py \
	tests/lib/on-terminal.py \
	tests/lib/make-mail.py \
	tests/lib/memory-keys.py \
	tests/lib/memory-search.py \
	tests/lib/namespace.sh \
	tests/lib/packages \
	tests/lib/packages.sh \
	tests/lib/read-letter.py \
	tests/lib/read-rsvp.py \
	tests/lib/search-oracle.py tests/lib/search-together.py \
	tests/lib/same-mail.py \
	tests/lib/tap.sh \
	tests/lib/token-server.py \
	tests/lib/user.sh \
	tests/lib/wkd_server.py

# Looks at the sources alone.
TESTS += tests/integration/arrows.sh
EXTRA_DIST += tests/integration/arrows.sh

check_PROGRAMS += tests/lib/imap-news
tests_lib_imap_news_SOURCES = tests/lib/imap-news.c
tests_lib_imap_news_LDADD = $(LINK_net)

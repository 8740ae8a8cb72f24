# make soak: what takes hours. One fault at every byte of a session, on real servers; a mailbox of a million
# messages; Cyrus and Courier; moving in from other programs; the mailers that send through postern sendmail, and those
# that read what is sent.
EXTRA_DIST += tests/soak/faults.py tests/soak/faults.sh tests/soak/mailers.sh tests/soak/million.py tests/soak/million.sh tests/soak/moving.sh \
	tests/soak/other-servers.sh tests/soak/others.py tests/soak/peak.py tests/soak/readers.sh tests/soak/sensitive.sh

SOAK_SAMPLES = 1000
.PHONY: soak
soak: all
	printf '%s/8\n' 1 2 3 4 5 6 7 8 | srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		xargs -P 8 -I'{}' $(SHELL) $(abs_top_srcdir)/tests/soak/faults.sh tiny 'imap pop3' --full --part '{}'
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		$(SHELL) $(abs_top_srcdir)/tests/soak/faults.sh believable 'imap pop3' --samples $(SOAK_SAMPLES)
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' $(SHELL) $(abs_top_srcdir)/tests/soak/million.sh
	for seed in 1 2 3 4 5 6; do \
		ORACLE_SEED=$$seed ORACLE_MESSAGES=5000 ORACLE_QUERIES=2000 srcdir='$(abs_top_srcdir)' \
			builddir='$(abs_top_builddir)' $(SHELL) $(abs_top_srcdir)/tests/integration/search-oracle.sh || exit; \
	done
	ORACLE_SEED=7 ORACLE_MESSAGES=21500 ORACLE_QUERIES=2000 srcdir='$(abs_top_srcdir)' \
		builddir='$(abs_top_builddir)' $(SHELL) $(abs_top_srcdir)/tests/integration/search-oracle.sh
	SENT_KILLS=200 srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		$(SHELL) $(abs_top_srcdir)/tests/integration/cmd-sent.sh
	TOGETHER_SECONDS=600 srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		$(SHELL) $(abs_top_srcdir)/tests/integration/search-together.sh
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' $(SHELL) $(abs_top_srcdir)/tests/soak/sensitive.sh
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' $(SHELL) $(abs_top_srcdir)/tests/soak/moving.sh
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' $(SHELL) $(abs_top_srcdir)/tests/soak/mailers.sh
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' $(SHELL) $(abs_top_srcdir)/tests/soak/readers.sh
	LARGE=100 srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		$(SHELL) $(abs_top_srcdir)/tests/integration/p4-nothing-readable.sh
	for server in cyrus courier; do \
		srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
			$(SHELL) $(abs_top_srcdir)/tests/soak/other-servers.sh $$server || exit; \
	done

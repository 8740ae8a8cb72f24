# make soak: what takes hours. One fault at every byte of a session, on real servers; a mailbox of a million
# messages.
EXTRA_DIST += tests/soak/faults.py tests/soak/faults.sh tests/soak/million.py tests/soak/million.sh tests/soak/peak.py

SOAK_SAMPLES = 1000
.PHONY: soak
soak: all
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
		$(SHELL) $(abs_top_srcdir)/tests/soak/faults.sh --full cut --samples $(SOAK_SAMPLES)
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' $(SHELL) $(abs_top_srcdir)/tests/soak/million.sh

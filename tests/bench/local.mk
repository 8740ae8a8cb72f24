# make bench: Postern beside its peers, on one server and the same mail; figures are ratios of one run.
BENCHES = tests/bench/drain tests/bench/index-rate tests/bench/seal-rate tests/bench/vault-rate
EXTRA_PROGRAMS = $(BENCHES)
tests_bench_drain_LDADD = $(SSL_LIBS) $(GLIB_LIBS)
tests_bench_index_rate_SOURCES = tests/bench/index-rate.c \
	tests/unit/store/mailbox.c tests/unit/store/mailbox.h
tests_bench_index_rate_LDADD = $(LINK_store)
tests_bench_index_rate_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sealed_open
tests_bench_seal_rate_SOURCES = tests/bench/seal-rate.c $(GNUPG_HOME)
tests_bench_seal_rate_LDADD = $(LINK_crypto)
tests_bench_vault_rate_LDADD = $(LINK_store)
EXTRA_DIST += tests/bench/fetch.sh tests/bench/measure.py tests/bench/packages tests/bench/search.sh \
	tests/bench/slow-way.py tests/bench/world.sh

.PHONY: bench
bench: all $(BENCHES)
	@. $(srcdir)/tests/lib/packages.sh && packages_install $(abs_top_srcdir) tests/bench/packages
	@echo '## Sealing in memory'; srcdir='$(srcdir)' tests/bench/seal-rate
	@echo '## The index beside plain SQLite'; tests/bench/index-rate
	@for script in fetch search; do \
		srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
			$(SHELL) $(abs_top_srcdir)/tests/bench/$$script.sh || exit; \
	done

UNIT_CRYPTO = \
	tests/unit/crypto/test-aead
check_PROGRAMS += $(UNIT_CRYPTO)
TESTS += $(UNIT_CRYPTO)

tests_unit_crypto_test_aead_LDADD = $(LINK_crypto) $(UNIT_LIBS)

EXTRA_PROGRAMS = tests/bench/seal-rate
tests_bench_seal_rate_LDADD = $(LINK_crypto)

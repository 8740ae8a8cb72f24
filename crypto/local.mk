noinst_LIBRARIES += libpostern-crypto.a
libpostern_crypto_a_SOURCES = \
	crypto/aead.c crypto/aead.h

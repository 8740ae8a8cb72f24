noinst_LIBRARIES += libpostern-crypto.a
libpostern_crypto_a_SOURCES = \
	crypto/aead.c crypto/aead.h \
	crypto/batchkey.c crypto/seal.h \
	crypto/chunk.c crypto/chunk.h \
	crypto/chunk-open.c \
	crypto/chunk-seal.c

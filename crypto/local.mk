noinst_LIBRARIES += libpostern-crypto.a
libpostern_crypto_a_SOURCES = \
	crypto/aead.c crypto/aead.h \
	crypto/batchkey.c crypto/seal.h \
	crypto/chunk.c crypto/chunk.h \
	crypto/chunk-open.c \
	crypto/chunk-seal.c \
	crypto/keyring.c crypto/keyring.h \
	crypto/password.c crypto/password.h \
	crypto/pgp.c crypto/pgp.h crypto/pgp-internal.h \
	crypto/pgp-agent.c \
	crypto/pgp-crypt.c \
	crypto/pgp-keys.c \
	crypto/pgp-trust.c \
	crypto/pgp-verify.c \
	crypto/pgp-wrap.c \
	crypto/pgpmime.c crypto/pgpmime.h \
	crypto/pgpmime-finish.c \
	crypto/protected.c crypto/protected.h \
	crypto/strength.c crypto/strength.h \
	crypto/trial.c crypto/trial.h \
	crypto/unlock.c crypto/unlock.h

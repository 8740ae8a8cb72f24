noinst_LIBRARIES += libpostern-crypto.a
libpostern_crypto_a_SOURCES = \
	crypto/aead.c crypto/aead.h \
	crypto/batchkey.c crypto/seal.h \
	crypto/chunk.c crypto/chunk.h \
	crypto/chunk-open.c \
	crypto/chunk-seal.c \
	crypto/keyfind.c crypto/keyfind.h \
	crypto/keyring.c crypto/keyring.h \
	crypto/doubts.c crypto/doubts.h \
	crypto/inline-pgp.c crypto/inline-pgp.h \
	crypto/layer.c crypto/layer.h \
	crypto/password.c crypto/password.h \
	crypto/pgp.c crypto/pgp.h crypto/pgp-internal.h \
	crypto/pgp-agent.c \
	crypto/pgp-cert.c crypto/pgp-cert.h \
	crypto/pgp-crypt.c \
	crypto/pgp-home.c \
	crypto/pgp-keys.c \
	crypto/pgp-trust.c \
	crypto/pgp-packet.c crypto/pgp-packet.h \
	crypto/pgp-verify.c \
	crypto/pgp-wrap.c \
	crypto/pgp-outline.c crypto/pgp-outline.h \
	crypto/pgpmime.c crypto/pgpmime.h crypto/pgpmime-internal.h \
	crypto/pgpmime-doubts.c \
	crypto/pgpmime-headers.c \
	crypto/pgpmime-part.c \
	crypto/pgpmime-text.c \
	crypto/smime.c crypto/smime.h \
	crypto/pgpmime-finish.c \
	crypto/protected.c crypto/protected.h \
	crypto/session.c crypto/session.h \
	crypto/strength.c crypto/strength.h \
	crypto/trial.c crypto/trial.h \
	crypto/unlock.c crypto/unlock.h crypto/unlock-cache.c

# gpgsm, kept offline.
pkglibexec_PROGRAMS += bin/postern-gpgsm bin/postern-gpgsm-quiet
bin_postern_gpgsm_SOURCES = crypto/gpgsmmain.c
bin_postern_gpgsm_LDADD =
bin_postern_gpgsm_quiet_SOURCES = crypto/gpgsmmain.c
bin_postern_gpgsm_quiet_CPPFLAGS = $(AM_CPPFLAGS) -DQUIET
bin_postern_gpgsm_quiet_LDADD =

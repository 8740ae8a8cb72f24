UNIT_CRYPTO = \
	tests/unit/crypto/test-aead \
	tests/unit/crypto/test-batchkey \
	tests/unit/crypto/test-chunk \
	tests/unit/crypto/test-chunk-forged \
	tests/unit/crypto/test-doubts \
	tests/unit/crypto/test-inline-pgp \
	tests/unit/crypto/test-layer \
	tests/unit/crypto/test-password \
	tests/unit/crypto/test-password-deadline \
	tests/unit/crypto/test-pgp-cert \
	tests/unit/crypto/test-pgp-agent \
	tests/unit/crypto/test-pgp-crypt \
	tests/unit/crypto/test-pgp-faults \
	tests/unit/crypto/test-keyfind \
	tests/unit/crypto/test-keyring \
	tests/unit/crypto/test-pgp-keys \
	tests/unit/crypto/test-pgp-odd \
	tests/unit/crypto/test-pgp-outline \
	tests/unit/crypto/test-pgp-verdicts \
	tests/unit/crypto/test-pgp-verify \
	tests/unit/crypto/test-pgp-wrap \
	tests/unit/crypto/test-pgpmime \
	tests/unit/crypto/test-pgpmime-encrypted \
	tests/unit/crypto/test-pgpmime-headers \
	tests/unit/crypto/test-pgpmime-odd \
	tests/unit/crypto/test-pgpmime-part \
	tests/unit/crypto/test-pgpmime-text \
	tests/unit/crypto/test-session \
	tests/unit/crypto/test-smime \
	tests/unit/crypto/test-spoofing \
	tests/unit/crypto/test-smime-faults \
	tests/unit/crypto/test-strength \
	tests/unit/crypto/test-trial \
	tests/unit/crypto/test-unlock \
	tests/unit/crypto/test-vectors
check_PROGRAMS += $(UNIT_CRYPTO)
TESTS += $(UNIT_CRYPTO) tests/unit/crypto/read-vectors.sh

VECTORS = tests/lib/vectors.c tests/lib/vectors.h
DIES = tests/lib/dies.c tests/lib/dies.h
GNUPG_HOME = tests/lib/gnupg-home.c tests/lib/gnupg-home.h
MAIL_FIXTURE = tests/unit/crypto/mail-fixture.c tests/unit/crypto/mail-fixture.h $(GNUPG_HOME)
EXTRA_DIST += tests/lib/gnupg-home.sh tests/lib/pinentry.sh tests/lib/smime.sh \
	tests/unit/crypto/read-vectors.sh \
	tests/lib/make-bomb.py \
	tests/lib/make-vectors.py \
	tests/lib/read-vault.py \
	tests/lib/read-vectors.py \
	tests/lib/vault_format.py \
	tests/vectors/pages.ini \
	tests/vectors/seal.ini

tests_unit_crypto_test_trial_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_trial_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pgp_wrap \
	-Wl,--wrap=pgp_unwrap -Wl,--wrap=pgp_unwrap_quietly
tests_unit_crypto_test_keyfind_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_keyfind_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=gpgme_new \
	-Wl,--wrap=gpgme_engine_check_version -Wl,--wrap=gpgme_set_protocol \
	-Wl,--wrap=gpgme_ctx_set_engine_info -Wl,--wrap=gpgme_get_dirinfo -Wl,--wrap=g_spawn_sync \
	-Wl,--wrap=gpgme_op_assuan_transact_start -Wl,--wrap=gpgme_wait_ext -Wl,--wrap=gpgme_cancel \
	-Wl,--wrap=g_get_monotonic_time
tests_unit_crypto_test_smime_faults_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_smime_faults_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=gpgme_new \
	-Wl,--wrap=gpgme_engine_check_version -Wl,--wrap=gpgme_set_protocol \
	-Wl,--wrap=gpgme_op_verify -Wl,--wrap=gpgme_op_verify_result -Wl,--wrap=gpgme_op_decrypt \
	-Wl,--wrap=paths_program
tests_unit_crypto_test_aead_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_batchkey_LDADD = $(LINK_crypto) $(UNIT_LIBS)
CHUNK_FIXTURE = tests/unit/crypto/chunk-fixture.c tests/unit/crypto/chunk-fixture.h
tests_unit_crypto_test_chunk_SOURCES = tests/unit/crypto/test-chunk.c $(CHUNK_FIXTURE)
tests_unit_crypto_test_chunk_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_chunk_forged_SOURCES = tests/unit/crypto/test-chunk-forged.c $(CHUNK_FIXTURE)
tests_unit_crypto_test_chunk_forged_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_keys_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_keyring_SOURCES = tests/unit/crypto/test-keyring.c $(GNUPG_HOME)
tests_unit_crypto_test_keyring_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_keys_SOURCES = tests/unit/crypto/test-pgp-keys.c $(GNUPG_HOME)
tests_unit_crypto_test_pgp_odd_SOURCES = tests/unit/crypto/test-pgp-odd.c $(MAIL_FIXTURE)
tests_unit_crypto_test_pgp_odd_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_cert_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_crypt_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_crypt_SOURCES = tests/unit/crypto/test-pgp-crypt.c $(GNUPG_HOME)
tests_unit_crypto_test_pgp_verify_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_verify_SOURCES = tests/unit/crypto/test-pgp-verify.c $(GNUPG_HOME)
tests_unit_crypto_test_password_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_password_deadline_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_inline_pgp_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_layer_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_strength_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pwquality_check \
	-Wl,--wrap=pwquality_default_settings
tests_unit_crypto_test_strength_SOURCES = tests/unit/crypto/test-strength.c $(DIES)
tests_unit_crypto_test_strength_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_unlock_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=add_key \
	-Wl,--wrap=keyctl_set_timeout -Wl,--wrap=keyctl_setperm
tests_unit_crypto_test_unlock_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_unlock_SOURCES = tests/unit/crypto/test-unlock.c $(GNUPG_HOME)
tests_unit_crypto_test_pgpmime_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgpmime_SOURCES = tests/unit/crypto/test-pgpmime.c $(MAIL_FIXTURE)
tests_unit_crypto_test_pgpmime_encrypted_SOURCES = tests/unit/crypto/test-pgpmime-encrypted.c $(MAIL_FIXTURE)
tests_unit_crypto_test_pgpmime_encrypted_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_vectors_SOURCES = tests/unit/crypto/test-vectors.c $(VECTORS)
tests_unit_crypto_test_vectors_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_wrap_SOURCES = tests/unit/crypto/test-pgp-wrap.c $(GNUPG_HOME)
tests_unit_crypto_test_pgp_wrap_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_outline_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgpmime_part_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgpmime_part_SOURCES = tests/unit/crypto/test-pgpmime-part.c $(MAIL_FIXTURE)
tests_unit_crypto_test_pgpmime_text_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgpmime_text_SOURCES = tests/unit/crypto/test-pgpmime-text.c $(MAIL_FIXTURE)
tests_unit_crypto_test_doubts_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgpmime_headers_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgpmime_headers_SOURCES = tests/unit/crypto/test-pgpmime-headers.c $(MAIL_FIXTURE)
tests_unit_crypto_test_pgpmime_odd_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgpmime_odd_SOURCES = tests/unit/crypto/test-pgpmime-odd.c $(MAIL_FIXTURE)
tests_unit_crypto_test_session_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=gpgme_get_dirinfo
tests_unit_crypto_test_password_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=read -Wl,--wrap=write \
	-Wl,--wrap=g_unix_open_pipe -Wl,--wrap=interrupted
tests_unit_crypto_test_session_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_session_SOURCES = tests/unit/crypto/test-session.c $(GNUPG_HOME) $(DIES)
tests_unit_crypto_test_spoofing_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_spoofing_SOURCES = tests/unit/crypto/test-spoofing.c $(MAIL_FIXTURE)
tests_unit_crypto_test_smime_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_smime_SOURCES = tests/unit/crypto/test-smime.c $(MAIL_FIXTURE)
CLEANFILES += tests/unit/crypto/postern-gpgsm tests/unit/crypto/postern-gpgsm-quiet

# The calls that fail there, each once.
GPGME_FAULTS = \
	-Wl,--wrap=gpgme_engine_check_version \
	-Wl,--wrap=gpgme_new \
	-Wl,--wrap=gpgme_set_protocol \
	-Wl,--wrap=gpgme_set_pinentry_mode \
	-Wl,--wrap=gpgme_get_key \
	-Wl,--wrap=gpgme_signers_add \
	-Wl,--wrap=gpgme_op_keylist_start \
	-Wl,--wrap=gpgme_op_keylist_next \
	-Wl,--wrap=gpgme_op_keylist_end \
	-Wl,--wrap=gpgme_op_keylist_from_data_start \
	-Wl,--wrap=gpgme_op_import \
	-Wl,--wrap=gpgme_op_export_keys \
	-Wl,--wrap=gpgme_op_encrypt \
	-Wl,--wrap=gpgme_op_encrypt_sign \
	-Wl,--wrap=gpgme_op_sign \
	-Wl,--wrap=gpgme_op_decrypt \
	-Wl,--wrap=gpgme_op_decrypt_verify \
	-Wl,--wrap=gpgme_op_verify \
	-Wl,--wrap=gpgme_op_keysign \
	-Wl,--wrap=gpgme_op_createkey \
	-Wl,--wrap=gpgme_op_assuan_transact_ext \
	-Wl,--wrap=gpgme_op_import_result \
	-Wl,--wrap=gpgme_op_encrypt_result \
	-Wl,--wrap=gpgme_op_sign_result \
	-Wl,--wrap=gpgme_op_decrypt_result \
	-Wl,--wrap=gpgme_op_verify_result \
	-Wl,--wrap=gpgme_op_genkey_result \
	-Wl,--wrap=gpgme_check_version_internal \
	-Wl,--wrap=gpgme_set_ctx_flag \
	-Wl,--wrap=gpgme_get_dirinfo \
	-Wl,--wrap=gpgme_data_new_from_mem \
	-Wl,--wrap=gpgme_data_new_from_cbs \
	-Wl,--wrap=g_thread_try_new
tests_unit_crypto_test_pgp_faults_SOURCES = tests/unit/crypto/test-pgp-faults.c \
	tests/unit/crypto/gpgme-faults.c tests/unit/crypto/gpgme-faults.h $(MAIL_FIXTURE) $(DIES)
tests_unit_crypto_test_pgp_faults_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_faults_LDFLAGS = $(AM_LDFLAGS) $(GPGME_FAULTS)

tests_unit_crypto_test_pgp_verdicts_SOURCES = tests/unit/crypto/test-pgp-verdicts.c $(MAIL_FIXTURE)
tests_unit_crypto_test_pgp_verdicts_LDADD = $(LINK_crypto) $(UNIT_LIBS)
tests_unit_crypto_test_pgp_verdicts_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=gpgme_get_key \
	-Wl,--wrap=gpgme_op_verify -Wl,--wrap=gpgme_op_verify_result \
	-Wl,--wrap=gpgme_ctx_set_engine_info -Wl,--wrap=paths_program
tests_unit_crypto_test_pgp_agent_SOURCES = tests/unit/crypto/test-pgp-agent.c $(MAIL_FIXTURE)
tests_unit_crypto_test_pgp_agent_LDADD = $(LINK_crypto) $(UNIT_LIBS)

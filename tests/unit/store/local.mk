UNIT_STORE = \
	tests/unit/store/test-index \
	tests/unit/store/test-index-address \
	tests/unit/store/test-index-check \
	tests/unit/store/test-index-full \
	tests/unit/store/test-index-heard \
	tests/unit/store/test-index-order \
	tests/unit/store/test-index-thread \
	tests/unit/store/test-query \
	tests/unit/store/test-query-explain \
	tests/unit/store/test-rowset \
	tests/unit/store/test-tokenizer

UNIT_STORE += \
	tests/unit/store/test-absorb \
	tests/unit/store/test-absorb-encrypted \
	tests/unit/store/test-absorb-places \
	tests/unit/store/test-agree \
	tests/unit/store/test-compact \
	tests/unit/store/test-layout \
	tests/unit/store/test-matchkey \
	tests/unit/store/test-page-vectors \
	tests/unit/store/test-ranges \
	tests/unit/store/test-sealedpage \
	tests/unit/store/test-sealedvfs \
	tests/unit/store/test-sealedvfs-crash \
	tests/unit/store/test-sealedvfs-damage \
	tests/unit/store/test-sealedvfs-faults \
	tests/unit/store/test-sealedvfs-secrecy \
	tests/unit/store/test-share \
	tests/unit/store/test-tagging \
	tests/unit/store/test-tagtext \
	tests/unit/store/test-vault \
	tests/unit/store/test-vault-beside \
	tests/unit/store/test-vault-sealing \
	tests/unit/store/test-vault-check \
	tests/unit/store/test-vault-crash \
	tests/unit/store/test-vault-draft tests/unit/store/test-vault-runs \
	tests/unit/store/test-vault-format \
	tests/unit/store/test-vault-limits \
	tests/unit/store/test-vault-import \
	tests/unit/store/test-vault-logins \
	tests/unit/store/test-vault-copy \
	tests/unit/store/test-vault-outbox tests/unit/store/test-vault-outbox-key \
	tests/unit/store/test-vault-place \
	tests/unit/store/test-vault-read \
	tests/unit/store/test-vault-pending \
	tests/unit/store/test-vault-session \
	tests/unit/store/test-vault-single \
	tests/unit/store/test-vault-skipped \
	tests/unit/store/test-vault-writer

check_PROGRAMS += $(UNIT_STORE)
TESTS += $(UNIT_STORE)

INDEX_FIXTURE = \
	tests/unit/store/index-fixture.c tests/unit/store/index-fixture.h \
	tests/unit/store/mailbox.c tests/unit/store/mailbox.h
tests_unit_store_test_index_SOURCES = tests/unit/store/test-index.c $(INDEX_FIXTURE)
tests_unit_store_test_index_address_SOURCES = tests/unit/store/test-index-address.c $(INDEX_FIXTURE)
tests_unit_store_test_index_address_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_index_check_SOURCES = tests/unit/store/test-index-check.c $(INDEX_FIXTURE)
tests_unit_store_test_index_check_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_index_heard_SOURCES = tests/unit/store/test-index-heard.c $(INDEX_FIXTURE)
tests_unit_store_test_index_heard_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_index_full_SOURCES = tests/unit/store/test-index-full.c $(INDEX_FIXTURE)
tests_unit_store_test_index_full_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_index_order_SOURCES = tests/unit/store/test-index-order.c $(INDEX_FIXTURE)
tests_unit_store_test_index_order_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_index_thread_SOURCES = tests/unit/store/test-index-thread.c $(INDEX_FIXTURE)
tests_unit_store_test_index_thread_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_index_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_query_explain_SOURCES = tests/unit/store/test-query-explain.c $(INDEX_FIXTURE)
tests_unit_store_test_query_explain_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_query_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_rowset_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_ranges_LDADD = $(LINK_store) $(UNIT_LIBS)

tests_unit_store_test_page_vectors_SOURCES = tests/unit/store/test-page-vectors.c $(VECTORS)
tests_unit_store_test_page_vectors_LDADD = $(LINK_store) $(UNIT_LIBS)
SEALED_FIXTURE = tests/unit/store/sealed-fixture.c tests/unit/store/sealed-fixture.h
tests_unit_store_test_sealedpage_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_sealedvfs_SOURCES = tests/unit/store/test-sealedvfs.c $(SEALED_FIXTURE)
tests_unit_store_test_sealedvfs_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_sealedvfs_crash_SOURCES = \
	tests/unit/store/test-sealedvfs-crash.c $(SEALED_FIXTURE)
tests_unit_store_test_sealedvfs_crash_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_sealedvfs_damage_SOURCES = \
	tests/unit/store/test-sealedvfs-damage.c $(SEALED_FIXTURE)
tests_unit_store_test_sealedvfs_damage_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_sealedvfs_faults_SOURCES = \
	tests/unit/store/test-sealedvfs-faults.c $(SEALED_FIXTURE)
tests_unit_store_test_sealedvfs_faults_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_sealedvfs_faults_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sqlite3_exec \
	-Wl,--wrap=sqlite3_file_control -Wl,--wrap=sqlite3_close -Wl,--wrap=sqlite3_db_config \
	-Wl,--wrap=sqlite3_vfs_register -Wl,--wrap=link
tests_unit_store_test_sealedvfs_secrecy_SOURCES = \
	tests/unit/store/test-sealedvfs-secrecy.c $(SEALED_FIXTURE)
tests_unit_store_test_sealedvfs_secrecy_LDADD = $(LINK_store) $(UNIT_LIBS)

tests_unit_store_test_tokenizer_LDADD = $(LINK_store) $(UNIT_LIBS)

VAULT_FIXTURE = tests/unit/store/fixture.c tests/unit/store/fixture.h
tests_unit_store_test_vault_SOURCES = tests/unit/store/test-vault.c $(VAULT_FIXTURE)
tests_unit_store_test_layout_SOURCES = tests/unit/store/test-layout.c $(VAULT_FIXTURE)
tests_unit_store_test_layout_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_matchkey_SOURCES = tests/unit/store/test-matchkey.c $(VAULT_FIXTURE)
tests_unit_store_test_matchkey_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_LDADD = $(LINK_store) $(UNIT_LIBS)
ABSORB_FIXTURE = tests/unit/store/absorb-fixture.c tests/unit/store/absorb-fixture.h $(VAULT_FIXTURE)
tests_unit_store_test_absorb_encrypted_SOURCES = tests/unit/store/test-absorb-encrypted.c $(ABSORB_FIXTURE) $(GNUPG_HOME)
tests_unit_store_test_absorb_encrypted_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_absorb_SOURCES = tests/unit/store/test-absorb.c $(ABSORB_FIXTURE)
tests_unit_store_test_absorb_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_check_SOURCES = tests/unit/store/test-vault-check.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_check_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_crash_SOURCES = tests/unit/store/test-vault-crash.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_crash_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_format_SOURCES = \
	tests/unit/store/test-vault-format.c $(VAULT_FIXTURE) $(GNUPG_HOME)
tests_unit_store_test_vault_format_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_runs_SOURCES = tests/unit/store/test-vault-runs.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_runs_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_draft_SOURCES = tests/unit/store/test-vault-draft.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_draft_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_limits_SOURCES = tests/unit/store/test-vault-limits.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_limits_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_import_SOURCES = tests/unit/store/test-vault-import.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_import_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_logins_SOURCES = tests/unit/store/test-vault-logins.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_logins_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_compact_SOURCES = tests/unit/store/test-compact.c $(VAULT_FIXTURE)
tests_unit_store_test_compact_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_agree_SOURCES = tests/unit/store/test-agree.c $(VAULT_FIXTURE)
tests_unit_store_test_agree_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_copy_SOURCES = tests/unit/store/test-vault-copy.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_copy_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_outbox_key_SOURCES = tests/unit/store/test-vault-outbox-key.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_outbox_key_LDADD = $(LINK_store) $(UNIT_LIBS)

tests_unit_store_test_vault_outbox_SOURCES = tests/unit/store/test-vault-outbox.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_outbox_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_absorb_places_SOURCES = tests/unit/store/test-absorb-places.c $(VAULT_FIXTURE)
tests_unit_store_test_absorb_places_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_place_SOURCES = tests/unit/store/test-vault-place.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_place_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_read_SOURCES = tests/unit/store/test-vault-read.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_read_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_pending_SOURCES = tests/unit/store/test-vault-pending.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_pending_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_skipped_SOURCES = tests/unit/store/test-vault-skipped.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_skipped_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_writer_SOURCES = tests/unit/store/test-vault-writer.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_writer_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_beside_SOURCES = tests/unit/store/test-vault-beside.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_sealing_SOURCES = tests/unit/store/test-vault-sealing.c $(VAULT_FIXTURE)
tests_unit_store_test_vault_beside_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_sealing_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_tagging_SOURCES = tests/unit/store/test-tagging.c $(VAULT_FIXTURE)
tests_unit_store_test_tagging_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_tagtext_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_share_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_session_SOURCES = \
	tests/unit/store/test-vault-session.c $(VAULT_FIXTURE) $(GNUPG_HOME)
tests_unit_store_test_vault_session_LDADD = $(LINK_store) $(UNIT_LIBS)
tests_unit_store_test_vault_single_SOURCES = \
	tests/unit/store/test-vault-single.c $(VAULT_FIXTURE) $(GNUPG_HOME)
tests_unit_store_test_vault_single_LDADD = $(LINK_store) $(UNIT_LIBS)

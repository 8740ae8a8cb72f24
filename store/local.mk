noinst_LIBRARIES += libpostern-store.a
libpostern_store_a_SOURCES = \
	store/absorb.c store/absorb.h \
	store/absorb-due.c \
	store/absorb-ahead.c store/absorb-ahead.h \
	store/absorb-doc.c store/absorb-doc.h \
	store/absorb-read.c store/absorb-read.h \
	store/agree.c store/agree.h \
	store/compact.c store/compact.h \
	store/shrink.c store/shrink.h \
	store/vault-compact.c \
	store/files.c store/files.h \
	store/look.c store/look.h \
	store/ranges.c store/ranges.h \
	store/share.c store/share.h \
	store/sealedopen.c \
	store/sealedpage.c store/sealedpage.h \
	store/sealedscan.c \
	store/sealedvfs.c store/sealedvfs.h \
	store/matchkey.c store/matchkey.h \
	store/vault.c store/vault.h \
	store/vault-batch.c store/vault-batch.h \
	store/vault-check.c store/vault-check.h \
	store/vault-commit.c store/vault-commit.h \
	store/vault-depart.c \
	store/vault-digest.c store/vault-digest.h \
	store/vault-draft.c store/vault-draft.h store/vault-runs.c store/vault-runs.h \
	store/vault-flags.c \
	store/vault-import.c store/vault-import.h \
	store/vault-intact.c store/vault-intact.h \
	store/vault-logins.c store/vault-logins.h \
	store/vault-match.c store/vault-match.h \
	store/vault-names.c store/vault-names.h \
	store/vault-copy.c store/vault-copy.h store/vault-outbox-key.c store/vault-outbox-key.h store/vault-outbox.c store/vault-outbox.h store/vault-outbox-read.c \
	store/vault-outbox-record.c store/vault-outbox-row.c store/vault-outbox-settle.c store/vault-outbox-state.h \
	store/vault-pending.c store/vault-pending.h \
	store/vault-place.c store/vault-place.h \
	store/vault-rewrap.c store/vault-rewrap.h store/vault-rotate.c store/vault-rotate.h \
	store/vault-read.c store/vault-read.h \
	store/vault-readback.c \
	store/vault-record.c store/vault-record.h \
	store/vault-schema.c store/vault-schema.h \
	store/vault-session.c store/vault-session.h \
	store/vault-skipped.c store/vault-skipped.h \
	store/vault-single.c store/vault-single.h \
	store/vault-sql.c store/vault-sql.h \
	store/vault-sealing.c store/vault-sealing.h \
	store/vault-settle.c \
	store/vault-statements.h \
	store/vault-stat.c \
	store/vault-state.c \
	store/vault-tags.c store/vault-tags.h \
	store/vault-turn.c store/vault-turn.h \
	store/vault-uidl.c store/vault-uidl.h \
	store/vault-writer.c store/vault-writer.h

libpostern_store_a_SOURCES += \
	store/index.c store/index.h store/index-private.h store/index-statements.h \
	store/index-add.c \
	store/index-address.c store/index-address.h \
	store/index-check.c \
	store/index-compact.c store/index-order.c \
	store/index-compare.c store/index-compare.h \
	store/index-defer.c \
	store/index-flags.c \
	store/index-heard.c store/index-heard.h \
	store/index-schema.c \
	store/index-search.c store/index-search.h \
	store/index-tags.c store/index-tags.h \
	store/index-thread.c \
	store/index-words.c store/index-words.h \
	store/index-threads.c store/index-threads.h \
	store/query.c store/query.h store/query-parser.h \
	store/query-explain.c store/query-explain.h \
	store/query-field.c \
	store/query-sql.c store/query-sql.h \
	store/query-words.c store/query-words.h \
	store/query-value.c store/query-value.h \
	store/rowset.c store/rowset.h \
	store/tagging.c store/tagging.h \
	store/tagrules.c store/tagrules.h \
	store/tagtext.c store/tagtext.h \
	store/tokenizer.c store/tokenizer.h

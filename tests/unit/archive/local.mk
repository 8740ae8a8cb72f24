UNIT_ARCHIVE = \
	tests/unit/archive/test-export \
	tests/unit/archive/test-maildir \
	tests/unit/archive/test-mbox
check_PROGRAMS += $(UNIT_ARCHIVE)
TESTS += $(UNIT_ARCHIVE)

TAKEN = tests/unit/archive/taken.c tests/unit/archive/taken.h
tests_unit_archive_test_export_SOURCES = tests/unit/archive/test-export.c $(TAKEN)
tests_unit_archive_test_export_LDADD = $(LINK_archive) $(UNIT_LIBS)
tests_unit_archive_test_maildir_SOURCES = tests/unit/archive/test-maildir.c $(TAKEN)
tests_unit_archive_test_maildir_LDADD = $(LINK_archive) $(UNIT_LIBS)
tests_unit_archive_test_mbox_SOURCES = tests/unit/archive/test-mbox.c $(TAKEN)
tests_unit_archive_test_mbox_LDADD = $(LINK_archive) $(UNIT_LIBS)

UNIT_CORE = \
	tests/unit/core/test-base32 \
	tests/unit/core/test-cidr \
	tests/unit/core/test-config \
	tests/unit/core/test-cursor \
	tests/unit/core/test-error \
	tests/unit/core/test-filename \
	tests/unit/core/test-interrupt \
	tests/unit/core/test-letter \
	tests/unit/core/test-narrow \
	tests/unit/core/test-notice \
	tests/unit/core/test-paths \
	tests/unit/core/test-pattern \
	tests/unit/core/test-policyfile \
	tests/unit/core/test-secret \
	tests/unit/core/test-standard \
	tests/unit/core/test-stream \
	tests/unit/core/test-tagname \
	tests/unit/core/test-text
check_PROGRAMS += $(UNIT_CORE)
TESTS += $(UNIT_CORE)

tests_unit_core_test_base32_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_cidr_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_config_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_cursor_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_error_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_filename_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_interrupt_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_letter_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_narrow_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_notice_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_paths_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_pattern_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_policyfile_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_secret_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_standard_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_stream_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_tagname_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_text_LDADD = $(LINK_core) $(UNIT_LIBS)

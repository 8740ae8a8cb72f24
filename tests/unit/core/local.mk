UNIT_CORE = \
	tests/unit/core/test-cursor \
	tests/unit/core/test-error
check_PROGRAMS += $(UNIT_CORE)
TESTS += $(UNIT_CORE)

tests_unit_core_test_cursor_LDADD = $(LINK_core) $(UNIT_LIBS)
tests_unit_core_test_error_LDADD = $(LINK_core) $(UNIT_LIBS)

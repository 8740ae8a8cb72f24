UNIT_STORE = \
	tests/unit/store/test-ranges
check_PROGRAMS += $(UNIT_STORE)
TESTS += $(UNIT_STORE)

tests_unit_store_test_ranges_LDADD = $(LINK_store) $(UNIT_LIBS)

UNIT_POLICY = \
	tests/unit/policy/test-endpoint \
	tests/unit/policy/test-login \
	tests/unit/policy/test-network \
	tests/unit/policy/test-outgoing \
	tests/unit/policy/test-rules \
	tests/unit/policy/test-tunnel \
	tests/unit/policy/test-wkd
check_PROGRAMS += $(UNIT_POLICY)
TESTS += $(UNIT_POLICY)

tests_unit_policy_test_endpoint_SOURCES = tests/unit/policy/test-endpoint.c tests/unit/policy/company.h
tests_unit_policy_test_endpoint_LDADD = $(LINK_policy) $(UNIT_LIBS)
tests_unit_policy_test_network_SOURCES = tests/unit/policy/test-network.c tests/unit/policy/company.h
tests_unit_policy_test_network_LDADD = $(LINK_policy) $(UNIT_LIBS)
tests_unit_policy_test_outgoing_SOURCES = tests/unit/policy/test-outgoing.c tests/unit/policy/company.h
tests_unit_policy_test_outgoing_LDADD = $(LINK_policy) $(UNIT_LIBS)
tests_unit_policy_test_login_LDADD = $(LINK_policy) $(UNIT_LIBS)
tests_unit_policy_test_rules_LDADD = $(LINK_policy) $(UNIT_LIBS)
tests_unit_policy_test_tunnel_SOURCES = tests/unit/policy/test-tunnel.c tests/unit/policy/company.h
tests_unit_policy_test_tunnel_LDADD = $(LINK_policy) $(UNIT_LIBS)
tests_unit_policy_test_wkd_SOURCES = tests/unit/policy/test-wkd.c tests/unit/policy/company.h
tests_unit_policy_test_wkd_LDADD = $(LINK_policy) $(UNIT_LIBS)

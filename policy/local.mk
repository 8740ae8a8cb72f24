noinst_LIBRARIES += libpostern-policy.a
libpostern_policy_a_SOURCES =

noinst_LIBRARIES += libpostern-fetchd.a
libpostern_fetchd_a_SOURCES =

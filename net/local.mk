noinst_LIBRARIES += libpostern-net.a
libpostern_net_a_SOURCES =

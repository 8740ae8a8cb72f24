noinst_LIBRARIES += libpostern-store.a
libpostern_store_a_SOURCES = \
	store/ranges.c store/ranges.h

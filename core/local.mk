noinst_LIBRARIES += libpostern-core.a
libpostern_core_a_SOURCES = \
	core/base32.c core/base32.h \
	core/config.h \
	core/cursor.c core/cursor.h \
	core/error.c core/error.h \
	core/letter.c core/letter.h \
	core/limits.h \
	core/paths.c core/paths.h \
	core/secret.c core/secret.h \
	core/stream.c core/stream.h \
	core/text.c core/text.h \
	core/width.c

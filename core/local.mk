noinst_LIBRARIES += libpostern-core.a
libpostern_core_a_SOURCES = \
	core/base32.c core/base32.h \
	core/cidr.c core/cidr.h \
	core/config.c core/config.h \
	core/cursor.c core/cursor.h \
	core/error.c core/error.h \
	core/filename.c core/filename.h \
	core/interrupt.c core/interrupt.h \
	core/keylines.c core/keylines.h \
	core/keytable.c core/keytable.h \
	core/letter.c core/letter.h \
	core/limits.h core/limits-calendar.h \
	core/narrow.c core/narrow.h \
	core/nearest.c core/nearest.h \
	core/notice.c core/notice.h \
	core/paths.c core/paths.h \
	core/pattern.c core/pattern.h \
	core/policyfile.c core/policyfile.h \
	core/secret.c core/secret.h \
	core/standard.c core/standard.h \
	core/stream.c core/stream.h \
	core/tagname.c core/tagname.h \
	core/text.c core/text.h core/text-domain.c \
	core/value.c core/value.h core/value-special.c \
	core/width.c

noinst_LIBRARIES += libpostern-archive.a
libpostern_archive_a_SOURCES = \
	archive/archive.c archive/archive.h \
	archive/maildir.c archive/maildir.h \
	archive/mbox.c archive/mbox.h \
	archive/region.c archive/region.h \
	archive/window.c archive/window.h

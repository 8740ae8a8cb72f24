noinst_LIBRARIES += libpostern-archive.a
libpostern_archive_a_SOURCES = \
	archive/archive.c archive/archive.h \
	archive/export.h archive/export-lines.c archive/export-lines.h \
	archive/maildir.c archive/maildir.h \
	archive/maildir-name.c archive/maildir-name.h \
	archive/maildir-write.c \
	archive/mbox.c archive/mbox.h \
	archive/mbox-write.c \
	archive/region.c archive/region.h \
	archive/window.c archive/window.h

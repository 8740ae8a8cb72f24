noinst_LIBRARIES += libpostern-mime.a
libpostern_mime_a_SOURCES =

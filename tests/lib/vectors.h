/* The published vectors of the vault's format, tests/vectors/, for the tests that open them. */
#ifndef POSTERN_TESTS_VECTORS_H
#define POSTERN_TESTS_VECTORS_H

#include <glib.h>

/* All of the file NAME below $srcdir; ends the test when it is not there. */
GKeyFile *vectors_load(const char *name);

/* The bytes of a hex value, in the vector's own order; ends the test when it is not there. */
GByteArray *vectors_binary(GKeyFile *vectors, const char *section, const char *key);

#endif

/* taken — what archive_read() gives, kept for the tests to look at. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive/archive.h"

typedef struct {
    char *place, *folder, *flags;
    gint64 date;
    gboolean as_is;
    GByteArray *given; /* as it came */
    GByteArray *file;  /* as it must lie in the file, by what came and as_is */
} Taken;

typedef struct {
    GPtrArray *messages; /* Taken * */
    GPtrArray *faults;   /* char *: rules */
    char *dir;           /* a fresh one */
} Harvest;

int harvest_set_up(void **state);
int harvest_tear_down(void **state);

/* Writes SIZE bytes to NAME below the folder, which is made; the path (g_free). */
char *harvest_put(const Harvest *harvest, const char *name, const void *data, gsize size);
/* Reads PATH (NULL: the folder itself); what was taken before is forgotten. */
gboolean harvest_read(Harvest *harvest, const char *path, MboxKind kind, GError **error);
const Taken *harvest_at(const Harvest *harvest, guint n);
/* The message in FOLDER, the only one there; NULL for none. */
const Taken *harvest_in(const Harvest *harvest, const char *folder);

#define assert_file(taken, expected, length)                                                       \
    do {                                                                                           \
        assert_int_equal((taken)->file->len, length);                                              \
        assert_memory_equal((taken)->file->data, expected, length);                                \
    } while (0)

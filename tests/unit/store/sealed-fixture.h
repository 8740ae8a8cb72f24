/* sealed-fixture — a folder for a sealed database, and short ways to write, ask and damage it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "store/sealedvfs.h"

extern const guint8 right_key[KEY_SIZE], wrong_key[KEY_SIZE];

typedef struct {
    char *dir, *path, *wal, *shm;
} Place;

int sealed_set_up(void **state); /* *state becomes a Place */
int sealed_tear_down(void **state);
void empty_folder(const char *dir);

/* These fail the test when they do not work. */
sqlite3 *open_right(const Place *place); /* with the right key, made when missing */
void must(sqlite3 *db, const char *sql);
void assert_answer(sqlite3 *db, const char *sql, const char *expected);
void assert_damage(const Place *place, const guint8 key[static KEY_SIZE]);

/* All rows of SQL as text, or NULL when it fails. */
char *answer(sqlite3 *db, const char *sql);

GBytes *file_bytes(const char *path); /* none for a file that is missing */
void put_bytes(const char *path, const void *data, gsize size);
gboolean holds(const char *path, const void *needle, gsize size);

/* A folder as after kill -9: row 1 of t(a, b) in the file, row 2 in the log beside it, and a third
 * that was not committed. */
void leave_log_behind(const Place *place);

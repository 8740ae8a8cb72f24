/*
 * shrink — pages of a database that stand free are cut off at the end of its file, a few at a time.
 * For databases made with auto_vacuum=INCREMENTAL. All give SQLite's codes.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

/* Of one transaction: 4 MB, which is done before anybody has waited for it. */
#define SHRINK_PAGES 512
#define SHRINK_QUOTED(number) #number
#define SHRINK_AS_TEXT(number) SHRINK_QUOTED(number)

int shrink_free_pages(sqlite3 *db, gint64 *count) G_GNUC_WARN_UNUSED_RESULT;
/* At most SHRINK_PAGES of them, in the running transaction or in one of its own. */
int shrink_step(sqlite3 *db) G_GNUC_WARN_UNUSED_RESULT;
/* Brings the log into the file. What readers of an old state keep from that waits for whoever does
 * it next. */
int shrink_write_back(sqlite3 *db) G_GNUC_WARN_UNUSED_RESULT;

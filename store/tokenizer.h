/*
 * tokenizer — the FTS5 tokenizer "postern": unicode61's words, folded further (compatibility
 * forms, full case folding, accents of Latin and Greek, vowel points of Hebrew and Arabic), and
 * runs of scripts that put no blanks between words cut into single characters and pairs. So a
 * Chinese, Japanese, Korean or Thai word is found in mid-run, whatever its length.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

/* Makes the tokenizer known to DB; 74, "index.read", when FTS5 is missing. */
gboolean tokenizer_register(sqlite3 *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many tokens TEXT yields as a query: 0 means that nothing can match it. */
guint tokenizer_count(sqlite3 *db, const char *text);

/* TERM of SIZE bytes at OFFSET of its text, counted as FTS5 counts: pairs stand where they begin.
 */
typedef void (*TermTaker)(gpointer user, const char *term, gsize size, gint64 offset);

/* A tokenizer as the index has one, for what is to be known without the index. NULL when FTS5
 * cannot make one. */
typedef struct TermReader TermReader;
TermReader *term_reader_new(sqlite3 *db);
void term_reader_free(TermReader *reader);
/* The terms of TEXT as FTS5 would index them; FALSE when it would fail. */
gboolean term_reader_read(TermReader *reader, const char *text, TermTaker taker, gpointer user);

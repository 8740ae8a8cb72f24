/*
 * tagtext — own tags as text: `+tag +tag -- id:MESSAGE-ID`, one message a line, in the form of
 * notmuch(1)'s dump and batch-tag: a byte of a tag that is no letter, digit or one of @=.,_+-  is
 * %XX, and an id with a blank, a bracket or a quotation mark stands in quotation marks, which are
 * doubled within. `-tag` takes away. Lines that begin with # are remarks.
 */
#pragma once

#include <glib.h>

typedef struct {
    GStrv changes; /* "+name", "-name" */
    char *id;      /* a Message-ID without <>, or one of Postern's */
} TagLine;

/*
 * Elements TagLine *. Tags that only servers and Postern set are left out, and *left_out counts
 * them. 65 "tag.file" names the line; NAME is the file's.
 */
GPtrArray *tagtext_read(const char *text, gsize size, const char *name, guint64 *left_out,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The line, with its end (g_free). */
char *tagtext_line(const GPtrArray *tags, const char *id);

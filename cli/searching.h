/*
 * searching — what 'postern search' was asked for, and how the index answers. What people
 * call has it, and postern-all.so.
 */
#pragma once

#include "cli/command.h"
#include "cli/search-format.h"
#include "store/index-threads.h"
#include "store/query-explain.h"

typedef struct {
    guint limit; /* 0: all */
    SearchSort sort;
    gboolean threads, explain;
    SearchFormat *format; /* or NULL */
    Query *query;
} Searching;

/* From ARGV, options and words; nothing is opened. 64 "usage", 65 as query_parse(). FALSE without
 * *error: help was asked for. */
gboolean searching_parse(Context *context, const Command *command, int argc, char **argv,
                         Searching *searching, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void searching_clear(Searching *searching);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Searching, searching_clear)

/* What is found goes to one of them. */
typedef struct {
    HitTaker hit;
    ThreadTaker thread;
    PartTaker part;
} SearchTakers;
gboolean searching_run(const Searching *searching, Index *index, const SearchTakers *takers,
                       gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The exit code of an answer of HITS results; that there is none is told. */
int searching_answered(const Context *context, const Searching *searching, guint hits);

/*
 * vault-runs — what became of the last passes over each account, for `postern log`. Numbers, times
 * and names of our own rules, none of it from mail; the account is a MAC, as elsewhere. Runs in a
 * row that end alike and bring nothing, as a daemon makes them all day, are one entry. Errors as
 * in vault.h.
 */
#pragma once

#include "store/vault.h"

#define VAULT_RUNS_KEPT 1000 /* entries */
#define RUN_RULE_SIZE 64

typedef struct {
    gint64 began, ended; /* seconds since 1970; of TIMES runs, of the first and the last one */
    guint64 times;
    int code;                                           /* the exit code */
    char rule[RUN_RULE_SIZE];                           /* of the error, "" for none */
    guint64 stored, known, sensitive, skipped, removed; /* as in an Outcome (fetchd/engine.h) */
} RunRecord;

/* Adds RECORD, whose TIMES is not looked at, and notes its end and code for `status`. */
gboolean vault_note_run(VaultWriter *writer, const char *account, const RunRecord *record,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ACCOUNT is one of the names that were given, or NULL: of an account that is none of them. */
typedef gboolean (*RunTaker)(gpointer user, const char *account, const RunRecord *record,
                             GError **error);

/* At most LIMIT entries, the newest first; of ACCOUNT alone, unless that is NULL. NAMES are those
 * of all accounts, NULL at the end. Stops at TAKER's first FALSE. */
gboolean vault_runs(Vault *vault, const Secret *match_key, char *const *names, const char *account,
                    guint limit, RunTaker taker, gpointer user,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

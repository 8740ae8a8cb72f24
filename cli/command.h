/*
 * command — one command, one file, one descriptor. all.c finds it, meets its needs and runs it.
 */
#pragma once

#include <glib.h>

#include "core/config.h"
#include "core/secret.h"
#include "fetchd/tracelog.h"
#include "store/index.h"
#include "store/vault.h"

/* What a command works with; what it did not ask for is NULL. */
typedef struct {
    char *config_path;
    char *store;
    char *policy;     /* --policy, or NULL */
    char *trace_path; /* --trace, or NULL */
    char *color_when; /* auto, always, never */
    gboolean json, quiet, verbose;
    gboolean help;   /* it was asked for: nothing else is done */
    char *help_text; /* then */
    gboolean color;
    Config *config;
    GPtrArray *rules; /* of tagrules_parse() */
    Vault *vault;
    Secret *match_key;
    Secret *vault_key;
    Index *index;
    TraceLog *trace; /* open when trace_path is given */
} Context;

typedef enum {
    NEED_NOTHING = 0,
    NEED_CONFIG = 1 << 0,
    NEED_VAULT = 1 << 1,
    NEED_MATCH = 1 << 2, /* the match key */
    NEED_KEY = 1 << 3,   /* the vault's private key: may cost one gpg call */
    NEED_INDEX = 1 << 4, /* complete: what was sealed while locked is absorbed first */
} Needs;

typedef struct {
    const char *name;
    const char *usage;   /* arguments, as after "postern NAME " */
    const char *summary; /* one line */
    Needs needs;
    /* ARGV[0] is the command's name. The exit code; where *error is set, that says which. With
     * --json whatever it prints on stdout is one document. */
    int (*run)(Context *context, int argc, char **argv, GError **error);
} Command;

extern const Command command_address, command_compact, command_config, command_doctor,
    command_draft, command_export, command_forward, command_help, command_import, command_index,
    command_init, command_key, command_lock, command_log, command_outbox, command_password,
    command_reply, command_save, command_search, command_send, command_sendmail, command_sensitive,
    command_show, command_status, command_sync, command_tag, command_unlock, command_verify;

/* All commands in the order of the manual, NULL at the end. */
extern const Command *const commands[];

/* The one called NAME; 64 "usage" names the nearest. */
const Command *command_find(const char *name, GError **error);

/*
 * Parses the options of COMMAND: its own ENTRIES and the global ones, which work before and
 * after the command's name. MIN and MAX bound what is left in argv beside the name (MAX -1: any).
 * FALSE without *error: help was asked for.
 */
gboolean command_options(Context *context, const Command *command, const GOptionEntry *entries,
                         int min, int max, int *argc, char ***argv,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A word of the command line as it may stand in a sentence (g_free). */
char *word_shown(const char *word);

/* 64 "usage": OPTION has no VALUE. Always FALSE. */
gboolean unknown_value(const char *option, const char *value, const char *mend, GError **error);

/* 64 "usage": COMMAND does not know WORD. Always FALSE. */
gboolean command_unknown_word(const Command *command, const char *word, GError **error);

/* g_option_context_parse(), its failure made safe: 64 "usage" with MEND. FALSE without *error: help
 * was asked for, and is in CONTEXT; GLib would print it at once, and knows no JSON. */
gboolean options_parse(Context *context, GOptionContext *options, int *argc, char ***argv,
                       const char *mend, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* GLib takes --json=no for --json; 64 "usage" for that. ENTRIES may be NULL. */
gboolean options_take_no_value(const GOptionEntry *entries, char *const *argv,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Options before the command's name; argv is left at the name. FALSE without *error: help or the
 * *VERSION was asked for. */
gboolean options_before_command(Context *context, gboolean *version, int *argc, char ***argv,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The global options; the array lives as long as CONTEXT. Free with g_free(). */
GOptionEntry *global_options(Context *context);

/*
 * Loads what NEEDS says, in the order configuration, vault, match key, key, index. Who has the key
 * gets a lost match key put back. There are two of it: postern-all.so does what it takes (meet.c),
 * postern itself only what costs nothing (main.c).
 */
gboolean context_meet(Context *context, Needs needs, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean context_meet_config(Context *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean context_meet_vault(Context *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean context_meet_match(Context *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Brings what the vault gained since into the index. */
gboolean context_absorb(Context *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void context_clear(Context *context);

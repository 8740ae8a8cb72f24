/*
 * value — the kinds of value a configuration key may have. A ValueReader judges the raw text
 * and stores what it means at WHERE (NULL: judges only). On failure it returns FALSE and sets
 * *why to the rest of a sentence that begins with the key, e.g. "must be yes or no". The value
 * itself is not part of it: some are secret.
 */
#pragma once

#include <glib.h>

typedef struct Key Key;
typedef gboolean ValueReader(const Key *key, const char *value, gpointer where, char **why);

struct Key {
    const char *name;
    ValueReader *read;
    gsize offset;       /* into the section's struct, or KEY_NOWHERE */
    const char *words;  /* enumerations: "no|yes", in the order of their numbers */
    gboolean is_secret; /* never quote the value */
};

#define KEY_NOWHERE G_MAXSIZE

/* The place of WORD in "a|b|c", or -1. */
int word_index(const char *words, const char *word);

/* A reader's no: *why becomes REASON. Always FALSE. */
gboolean value_because(char **why, const char *reason);

/* The place of NAME, "\Trash" in any case, among the uses of mailboxes that a server may tell
 * (RFC 6154, 8457), or -1. */
int value_mailbox_use(const char *name);

/* Into a char *. */
ValueReader value_text, value_word_text, value_path, value_fingerprint, value_address,
    value_command, value_deliver, value_outbox_key, value_save_sent;
/* Into a GStrv. */
ValueReader value_list, value_folders, value_networks, value_fingerprints, value_pins,
    value_addresses;
/* Into a GStrv: "FIELD: GLOB" each. */
ValueReader value_headers;
/* Into a Pattern *. */
ValueReader value_pattern;
/* One more for a GPtrArray * of char *. */
ValueReader value_paths;
/* Into an int, a guint64, and a guint. */
ValueReader value_word;
ValueReader value_size;
ValueReader value_seconds, value_interval, value_count;
/* Into several fields of the Account at WHERE. */
ValueReader value_keep, value_secret;

/*
 * key — what the sub-commands of `postern key` share. Each stands in a cmd-key-*.c of its own.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "cli/command.h"
#include "crypto/keyring.h"

/* The options of all of them; cmd-key.c sees to it that each is given only where it counts. */
typedef struct {
    char *expire, *to;
    gboolean yes, import;
} KeyFlags;

/* Each gets what follows its own word, which is as much as it takes. The exit code, or *error. */
int key_list(Context *context, const KeyFlags *flags, char *const *words, GError **error);
int key_generate(Context *context, const KeyFlags *flags, char *const *words, GError **error);
int key_import(Context *context, const KeyFlags *flags, char *const *words, GError **error);
/* Words: addresses, one or more. */
int key_find(Context *context, const KeyFlags *flags, char *const *words, GError **error);
int key_export(Context *context, const KeyFlags *flags, char *const *words, GError **error);
int key_rotate(Context *context, const KeyFlags *flags, char *const *words, GError **error);
int key_trust(Context *context, const KeyFlags *flags, char *const *words, GError **error);

/* --- key-print.c ---------------------------------------------------------------------------- */

/* One line for the key, and one for each user id behind it. */
void key_print(const KeyInfo *key);
/* Its members, within an object that has been begun. */
void key_json(JsonBuilder *builder, const KeyInfo *key);
/* Member NAME: an array of KEYS (KeyInfo *). */
void keys_json(JsonBuilder *builder, const char *name, const GPtrArray *keys);
/* "2024-03-05", local time. */
char *key_day(gint64 seconds);
/* "0123 4567 …": to be compared by eye or by ear. */
char *key_spaced(const char *fingerprint);

/* The owner's key: that of the first account that names one; with SECRET, whose private half is
 * here. Needs the configuration. NULL with 78 "key.owner". Borrowed. */
const char *key_owner(const Context *context, gboolean secret, GError **error);

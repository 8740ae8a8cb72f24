/*
 * reading — how a message looks: as text behind a gutter that no body can draw, and as JSON.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "cli/command.h"
#include "core/config.h"
#include "crypto/pgpmime.h"

/* The message ID, opened, its senders compared with the configuration's. Of a sealed letter that
 * stayed closed `locked` says why. *RAW (may be NULL) gets it as it came. */
Reading *reading_fetch(const Context *context, const char *id, GBytes **raw,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 65 "message.part": PART is none, or one that only holds others. Always FALSE. */
gboolean reading_no_part(const Message *message, int part, GError **error);

void reading_print(const Reading *reading);
/* "NAME TEXT", which is safe already; its further lines stand under its first. */
void reading_print_line(const char *name, const char *text);
/* What it says of meetings, if anything; and the same as the member "calendar". */
void reading_print_meetings(const Reading *reading);
void reading_add_meetings(JsonBuilder *builder, const Reading *reading);
/* Part N, which reading_open_part() opened, in the place of the letter around it. */
void reading_print_part(const Reading *part, guint n);
/* What a signature is worth, safe; perhaps of two lines (g_free). */
char *reading_signature_words(const Signature *signature);
/* The addresses and aliases of all accounts, without names. */
GStrv own_addresses(const Config *config);
/* Warns of a sender that looks like an address or a domain of CONFIG. */
void reading_know(Reading *reading, const Config *config);
void reading_print_headers(const Reading *reading);
/* FALSE when there is none. */
gboolean reading_print_html(const Reading *reading);
void reading_print_json(const Reading *reading, const char *id);

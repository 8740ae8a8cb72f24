/*
 * reading — how a message looks: as text behind a gutter that no body can draw, and as JSON.
 */
#pragma once

#include "crypto/pgpmime.h"

void reading_print(const Reading *reading);
void reading_print_headers(const Reading *reading);
/* FALSE when there is none. */
gboolean reading_print_html(const Reading *reading);
void reading_print_json(const Reading *reading, const char *id);

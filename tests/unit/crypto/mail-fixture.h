/* mail-fixture — protected mail for tests, made by gpg itself, and what a reading says of it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/pgpmime.h"
#include "tests/lib/gnupg-home.h"

#define FRIEND "Friend <friend@corp.example>"
#define TEXT "Content-Type: text/plain\r\n\r\nhello\r\n"

const char *key(const char *name);
GBytes *bytes_of(const char *text);
char *string_of(GBytes *bytes);

/* What COMMAND of the home WHICH, read by a shell, says to INPUT (or NULL). */
char *gpg(const char *which, const char *input, const char *command, ...) G_GNUC_PRINTF(3, 4);

char *clear_signed(const char *name, const char *text);  /* within a text */
char *armored(const char *text);                         /* encrypted to the owner */
char *encrypted_part(const char *entity);                /* the same as PGP/MIME */
char *signed_part(const char *name, const char *entity); /* multipart/signed */
/* The same around ENTITY, where TEXT was signed. */
char *signed_as(const char *name, const char *entity, const char *text);
char *mixed(const char *first, const char *second); /* entities beside each other */

/* "From: FROM", a subject "outer", then the fields and the body of ENTITY. */
Reading *open_text(const char *from, const char *entity);
const Block *block_at(const Reading *reading, guint i);
const Signature *signature_at(const Reading *reading, guint i);
gboolean warns(const Reading *reading, const char *name);
/* The blocks' texts, joined by "|". */
char *texts(const Reading *reading);

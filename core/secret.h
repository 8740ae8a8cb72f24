/*
 * secret — a password, token or key: in locked memory where the kernel allows it, left out
 * of core dumps, wiped when freed, and never handed to anything that prints.
 */
#pragma once

#include <glib.h>

typedef struct Secret Secret;

/* Copies SIZE bytes; the caller wipes its own copy. A zero byte follows that is not counted. */
Secret *secret_new(const void *bytes, gsize size);
Secret *secret_copy(const Secret *secret);
void secret_free(Secret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Secret, secret_free)

const guint8 *secret_bytes(const Secret *secret);
gsize secret_size(const Secret *secret);

/* TRUE when both hold the same bytes; the time tells no more than their sizes. */
gboolean secret_equal(const Secret *a, const Secret *b);

/* Overwrites memory in a way that the compiler keeps. */
void secret_wipe(void *memory, gsize size);

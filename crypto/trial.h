/*
 * trial — does a key really open what is sealed to it? A public key that can be encrypted to tells
 * nothing of that.
 */
#pragma once

#include "core/secret.h"

/* Wraps random bytes to FINGERPRINT and unwraps them again. ASK: the agent may ask for a
 * passphrase; else 75 "key.locked" where it would have to. 78 "key.unusable" when other bytes come
 * out. */
gboolean trial_key(const char *fingerprint, gboolean ask, GError **error) G_GNUC_WARN_UNUSED_RESULT;

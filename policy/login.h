/*
 * login — may a login be called that, and may two accounts have the same secret? Who knows an
 * address must not know the login too. Pure.
 */
#pragma once

#include "core/secret.h"

/* TRUE when LOGIN is ADDRESS ("local@domain") or its local part, upper and lower case aside. */
gboolean login_is_address(const char *login, const char *address);

/* TRUE when the two are one login to most servers: upper and lower case aside. */
gboolean login_same(const char *a, const char *b);

/* The first of N passwords that is the same as PASSWORDS[WHICH], WHICH itself apart; N when there
 * is none. NULL is like no other. In time that depends on their lengths alone. */
guint password_shared(const Secret *const *passwords, guint n, guint which);

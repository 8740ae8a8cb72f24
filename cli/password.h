/*
 * password — what `postern password` knows of passwords: the doctor's judgement, of some accounts
 * or of a password that was just typed.
 */
#pragma once

#include "cli/command.h"

/* Prints the rows of logins and passwords, of the N accounts NAMED or, when N is 0, of all;
 * may ask for a passphrase. The exit code. */
int password_check(Context *context, char *const *named, int n, GError **error);

/* What is to be said against TYPED as the password of ACCOUNT: sentences (char *), none of which
 * quotes it. Compares with those passwords alone that can be had without asking. */
GPtrArray *password_faults(Context *context, const Account *account, const Secret *typed);

/* fixture — a folder with a vault in it, its keys, and mail to put there. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "store/vault-place.h"
#include "store/vault-uidl.h"

typedef struct {
    char *dir;
    guint8 id[VAULT_ID_SIZE];
    guint8 public_key[KEY_SIZE];
    Secret *private_key;
    Secret *match_key;
} Fixture;

/* For cmocka_unit_test_setup_teardown(); the vault is made and closed. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

Vault *fixture_open(const Fixture *fixture);
VaultWriter *fixture_writer(const Fixture *fixture, Vault *vault);

/* Each fails the test when it does not work. */
void store_mail(VaultWriter *writer, const char *mail, gsize size, const Arrival *arrival);
void commit(VaultWriter *writer, guint stored, guint known);

/* A message whose bytes follow from N alone, of about SIZE bytes. */
GBytes *mail_number(guint n, gsize size);

/* All that the journal tells, one record a line: "SEQUENCE ACCOUNT MAILBOX UID|UIDL sha256". */
GPtrArray *everything(const Fixture *fixture, Vault *vault);

/* Is NEEDLE (plain, base64 at any offset, UTF-16) in any file of the folder? Names it. */
char *find_needle(const char *dir, const char *needle);

extern const Arrival inbox_7;

/* A file of the folder. */
char *inside(const Fixture *fixture, const char *name);
/* One statement, or one number, of the database behind the vault's back. */
void tamper(const Fixture *fixture, const char *sql);
gint64 number(const Fixture *fixture, const char *sql);

#define assert_rule(error, kind, name)                                                             \
    do {                                                                                           \
        assert_non_null(error);                                                                    \
        assert_string_equal(postern_error_rule(error), name);                                      \
        assert_int_equal((error)->code, kind);                                                     \
        g_clear_error(&(error));                                                                   \
    } while (0)

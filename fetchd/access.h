/*
 * access — what it takes to log in to one server of an account, outside of a pass: the endpoint,
 * vetted; the vault, its match key and the login's secret. Each is had when it is first needed, and
 * kept.
 */
#pragma once

#include "fetchd/loginguard.h"

typedef struct {
    const Config *config;
    const Account *account;
    const char *store;
    TraceLog *trace;  /* or NULL */
    int stop_fd;      /* or -1 */
    gboolean submits; /* the server to send by, else the one to fetch from */
    VettedEndpoint *endpoint;
    Vault *vault;
    Secret *match_key, *secret;
} Access;

/* Whatever was had; the rest is its maker's. */
void access_clear(Access *access);

/* The vault and its match key are there. */
gboolean access_vault(Access *access, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * All of it, as loginguard.h takes it; both stay ACCESS's. 78 "config.fetch" or "config.submit" for
 * an account that names no such server; the errors of policy/endpoint.h, store/vault.h and
 * fetchd/login.h.
 */
gboolean access_have(Access *access, LoginGuard *guard, LinkTarget *target,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * call — an account's way to a connection on which its pass can run: its open connection, asked to
 * stop watching, or a new one. Nothing here waits, so that many accounts' servers are waited for at
 * once. Every login passes fetchd/loginguard.h. Internal to fetchd/.
 */
#pragma once

#include "fetchd/connection.h"
#include "fetchd/engine.h"
#include "fetchd/loginguard.h"

typedef struct Call Call;

/*
 * Begins. RUN and GUARD outlive it. An open connection of ACCOUNT in run->connections is taken out
 * of there, and used when it was opened under the terms that hold now. SECRET is that of an earlier
 * call of this run, so that nobody is asked for it twice, or NULL. Errors: of
 * policy/endpoint.h, login.h and loginguard.h.
 */
Call *call_new(const EngineRun *run, const LoginGuard *guard, const Account *account,
               const Secret *secret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* May wait for a look-up or a connection under way; run->stop_fd ends that. */
void call_free(Call *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

/* When call_go_on() has something to do: this is readable, or that monotonic microsecond over. */
int call_fd(const Call *call);
gint64 call_deadline(const Call *call);

/* An open connection that does not answer is given up, and a new connection made. Errors: of
 * link.h. */
typedef enum { CALL_WAITING, CALL_READY, CALL_FAILED } CallState;
CallState call_go_on(Call *call, GError **error);

/* Of a call that is ready. The connection is the caller's from now on. */
Connection *call_take(Call *call);
const VettedEndpoint *call_endpoint(const Call *call);
/* What it logged in with, borrowed; NULL over an open connection. */
const Secret *call_secret(const Call *call);

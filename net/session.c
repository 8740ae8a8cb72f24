/* See session.h. */
#include "net/session.h"

void session_clear(Session *session)
{
    g_clear_pointer(&session->host, g_free);
    g_clear_pointer(&session->login, g_free);
    g_clear_pointer(&session->auth, g_free);
    g_clear_pointer(&session->min_auth, g_free);
    g_clear_pointer(&session->secret, secret_free);
    g_clear_pointer(&session->ca_sets, g_ptr_array_unref);
    g_clear_pointer(&session->pins, g_strfreev);
    g_clear_pointer(&session->trace, trace_free);
}

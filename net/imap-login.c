/*
 * See imap.h. Commands go out through guard_send(): libetpan's own exchange leaves the password in
 * buffers that are never wiped, lets Cyrus SASL choose, and takes a yes that comes too early.
 */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/imap.h"
#include "net/sasl.h"

static const ScanStatus *status(const Imap *imap)
{
    return guard_scan_status(guard_scanner(imap->guard));
}

/* ---- greeting ---- */

/* "[CAPABILITY …]" of a status line (RFC 3501, 7.1), which saves asking. A list without MUST is not
 * worth having: a greeting may name next to nothing. */
static gboolean take_code(Imap *imap, const char *line, const char *must)
{
    static const char code[] = "[CAPABILITY ";
    const char *ok = strchr(line, ' ');
    if (ok == NULL || g_ascii_strncasecmp(ok, " OK ", 4) != 0 ||
        g_ascii_strncasecmp(ok + 4, code, sizeof code - 1) != 0)
        return FALSE;
    const char *list = ok + 4 + sizeof code - 1;
    g_autofree char *upper = g_ascii_strup(list, (gssize)strcspn(list, "]"));
    g_auto(GStrv) words = g_strsplit(upper, " ", -1);
    gboolean found = FALSE;
    for (char **word = words; *word; word++)
        found = found || g_str_has_prefix(*word, must);
    if (!found)
        return FALSE;
    g_hash_table_remove_all(imap->capabilities);
    for (char **word = words; *word; word++)
        g_hash_table_add(imap->capabilities, g_strdup(*word));
    return TRUE;
}

/* mailimap_connect() takes PREAUTH for a login and loses memory at BYE. */
gboolean imap_greeting(Imap *imap, GError **error)
{
    imap->etpan->imap_stream = guard_stream(imap->guard);
    imap->etpan->imap_connection_info = mailimap_connection_info_new();
    if (imap->etpan->imap_stream == NULL || imap->etpan->imap_connection_info == NULL)
        return imap_fail(imap, MAILIMAP_ERROR_MEMORY, "the greeting", error);
    guard_command(imap->guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    const char *line = mailimap_read_line(imap->etpan);
    if (line == NULL || g_ascii_strncasecmp(line, "* BYE ", strlen("* BYE ")) == 0)
        return imap_fail(imap, MAILIMAP_ERROR_STREAM, "the greeting", error);
    if (status(imap)->said == SAID_PREAUTH)
        return imap_violation(imap, error,
                              "the server says that somebody is logged in already (PREAUTH): this "
                              "is not the mailbox that was asked for");
    if (g_ascii_strncasecmp(line, "* OK ", strlen("* OK ")) != 0)
        return imap_violation(imap, error, "the server's greeting is not that of IMAP");
    take_code(imap, line, "AUTH=");
    imap->etpan->imap_state = MAILIMAP_STATE_NON_AUTHENTICATED;
    return TRUE;
}

/* ---- plain commands ---- */

static char *next_tag(Imap *imap)
{
    return g_strdup_printf("%d", ++imap->etpan->imap_tag);
}

/* The rest of a reply whose first line is in libetpan's buffer. */
static int finish_reply(Imap *imap)
{
    struct mailimap_response *response = NULL;
    int r = mailimap_parse_response(imap->etpan, &response);
    if (r == MAILIMAP_NO_ERROR)
        mailimap_response_free(response);
    return r;
}

static void note_capabilities(Imap *imap, const struct mailimap_capability_data *data)
{
    g_hash_table_remove_all(imap->capabilities);
    for (clistiter *at = data ? clist_begin(data->cap_list) : NULL; at; at = clist_next(at)) {
        const struct mailimap_capability *one = clist_content(at);
        gboolean login = one->cap_type == MAILIMAP_CAPABILITY_AUTH_TYPE;
        const char *name = login ? one->cap_data.cap_auth_type : one->cap_data.cap_name;
        g_autofree char *upper = g_ascii_strup(name ? name : "", -1);
        g_hash_table_add(imap->capabilities, g_strconcat(login ? "AUTH=" : "", upper, NULL));
    }
}

/* mailimap_capability() dies of a server that answers without naming any. */
static gboolean ask_capabilities(Imap *imap, GError **error)
{
    g_autofree char *tag = next_tag(imap);
    g_autofree char *line = g_strconcat(tag, " CAPABILITY\r\n", NULL);
    guard_command(imap->guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    trace_client(guard_trace(imap->guard), line, strlen(line));
    guard_send(imap->guard, (const guint8 *)line, strlen(line));
    int r = mailimap_read_line(imap->etpan) ? finish_reply(imap) : MAILIMAP_ERROR_STREAM;
    if (r != MAILIMAP_NO_ERROR || status(imap)->said != SAID_OK)
        return imap_fail(imap, r, "CAPABILITY", error);
    note_capabilities(imap, imap->etpan->imap_connection_info
                                ? imap->etpan->imap_connection_info->imap_capability
                                : NULL);
    return TRUE;
}

/* ---- login ---- */

/* One line that ends with SECRET, written and wiped. */
static void send_secret(Imap *imap, const char *before, const Secret *secret, const char *after)
{
    gsize head = strlen(before), body = secret_size(secret), tail = strlen(after);
    g_autofree guint8 *line = g_malloc(head + body + tail);
    memcpy(line, before, head);
    memcpy(line + head, secret_bytes(secret), body);
    memcpy(line + head + body, after, tail);
    trace_secret(guard_trace(imap->guard), before);
    guard_send(imap->guard, line, head + body + tail);
    secret_wipe(line, head + body + tail);
}

/* RFC 5530: some refusals are no verdict on the password. */
static gboolean no_for_now(const Imap *imap)
{
    static const char *const passing[] = {"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT"};
    for (gsize i = 0; i < G_N_ELEMENTS(passing); i++)
        if (imap_said_code(status(imap), passing[i]))
            return TRUE;
    return FALSE;
}

static gboolean login_refused(Imap *imap, const Session *session, const char *reason,
                              GError **error)
{
    if (no_for_now(imap))
        return imap_fail(imap, MAILIMAP_ERROR_LOGIN, "the login", error);
    g_autofree char *words = imap_words(status(imap));
    return refuse(error, POSTERN_ERROR_LOGIN, "login.refused", "set the right password",
                  "%s refuses the login of %s: \"%s\"%s", session->host, session->login, words,
                  reason);
}

/* REASON is sasl_refusal(). */
static gboolean login_done(Imap *imap, const Session *session, int r, const char *reason,
                           GError **error)
{
    if (r == MAILIMAP_NO_ERROR && status(imap)->said == SAID_NO)
        return login_refused(imap, session, reason, error);
    if (r != MAILIMAP_NO_ERROR || status(imap)->said != SAID_OK)
        return imap_fail(imap, r, "the login", error);
    imap->etpan->imap_state = MAILIMAP_STATE_AUTHENTICATED;
    return TRUE;
}

/* LINE is the tagged one, or NULL. What was offered before the login counts no more. */
static int finish_login(Imap *imap, const char *line)
{
    g_autofree char *last = g_strdup(line);
    int r = line ? finish_reply(imap) : MAILIMAP_ERROR_STREAM;
    if (r == MAILIMAP_NO_ERROR && status(imap)->said == SAID_OK) {
        g_hash_table_remove_all(imap->capabilities);
        take_code(imap, last, "IMAP4");
    }
    return r;
}

/* The next line that is for us: a challenge, or the tagged answer. */
static const char *next_line(Imap *imap)
{
    const char *line;
    do
        line = mailimap_read_line(imap->etpan);
    while (line && line[0] == '*');
    return line;
}

static gboolean answer(Imap *imap, Exchange *exchange, const char *line, GError **error)
{
    g_autofree char *challenge = g_strdup(line + 1);
    g_autoptr(GError) fault = NULL;
    g_autoptr(Secret) reply = sasl_answer(exchange, g_strstrip(challenge), &fault);
    if (reply == NULL) {
        imap_break(imap, fault);
        return imap_alive(imap, error);
    }
    guard_command(imap->guard, SCAN_CONTINUE, LIMIT_COMMAND_MS);
    send_secret(imap, "", reply, "\r\n");
    return TRUE;
}

static gboolean begin_exchange(Imap *imap, Exchange *exchange, GError **error)
{
    g_autofree char *tag = next_tag(imap);
    g_autofree char *start = g_strconcat(tag, " AUTHENTICATE ", sasl_name(exchange), NULL);
    g_autofree char *with_answer = g_strconcat(start, " ", NULL);
    g_autoptr(Secret) first = NULL;
    if (!sasl_first(exchange, imap_can(imap, "SASL-IR") ? LIMIT_LINE : 0, &first, error))
        return FALSE;
    guard_command(imap->guard, SCAN_CONTINUE, LIMIT_COMMAND_MS);
    g_autoptr(Secret) nothing = secret_new("", 0);
    send_secret(imap, first ? with_answer : start, first ? first : nothing, "\r\n");
    return TRUE;
}

static gboolean authenticate(Imap *imap, Exchange *exchange, const char *const *offered,
                             GError **error)
{
    if (!begin_exchange(imap, exchange, error))
        return FALSE;
    const char *line;
    while ((line = next_line(imap)) && line[0] == '+')
        if (!answer(imap, exchange, line, error))
            return FALSE;
    int r = finish_login(imap, line);
    g_autoptr(GError) early = NULL;
    if (r == MAILIMAP_NO_ERROR && status(imap)->said == SAID_NO && !no_for_now(imap)) {
        g_autofree char *words = imap_words(status(imap));
        if (sasl_begin_unbound(exchange, offered, words))
            return authenticate(imap, exchange, offered, error);
        if (sasl_binding_refused(exchange, error))
            return FALSE;
    }
    if (!login_done(imap, exchange->session, r, sasl_refusal(exchange), error))
        return FALSE;
    if (!sasl_finish(exchange, &early)) {
        imap_break(imap, early);
        return imap_alive(imap, error);
    }
    return TRUE;
}

/* "quoted", for LOGIN; NULL when the value cannot be: it would end the line. */
static Secret *quote(const guint8 *value, gsize size, GError **error)
{
    g_autofree guint8 *quoted = g_malloc(2 * size + 2);
    gsize used = 0;
    quoted[used++] = '"';
    for (gsize i = 0; i < size; i++) {
        if (strchr("\r\n", value[i])) { /* and NUL, which ends the list */
            refuse(error, POSTERN_ERROR_INPUT, "send.value", "set the password again",
                   "the login or the password holds a line end or NUL");
            secret_wipe(quoted, used);
            return NULL;
        }
        if (value[i] == '"' || value[i] == '\\')
            quoted[used++] = '\\';
        quoted[used++] = value[i];
    }
    quoted[used++] = '"';
    Secret *secret = secret_new(quoted, used);
    secret_wipe(quoted, used);
    return secret;
}

static gboolean login_command(Imap *imap, const Session *session, GError **error)
{
    g_autoptr(Secret) user = quote((const guint8 *)session->login, strlen(session->login), error);
    g_autoptr(Secret) password =
        user ? quote(secret_bytes(session->secret), secret_size(session->secret), error) : NULL;
    if (password == NULL)
        return FALSE;
    g_autofree char *tag = next_tag(imap);
    g_autofree char *start =
        g_strconcat(tag, " LOGIN ", (const char *)secret_bytes(user), " ", NULL);
    guard_command(imap->guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    send_secret(imap, start, password, "\r\n");
    int r = finish_login(imap, mailimap_read_line(imap->etpan));
    return login_done(imap, session, r, "", error);
}

static GPtrArray *offered_mechanisms(const Imap *imap)
{
    GPtrArray *offered = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter at;
    gpointer name;
    g_hash_table_iter_init(&at, imap->capabilities);
    while (g_hash_table_iter_next(&at, &name, NULL))
        if (g_str_has_prefix(name, "AUTH="))
            g_ptr_array_add(offered, g_strdup((char *)name + strlen("AUTH=")));
    g_ptr_array_add(offered, NULL);
    return offered;
}

/* After the login, so that no password is ever compressed together with what somebody else chose. A
 * server that says no is taken as it is. */
static gboolean compress(Imap *imap, GError **error)
{
    int r = imap_say(imap, SCAN_STOP, NULL, "COMPRESS DEFLATE");
    if (r != MAILIMAP_NO_ERROR || !imap_alive(imap, NULL))
        return imap_fail(imap, r, "COMPRESS", error);
    if (status(imap)->said == SAID_OK)
        guard_compress(imap->guard);
    return TRUE;
}

static gboolean log_in(Imap *imap, const Session *session, GBytes *binding, GError **error)
{
    if (g_hash_table_size(imap->capabilities) == 0 && !ask_capabilities(imap, error))
        return FALSE;
    g_autoptr(GPtrArray) offers = offered_mechanisms(imap);
    const char *const *offered = (const char *const *)offers->pdata;
    imap->scram = sasl_offers_scram(offers);
    g_auto(Exchange) exchange = {0};
    g_autoptr(GError) none = NULL;
    gboolean in;
    if (sasl_begin(&exchange, session, offered, binding, &none)) {
        in = authenticate(imap, &exchange, offered, error);
    } else if (sasl_may_do_without(session) && !imap_can(imap, "LOGINDISABLED")) {
        in = login_command(imap, session, error);
    } else {
        g_propagate_error(error, g_steal_pointer(&none));
        return FALSE;
    }
    return in && (g_hash_table_size(imap->capabilities) > 0 || ask_capabilities(imap, error));
}

gboolean imap_login(Imap *imap, const Session *session, GBytes *binding, GError **error)
{
    return log_in(imap, session, binding, error) &&
           (!session->compress || !imap_can(imap, "COMPRESS=DEFLATE") || compress(imap, error));
}

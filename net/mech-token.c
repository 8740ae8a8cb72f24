/*
 * OAUTHBEARER (RFC 7628) and XOAUTH2. A server that will not have the token says why in a
 * challenge, wants that acknowledged, and then says no.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "core/error.h"
#include "net/mechanism.h"
#include "net/words.h"

#define TOKEN_LETTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._~+/="

/* RFC 6750, 2.1. Anything else would end the field it stands in. */
static gboolean is_token(const Secret *secret, GError **error)
{
    const char *bytes = (const char *)secret_bytes(secret);
    gsize size = secret_size(secret);
    if (size == 0 || strspn(bytes, TOKEN_LETTERS) != size)
        return refuse(error, POSTERN_ERROR_INPUT, "send.value",
                      "let the account's secret be the token alone, or take ;AUTH= out of its URI",
                      "the login secret is no OAuth token: it holds other letters");
    return TRUE;
}

/* BEFORE, the token, and the two bytes that end a message. */
static Secret *with_token(const char *before, const Secret *token)
{
    gsize head = strlen(before), body = secret_size(token);
    guint8 *message = g_malloc(head + body + 2);
    memcpy(message, before, head);
    memcpy(message + head, secret_bytes(token), body);
    memcpy(message + head + body, "\1\1", 2);
    return answer_take(message, head + body + 2);
}

/* RFC 7628, 3.2.2 wants a few members. json-glib calls itself for each bracket, so it is given no
 * more than its stack holds. */
#define REASON_BYTES 2048

/* The member's text, made harmless (g_free); NULL when there is none. */
static char *member(JsonObject *reason, const char *name)
{
    JsonNode *node = json_object_get_member(reason, name);
    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    const char *text = json_node_get_string(node);
    return *text ? server_words(text, strlen(text)) : NULL;
}

/* RFC 6750, 3.1; anything else, as the numbers of XOAUTH2, is told as it is. */
static const char *meaning(const char *status)
{
    static const char *const known[][2] = {
        {"invalid_token", "is not valid here, or no longer"},
        {"insufficient_scope", "does not allow this"},
        {"invalid_request", "was not understood"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_ascii_strcasecmp(status, known[i][0]) == 0)
            return known[i][1];
    return "is not taken";
}

static char *reason_in_words(const guint8 *json, gsize size)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    if (size > REASON_BYTES || !g_utf8_validate((const char *)json, (gssize)size, NULL) ||
        !json_parser_load_from_data(parser, (const char *)json, (gssize)size, NULL))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
        return NULL;
    JsonObject *reason = json_node_get_object(root);
    g_autofree char *status = member(reason, "status");
    g_autofree char *scope = member(reason, "scope");
    if (status == NULL)
        return NULL;
    return g_strdup_printf(": the token %s (\"%s\"%s%s%s)", meaning(status), status,
                           scope ? "; it takes the scope \"" : "", scope ? scope : "",
                           scope ? "\"" : "");
}

/* The answer to a server that says why it refuses: that it was heard. */
static Secret *acknowledge(Exchange *exchange, const guint8 *reason, gsize size, const char *answer)
{
    g_free(exchange->refusal);
    exchange->refusal = reason_in_words(reason, size);
    return secret_new(answer, strlen(answer));
}

static gboolean login_fits(const Session *session, GError **error)
{
    if (strchr(session->login, '\1'))
        return refuse(error, POSTERN_ERROR_INPUT, "send.value", "correct the login in the URI",
                      "the login holds a control character");
    return TRUE;
}

/* RFC 5801, 4: "=" and "," part the fields of the header. */
static char *gs2_name(const char *login)
{
    g_autoptr(GString) name = g_string_new(login);
    g_string_replace(name, "=", "=3D", 0);
    g_string_replace(name, ",", "=2C", 0);
    return g_string_free(g_steal_pointer(&name), FALSE);
}

static Secret *oauthbearer_answer(Exchange *exchange, const guint8 *challenge, gsize size,
                                  GError **error)
{
    const Session *session = exchange->session;
    if (exchange->step > 0)
        return acknowledge(exchange, challenge, size, "\1");
    if (!is_token(session->secret, error) || !login_fits(session, error))
        return NULL;
    g_autofree char *name = gs2_name(session->login);
    g_autofree char *before = g_strdup_printf("n,a=%s,\1host=%s\1port=%s\1auth=Bearer ", name,
                                              session->host, scheme_port(session->scheme));
    return with_token(before, session->secret);
}

static Secret *xoauth2_answer(Exchange *exchange, const guint8 *challenge, gsize size,
                              GError **error)
{
    const Session *session = exchange->session;
    if (exchange->step > 0)
        return acknowledge(exchange, challenge, size, "");
    if (!is_token(session->secret, error) || !login_fits(session, error))
        return NULL;
    g_autofree char *before = g_strdup_printf("user=%s\1auth=Bearer ", session->login);
    return with_token(before, session->secret);
}

const Mechanism mechanism_oauthbearer = {.name = "OAUTHBEARER",
                                         .client_first = TRUE,
                                         .token = TRUE,
                                         .answers = 1,
                                         .most = 2,
                                         .answer = oauthbearer_answer};
const Mechanism mechanism_xoauth2 = {.name = "XOAUTH2",
                                     .client_first = TRUE,
                                     .token = TRUE,
                                     .answers = 1,
                                     .most = 2,
                                     .answer = xoauth2_answer};

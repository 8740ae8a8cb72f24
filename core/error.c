/* See error.h. */
#include "core/error.h"

typedef struct {
    char *rule;
    char *mend;
} PosternErrorPrivate;

static void postern_error_private_init(PosternErrorPrivate *priv)
{
    priv->rule = NULL;
    priv->mend = NULL;
}

static void postern_error_private_copy(const PosternErrorPrivate *from, PosternErrorPrivate *to)
{
    to->rule = g_strdup(from->rule);
    to->mend = g_strdup(from->mend);
}

static void postern_error_private_clear(PosternErrorPrivate *priv)
{
    g_free(priv->rule);
    g_free(priv->mend);
}

G_DEFINE_EXTENDED_ERROR(PosternError, postern_error)

gboolean refuse(GError **error, PosternError kind, const char *rule, const char *mend,
                const char *format, ...)
{
    if (error == NULL)
        return FALSE;
    va_list args;
    va_start(args, format);
    GError *made = g_error_new_valist(POSTERN_ERROR, (int)kind, format, args);
    va_end(args);
    PosternErrorPrivate *priv = postern_error_get_private(made);
    priv->rule = g_strdup(rule);
    priv->mend = g_strdup(mend);
    g_propagate_error(error, made);
    return FALSE;
}

const char *postern_error_rule(const GError *error)
{
    return error && error->domain == POSTERN_ERROR ? postern_error_get_private(error)->rule : NULL;
}

const char *postern_error_mend(const GError *error)
{
    return error && error->domain == POSTERN_ERROR ? postern_error_get_private(error)->mend : NULL;
}

gboolean postern_error_among(const GError *error, const char *const *rules)
{
    const char *rule = postern_error_rule(error);
    return rule && g_strv_contains(rules, rule);
}

void postern_error_set_mend(GError *error, const char *mend)
{
    if (error == NULL || error->domain != POSTERN_ERROR)
        return;
    PosternErrorPrivate *priv = postern_error_get_private(error);
    g_free(priv->mend);
    priv->mend = g_strdup(mend);
}

char *postern_error_words(const GError *error)
{
    const char *rule = postern_error_rule(error), *mend = postern_error_mend(error);
    return g_strconcat(error->message, rule ? " (" : "", rule ? rule : "", rule ? ")" : "",
                       mend ? ": " : "", mend, NULL);
}

int postern_exit_code(const GError *error)
{
    if (error == NULL)
        return 0;
    return error->domain == POSTERN_ERROR ? error->code : POSTERN_ERROR_BUG;
}

int postern_worse(int a, int b)
{
    static const int order[] = {78, 77, 76, 70, 74, 73, 69, 75, 65, 64, 1, 0};
    for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return POSTERN_ERROR_BUG;
}

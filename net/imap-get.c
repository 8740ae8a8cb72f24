/*
 * See imap.h. Body chunks carry no UID, the attributes that follow them do: a message is begun
 * with its first chunk and ends when libetpan has the whole FETCH and its number was asked for.
 * libetpan calls the attribute handler only when progress functions are set as well; without it,
 * it would keep the attributes of every message.
 */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/imap.h"

#define GET_SPAN 10000 /* UIDs in one command: libetpan keeps the text of a reply, bodies apart */

typedef struct {
    Imap *imap;
    const MessageTaker *taker;
    const GArray *asked; /* of the present command */
    GHashTable *given;   /* of it, those that came */
    gboolean header;     /* nothing but that is asked for */
    gboolean started;    /* a message is on its way */
    GError *error;       /* the taker's */
} Get;

static gboolean stopped(const Get *get)
{
    return get->error || guard_error(get->imap->guard);
}

/* The taker wants no more: the connection is in the middle of a reply and of no more use. */
static void stop_after(Get *get, gboolean taken)
{
    if (taken)
        return;
    g_autoptr(GError) gone = NULL;
    refuse(&gone, POSTERN_ERROR_BUG, "imap.state", NULL, "a transfer was stopped in its midst");
    imap_break(get->imap, get->error ? get->error : gone);
}

static gboolean start(Get *get)
{
    if (!get->started) {
        get->started = TRUE;
        stop_after(get, get->taker->start(get->taker->user, &get->error));
    }
    return !stopped(get);
}

/* BODY[], or BODY[HEADER]. */
static gboolean is_asked(const Get *get, const struct mailimap_section *section)
{
    const struct mailimap_section_spec *spec = section ? section->sec_spec : NULL;
    if (!get->header || spec == NULL)
        return !get->header && spec == NULL;
    return spec->sec_type == MAILIMAP_SECTION_SPEC_SECTION_MSGTEXT &&
           spec->sec_data.sec_msgtext->sec_type == MAILIMAP_SECTION_MSGTEXT_HEADER;
}

static bool take_body(int type, struct mailimap_msg_att_body_section *section, const char *bytes,
                      size_t size, void *user)
{
    Get *get = user;
    if (stopped(get))
        return false;
    if (type != MAILIMAP_MSG_ATT_BODY_SECTION || !is_asked(get, section->sec_section))
        return imap_violation(get->imap, NULL, "the server sends a part that was not asked for");
    if (!start(get))
        return false;
    stop_after(get, get->taker->data(get->taker->user, (const guint8 *)bytes, size, &get->error));
    return !stopped(get);
}

/* ---- attributes ---- */

static gint64 unix_time(const struct mailimap_date_time *date)
{
    g_autoptr(GDateTime) local =
        g_date_time_new_utc(date->dt_year, date->dt_month, date->dt_day, date->dt_hour,
                            date->dt_min, CLAMP(date->dt_sec, 0, 59));
    if (local == NULL || date->dt_zone < -2400 || date->dt_zone > 2400)
        return 0;
    gint64 minutes = date->dt_zone / 100 * 60 + date->dt_zone % 100;
    return g_date_time_to_unix(local) - minutes * 60;
}

static char *flag_name(const struct mailimap_flag_fetch *fetched)
{
    static const char *const names[] = {[MAILIMAP_FLAG_ANSWERED] = "\\Answered",
                                        [MAILIMAP_FLAG_FLAGGED] = "\\Flagged",
                                        [MAILIMAP_FLAG_DELETED] = "\\Deleted",
                                        [MAILIMAP_FLAG_SEEN] = "\\Seen",
                                        [MAILIMAP_FLAG_DRAFT] = "\\Draft"};
    if (fetched->fl_type == MAILIMAP_FLAG_FETCH_RECENT || fetched->fl_flag == NULL)
        return NULL; /* it is of the session, not of the message */
    const struct mailimap_flag *flag = fetched->fl_flag;
    if (flag->fl_type == MAILIMAP_FLAG_KEYWORD || flag->fl_type == MAILIMAP_FLAG_EXTENSION) {
        gboolean keyword = flag->fl_type == MAILIMAP_FLAG_KEYWORD;
        const char *name = keyword ? flag->fl_data.fl_keyword : flag->fl_data.fl_extension;
        g_autofree char *safe = text_utf8(name ? name : "", -1);
        return g_strconcat(keyword ? "" : "\\", safe, NULL);
    }
    return flag->fl_type >= 0 && (gsize)flag->fl_type < G_N_ELEMENTS(names)
               ? g_strdup(names[flag->fl_type])
               : NULL;
}

static GStrv flag_names(const struct mailimap_msg_att_dynamic *dynamic)
{
    GPtrArray *names = g_ptr_array_new();
    for (clistiter *at = dynamic->att_list ? clist_begin(dynamic->att_list) : NULL;
         at && names->len < LIMIT_FETCH_FLAGS; at = clist_next(at)) {
        g_autofree char *name = flag_name(clist_content(at));
        if (name && strlen(name) <= LIMIT_FETCH_FLAG)
            g_ptr_array_add(names, g_steal_pointer(&name));
    }
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(names, FALSE);
}

typedef struct {
    Fetched fetched;
    gboolean body; /* it is there, if empty */
} Attributes;

static void read_static(const struct mailimap_msg_att_static *item, Attributes *all)
{
    if (item->att_type == MAILIMAP_MSG_ATT_UID)
        all->fetched.number = item->att_data.att_uid;
    if (item->att_type == MAILIMAP_MSG_ATT_INTERNALDATE)
        all->fetched.internaldate = unix_time(item->att_data.att_internal_date);
    /* NIL is no message, and must not pass for an empty one. */
    if (item->att_type == MAILIMAP_MSG_ATT_BODY_SECTION)
        all->body = item->att_data.att_body_section->sec_body_part != NULL;
}

static Attributes read_attributes(const struct mailimap_msg_att *message)
{
    Attributes all = {0};
    for (clistiter *at = clist_begin(message->att_list); at; at = clist_next(at)) {
        const struct mailimap_msg_att_item *item = clist_content(at);
        if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC)
            read_static(item->att_data.att_static, &all);
        if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC) {
            g_strfreev(all.fetched.flags);
            all.fetched.flags = flag_names(item->att_data.att_dyn);
        }
    }
    return all;
}

/* ---- one message ---- */

static gboolean wanted(Get *get, guint32 uid)
{
    if (uid == 0)
        return imap_violation(get->imap, NULL, "the server sends a message without a UID");
    if (!uid_ranges_hold(get->asked, uid))
        return imap_violation(get->imap, NULL, "the server sends UID %u, which was not asked for",
                              uid);
    if (!g_hash_table_add(get->given, GUINT_TO_POINTER(uid)))
        return imap_violation(get->imap, NULL, "the server sends UID %u twice", uid);
    return TRUE;
}

static void take_attributes(struct mailimap_msg_att *message, void *user)
{
    Get *get = user;
    Attributes all = read_attributes(message);
    if (!stopped(get) && (all.body || get->started) && wanted(get, all.fetched.number) &&
        start(get)) {
        stop_after(get, get->taker->end(get->taker->user, &all.fetched, &get->error));
        get->started = FALSE;
        guard_refill(get->imap->guard);
    }
    g_strfreev(all.fetched.flags);
}

static void no_progress(size_t now, size_t whole, void *user)
{
    (void)now;
    (void)whole;
    (void)user;
}

/* ---- the command ---- */

static struct mailimap_fetch_type *wishes(gboolean header)
{
    struct mailimap_section *whole =
        header ? mailimap_section_new_header() : mailimap_section_new(NULL);
    struct mailimap_fetch_att *wish[] = {
        mailimap_fetch_att_new_uid(), mailimap_fetch_att_new_flags(),
        mailimap_fetch_att_new_internaldate(),
        whole ? mailimap_fetch_att_new_body_peek_section(whole) : NULL};
    struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
    gboolean good = type != NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(wish); i++) {
        good = good && wish[i] &&
               mailimap_fetch_type_new_fetch_att_list_add(type, wish[i]) == MAILIMAP_NO_ERROR;
        if (!good && wish[i])
            mailimap_fetch_att_free(wish[i]);
    }
    if (!good && type)
        mailimap_fetch_type_free(type);
    return good ? type : NULL;
}

static int fetch(Get *get)
{
    struct mailimap_set *set = uid_set_new(get->asked);
    struct mailimap_fetch_type *type = wishes(get->header);
    clist *rest = NULL;
    int r = MAILIMAP_ERROR_MEMORY;
    if (set && type) {
        guard_command(get->imap->guard, get->header ? SCAN_HEADERS : SCAN_BODIES, LIMIT_COMMAND_MS);
        r = mailimap_uid_fetch(get->imap->etpan, set, type, &rest);
    }
    if (r == MAILIMAP_NO_ERROR && rest) /* on NO it is free already */
        mailimap_fetch_list_free(rest);
    if (type)
        mailimap_fetch_type_free(type);
    if (set)
        mailimap_set_free(set);
    return r;
}

static gboolean get_some(Get *get, GError **error)
{
    g_hash_table_remove_all(get->given);
    int r = fetch(get);
    if (get->error) {
        g_propagate_error(error, g_steal_pointer(&get->error));
        return FALSE;
    }
    if (!imap_alive(get->imap, NULL) || r != MAILIMAP_NO_ERROR ||
        guard_scan_status(guard_scanner(get->imap->guard))->said != SAID_OK)
        return imap_fail(get->imap, r, "UID FETCH", error);
    return TRUE;
}

static void listen(Imap *imap, Get *get)
{
    mailprogress_function *progress = get ? no_progress : NULL;
    mailimap_set_progress_callback(imap->etpan, progress, progress, get);
    mailimap_set_msg_body_handler(imap->etpan, get ? take_body : NULL, get);
    mailimap_set_msg_att_handler(imap->etpan, get ? take_attributes : NULL, get);
}

static gboolean get_all(Fetcher *self, gboolean header, const NumberRange *ranges, gsize n,
                        const MessageTaker *taker, GError **error)
{
    Imap *imap = (Imap *)self;
    g_autoptr(GArray) left = uid_ranges_sorted(ranges, n);
    g_autoptr(GHashTable) given = g_hash_table_new(NULL, NULL);
    Get get = {.imap = imap, .taker = taker, .given = given, .header = header};
    gboolean good = imap_alive(imap, error);
    listen(imap, &get);
    while (good && left->len > 0) {
        g_autoptr(GArray) cut = uid_ranges_cut(left, GET_SPAN);
        get.asked = cut;
        good = get_some(&get, error);
    }
    listen(imap, NULL);
    return good;
}

gboolean imap_get(Fetcher *self, const NumberRange *ranges, gsize n, const MessageTaker *taker,
                  GError **error)
{
    return get_all(self, FALSE, ranges, n, taker, error);
}

gboolean imap_headers(Fetcher *self, const NumberRange *ranges, gsize n, const MessageTaker *taker,
                      GError **error)
{
    return get_all(self, TRUE, ranges, n, taker, error);
}

/* See letter.h. */
#include "core/letter.h"

void mailbox_free(Mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    g_free(mailbox->name);
    g_free(mailbox->address);
    g_free(mailbox);
}

void carried_key_free(CarriedKey *carried)
{
    if (carried == NULL)
        return;
    g_free(carried->address);
    g_free(carried->sayer);
    g_bytes_unref(carried->key);
    g_free(carried);
}

IndexDoc *index_doc_new(void)
{
    IndexDoc *doc = g_new0(IndexDoc, 1);
    doc->references = g_ptr_array_new_with_free_func(g_free);
    return doc;
}

void index_doc_drop_text(IndexDoc *doc)
{
    g_free(doc->body);
    g_free(doc->snippet);
    doc->body = g_strdup("");
    doc->snippet = g_strdup("");
    g_clear_pointer(&doc->filenames, g_free);
    doc->attachments = 0;
}

void index_doc_free(IndexDoc *doc)
{
    if (doc == NULL)
        return;
    g_free(doc->subject);
    g_free(doc->from);
    g_free(doc->to);
    g_free(doc->cc);
    g_free(doc->list);
    g_free(doc->message_id);
    g_ptr_array_unref(doc->references);
    g_free(doc->body);
    g_free(doc->filenames);
    g_free(doc->snippet);
    carried_key_free(doc->carried);
    g_clear_pointer(&doc->gossip, g_ptr_array_unref);
    g_free(doc);
}

void signature_free(Signature *signature)
{
    if (signature == NULL)
        return;
    g_free(signature->fingerprint);
    g_free(signature->signer);
    g_free(signature);
}

static void signature_destroy(gpointer signature)
{
    signature_free(signature);
}

static void warning_free(gpointer data)
{
    Warning *warning = data;
    g_free(warning->name);
    g_free(warning->text);
    g_free(warning);
}

static void outer_free(gpointer data)
{
    OuterField *field = data;
    g_free(field->name);
    g_free(field->value);
    g_free(field);
}

Protection *protection_new(void)
{
    Protection *protection = g_new0(Protection, 1);
    protection->recipients = g_ptr_array_new_with_free_func(g_free);
    protection->outer = g_ptr_array_new_with_free_func(outer_free);
    protection->warnings = g_ptr_array_new_with_free_func(warning_free);
    protection->signatures = g_ptr_array_new_with_free_func(signature_destroy);
    return protection;
}

void protection_free(Protection *protection)
{
    if (protection == NULL)
        return;
    g_ptr_array_unref(protection->signatures);
    g_ptr_array_unref(protection->recipients);
    g_ptr_array_unref(protection->outer);
    g_ptr_array_unref(protection->warnings);
    g_free(protection);
}

void protection_warn(Protection *protection, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Warning *warning = g_new0(Warning, 1);
    warning->name = g_strdup(name);
    warning->text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(protection->warnings, warning);
}

const char *signature_status_name(SignatureStatus status)
{
    static const char *const names[] = {
        [SIG_GOOD] = "good",
        [SIG_BAD] = "bad",
        [SIG_UNKNOWN_KEY] = "unknown-key",
        [SIG_EXPIRED_KEY] = "expired-key",
        [SIG_REVOKED_KEY] = "revoked-key",
        [SIG_ERROR] = "error",
    };
    return names[status];
}

const char *signer_trust_name(SignerTrust trust)
{
    static const char *const names[] = {
        [TRUST_UNKNOWN] = "unknown",
        [TRUST_SEEN] = "seen",
        [TRUST_CONFIRMED] = "confirmed",
        [TRUST_OWN] = "own",
    };
    return names[trust];
}

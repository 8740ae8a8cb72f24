/* What leaves, as PGP/MIME; see pgpmime.h. */
#include "crypto/pgp.h"
#include "crypto/pgpmime.h"

static GBytes *finish_signed(const Letter *letter, const LetterIdentity *identity,
                             const char *signer, GError **error)
{
    g_autoptr(GBytes) entity = compose_entity(letter, identity, PROTECT_SIGNED, error);
    g_autofree char *micalg = NULL;
    g_autoptr(GBytes) signature = entity ? pgp_sign(signer, entity, &micalg, error) : NULL;
    if (signature == NULL)
        return NULL;
    g_autoptr(GBytes) whole = compose_signed(entity, signature, micalg);
    return compose_message(letter, identity, whole, FALSE);
}

/* Signed inside the encryption, so that nobody outside learns who signed. */
static GBytes *finish_encrypted(const Letter *letter, const LetterIdentity *identity,
                                char **encrypt_to, const char *signer, GError **error)
{
    g_autoptr(GBytes) entity = compose_entity(letter, identity, PROTECT_ENCRYPTED, error);
    g_autoptr(GBytes) sealed = entity ? pgp_encrypt(encrypt_to, signer, entity, error) : NULL;
    if (sealed == NULL)
        return NULL;
    g_autoptr(GBytes) whole = compose_encrypted(sealed);
    return compose_message(letter, identity, whole, TRUE);
}

GBytes *pgpmime_finish(const Letter *letter, const LetterIdentity *identity, char **encrypt_to,
                       const char *signer, GError **error)
{
    if (encrypt_to != NULL)
        return finish_encrypted(letter, identity, encrypt_to, signer, error);
    if (signer != NULL)
        return finish_signed(letter, identity, signer, error);
    g_autoptr(GBytes) entity = compose_entity(letter, identity, PROTECT_NONE, error);
    return entity ? compose_message(letter, identity, entity, FALSE) : NULL;
}

/* See vault-turn.h. */
#include "store/vault-turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"

struct VaultTurn {
    gatomicrefcount users;
    int lock; /* descriptor of DIR/lock */
    GMutex writing;
    guint64 changes; /* under `writing` */
    gssize staged;   /* atomic */
};

/* The kernel lets go of it when its holder dies; that the file is there says nothing. */
static gboolean take_lock(int lock, const char *shown, GError **error)
{
    if (lock < 0)
        return refuse(error, POSTERN_ERROR_STORE, "vault.write",
                      "see that the store is yours and the disk has room",
                      "%s cannot be opened: %s", shown, g_strerror(errno));
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
        return fchmod(lock, 0600) == 0 ||
               refuse(error, POSTERN_ERROR_STORE, "vault.write", "use a store of your own",
                      "%s belongs to another user", shown);
    if (errno == EWOULDBLOCK)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "vault.busy",
                      "wait for it, or stop it, then try again",
                      "another sync is writing to this store and holds %s", shown);
    return refuse(error, POSTERN_ERROR_STORE, "vault.write",
                  "keep the store on a file system that knows locks", "%s cannot be locked: %s",
                  shown, g_strerror(errno));
}

VaultTurn *turn_take(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "lock", NULL);
    g_autofree char *shown = text_name(path);
    int lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (!take_lock(lock, shown, error)) {
        if (lock >= 0)
            (void)close(lock);
        return NULL;
    }
    VaultTurn *turn = g_new0(VaultTurn, 1);
    g_atomic_ref_count_init(&turn->users);
    g_mutex_init(&turn->writing);
    turn->lock = lock;
    return turn;
}

VaultTurn *turn_share(VaultTurn *turn)
{
    g_atomic_ref_count_inc(&turn->users);
    return turn;
}

void turn_leave(VaultTurn *turn)
{
    if (turn == NULL || !g_atomic_ref_count_dec(&turn->users))
        return;
    (void)close(turn->lock);
    g_mutex_clear(&turn->writing);
    g_free(turn);
}

void turn_begin(VaultTurn *turn)
{
    if (turn)
        g_mutex_lock(&turn->writing);
}

void turn_end(VaultTurn *turn)
{
    if (turn)
        g_mutex_unlock(&turn->writing);
}

guint64 turn_changes(const VaultTurn *turn)
{
    return turn ? turn->changes : 0;
}

void turn_change(VaultTurn *turn)
{
    if (turn)
        turn->changes++;
}

gssize turn_stage(VaultTurn *turn, gssize delta)
{
    return turn ? g_atomic_pointer_add(&turn->staged, delta) + delta : 0;
}

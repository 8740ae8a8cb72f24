/* See sealedvfs.h. A shim over SQLite's own unix VFS, which keeps doing locks and shared memory. */
#include "store/sealedvfs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define VFS_NAME "postern-sealed"
#define FILE_HEADER 100 /* of an SQLite database */
#define KINDS 0x0FFF00  /* the bits of xOpen's flags that say what kind of file it is */

typedef struct {
    sqlite3_file file; /* first: SQLite's view of us */
    SealedPlace place;
    SealedKeys *keys;
    guint8 *scratch;  /* one sealed frame or page */
    gint64 header_at; /* the frame header written last, -1 for none: its page comes next */
    guint32 header_page;
    const char *log;    /* name of the database's log, SQLite's own */
    sqlite3_file *real; /* in the memory behind this struct */
} SealedFile;

/* The key for the database file that this thread is opening, and only while it does. */
static _Thread_local const guint8 *opening_key;

static SealedFile *sealed(sqlite3_file *file)
{
    return (SealedFile *)file;
}

static sqlite3_file *real(sqlite3_file *file)
{
    return sealed(file)->real;
}

static int real_read(SealedFile *self, void *out, int size, gint64 at)
{
    return self->real->pMethods->xRead(self->real, out, size, at);
}

static int real_write(SealedFile *self, const void *data, int size, gint64 at)
{
    return self->real->pMethods->xWrite(self->real, data, size, at);
}

static guint32 page_number(const guint8 *header)
{
    guint32 number;
    memcpy(&number, header, sizeof number);
    return GUINT32_FROM_BE(number);
}

/* --- the database file --------------------------------------------------------------------- */

/* TRUE in *beyond when AT is at or behind the end: SQLite then wants zeros and a short read. */
static int beyond_end(SealedFile *self, gint64 at, gboolean *beyond)
{
    sqlite3_int64 size;
    int rc = self->real->pMethods->xFileSize(self->real, &size);
    *beyond = rc == SQLITE_OK && at >= size;
    return rc;
}

/* Does a log lie there that was written with our key? */
static gboolean log_is_ours(SealedFile *self)
{
    guint8 *frame = self->scratch;
    int fd = open(self->log, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return FALSE;
    gboolean whole = pread(fd, frame, FRAME_SIZE, WAL_HEADER) == FRAME_SIZE;
    (void)close(fd);
    guint8 *page = frame + FRAME_HEADER;
    gboolean ours = whole && sealed_page_open(self->keys, SEALED_WAL, page_number(frame),
                                              WAL_HEADER, page, page);
    secret_wipe(frame, FRAME_SIZE);
    return ours;
}

/*
 * SQLite looks at the file's header before it looks at the log. Who died while he brought the log
 * into the file may have left half of the first page, and the log still has it whole: SQLite then
 * gets the two things it needs to know by then. A page that is asked for whole is another matter.
 */
static int main_damaged(SealedFile *self, guint8 *out, int size, gint64 at)
{
    guint8 header[FILE_HEADER] = {[16] = SEALED_PAGE >> 8, [20] = SEALED_RESERVE};
    memset(out, 0, (gsize)size);
    if (at + size > FILE_HEADER || !log_is_ours(self))
        return SQLITE_IOERR_DATA;
    memcpy(out, header + at, (gsize)size);
    return SQLITE_OK;
}

static int main_read(SealedFile *self, guint8 *out, int size, gint64 at)
{
    gint64 skip = at % SEALED_PAGE, start = at - skip;
    if (skip + size > SEALED_PAGE)
        return SQLITE_IOERR_READ;
    int rc = real_read(self, self->scratch, SEALED_PAGE, start);
    if (rc == SQLITE_IOERR_SHORT_READ) {
        gboolean beyond;
        rc = beyond_end(self, start, &beyond);
        if (rc == SQLITE_OK && !beyond)
            return main_damaged(self, out, size, at);
        memset(out, 0, (gsize)size);
        return rc == SQLITE_OK ? SQLITE_IOERR_SHORT_READ : rc;
    }
    if (rc != SQLITE_OK)
        return rc;
    guint8 *page = size == SEALED_PAGE ? out : self->scratch;
    if (!sealed_page_open(self->keys, SEALED_MAIN, (guint32)(start / SEALED_PAGE + 1),
                          (guint64)start, self->scratch, page))
        return main_damaged(self, out, size, at);
    if (page != out) {
        memcpy(out, page + skip, (gsize)size);
        secret_wipe(page, SEALED_PAGE);
    }
    return SQLITE_OK;
}

static int main_write(SealedFile *self, const guint8 *data, int size, gint64 at)
{
    if (size != SEALED_PAGE || at % SEALED_PAGE != 0)
        return SQLITE_IOERR_WRITE;
    if (!sealed_page_seal(self->keys, SEALED_MAIN, (guint32)(at / SEALED_PAGE + 1), (guint64)at,
                          data, self->scratch))
        return SQLITE_IOERR_WRITE;
    return real_write(self, self->scratch, SEALED_PAGE, at);
}

/* --- the write-ahead log ------------------------------------------------------------------- */

/* Where in its frame AT lies. */
static gint64 within_frame(gint64 at)
{
    return at < WAL_HEADER ? -1 : (at - WAL_HEADER) % FRAME_SIZE;
}

/* A page alone, or behind its header. */
static int frame_read(SealedFile *self, guint8 *out, gboolean with_header, gint64 start)
{
    guint8 *frame = self->scratch, *page = out + (with_header ? FRAME_HEADER : 0);
    int rc = real_read(self, frame, FRAME_SIZE, start);
    if (rc != SQLITE_OK) {
        memset(page, 0, SEALED_PAGE);
        return rc;
    }
    gboolean good = sealed_page_open(self->keys, SEALED_WAL, page_number(frame), (guint64)start,
                                     frame + FRAME_HEADER, page);
    if (!with_header)
        return good ? SQLITE_OK : SQLITE_IOERR_DATA;
    /* This is recovery after a crash, where a torn last frame is no damage: SQLite compares its
     * own checksum with the zeros it gets, and ends the log there. */
    sealed_header(self->keys, FALSE, frame, out);
    return SQLITE_OK;
}

/* A frame header, or the checksum at its end. */
static int header_read(SealedFile *self, guint8 *out, int size, gint64 start, gint64 skip)
{
    guint8 header[FRAME_HEADER];
    int rc = real_read(self, header, sizeof header, start);
    if (rc == SQLITE_OK)
        sealed_header(self->keys, FALSE, header, header);
    memcpy(out, header + skip, (gsize)size);
    return rc;
}

static int wal_read(SealedFile *self, guint8 *out, int size, gint64 at)
{
    gint64 within = within_frame(at);
    if (at + size <= WAL_HEADER) /* all of the log's header, or the checksum at its end */
        return real_read(self, out, size, at);
    if (within == 0 && size == FRAME_SIZE)
        return frame_read(self, out, TRUE, at);
    if (within == FRAME_HEADER && size == SEALED_PAGE)
        return frame_read(self, out, FALSE, at - FRAME_HEADER);
    if (within >= 0 && within + size <= FRAME_HEADER)
        return header_read(self, out, size, at - within, within);
    return SQLITE_IOERR_READ;
}

static int header_write(SealedFile *self, const guint8 *header, gint64 at)
{
    guint8 enciphered[FRAME_HEADER];
    sealed_header(self->keys, TRUE, header, enciphered);
    self->header_at = at;
    self->header_page = page_number(header);
    return real_write(self, enciphered, sizeof enciphered, at);
}

static int frame_page_write(SealedFile *self, const guint8 *page, gint64 start)
{
    if (self->header_at != start) { /* the page of an older frame is written anew */
        guint8 header[FRAME_HEADER];
        int rc = real_read(self, header, sizeof header, start);
        if (rc != SQLITE_OK)
            return SQLITE_IOERR_WRITE;
        self->header_at = start;
        self->header_page = page_number(header);
    }
    if (!sealed_page_seal(self->keys, SEALED_WAL, self->header_page, (guint64)start, page,
                          self->scratch))
        return SQLITE_IOERR_WRITE;
    return real_write(self, self->scratch, SEALED_PAGE, start + FRAME_HEADER);
}

static int wal_write(SealedFile *self, const guint8 *data, int size, gint64 at)
{
    gint64 within = within_frame(at);
    if (at == 0 && size == WAL_HEADER)
        return real_write(self, data, size, at);
    if (within == 0 && size == FRAME_HEADER)
        return header_write(self, data, at);
    if (within == FRAME_HEADER && size == SEALED_PAGE)
        return frame_page_write(self, data, at - FRAME_HEADER);
    return SQLITE_IOERR_WRITE;
}

/* --- SQLite's view ------------------------------------------------------------------------- */

static int file_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    SealedFile *self = sealed(file);
    if (at < 0 || size <= 0)
        return SQLITE_IOERR_READ;
    return self->place == SEALED_MAIN ? main_read(self, out, size, at)
                                      : wal_read(self, out, size, at);
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    SealedFile *self = sealed(file);
    if (at < 0 || size <= 0)
        return SQLITE_IOERR_WRITE;
    return self->place == SEALED_MAIN ? main_write(self, data, size, at)
                                      : wal_write(self, data, size, at);
}

static int file_close(sqlite3_file *file)
{
    SealedFile *self = sealed(file);
    int rc = self->real->pMethods ? self->real->pMethods->xClose(self->real) : SQLITE_OK;
    sealed_keys_unref(self->keys);
    g_free(self->scratch);
    return rc;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (sealed(file)->place == SEALED_MAIN && size % SEALED_PAGE != 0)
        return SQLITE_IOERR_TRUNCATE;
    sealed(file)->header_at = -1;
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    return real(file)->pMethods->xSync(real(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int file_check_reserved(sqlite3_file *file, int *held)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), held);
}

/* Those that could put bytes into the file which no page sealed (chunks, mmap) do not pass. */
static int file_control(sqlite3_file *file, int what, void *argument)
{
    switch (what) {
    case SQLITE_FCNTL_LOCKSTATE:
    case SQLITE_FCNTL_LAST_ERRNO:
    case SQLITE_FCNTL_PERSIST_WAL:
    case SQLITE_FCNTL_HAS_MOVED:
    case SQLITE_FCNTL_EXTERNAL_READER:
        return real(file)->pMethods->xFileControl(real(file), what, argument);
    default: return SQLITE_NOTFOUND;
    }
}

static int file_sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

/* Always with powersafe overwrite: without it SQLite pads the log by parts of frames. */
static int file_characteristics(sqlite3_file *file)
{
    const int passed = SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN;
    return (real(file)->pMethods->xDeviceCharacteristics(real(file)) & passed) |
           SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend,
                        void volatile **memory)
{
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

/* Version 2: shared memory, but no xFetch. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static sqlite3_vfs *unix_vfs(void)
{
    return sqlite3_vfs_find("unix");
}

static SealedKeys *keys_for(const char *name, int kind)
{
    if (kind == SQLITE_OPEN_MAIN_DB && opening_key)
        return sealed_keys_new(opening_key);
    if (kind == SQLITE_OPEN_WAL)
        return sealed_keys_ref(sealed(sqlite3_database_file_object(name))->keys);
    return NULL;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *out_flags)
{
    (void)vfs;
    SealedFile *self = sealed(file);
    int kind = flags & KINDS;
    *self = (SealedFile){.file = {.pMethods = NULL}};
    if (name == NULL)
        return SQLITE_CANTOPEN;
    self->keys = keys_for(name, kind);
    if (self->keys == NULL)
        return SQLITE_CANTOPEN;
    self->place = kind == SQLITE_OPEN_WAL ? SEALED_WAL : SEALED_MAIN;
    self->real = (sqlite3_file *)(self + 1);
    self->real->pMethods = NULL;
    self->header_at = -1;
    self->log = sqlite3_filename_wal(name);
    int rc = unix_vfs()->xOpen(unix_vfs(), name, self->real, flags, out_flags);
    if (rc != SQLITE_OK) {
        (void)file_close(file);
        return rc;
    }
    self->scratch = g_malloc(FRAME_SIZE);
    self->file.pMethods = &methods;
    return SQLITE_OK;
}

/* All but xOpen is the unix VFS's own: deleting and looking for files shows no content. */
static gpointer register_vfs(gpointer unused)
{
    static sqlite3_vfs vfs;
    (void)unused;
    vfs = *unix_vfs(); /* to ask for it starts the library */
    vfs.pNext = NULL;
    vfs.zName = VFS_NAME;
    vfs.szOsFile += (int)sizeof(SealedFile);
    vfs.xOpen = vfs_open;
    return GINT_TO_POINTER(sqlite3_vfs_register(&vfs, 0));
}

static int register_once(void)
{
    static GOnce once = G_ONCE_INIT;
    return GPOINTER_TO_INT(g_once(&once, register_vfs, NULL));
}

int sealed_vfs_open(const char *path, const guint8 key[static KEY_SIZE], sqlite3 **db)
{
    *db = NULL;
    int rc = register_once();
    if (rc != SQLITE_OK)
        return rc;
    opening_key = key;
    rc = sqlite3_open_v2(path, db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                             SQLITE_OPEN_EXRESCODE,
                         VFS_NAME);
    opening_key = NULL;
    return rc;
}

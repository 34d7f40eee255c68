#include "crashing.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// A node whose crash is near. Tests make some hundreds of them, which stay: a file may be closed at any time.
typedef struct Node {
    char *folder;
    atomic_int left;
    int is_opening;
    struct Node *next;
} Node;

typedef struct {
    sqlite3_file base;
    Node *node;
    sqlite3_io_methods methods;
} File;

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static Node *nodes;
static sqlite3_vfs *below;
static sqlite3_vfs layer;

static sqlite3_file *real(sqlite3_file *file) { return (sqlite3_file *)((char *)file + sizeof(File)); }
static Node *node_of(sqlite3_file *file) { return ((File *)file)->node; }
static int is_over(Node *node) { return node && atomic_load(&node->left) <= 0; }

// Whether a write still happens: 1 as a whole, 0 in part because the node crashes at it, -1 not at all.
static int passes(Node *node) {
    if (!node) return 1;
    int before = atomic_fetch_sub(&node->left, 1);
    return before > 1 ? 1 : before == 1 ? 0 : -1;
}

static Node *opening(const char *path) {
    Node *found = NULL;
    pthread_mutex_lock(&guard);
    for (Node *node = nodes; path && node && !found; node = node->next)
        if (node->is_opening && !strncmp(path, node->folder, strlen(node->folder))) found = node;
    pthread_mutex_unlock(&guard);
    return found;
}

static int file_close(sqlite3_file *file) { return real(file)->pMethods ? real(file)->pMethods->xClose(real(file)) : SQLITE_OK; }

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 at) {
    if (is_over(node_of(file))) return SQLITE_IOERR_READ;
    return real(file)->pMethods->xRead(real(file), bytes, count, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at) {
    int passing = passes(node_of(file));
    if (passing > 0) return real(file)->pMethods->xWrite(real(file), bytes, count, at);
    if (passing == 0) real(file)->pMethods->xWrite(real(file), bytes, count / 2, at);
    return SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return passes(node_of(file)) > 0 ? real(file)->pMethods->xTruncate(real(file), size) : SQLITE_IOERR_TRUNCATE;
}

static int file_sync(sqlite3_file *file, int flags) {
    return passes(node_of(file)) > 0 ? real(file)->pMethods->xSync(real(file), flags) : SQLITE_IOERR_FSYNC;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) { return real(file)->pMethods->xFileSize(real(file), size); }
static int file_lock(sqlite3_file *file, int kind) { return real(file)->pMethods->xLock(real(file), kind); }
static int file_unlock(sqlite3_file *file, int kind) { return real(file)->pMethods->xUnlock(real(file), kind); }
static int file_reserved(sqlite3_file *file, int *is) { return real(file)->pMethods->xCheckReservedLock(real(file), is); }
static int file_control(sqlite3_file *file, int code, void *value) { return real(file)->pMethods->xFileControl(real(file), code, value); }
static int file_sector(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int file_device(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }

static int file_shm_map(sqlite3_file *file, int page, int size, int extends, void volatile **memory) {
    if (is_over(node_of(file))) return SQLITE_IOERR_SHMMAP;
    return real(file)->pMethods->xShmMap(real(file), page, size, extends, memory);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) { return real(file)->pMethods->xShmLock(real(file), offset, count, flags); }
static void file_shm_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int file_shm_unmap(sqlite3_file *file, int deletes) {
    // A process that was killed deletes nothing.
    return real(file)->pMethods->xShmUnmap(real(file), is_over(node_of(file)) ? 0 : deletes);
}

static int file_fetch(sqlite3_file *file, sqlite3_int64 at, int count, void **memory) { return real(file)->pMethods->xFetch(real(file), at, count, memory); }
static int file_unfetch(sqlite3_file *file, sqlite3_int64 at, void *memory) { return real(file)->pMethods->xUnfetch(real(file), at, memory); }

static const sqlite3_io_methods methods = {
    3, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock, file_reserved,
    file_control, file_sector, file_device, file_shm_map, file_shm_lock, file_shm_barrier, file_shm_unmap, file_fetch,
    file_unfetch,
};

static int layer_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *given) {
    (void)vfs;
    File *own = (File *)file;
    memset(own, 0, sizeof(File));
    own->node = opening(name);
    if (is_over(own->node)) return SQLITE_CANTOPEN;
    int code = below->xOpen(below, name, real(file), flags, given);
    if (code != SQLITE_OK || !real(file)->pMethods) return code;
    own->methods = methods;
    // A file without later methods must not seem to have them.
    if (real(file)->pMethods->iVersion < 3) own->methods.iVersion = real(file)->pMethods->iVersion;
    own->base.pMethods = &own->methods;
    return code;
}

static int layer_delete(sqlite3_vfs *vfs, const char *name, int syncs) {
    (void)vfs;
    return passes(opening(name)) > 0 ? below->xDelete(below, name, syncs) : SQLITE_IOERR_DELETE;
}

int casty_crashing_install(void) {
    pthread_mutex_lock(&guard);
    int code = SQLITE_OK;
    if (!below) {
        code = sqlite3_initialize();
        sqlite3_vfs *found = code == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
        if (found) {
            below = found;
            layer = *found;
            layer.zName = "casty-crashing";
            layer.pNext = NULL;
            layer.szOsFile = (int)sizeof(File) + found->szOsFile;
            layer.xOpen = layer_open;
            layer.xDelete = layer_delete;
            code = sqlite3_vfs_register(&layer, 1);
        }
    }
    pthread_mutex_unlock(&guard);
    return code;
}

void casty_crashing_begin(const char *folder, int write) {
    Node *node = calloc(1, sizeof(Node));
    if (!node) abort();
    node->folder = strdup(folder);
    node->left = write;
    node->is_opening = 1;
    casty_crashing_end(folder);
    pthread_mutex_lock(&guard);
    node->next = nodes;
    nodes = node;
    pthread_mutex_unlock(&guard);
}

void casty_crashing_end(const char *folder) {
    pthread_mutex_lock(&guard);
    for (Node *node = nodes; node; node = node->next)
        if (!strcmp(node->folder, folder)) node->is_opening = 0;
    pthread_mutex_unlock(&guard);
}

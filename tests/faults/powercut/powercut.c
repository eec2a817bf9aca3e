/* Writes down, in order, all that a process does to the disk below some folders. For tests only.
 *
 * POWERCUT_TRACE  where to: one file for each process, to whose name its id is added.
 * POWERCUT_ROOTS  the folders, absolute, with ':' between.
 *
 * A sync waits a moment, as for a disk, instead of reaching one: what is certain after it, `disk.py` works out.
 * A record is a head and as many bytes as it says, in the byte order of the machine.
 *
 *   C  a file was made          path        W  bytes were written     the bytes
 *   N  a file was opened        path        T  a file was cut         (offset: its new length)
 *   M  a folder was made        path        B  a sync began           path of a folder, or nothing
 *   U  a name was removed       path        E  that sync came back    (offset: the number of its B)
 *   R  a name was changed       old, 0, new
 *
 * Memory maps are not seen: of what SQLite keeps, only its -shm is one, which it makes anew.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILES 65536
#define SYNC_NS 1000000L

struct head { uint32_t kind, length; uint64_t at, file; int64_t offset; };

static struct { dev_t dev; ino_t ino; } known[FILES];
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static pid_t owner;
static int64_t syncs;

static void give_up(const char *why) {
    if (syscall(SYS_write, 2, why, strlen(why)) < 0) {}
    abort();
}

static int below(const char *path) {
    const char *roots = getenv("POWERCUT_ROOTS");
    if (!path || !roots) return 0;
    while (*roots) {
        size_t length = strcspn(roots, ":");
        if (!strncmp(path, roots, length) && (path[length] == '/' || !path[length])) return 1;
        roots += length + (roots[length] == ':');
    }
    return 0;
}

/* Into `into`, absolute; 0 when that cannot be told. */
static int absolute(int folder, const char *path, char *into, size_t size) {
    char link[64], base[4096];
    if (!path) return 0;
    if (*path == '/') return (size_t)snprintf(into, size, "%s", path) < size;
    if (folder == AT_FDCWD) {
        if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0) return 0;
        base[length] = 0;
    }
    return (size_t)snprintf(into, size, "%s/%s", base, path) < size;
}

static void note(char kind, uint64_t file, int64_t offset, const void *bytes, size_t length) {
    struct timespec now;
    char path[4096];
    if (trace < 0 || owner != getpid()) {
        const char *name = getenv("POWERCUT_TRACE");
        if (!name) give_up("POWERCUT_TRACE is not set\n");
        snprintf(path, sizeof path, "%s.%d", name, (int)getpid());
        int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        trace = fcntl(fd, F_DUPFD_CLOEXEC, 900);
        syscall(SYS_close, fd);
        owner = getpid();
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct head head = {(uint32_t)kind, (uint32_t)length,
                        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, file, offset};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)bytes, length}};
    if (syscall(SYS_writev, trace, parts, 2) != (long)(sizeof head + length)) give_up("the trace is cut\n");
}

static uint64_t watched(int fd) {
    struct stat found;
    if (fd < 0 || fd >= FILES || !known[fd].ino) return 0;
    if (fstat(fd, &found) || found.st_ino != known[fd].ino || found.st_dev != known[fd].dev) return 0;
    return found.st_ino;
}

static void lock(void) { pthread_mutex_lock(&one_at_a_time); }

static void unlock(void) {
    int kept = errno;
    pthread_mutex_unlock(&one_at_a_time);
    errno = kept;
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
    char whole[4096];
    struct stat found;
    int nameless = (flags & O_TMPFILE) == O_TMPFILE;
    if (nameless || !absolute(folder, path, whole, sizeof whole) || !below(whole))
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    lock();
    int fresh = lstat(whole, &found) != 0;
    int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (fd >= FILES) give_up("too many open files\n");
    if (fd >= 0 && !fstat(fd, &found) && (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode))) {
        known[fd].dev = found.st_dev;
        known[fd].ino = found.st_ino;
        if (S_ISREG(found.st_mode)) note(fresh ? 'C' : 'N', found.st_ino, 0, whole, strlen(whole));
        if (S_ISREG(found.st_mode) && flags & O_TRUNC && !fresh) note('T', found.st_ino, 0, "", 0);
    }
    unlock();
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int close(int fd) {
    if (fd >= 0 && fd < FILES) known[fd].ino = 0;
    return (int)syscall(SYS_close, fd);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    uint64_t file = watched(fd);
    if (!file) return syscall(SYS_write, fd, bytes, count);
    lock();
    ssize_t done = syscall(SYS_write, fd, bytes, count);
    if (done > 0) note('W', file, lseek(fd, 0, SEEK_CUR) - done, bytes, (size_t)done);
    unlock();
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    uint64_t file = watched(fd);
    if (!file) return syscall(SYS_pwrite64, fd, bytes, count, at);
    lock();
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, count, at);
    if (done > 0) note('W', file, at, bytes, (size_t)done);
    unlock();
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return pwrite64(fd, bytes, count, at); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (watched(fd)) give_up("writev is not written down\n");
    return syscall(SYS_writev, fd, parts, count);
}

int ftruncate64(int fd, off64_t length) {
    uint64_t file = watched(fd);
    if (!file) return (int)syscall(SYS_ftruncate, fd, length);
    lock();
    int done = (int)syscall(SYS_ftruncate, fd, length);
    if (!done) note('T', file, length, "", 0);
    unlock();
    return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int synced(int number, int fd) {
    uint64_t file = watched(fd);
    char link[64], path[4096] = "";
    ssize_t length = 0;
    struct stat found;
    struct timespec moment = {0, SYNC_NS};
    if (!file) return (int)syscall(number, fd);
    if (!fstat(fd, &found) && S_ISDIR(found.st_mode)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        length = readlink(link, path, sizeof path);
    }
    lock();
    int64_t mine = ++syncs;
    note('B', file, mine, path, (size_t)length);
    unlock();
    nanosleep(&moment, 0);
    lock();
    note('E', file, mine, "", 0);
    unlock();
    return 0;
}

int fsync(int fd) { return synced(SYS_fsync, fd); }
int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }

static int named(char kind, long done, const char *path) {
    if (!done) note(kind, 0, 0, path, strlen(path));
    return (int)done;
}

static int removed(int folder, const char *path, int flags) {
    char whole[4096];
    if (!absolute(folder, path, whole, sizeof whole) || !below(whole))
        return (int)syscall(SYS_unlinkat, folder, path, flags);
    lock();
    int done = named('U', syscall(SYS_unlinkat, folder, path, flags), whole);
    unlock();
    return done;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return removed(folder, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int folder, const char *path, mode_t mode) {
    char whole[4096];
    if (!absolute(folder, path, whole, sizeof whole) || !below(whole))
        return (int)syscall(SYS_mkdirat, folder, path, mode);
    lock();
    int done = named('M', syscall(SYS_mkdirat, folder, path, mode), whole);
    unlock();
    return done;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char both[8192];
    if (!absolute(from_folder, from, both, 4096) || !below(both))
        return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    size_t length = strlen(both) + 1;
    if (flags || !absolute(to_folder, to, both + length, 4096) || !below(both + length)) give_up("a rename out\n");
    lock();
    int done = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (!done) note('R', 0, 0, both, length + strlen(both + length));
    unlock();
    return done;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return renameat2(from_folder, from, to_folder, to, 0);
}

int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

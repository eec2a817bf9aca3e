/* A disk that is slow or fails, put before a process by LD_PRELOAD. For benchmarks and tests only.
 *
 * SLOW_DISK_FSYNC_MS  every fsync and fdatasync takes so much longer.
 * SLOW_DISK_FAULT     a file; while its first letter is
 *                     w: writing to the database or its log finds no room,
 *                     c: writing to the database alone, as a checkpoint does, finds no room,
 *                     f: syncing either fails.
 * SLOW_DISK_NAME      of the database; waymark.db unless said.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static const char *database(void) {
    const char *said = getenv("SLOW_DISK_NAME");
    return said && *said ? said : "waymark.db";
}

static char fault(void) {
    const char *path = getenv("SLOW_DISK_FAULT");
    char first = 0;
    if (!path) return 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    if (syscall(SYS_read, fd, &first, 1) != 1) first = 0;
    syscall(SYS_close, fd);
    return first;
}

/* 'd' for the database, 'l' for its log and the like, 0 for anything else. */
static char which(int fd) {
    char link[64] = "/proc/self/fd/", path[4096], digits[12];
    int n = 0, at = (int)strlen(link);
    if (fd < 3) return 0;
    do { digits[n++] = (char)('0' + fd % 10); fd /= 10; } while (fd);
    while (n) link[at++] = digits[--n];
    link[at] = 0;
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    const char *meant = database();
    if (strncmp(name, meant, strlen(meant))) return 0;
    return name[strlen(meant)] ? 'l' : 'd';
}

static int no_room(int fd) {
    char now = fault();
    if (now != 'w' && now != 'c') return 0;
    char file = which(fd);
    return file == 'd' || (file == 'l' && now == 'w');
}

static void wait_ms(void) {
    const char *text = getenv("SLOW_DISK_FSYNC_MS");
    long ms = text ? atol(text) : 0;
    struct timespec left = {ms / 1000, (ms % 1000) * 1000000L};
    while (ms > 0 && nanosleep(&left, &left) && errno == EINTR) {}
}

static int synced(int number, int fd) {
    if (fault() == 'f' && which(fd)) { errno = EIO; return -1; }
    wait_ms();
    return (int)syscall(number, fd);
}

int fsync(int fd) { return synced(SYS_fsync, fd); }
int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }

ssize_t write(int fd, const void *bytes, size_t count) {
    if (no_room(fd)) { errno = ENOSPC; return -1; }
    return syscall(SYS_write, fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    if (no_room(fd)) { errno = ENOSPC; return -1; }
    return syscall(SYS_pwrite64, fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return pwrite64(fd, bytes, count, at); }

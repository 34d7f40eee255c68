// Whatever other code prints while the screen is up goes to memory and is replayed afterwards.
#include "cncurses.h"
#include "internal.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { replay_limit = 256 * 1024 };

static int memory = -1;
static int saved[3] = {-1, -1, -1};

static void take(int fd) {
    if (!isatty(fd)) return;  // somebody redirected it: let it flow
    saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (saved[fd] >= 0) dup2(memory, fd);
}

static void give_back(int fd) {
    if (saved[fd] < 0) return;
    dup2(saved[fd], fd);
    close(saved[fd]);
    saved[fd] = -1;
}

void cnc_capture_begin(void) {
    if (memory < 0) {
        memory = memfd_create("console-output", MFD_CLOEXEC);
        if (memory >= 0) fcntl(memory, F_SETFL, O_APPEND);
    }
    if (memory < 0) return;
    take(1);
    take(2);
}

void cnc_capture_pause(void) {
    give_back(1);
    give_back(2);
}

static void replay(int fd) {
    if (memory < 0) return;
    off_t length = lseek(memory, 0, SEEK_END);
    off_t from = length > replay_limit ? length - replay_limit : 0;
    char chunk[4096];
    for (;;) {
        ssize_t got = pread(memory, chunk, sizeof chunk, from);
        if (got <= 0) return;
        cnc_write(fd, chunk, (size_t)got);
        from += got;
    }
}

void cnc_capture_end(void) {
    int target = saved[2] >= 0 || saved[1] < 0 ? 2 : 1;
    bool took = saved[1] >= 0 || saved[2] >= 0;
    cnc_capture_pause();
    if (took) replay(target);
    if (memory >= 0) close(memory);
    memory = -1;
}

// From a crash handler: the message of a fatal error was written before the trap.
void cnc_capture_emergency(void) {
    if (saved[2] < 0) return;
    dup2(saved[2], 2);
    if (saved[1] >= 0) dup2(saved[1], 1);
    replay(2);
}

long cnc_captured(void) { return memory < 0 ? 0 : (long)lseek(memory, 0, SEEK_END); }

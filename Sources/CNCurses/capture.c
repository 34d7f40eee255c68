// Whatever other code prints while the screen is up goes to memory, and its end is replayed afterwards. The memory is
// bounded: it keeps the latest output. What prints never waits: if it prints more at once than the pipe holds before the
// screen's thread reads, the rest is dropped.
#include "cncurses.h"
#include "internal.h"
#include <fcntl.h>
#include <unistd.h>

enum { kept = 256 * 1024 };

static char ring[kept];
static size_t ring_start, ring_length;
static long captured;
static int channel[2] = {-1, -1};
static int saved[3] = {-1, -1, -1};

static void take(int fd) {
    if (!isatty(fd)) return;  // somebody redirected it: let it flow
    saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (saved[fd] >= 0) dup2(channel[1], fd);
}

static void give_back(int fd) {
    if (saved[fd] < 0) return;
    dup2(saved[fd], fd);
    close(saved[fd]);
    saved[fd] = -1;
}

void cnc_capture_begin(void) {
    if (channel[0] < 0 && pipe2(channel, O_CLOEXEC | O_NONBLOCK) != 0) {
        channel[0] = channel[1] = -1;
        return;
    }
    take(1);
    take(2);
}

void cnc_capture_pause(void) {
    give_back(1);
    give_back(2);
}

int cnc_capture_source(void) { return channel[0]; }

static void keep(const char *bytes, size_t count) {
    captured += (long)count;
    for (size_t index = 0; index < count; index++) {
        ring[(ring_start + ring_length) % kept] = bytes[index];
        if (ring_length < kept) ring_length++;
        else ring_start = (ring_start + 1) % kept;
    }
}

void cnc_capture_drain(void) {
    char chunk[4096];
    // As much as the pipe holds: what floods it does not hold up the screen.
    for (int count = 0; count < 32 && channel[0] >= 0; count++) {
        ssize_t got = read(channel[0], chunk, sizeof chunk);
        if (got <= 0) return;
        keep(chunk, (size_t)got);
    }
}

static void replay(int fd) {
    cnc_capture_drain();
    size_t first = ring_start + ring_length <= kept ? ring_length : kept - ring_start;
    cnc_write(fd, ring + ring_start, first);
    cnc_write(fd, ring, ring_length - first);
}

void cnc_capture_end(void) {
    int target = saved[2] >= 0 || saved[1] < 0 ? 2 : 1;
    bool took = saved[1] >= 0 || saved[2] >= 0;
    cnc_capture_pause();
    if (took) replay(target);
    ring_start = ring_length = 0;
    for (int end = 0; end < 2; end++) {
        if (channel[end] >= 0) close(channel[end]);
        channel[end] = -1;
    }
}

// From a crash handler: the message of a fatal error was written before the trap.
void cnc_capture_emergency(void) {
    if (saved[2] < 0) return;
    dup2(saved[2], 2);
    if (saved[1] >= 0) dup2(saved[1], 1);
    replay(2);
}

long cnc_captured(void) { return captured; }

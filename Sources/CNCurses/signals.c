// Signals as bytes in a pipe, and crashes that give the terminal back first.
#include "cncurses.h"
#include "internal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int channel[2] = {-1, -1};
static int bell = -1;
static volatile sig_atomic_t pending_ends = 0;

static const int noted[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
static const int fatal[] = {SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE};
enum { noted_count = sizeof noted / sizeof *noted, fatal_count = sizeof fatal / sizeof *fatal };
static struct sigaction before[fatal_count];

static void note(int number) {
    int kept = errno;
    // A screen thread that hangs cannot answer: the third request to end is carried out here.
    if (number == SIGTERM || number == SIGHUP) {
        if (++pending_ends >= 3) {
            cnc_restore_now(cnc_tty);
            _exit(128 + number);
        }
    }
    char byte = (char)number;
    ssize_t ignored = write(channel[1], &byte, 1);
    (void)ignored;
    errno = kept;
}

static void crash(int number, siginfo_t *info, void *context) {
    (void)context;
    int kept = errno;
    cnc_lifeline->crashed = 1;
    __sync_synchronize();
    // A frame of another thread that is being written goes first, but not for longer than a terminal may stall.
    struct timespec moment = {.tv_nsec = 1000000};
    for (int waited = 0; waited < 100 && cnc_lifeline->writing; waited++) nanosleep(&moment, NULL);
    if (cnc_tty >= 0) cnc_restore_now(cnc_tty);
    cnc_capture_emergency();
    for (int index = 0; index < fatal_count; index++) {
        if (fatal[index] == number) sigaction(number, &before[index], NULL);
    }
    errno = kept;
    // A fault runs its instruction again and meets the earlier handler; what was sent or raised must be raised again.
    if (number == SIGABRT || info->si_code <= 0) raise(number);
}

int cnc_prepare(void) {
    if (channel[0] >= 0) return 0;
    if (pipe2(channel, O_NONBLOCK | O_CLOEXEC) != 0) return errno;
    bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bell < 0) return errno;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    for (int index = 0; index < noted_count; index++) sigaction(noted[index], &action, NULL);
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_sigaction = crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (int index = 0; index < fatal_count; index++) sigaction(fatal[index], &action, &before[index]);
    signal(SIGPIPE, SIG_IGN);
    cnc_use_alternate_stack();
    return 0;
}

int cnc_next_signal(void) {
    char byte;
    for (;;) {
        ssize_t got = read(channel[0], &byte, 1);
        if (got == 1) {
            if (byte == SIGTERM || byte == SIGHUP) pending_ends = 0;
            return byte;
        }
        if (got < 0 && errno == EINTR) continue;
        return 0;
    }
}

int cnc_wait(int milliseconds, bool listen) {
    struct pollfd watched[4] = {
        {.fd = channel[0], .events = POLLIN}, {.fd = cnc_tty, .events = POLLIN}, {.fd = bell, .events = POLLIN},
        {.fd = cnc_capture_source(), .events = POLLIN}};
    int ready = poll(watched, listen ? 4 : 1, milliseconds);
    if (ready <= 0) return 0;
    int result = 0;
    if (watched[0].revents & POLLIN) result |= CNC_READY_SIGNAL;
    if (listen) {
        if (watched[1].revents & POLLIN) result |= CNC_READY_INPUT;
        uint64_t count;
        if (watched[2].revents & POLLIN && read(bell, &count, sizeof count) > 0) result |= CNC_READY_WAKE;
        if (watched[3].revents & POLLIN) cnc_capture_drain();
        if (watched[1].revents & (POLLHUP | POLLERR | POLLNVAL)) result |= CNC_READY_HANGUP;
    }
    return result;
}

void cnc_wake(void) {
    uint64_t one = 1;
    ssize_t ignored = write(bell, &one, sizeof one);
    (void)ignored;
}

void cnc_use_alternate_stack(void) {
    stack_t stack = {.ss_size = 64 * 1024};
    stack_t current;
    if (sigaltstack(NULL, &current) == 0 && !(current.ss_flags & SS_DISABLE)) return;
    stack.ss_sp = malloc(stack.ss_size);
    if (stack.ss_sp) sigaltstack(&stack, NULL);
}

struct body {
    const char *name;
    void (*run)(void *);
    void *context;
};

static void *enter(void *argument) {
    struct body *body = argument;
    pthread_setname_np(pthread_self(), body->name);
    cnc_use_alternate_stack();
    body->run(body->context);
    return NULL;
}

int cnc_run_thread(const char *name, void (*run)(void *), void *context) {
    struct body body = {name, run, context};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 8 * 1024 * 1024);
    pthread_t thread;
    int problem = pthread_create(&thread, &attributes, enter, &body);
    pthread_attr_destroy(&attributes);
    return problem ? problem : pthread_join(thread, NULL);
}

int64_t cnc_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

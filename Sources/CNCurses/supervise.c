// A parent that outlives the console: even SIGKILL leaves a usable terminal behind.
#include "cncurses.h"
#include "internal.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char marker[] = "CASTY_SUPERVISED";
static pid_t child;

static void forward(int number) {
    if (child > 0) kill(child, number);
}

static bool adopt(const char *text) {
    int fd = atoi(text);
    unsetenv(marker);
    if (fd <= 2) return true;
    void *page = mmap(NULL, sizeof *cnc_lifeline, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED) cnc_lifeline = page;
    close(fd);
    return true;
}

static char **own_arguments(void) {
    static char text[64 * 1024];
    static char *arguments[1024];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    ssize_t length = 0, got;
    while (length < (ssize_t)sizeof text - 1 && (got = read(fd, text + length, sizeof text - 1 - (size_t)length)) > 0) {
        length += got;
    }
    close(fd);
    if (length <= 0 || length >= (ssize_t)sizeof text - 1) return NULL;
    int count = 0;
    for (char *at = text; at < text + length && count < 1023; at += strlen(at) + 1) arguments[count++] = at;
    return arguments;
}

static _Noreturn void outlive(void) {
    struct sigaction ignore = {.sa_handler = SIG_IGN}, pass = {.sa_handler = forward};
    sigemptyset(&ignore.sa_mask);
    sigemptyset(&pass.sa_mask);
    sigaction(SIGINT, &ignore, NULL);
    sigaction(SIGQUIT, &ignore, NULL);
    sigaction(SIGTSTP, &ignore, NULL);
    sigaction(SIGTTOU, &ignore, NULL);
    sigaction(SIGTERM, &pass, NULL);
    sigaction(SIGHUP, &pass, NULL);
    for (;;) {
        int status;
        if (waitpid(child, &status, WUNTRACED) < 0) {
            if (errno == EINTR) continue;
            _exit(70);
        }
        if (WIFSTOPPED(status)) {
            // If both were stopped and go on together, the stop is over: the shell must not see another one.
            struct timespec moment = {.tv_nsec = 20000000};
            nanosleep(&moment, NULL);
            siginfo_t news = {.si_pid = 0};
            bool goes_on = waitid(P_PID, (id_t)child, &news, WCONTINUED | WNOHANG) == 0 && news.si_pid == child;
            if (!goes_on) raise(SIGSTOP);
            continue;
        }
        int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
        if (tty >= 0) cnc_restore_now(tty);
        if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
        int number = WTERMSIG(status);
        if (number == SIGKILL) {
            const char *line = "casty: the console was killed (signal 9); the terminal has been restored\n";
            cnc_write(2, line, strlen(line));
        }
        _exit(128 + number);
    }
}

void cnc_supervise(void) {
    const char *inherited = getenv(marker);
    if (inherited) {
        adopt(inherited);
        return;
    }
    if (!isatty(0) || !isatty(1)) return;
    char **arguments = own_arguments();
    int shared = memfd_create("console-lifeline", 0);
    if (!arguments || shared < 0 || ftruncate(shared, sizeof *cnc_lifeline) != 0) return;
    void *page = mmap(NULL, sizeof *cnc_lifeline, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
    if (page == MAP_FAILED) return;
    pid_t parent = getpid();
    child = fork();
    if (child < 0) {
        close(shared);
        return;
    }
    if (child > 0) {
        cnc_lifeline = page;
        close(shared);
        outlive();
    }
    prctl(PR_SET_PDEATHSIG, SIGHUP);
    if (getppid() != parent) _exit(129);
    char number[16];
    snprintf(number, sizeof number, "%d", shared);
    setenv(marker, number, 1);
    // Read by the runtime before main: a backtrace must not wait for a key on a terminal that was just restored.
    setenv("SWIFT_BACKTRACE", "enable=yes,interactive=no,color=no,threads=crashed", 0);
    execv("/proc/self/exe", arguments);
    _exit(70);
}

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cprocess.h"

static long thread;
static long (*original)(long, ...);

static long forking;

int cpr_fork(void) {
    forking = syscall(SYS_gettid);
    return fork();
}

void cpr_keep_thread_number(void) { thread = forking; }

// The lock of Swift's standard library notes its owner as the number of the thread, and each object file that uses it remembers that number by
// itself. After fork(2) some would have the parent's number and some the child's, and a lock taken by the one and released by the other ends the
// process. So a worker and all its copies, which have one thread each, answer with the number of the thread that made the worker. The system never sees it: it
// is asked only where two threads want a lock.
long syscall(long number, ...) {
    if (number == SYS_gettid && thread) return thread;
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    if (!original) original = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    return original(number, a, b, c, d, e, f);
}

// Tells ThreadSanitizer what a contended Mutex of Swift's Synchronization does.
//
// The fast path of Mutex is compiled into its users, where the sanitizer sees its atomics. The slow path waits in the kernel (FUTEX_LOCK_PI),
// which changes the word itself, from a library that is not instrumented: the sanitizer never learns that what one thread did before it
// gave a contended lock away happened before what the next one does, and reports every access under such a lock as a race.
//
// Preloaded, these three functions stand before those of libswiftSynchronization.so, call them, and say what they mean. The address is that of the
// lock's word, so that the orders of both paths add up. If a toolchain names them otherwise, nothing here is called, and the reports come back.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Of the sanitizer's runtime, in the program. Weak, as the symbolizer that a report starts inherits the preloading and has none of this.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

SWIFT void lock_slow(uint32_t thread, SELF void *self) __asm__(LOCK);
SWIFT bool try_lock_slow(SELF void *self) __asm__(TRY_LOCK);
SWIFT void unlock_slow(SELF void *self) __asm__(UNLOCK);

static SWIFT void (*original_lock)(uint32_t, SELF void *);
static SWIFT bool (*original_try_lock)(SELF void *);
static SWIFT void (*original_unlock)(SELF void *);

static void *original(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found && __tsan_acquire) abort();
    return found;
}

__attribute__((constructor)) static void find_originals(void) {
    original_lock = original(LOCK);
    original_try_lock = original(TRY_LOCK);
    original_unlock = original(UNLOCK);
}

SWIFT void lock_slow(uint32_t thread, SELF void *self) {
    original_lock(thread, self);
    __tsan_acquire(self);
}

SWIFT bool try_lock_slow(SELF void *self) {
    bool is_locked = original_try_lock(self);
    if (is_locked) __tsan_acquire(self);
    return is_locked;
}

SWIFT void unlock_slow(SELF void *self) {
    __tsan_release(self);
    original_unlock(self);
}

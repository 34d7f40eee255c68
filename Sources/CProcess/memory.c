#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __linux__
#include <malloc.h>
#include <sys/mman.h>
#endif

#include "cprocess.h"

#ifdef __linux__

// A mapping that can only be read or run, has a file, and has no page that differs from it: nothing is lost.
struct mapping {
    uintptr_t start, end;
    int is_fixed;
};

static size_t release(const struct mapping *mapping, unsigned long changed) {
    if (!mapping->is_fixed || changed != 0) return 0;
    size_t size = mapping->end - mapping->start;
    return madvise((void *)mapping->start, size, MADV_DONTNEED) == 0 ? size : 0;
}

size_t cpr_release_memory(void) {
    malloc_trim(0);
    FILE *list = fopen("/proc/self/smaps", "re");
    if (list == NULL) return 0;
    size_t released = 0, capacity = 0;
    char *line = NULL;
    struct mapping mapping = {0, 0, 0};
    while (getline(&line, &capacity, list) > 0) {
        uintptr_t start, end;
        char permissions[5];
        unsigned long inode, changed;
        if (sscanf(line, "%lx-%lx %4s %*x %*s %lu", &start, &end, permissions, &inode) == 4) {
            int is_fixed = permissions[0] == 'r' && permissions[1] == '-' && permissions[3] == 'p' && inode != 0;
            mapping = (struct mapping){start, end, is_fixed};
        } else if (sscanf(line, "Anonymous: %lu kB", &changed) == 1) {
            released += release(&mapping, changed);
            mapping.is_fixed = 0;
        }
    }
    free(line);
    fclose(list);
    return released;
}

void cpr_trim_heap(void) { malloc_trim(0); }

#else

size_t cpr_release_memory(void) { return 0; }

void cpr_trim_heap(void) {}

#endif

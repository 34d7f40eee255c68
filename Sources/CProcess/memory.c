#define _GNU_SOURCE
#include <stdint.h>
#include <unistd.h>

#ifdef __linux__
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#endif

#include "cprocess.h"

#ifdef __linux__

static int has_text_relocations(const struct dl_phdr_info *image) {
    for (int at = 0; at < image->dlpi_phnum; at++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[at];
        if (segment->p_type != PT_DYNAMIC) continue;
        const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(image->dlpi_addr + segment->p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag == DT_TEXTREL) return 1;
            if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL)) return 1;
        }
    }
    return 0;
}

// Pages of a segment that its file declares as not writable are as they are in the file: nothing is lost.
static int release(struct dl_phdr_info *image, size_t size, void *context) {
    (void)size;
    size_t *released = context;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    if (has_text_relocations(image)) return 0;
    for (int at = 0; at < image->dlpi_phnum; at++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[at];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        uintptr_t start = (image->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
        uintptr_t end = (image->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~(page - 1);
        if (end > start && madvise((void *)start, end - start, MADV_DONTNEED) == 0) *released += end - start;
    }
    return 0;
}

size_t cpr_release_memory(void) {
    size_t released = 0;
    malloc_trim(0);
    dl_iterate_phdr(release, &released);
    return released;
}

#else

size_t cpr_release_memory(void) { return 0; }

#endif

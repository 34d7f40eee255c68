// What a process of ours needs of its C library, and cannot have by a call from Swift.
//
// Sockets are closed on exec: `socket`, `accept` and `accept4` are defined here, so that every part of the program, the network library
// included, gets them so. Otherwise a helper that a crash starts, such as the one that prints the stack, would keep the dead node's port and
// connections open, and its peers would wait for it. `syscall` is defined here for the sake of forked processes.
#ifndef CPROCESS_H
#define CPROCESS_H

#include <stddef.h>
#include <sys/types.h>

// fork(2), which Swift does not offer: a process with other threads must not call it and go on in the child.
int cpr_fork(void);

// From now on this process, which `cpr_fork` made, and its copies answer the question for the number of their only thread as their parent did.
void cpr_keep_thread_number(void);

// The number of threads of this process.
int cpr_threads(void);

// A connected pair of stream sockets, closed on exec. Returns 0, or -1.
int cpr_channel(int ends[2]);

// An empty file without a name, for what a worker writes to standard error. Returns -1 if there is none.
int cpr_log(void);

// A descriptor that becomes readable when eight bytes, a number, are written to it. Returns -1 if there is none.
int cpr_alarm(void);

// Makes a forked child a worker: standard input is empty, standard output and error go to `log` (-1: nowhere), and of all other descriptors only
// `channel` stays open. The terminal's signals are ignored, ended children are not zombies, and orphans of its children become its children.
void cpr_become_worker(int channel, int log);

// Returns once this worker has no more children.
void cpr_await_children(void);

// Gives back the memory that only the start of this process has needed: free memory of the heap, and the pages of code and constants, of which
// the system maps those again that are used. Returns the size of the code and the constants; 0 on systems where it does nothing.
size_t cpr_release_memory(void);

// Gives back the free pages of the heap.
void cpr_trim_heap(void);

// The results of the following two if no byte was sent or received: it would have to wait; the other end is gone.
#define CPR_AGAIN (-1)
#define CPR_BROKEN (-2)

// Sends bytes, and with the first of them a descriptor (-1: none). Returns how many bytes were taken.
ssize_t cpr_send(int channel, const void *bytes, size_t count, int passed, int waits);

// Receives bytes, and a descriptor that came with them (-1: none). Returns how many bytes came.
ssize_t cpr_receive(int channel, void *bytes, size_t count, int *passed, int waits);

#endif

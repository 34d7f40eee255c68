// What a process of ours needs of its C library, and cannot have by a call.
//
// Sockets are closed on exec: `socket`, `accept` and `accept4` are defined here, so that every part of the program, the network library
// included, gets them so. Otherwise a helper that a crash starts, such as the one that prints the stack, would keep the dead node's port and
// connections open, and its peers would wait for it.
#ifndef CPROCESS_H
#define CPROCESS_H

#endif

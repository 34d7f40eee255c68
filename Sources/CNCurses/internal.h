#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

// What is needed to give the terminal back without ncurses: from a signal handler or from the supervising process.
struct cnc_lifeline {
    volatile int up;
    volatile int crashed;
    volatile int writing;
    int has_modes;
    int restore_length;
    char restore[512];
    struct termios modes;
};

extern struct cnc_lifeline *cnc_lifeline;
extern int cnc_tty;

void cnc_build_restore(void);
bool cnc_can_position(int fd);
void cnc_restore_now(int fd);
void cnc_write(int fd, const char *bytes, size_t count);

void cnc_capture_begin(void);
void cnc_capture_pause(void);
void cnc_capture_end(void);
void cnc_capture_emergency(void);
void cnc_capture_drain(void);
int cnc_capture_source(void);

void cnc_use_alternate_stack(void);

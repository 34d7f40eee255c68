// The terminal as plain values: no type or macro of ncurses crosses this header.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One character position, laid out like the console's Cell.
typedef struct {
    uint32_t scalar;   // Unicode scalar; 0 is the right half of a wide character
    int16_t foreground;  // palette index, -1 the terminal's own
    int16_t background;
    uint16_t attributes;  // CNC_BOLD | …
    uint16_t width;  // 1 or 2
} cnc_cell;

enum { CNC_BOLD = 1, CNC_DIM = 2, CNC_UNDERLINE = 4, CNC_REVERSE = 8 };

typedef enum {
    CNC_KEY_NONE, CNC_KEY_CHARACTER, CNC_KEY_SPECIAL, CNC_KEY_MOUSE, CNC_KEY_PASTE_BEGIN, CNC_KEY_PASTE_END, CNC_KEY_GONE,
} cnc_key_kind;

typedef enum {
    CNC_UP, CNC_DOWN, CNC_LEFT, CNC_RIGHT, CNC_HOME, CNC_END, CNC_PAGE_UP, CNC_PAGE_DOWN, CNC_BACKTAB, CNC_BACKSPACE,
    CNC_DELETE, CNC_ENTER, CNC_F1, CNC_OTHER,
} cnc_special;

typedef enum { CNC_PRESS, CNC_DRAG, CNC_RELEASE, CNC_WHEEL_UP, CNC_WHEEL_DOWN } cnc_mouse;

typedef struct {
    cnc_key_kind kind;
    uint32_t scalar;      // CNC_KEY_CHARACTER
    cnc_special special;  // CNC_KEY_SPECIAL
    cnc_mouse mouse;      // CNC_KEY_MOUSE
    int row, column;
} cnc_key;

typedef enum { CNC_OK = 0, CNC_NO_TERMINAL = 66, CNC_NO_CURSOR = 69 } cnc_result;

// Life cycle. prepare once per process and before any screen; open, present, read and close on one thread.
int cnc_prepare(void);
cnc_result cnc_open(bool mouse, bool force_ascii);
void cnc_close(void);
void cnc_size(int *rows, int *columns);
int cnc_colors(void);
bool cnc_utf8(void);
bool cnc_rich_glyphs(void);
void cnc_present(const cnc_cell *cells, int rows, int columns, int cursor_row, int cursor_column);
void cnc_forget(void);
void cnc_resize(void);
void cnc_bell(void);
void cnc_clipboard(const char *base64);

// Input. wait returns bits; a signal's number comes from next_signal, 0 when there is none. Without listen only signals
// end the wait; less than 0 milliseconds is without a limit. wake may be called on any thread: it ends the next wait.
enum { CNC_READY_SIGNAL = 1, CNC_READY_INPUT = 2, CNC_READY_HANGUP = 4, CNC_READY_WAKE = 8 };
int cnc_wait(int milliseconds, bool listen);
void cnc_wake(void);
cnc_key cnc_read_key(void);
int cnc_next_signal(void);

// Suspension: leave gives the terminal back and stops the process; return takes it again if we are in the foreground.
void cnc_suspend(void);
bool cnc_foreground(void);
/// Leaves the terminal to the shell, without a word to it: the process is in the background.
void cnc_detach(void);
void cnc_resume(void);

// Output of other code while the screen is up.
long cnc_captured(void);

// A thread that survives stack overflows long enough to give the terminal back; returns when the body has.
int cnc_run_thread(const char *name, void (*body)(void *), void *context);
int64_t cnc_milliseconds(void);

// A parent process that restores the terminal after any death; returns in the child only.
void cnc_supervise(void);

// The bytes that undo what we did to the terminal. The only file that includes term.h, whose macros break ordinary names.
#include "internal.h"
#include <curses.h>
#include <errno.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

static struct cnc_lifeline own;
struct cnc_lifeline *cnc_lifeline = &own;

static int append(int byte) {
    if (cnc_lifeline->restore_length < (int)sizeof cnc_lifeline->restore) {
        cnc_lifeline->restore[cnc_lifeline->restore_length++] = (char)byte;
    }
    return byte;
}

static void append_text(const char *text) {
    while (*text) append(*text++);
}

static void append_capability(const char *text) {
    if (text) tputs(text, 1, append);
}

// Whether the terminal on `fd` is known and can move its cursor.
bool cnc_can_position(int fd) {
    int problem = 0;
    if (setupterm(NULL, fd, &problem) != OK) return false;
    bool can = cursor_address != NULL;
    del_curterm(cur_term);
    return can;
}

void cnc_build_restore(void) {
    cnc_lifeline->restore_length = 0;
    append_text("\033[?2026l\033[?2004l\033[?1006l\033[?1002l\033[?1000l");
    append_capability(exit_alt_charset_mode);
    append_capability(exit_attribute_mode);
    append_capability(orig_pair);
    append_capability(keypad_local);
    append_capability(cursor_normal);
    append_capability(exit_ca_mode);
}

void cnc_write(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        bytes += written;
        count -= (size_t)written;
    }
}

// Safe in a signal handler. Does nothing when the screen is not up, so that the cursor never moves back over later output.
void cnc_restore_now(int fd) {
    if (!cnc_lifeline->up) return;
    cnc_lifeline->up = 0;
    cnc_write(fd, cnc_lifeline->restore, (size_t)cnc_lifeline->restore_length);
    if (cnc_lifeline->has_modes) tcsetattr(fd, TCSADRAIN, &cnc_lifeline->modes);
}

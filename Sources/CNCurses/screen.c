// The screen: the only file that includes ncurses.h.
#include "cncurses.h"
#include "internal.h"
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

enum { paste_begin = KEY_MAX + 1, paste_end };

int cnc_tty = -1;
static FILE *input_file, *output_file;
static SCREEN *screen;
static WINDOW *keys;
static bool with_mouse, utf8, ascii_only;
static int frame_memory = -1;
static cnc_cell *shown;
static int shown_rows, shown_columns;
static int shown_cursor_row = -2, shown_cursor_column;

// A crash on another thread waits for a write in flight, and none begins after it has given the terminal back.
static void write_out(const char *bytes, size_t count) {
    cnc_lifeline->writing = 1;
    __sync_synchronize();
    if (!cnc_lifeline->crashed) cnc_write(cnc_tty, bytes, count);
    __sync_synchronize();
    cnc_lifeline->writing = 0;
}

static void say(const char *text) { write_out(text, strlen(text)); }

static void choose_locale(void) {
    const char *chosen = setlocale(LC_CTYPE, "");
    bool unset = !getenv("LC_ALL") && !getenv("LC_CTYPE") && !getenv("LANG");
    if (!chosen || unset) setlocale(LC_CTYPE, "C.UTF-8");
    utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void extra_modes_on(void) {
    if (with_mouse) say("\033[?1002h");
    say("\033[?2004h");
}

static void extra_modes_off(void) { say("\033[?2026l\033[?2004l\033[?1006l\033[?1002l\033[?1000l"); }

cnc_result cnc_open(bool mouse, bool force_ascii) {
    with_mouse = mouse;
    ascii_only = force_ascii;
    if (!isatty(0) || !isatty(1)) return CNC_NO_TERMINAL;
    cnc_tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (cnc_tty < 0) return CNC_NO_TERMINAL;
    choose_locale();
    if (!cnc_can_position(cnc_tty)) {
        close(cnc_tty);
        cnc_tty = -1;
        return CNC_NO_CURSOR;
    }
    cnc_lifeline->has_modes = tcgetattr(cnc_tty, &cnc_lifeline->modes) == 0;
    input_file = fdopen(dup(cnc_tty), "r");
    output_file = fdopen(dup(cnc_tty), "w");
    if (!input_file || !output_file) return CNC_NO_TERMINAL;
    // The size is the terminal's, whatever LINES and COLUMNS in the environment say.
    use_env(FALSE);
    use_tioctl(TRUE);
    screen = newterm(NULL, output_file, input_file);
    if (!screen) return CNC_NO_CURSOR;
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    struct termios modes;
    if (tcgetattr(cnc_tty, &modes) == 0) {
        modes.c_iflag &= ~(tcflag_t)IXON;  // Ctrl-S must not stop the picture
        tcsetattr(cnc_tty, TCSADRAIN, &modes);
    }
    def_prog_mode();
    // Until endwin has run once, ncurses flushes after every movement of the cursor.
    endwin();
    set_escdelay(25);
    mouseinterval(0);
    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    keys = newpad(1, 1);  // reading from a pad never refreshes a window
    keypad(keys, TRUE);
    nodelay(keys, TRUE);
    define_key("\033[200~", paste_begin);
    define_key("\033[201~", paste_end);
    if (mouse) mousemask(ALL_MOUSE_EVENTS | REPORT_MOUSE_POSITION, NULL);
    cnc_build_restore();
    cnc_capture_begin();
    cnc_lifeline->up = 1;
    curs_set(0);
    clearok(curscr, TRUE);
    refresh();
    extra_modes_on();
    cnc_forget();
    return CNC_OK;
}

void cnc_close(void) {
    if (!screen) return;
    if (cnc_lifeline->up) {
        extra_modes_off();
        endwin();
        cnc_lifeline->up = 0;
    }
    delwin(keys);
    delscreen(screen);
    screen = NULL;
    fclose(input_file);
    fclose(output_file);
    free(shown);
    shown = NULL;
    shown_rows = shown_columns = 0;
    cnc_capture_end();
    close(cnc_tty);
    cnc_tty = -1;
}

void cnc_size(int *rows, int *columns) {
    struct winsize size;
    if (ioctl(cnc_tty, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        *rows = size.ws_row;
        *columns = size.ws_col;
    } else {
        *rows = LINES;
        *columns = COLS;
    }
}

int cnc_colors(void) { return has_colors() ? COLORS : 0; }
bool cnc_utf8(void) { return utf8; }

// The console of the kernel claims UTF-8 but its fonts lack blocks and rounded corners.
bool cnc_rich_glyphs(void) {
    const char *term = getenv("TERM");
    return utf8 && !(term && (strcmp(term, "linux") == 0 || strncmp(term, "vt", 2) == 0));
}

void cnc_forget(void) {
    free(shown);
    shown = NULL;
    shown_rows = shown_columns = 0;
    shown_cursor_row = -2;
}

void cnc_resize(void) {
    int rows, columns;
    cnc_size(&rows, &columns);
    resizeterm(rows, columns);
    clearok(curscr, TRUE);
    cnc_forget();
}

// The line-drawing letter of a box character, for terminals without Unicode; 0 where there is none.
static char drawing_letter(uint32_t scalar) {
    switch (scalar) {
    case 0x2500: case 0x2501: case 0x2504: case 0x2508: return 'q';
    case 0x2502: case 0x2503: case 0x2506: case 0x250A: return 'x';
    case 0x250C: case 0x250F: case 0x256D: return 'l';
    case 0x2510: case 0x2513: case 0x256E: return 'k';
    case 0x2514: case 0x2517: case 0x2570: return 'm';
    case 0x2518: case 0x251B: case 0x256F: return 'j';
    case 0x251C: return 't';
    case 0x2524: return 'u';
    case 0x252C: return 'w';
    case 0x2534: return 'v';
    case 0x253C: return 'n';
    default: return 0;
    }
}

static void convert(const cnc_cell *cell, cchar_t *out) {
    attr_t attributes = A_NORMAL;
    if (cell->attributes & CNC_BOLD) attributes |= A_BOLD;
    if (cell->attributes & CNC_DIM) attributes |= A_DIM;
    if (cell->attributes & CNC_UNDERLINE) attributes |= A_UNDERLINE;
    if (cell->attributes & CNC_REVERSE) attributes |= A_REVERSE;
    uint32_t scalar = cell->scalar;
    if (!utf8 && scalar > 0x7E) {
        char letter = ascii_only ? 0 : drawing_letter(scalar);
        if (letter) {
            chtype drawn = acs_map[(unsigned char)letter];
            attributes |= drawn & A_ALTCHARSET;
            scalar = drawn & A_CHARTEXT;
        } else {
            scalar = '?';
        }
    }
    int pair = 0;
    if (cell->foreground >= 0 || cell->background >= 0) {
        pair = alloc_pair(cell->foreground, cell->background);
        if (pair < 0) pair = 0;
    }
    wchar_t text[2] = {(wchar_t)scalar, 0};
    setcchar(out, text, attributes, (short)pair, &pair);
}

// Writes what changed as one frame with one write, so that a terminal which knows the marks shows it at once. ncurses would
// write in pieces, and has no place for the marks; so its descriptor leads into memory meanwhile.
static void emit_frame(void) {
    static const char begin[] = "\033[?2026h", end[] = "\033[?2026l";
    int output = fileno(output_file);
    if (frame_memory < 0) frame_memory = memfd_create("console-frame", MFD_CLOEXEC);
    if (frame_memory < 0 || ftruncate(frame_memory, 0) != 0 || lseek(frame_memory, 0, SEEK_SET) != 0
        || dup2(frame_memory, output) < 0) {
        doupdate();
        return;
    }
    doupdate();
    dup2(cnc_tty, output);
    off_t length = lseek(frame_memory, 0, SEEK_CUR);
    if (length <= 0) return;
    size_t marks = sizeof begin - 1, whole = marks + (size_t)length + sizeof end - 1;
    char *bytes = malloc(whole);
    if (!bytes) return;
    memcpy(bytes, begin, marks);
    if (pread(frame_memory, bytes + marks, (size_t)length, 0) == length) {
        memcpy(bytes + marks + length, end, sizeof end - 1);
        write_out(bytes, whole);
    }
    free(bytes);
}

void cnc_present(const cnc_cell *cells, int rows, int columns, int cursor_row, int cursor_column) {
    if (!cnc_lifeline->up || cnc_lifeline->crashed) return;
    size_t row_bytes = (size_t)columns * sizeof *cells;
    bool known = shown && shown_rows == rows && shown_columns == columns;
    if (!known) {
        free(shown);
        shown = malloc(row_bytes * (size_t)rows + 1);
        shown_rows = rows;
        shown_columns = columns;
        werase(stdscr);
    }
    cchar_t *line = malloc(((size_t)columns + 1) * sizeof *line);
    if (!shown || !line) {
        free(line);
        return;
    }
    bool changed = false;
    for (int row = 0; row < rows; row++) {
        const cnc_cell *source = cells + (size_t)row * (size_t)columns;
        cnc_cell *memory = shown + (size_t)row * (size_t)columns;
        if (known && memcmp(source, memory, row_bytes) == 0) continue;
        memcpy(memory, source, row_bytes);
        int count = 0;
        for (int column = 0; column < columns; column++) {
            if (source[column].scalar != 0) convert(&source[column], &line[count++]);
        }
        mvadd_wchnstr(row, 0, line, count);
        changed = true;
    }
    free(line);
    bool moved = cursor_row != shown_cursor_row || cursor_column != shown_cursor_column;
    if (!changed && !moved) return;
    if (moved && (cursor_row < 0) != (shown_cursor_row < 0)) curs_set(cursor_row < 0 ? 0 : 1);
    shown_cursor_row = cursor_row;
    shown_cursor_column = cursor_column;
    if (cursor_row >= 0) {
        leaveok(stdscr, FALSE);
        move(cursor_row, cursor_column);
    } else {
        leaveok(stdscr, TRUE);
    }
    wnoutrefresh(stdscr);
    emit_frame();
}

void cnc_bell(void) { beep(); }

void cnc_clipboard(const char *base64) {
    say("\033]52;c;");
    say(base64);
    say("\a");
}

static bool special(wint_t code, cnc_special *out) {
    switch (code) {
    case KEY_UP: *out = CNC_UP; return true;
    case KEY_DOWN: *out = CNC_DOWN; return true;
    case KEY_LEFT: *out = CNC_LEFT; return true;
    case KEY_RIGHT: *out = CNC_RIGHT; return true;
    case KEY_HOME: *out = CNC_HOME; return true;
    case KEY_END: *out = CNC_END; return true;
    case KEY_PPAGE: *out = CNC_PAGE_UP; return true;
    case KEY_NPAGE: *out = CNC_PAGE_DOWN; return true;
    case KEY_BTAB: *out = CNC_BACKTAB; return true;
    case KEY_BACKSPACE: *out = CNC_BACKSPACE; return true;
    case KEY_DC: *out = CNC_DELETE; return true;
    case KEY_ENTER: *out = CNC_ENTER; return true;
    case KEY_F(1): *out = CNC_F1; return true;
    default: *out = CNC_OTHER; return true;
    }
}

static void mouse_key(cnc_key *key) {
    MEVENT event;
    key->kind = CNC_KEY_SPECIAL;
    key->special = CNC_OTHER;
    if (getmouse(&event) != OK) return;
    key->row = event.y;
    key->column = event.x;
    key->kind = CNC_KEY_MOUSE;
    if (event.bstate & BUTTON4_PRESSED) key->mouse = CNC_WHEEL_UP;
    else if (event.bstate & BUTTON5_PRESSED) key->mouse = CNC_WHEEL_DOWN;
    // Press and release that arrive together come as one click.
    else if (event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON1_TRIPLE_CLICKED)) key->mouse = CNC_PRESS;
    else if (event.bstate & BUTTON1_RELEASED) key->mouse = CNC_RELEASE;
    else if (event.bstate & REPORT_MOUSE_POSITION) key->mouse = CNC_DRAG;
    else key->kind = CNC_KEY_SPECIAL;
}

cnc_key cnc_read_key(void) {
    cnc_key key = {.kind = CNC_KEY_NONE};
    wint_t code = 0;
    int got = wget_wch(keys, &code);
    if (got == ERR) return key;
    if (got == KEY_CODE_YES) {
        if (code == paste_begin) key.kind = CNC_KEY_PASTE_BEGIN;
        else if (code == paste_end) key.kind = CNC_KEY_PASTE_END;
        else if (code == KEY_MOUSE) mouse_key(&key);
        else {
            key.kind = CNC_KEY_SPECIAL;
            special(code, &key.special);
        }
        return key;
    }
    key.kind = CNC_KEY_CHARACTER;
    key.scalar = (uint32_t)code;
    return key;
}

bool cnc_foreground(void) { return tcgetpgrp(cnc_tty) == getpgrp(); }

void cnc_suspend(void) {
    extra_modes_off();
    endwin();
    cnc_lifeline->up = 0;
    cnc_capture_pause();
    struct sigaction standard = {.sa_handler = SIG_DFL}, ours;
    sigemptyset(&standard.sa_mask);
    sigaction(SIGTSTP, &standard, &ours);
    // Not SIGSTOP: in an orphaned group SIGTSTP is ignored, and SIGSTOP would hang for good.
    kill(getpid(), SIGTSTP);
    cnc_wait(50, false);
    sigaction(SIGTSTP, &ours, NULL);
}

void cnc_detach(void) {
    cnc_lifeline->up = 0;
    cnc_capture_pause();
}

void cnc_resume(void) {
    struct termios modes;
    // In raw mode no shell has had the terminal meanwhile: what to give back at the end is as before.
    if (tcgetattr(cnc_tty, &modes) == 0 && (modes.c_lflag & ICANON)) cnc_lifeline->modes = modes;
    // After SIGSTOP the screen was never left.
    if (!isendwin()) endwin();
    cnc_capture_begin();
    cnc_lifeline->up = 1;
    reset_prog_mode();
    cnc_resize();
    refresh();
    keypad(keys, TRUE);  // endwin switched it off; waiting for the next read would garble the first arrow
    extra_modes_on();
}

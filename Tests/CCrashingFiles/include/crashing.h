// A layer between SQLite and the files, in which a node can crash at a chosen write. For tests.
//
// It is a VFS, see https://sqlite.org/vfs.html: what SQLite writes, syncs, truncates and deletes passes through it.
#ifndef CASTY_CRASHING_H
#define CASTY_CRASHING_H

/// Puts the layer in place for files that are opened from now on. May be called again.
///
/// Returns 0, or the code with which SQLite refuses.
int casty_crashing_install(void);

/// From now on who opens a file in the folder is a node that crashes at one of its next writes, from 1: of that half the
/// bytes arrive, of later ones none, and every other operation on these files fails.
void casty_crashing_begin(const char *folder, int write);

/// From now on who opens a file in the folder is another node, which does not crash.
void casty_crashing_end(const char *folder);

#endif

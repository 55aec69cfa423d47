/*
 * Ways out of a sandbox, each tried in earnest.
 *
 * A technique gives 0 if it got what it wanted, and has made sure of it: data sent, read or changed.
 * Otherwise it gives the errno with which it was denied, or one of the results below. What it works
 * on is staged by whoever starts it and named by ESCAPE_* variables, see support.c.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* This kernel, user or architecture has nothing to try. */
#define CANNOT 77
/* The technique itself or what is staged for it is at fault. */
#define BROKEN 99

/* Killed on the way, as a shell says it. */
#define KILLED(signal) (128 + (signal))

/* What every staged file holds. */
#define ORIGINAL "original"
/* What is sent out. */
#define MESSAGE "escaped"

/* For a register that is wider than the argument in it: the kernel looks at the lower half alone. */
#define GARBAGE_ABOVE(value) (0xdeadbeef00000000UL | (unsigned int)(value))

struct technique {
	const char *name;
	/* The classes of the plan that close it: it is denied if any of them is. */
	const char *class;
	/* Words for what the sandbox allows meanwhile. */
	const char *scene;
	const char *wants;
	int (*try)(void);
};

/* Each ends with an entry without a name. */
extern const struct technique *const topics[];

/* support.c: what is staged. */
const char *staged(const char *name);
int staged_number(const char *name);
const char *inside(const char *name);
const char *outside(const char *name);

/* support.c: results. */
int outcome(long result);
int is_root(void);
int in_child(int (*body)(void));
int open_or_give_up(const char *path, int flags);
int file_is_original(int fd);
int read_path(const char *path);
int deliver(int fd, const char *where);
void announce(const char *where);

/* The roles that a second process of this program plays, see roles.c. */
int victim(void);
int terminal(char **command);

/* Where a victim keeps ORIGINAL; this program is static, so the address is the same everywhere. */
extern char victim_memory[16];
/* The descriptor at which a victim holds the file outside open. */
#define VICTIM_DESCRIPTOR 10
/* System V objects of the victim. */
#define VICTIM_KEY(pid) (0x72660000 ^ (pid))

#endif

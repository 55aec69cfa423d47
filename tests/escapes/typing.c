/* The terminal behind standard input. */
#include "escape.h"

#include <linux/kd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* Types a line, and sees whether it is there for the next who reads. */
static int type(unsigned long command)
{
	char typed[8];
	for (const char *key = "x\n"; *key != 0; key++)
		if (syscall(SYS_ioctl, STDIN_FILENO, command, key) != 0)
			return errno;
	if (poll(&(struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN }, 1, 1000) != 1)
		return BROKEN;
	return read(STDIN_FILENO, typed, sizeof(typed)) == 2 && typed[0] == 'x' ? 0 : BROKEN;
}

static int type_plainly(void)
{
	return type(TIOCSTI);
}

static int type_garbage(void)
{
	return type(GARBAGE_ABOVE(TIOCSTI));
}

static int console(unsigned long command)
{
	/* Asks which of its shift keys are down; other numbers paste. */
	char subcommand = 6;
	return outcome(syscall(SYS_ioctl, STDIN_FILENO, command, &subcommand));
}

static int console_plainly(void)
{
	return console(TIOCLINUX);
}

static int console_garbage(void)
{
	return console(GARBAGE_ABOVE(TIOCLINUX));
}

/* A key that types a line: set to what it is. */
static int key_text(void)
{
	struct kbsentry text = { .kb_func = 0 };
	if (ioctl(STDIN_FILENO, KDGKBSENT, &text) != 0)
		return errno;
	return outcome(ioctl(STDIN_FILENO, KDSKBSENT, &text));
}

static int discipline(unsigned long command)
{
	int usual = 0;
	return outcome(syscall(SYS_ioctl, STDIN_FILENO, command, &usual));
}

static int discipline_plainly(void)
{
	return discipline(TIOCSETD);
}

static int discipline_garbage(void)
{
	return discipline(GARBAGE_ABOVE(TIOCSETD));
}

/* What an accent and a letter make: set to what it is. */
static int accents(void)
{
	struct kbdiacrs now = { 0 };
	if (ioctl(STDIN_FILENO, KDGKBDIACR, &now) != 0)
		return errno;
	return outcome(ioctl(STDIN_FILENO, KDSKBDIACR, &now));
}

/* As root; nothing is locked, as before. */
static int lock_settings(void)
{
	struct termios none = { 0 };
	return outcome(ioctl(STDIN_FILENO, TIOCSLCKTRMIOS, &none));
}

/* As root, takes the terminal away from its session, which has none from then on: no key of it signals anybody. */
static unsigned long stealing;

static int take_and_end(void)
{
	if (setsid() < 0)
		return BROKEN;
	return outcome(syscall(SYS_ioctl, STDIN_FILENO, TIOCSCTTY, stealing));
}

static int steal(unsigned long how)
{
	stealing = how;
	int result = in_child(take_and_end);
	if (result != 0)
		return result;
	return tcgetpgrp(STDIN_FILENO) < 0 ? 0 : BROKEN;
}

static int steal_plainly(void)
{
	return steal(1);
}

static int steal_garbage(void)
{
	return steal(GARBAGE_ABOVE(1));
}

const struct technique typing[] = {
	{ "terminal-type", "terminal", "terminal", "type a line (TIOCSTI)", type_plainly },
	{ "terminal-type-garbage", "terminal", "terminal", "the same with garbage in the upper half of the command", type_garbage },
	{ "terminal-console", "terminal", "console", "command a console (TIOCLINUX)", console_plainly },
	{ "terminal-console-garbage", "terminal", "console", "the same with garbage in the upper half of the command", console_garbage },
	{ "terminal-key-text", "terminal", "console", "have a key type a line (KDSKBSENT)", key_text },
	{ "terminal-discipline", "terminal", "terminal", "set the line discipline (TIOCSETD)", discipline_plainly },
	{ "terminal-discipline-garbage", "terminal", "terminal", "the same with garbage in the upper half of the command", discipline_garbage },
	{ "terminal-accents", "terminal", "console", "have keys type something else", accents },
	{ "terminal-lock", "terminal", "terminal", "as root, lock its settings", lock_settings },
	{ "terminal-steal", "terminal", "terminal", "as root, take it from its session (TIOCSCTTY)", steal_plainly },
	{ "terminal-steal-garbage", "terminal", "terminal", "the same with garbage in the upper half of the argument", steal_garbage },
	{ 0 },
};

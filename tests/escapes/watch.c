/* Watching what others do with files. The victim reads outside/file all the time. */
#include "escape.h"

#include <fcntl.h>
#include <linux/fanotify.h>
#include <poll.h>
#include <signal.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 2000

static int hears_something(int fd)
{
	char event[4096];
	if (poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, PATIENCE_MS) != 1)
		return BROKEN;
	return read(fd, event, sizeof(event)) < 0 ? errno : 0;
}

static int by_inotify(void)
{
	int fd = inotify_init1(IN_CLOEXEC);
	if (fd < 0 || inotify_add_watch(fd, outside("file"), IN_OPEN) < 0)
		return errno;
	return hears_something(fd);
}

static int by_old_inotify(void)
{
#ifdef SYS_inotify_init
	int fd = syscall(SYS_inotify_init);
	if (fd < 0 || inotify_add_watch(fd, outside(""), IN_OPEN) < 0)
		return errno;
	return hears_something(fd);
#else
	return CANNOT;
#endif
}

static int by_fanotify(void)
{
	/* With identities for descriptors: those would be opened in our name, and denied. */
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY);
	if (fd < 0 || fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, outside("file")) != 0)
		return errno;
	return hears_something(fd);
}

static int by_dnotify(void)
{
	sigset_t async;
	struct timespec patience = { .tv_sec = PATIENCE_MS / 1000 };
	sigemptyset(&async);
	sigaddset(&async, SIGIO);
	sigprocmask(SIG_BLOCK, &async, NULL);
	int fd = open_or_give_up(outside(""), O_RDONLY | O_DIRECTORY);
	if (fcntl(fd, F_NOTIFY, DN_ACCESS | DN_MULTISHOT) != 0)
		return errno;
	return sigtimedwait(&async, NULL, &patience) == SIGIO ? 0 : BROKEN;
}

static int by_lease(void)
{
	/* Makes others wait until we let go. */
	int fd = open_or_give_up(outside("program"), O_RDONLY);
	return outcome(fcntl(fd, F_SETLEASE, F_RDLCK));
}

/* The same of a directory, which others change. */
static int by_delegation(void)
{
	const int F_SETDELEG_ = 1024 + 16;
	struct { uint32_t flags; uint16_t kind, padding; } delegation = { 0, F_RDLCK, 0 };
	return outcome(fcntl(open_or_give_up(outside("empty"), O_RDONLY | O_DIRECTORY), F_SETDELEG_, &delegation));
}

const struct technique watching[] = {
	{ "inotify", "notifications", "nothing", "watch a file", by_inotify },
	{ "inotify-old", "notifications", "nothing", "watch a directory by inotify_init", by_old_inotify },
	{ "fanotify", "notifications", "nothing", "watch a file by fanotify", by_fanotify },
	{ "dnotify", "notifications", "reads-outside", "watch a directory open for reading", by_dnotify },
	{ "lease", "notifications", "program,reads-outside", "be asked before others write", by_lease },
	{ "delegation", "notifications", "reads-outside", "be asked before others change a directory", by_delegation },
	{ 0 },
};

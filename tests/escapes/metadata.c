/* Mode, owner, times, attributes and flags of files outside. */
#include "escape.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#define SYS_setxattrat_ 463
#define SYS_removexattrat_ 466
#define SYS_file_setattr_ 469

#define NEW_MODE 0640
#define ATTRIBUTE "user.ringfence"

static int mode_changed(long result)
{
	struct stat now;
	if (result < 0)
		return errno;
	return stat(outside("file"), &now) == 0 && (now.st_mode & 0777) == NEW_MODE ? 0 : BROKEN;
}

static int time_changed(long result)
{
	struct stat now;
	if (result < 0)
		return errno;
	return stat(outside("file"), &now) == 0 && now.st_mtime == 1 ? 0 : BROKEN;
}

static int chmod_path(void)
{
	return mode_changed(chmod(outside("file"), NEW_MODE));
}

static int chmod_at(void)
{
	return mode_changed(syscall(SYS_fchmodat, AT_FDCWD, outside("file"), NEW_MODE));
}

static int chmod_at2(void)
{
	return mode_changed(syscall(SYS_fchmodat2, AT_FDCWD, outside("file"), NEW_MODE, AT_SYMLINK_NOFOLLOW));
}

static int chmod_at2_empty(void)
{
	int fd = open(outside("file"), O_PATH);
	return mode_changed(syscall(SYS_fchmodat2, fd, "", NEW_MODE, AT_EMPTY_PATH));
}

static int chmod_descriptor(void)
{
	return mode_changed(fchmod(open_or_give_up(outside("file"), O_RDONLY), NEW_MODE));
}

static int chmod_path_descriptor(void)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", open_or_give_up(outside("file"), O_PATH));
	return mode_changed(chmod(path, NEW_MODE));
}

static int chown_path(void)
{
	return outcome(chown(outside("file"), geteuid(), -1));
}

static int chown_link(void)
{
	return outcome(lchown(outside("file"), geteuid(), -1));
}

static int chown_at(void)
{
	return outcome(fchownat(AT_FDCWD, outside("file"), geteuid(), getegid(), 0));
}

static int chown_descriptor(void)
{
	return outcome(fchown(open_or_give_up(outside("file"), O_RDONLY), geteuid(), -1));
}

static int set_time(void)
{
#ifdef SYS_utime
	struct utimbuf times = { 1, 1 };
	return time_changed(syscall(SYS_utime, outside("file"), &times));
#else
	return CANNOT;
#endif
}

#if defined(SYS_utimes) || defined(SYS_futimesat)
static const struct timeval early[2] = { { 1, 0 }, { 1, 0 } };
#endif
static const struct timespec very_early[2] = { { 1, 0 }, { 1, 0 } };

static int set_times(void)
{
#ifdef SYS_utimes
	return time_changed(syscall(SYS_utimes, outside("file"), early));
#else
	return CANNOT;
#endif
}

static int set_times_at_old(void)
{
#ifdef SYS_futimesat
	return time_changed(syscall(SYS_futimesat, AT_FDCWD, outside("file"), early));
#else
	return CANNOT;
#endif
}

static int set_times_at(void)
{
	return time_changed(utimensat(AT_FDCWD, outside("file"), very_early, 0));
}

static int set_times_descriptor(void)
{
	return time_changed(futimens(open_or_give_up(outside("file"), O_RDONLY), very_early));
}

static int attribute_is_there(long result)
{
	if (result < 0)
		return errno;
	return getxattr(outside("file"), ATTRIBUTE, NULL, 0) == 1 ? 0 : BROKEN;
}

static int set_attribute(void)
{
	return attribute_is_there(setxattr(outside("file"), ATTRIBUTE, "x", 1, 0));
}

static int set_attribute_link(void)
{
	return attribute_is_there(lsetxattr(outside("file"), ATTRIBUTE, "x", 1, 0));
}

static int set_attribute_descriptor(void)
{
	return attribute_is_there(fsetxattr(open_or_give_up(outside("file"), O_RDONLY), ATTRIBUTE, "x", 1, 0));
}

static int set_attribute_at(void)
{
	struct { uint64_t value; uint32_t size, flags; } arguments = { (uintptr_t)"x", 1, 0 };
	return attribute_is_there(syscall(SYS_setxattrat_, AT_FDCWD, outside("file"), 0, ATTRIBUTE, &arguments, sizeof(arguments)));
}

/* The stage has set it, where the file system has such attributes. */
static int remove_attribute(void)
{
	return outcome(removexattr(outside("attributed"), ATTRIBUTE));
}

static int remove_attribute_link(void)
{
	return outcome(lremovexattr(outside("attributed"), ATTRIBUTE));
}

static int remove_attribute_at(void)
{
	return outcome(syscall(SYS_removexattrat_, AT_FDCWD, outside("attributed"), 0, ATTRIBUTE));
}

static int set_flags(void)
{
	int fd = open_or_give_up(outside("file"), O_RDONLY), flags = 0;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
		return errno;
	flags |= FS_NODUMP_FL;
	return outcome(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static int set_flags_garbage(void)
{
	int fd = open_or_give_up(outside("file"), O_RDONLY), flags = 0;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
		return errno;
	flags |= FS_NODUMP_FL;
	return outcome(syscall(SYS_ioctl, fd, GARBAGE_ABOVE(FS_IOC_SETFLAGS), &flags));
}

static int set_flags_extended(void)
{
	struct fsxattr flags;
	int fd = open_or_give_up(outside("file"), O_RDONLY);
	if (ioctl(fd, FS_IOC_FSGETXATTR, &flags) != 0)
		return errno;
	flags.fsx_xflags |= FS_XFLAG_NODUMP;
	return outcome(ioctl(fd, FS_IOC_FSSETXATTR, &flags));
}

static int set_flags_by_path(void)
{
	struct { uint64_t flags; uint32_t extent_size, extents, project, copy_size; } attributes = { FS_XFLAG_NODUMP, 0, 0, 0, 0 };
	return outcome(syscall(SYS_file_setattr_, AT_FDCWD, outside("file"), &attributes, sizeof(attributes), 0));
}

/* What ext4 tells one life of an inode from the next by: set to what it is. */
static int set_version(void)
{
	long version = 0;
	int fd = open_or_give_up(outside("file"), O_RDONLY);
	if (ioctl(fd, _IOR('f', 3, long), &version) != 0)
		return errno;
	return outcome(ioctl(fd, _IOW('f', 4, long), &version));
}

static int set_write_hint(void)
{
	uint64_t hint = RWH_WRITE_LIFE_SHORT;
	int fd = open_or_give_up(outside("file"), O_RDONLY);
	return outcome(fcntl(fd, F_SET_RW_HINT, &hint));
}

/* By a policy that means nothing: whoever is told so could have set another. */
static int set_encryption(void)
{
	char policy[12] = { 0 };
	int fd = open_or_give_up(outside(""), O_RDONLY | O_DIRECTORY);
	if (ioctl(fd, _IOR('f', 19, char[12]), policy) == 0)
		return 0;
	return errno == EINVAL || errno == ENOTEMPTY ? 0 : errno;
}

static int see(void)
{
	struct stat now;
	return stat(outside("file"), &now) != 0 ? errno : now.st_size == (off_t)strlen(ORIGINAL) ? 0 : BROKEN;
}

static int see_target(void)
{
	char target[64] = "";
	if (readlink(outside("link"), target, sizeof(target) - 1) < 0)
		return errno;
	return strcmp(target, "file") == 0 ? 0 : BROKEN;
}

static int enter(void)
{
	return outcome(chdir(outside("")));
}

const struct technique metadata[] = {
	{ "chmod", "metadata", "nothing", "change a mode", chmod_path },
	{ "fchmodat", "metadata", "nothing", "the same by fchmodat", chmod_at },
	{ "fchmodat2", "metadata", "nothing", "the same by fchmodat2", chmod_at2 },
	{ "fchmodat2-empty-path", "metadata", "nothing", "the same of a descriptor opened by O_PATH", chmod_at2_empty },
	{ "fchmod", "metadata", "reads-outside", "the same of a file open for reading", chmod_descriptor },
	{ "chmod-proc-descriptor", "metadata", "reads-proc", "the same through /proc/self/fd", chmod_path_descriptor },
	{ "chown", "metadata", "nothing", "change an owner", chown_path },
	{ "lchown", "metadata", "nothing", "the same of the link itself", chown_link },
	{ "fchownat", "metadata", "nothing", "the same by fchownat", chown_at },
	{ "fchown", "metadata", "reads-outside", "the same of a file open for reading", chown_descriptor },
	{ "utime", "metadata", "nothing", "change times by utime", set_time },
	{ "utimes", "metadata", "nothing", "change times by utimes", set_times },
	{ "futimesat", "metadata", "nothing", "change times by futimesat", set_times_at_old },
	{ "utimensat", "metadata", "nothing", "change times by utimensat", set_times_at },
	{ "futimens", "metadata", "reads-outside", "change times of a file open for reading", set_times_descriptor },
	{ "setxattr", "metadata", "nothing", "set an attribute", set_attribute },
	{ "lsetxattr", "metadata", "nothing", "the same of the link itself", set_attribute_link },
	{ "fsetxattr", "metadata", "reads-outside", "the same of a file open for reading", set_attribute_descriptor },
	{ "setxattrat", "metadata", "nothing", "the same by setxattrat", set_attribute_at },
	{ "removexattr", "metadata", "nothing", "remove an attribute", remove_attribute },
	{ "lremovexattr", "metadata", "nothing", "the same of the link itself", remove_attribute_link },
	{ "removexattrat", "metadata", "nothing", "the same by removexattrat", remove_attribute_at },
	{ "file-flags", "metadata", "reads-outside", "set a flag by FS_IOC_SETFLAGS", set_flags },
	{ "file-flags-garbage", "metadata", "reads-outside", "the same with garbage in the upper half of the command", set_flags_garbage },
	{ "file-flags-extended", "metadata", "reads-outside", "the same by FS_IOC_FSSETXATTR", set_flags_extended },
	{ "file-setattr", "metadata", "nothing", "the same by file_setattr", set_flags_by_path },
	{ "file-version", "metadata", "reads-outside", "set the version of an inode", set_version },
	{ "file-write-hint", "metadata", "reads-outside", "say how long what is written will live", set_write_hint },
	{ "file-encryption", "metadata", "reads-outside", "have a directory encrypted (with a policy that means nothing)", set_encryption },
	{ "stat", "stat", "nothing", "see that a file exists", see },
	{ "readlink", "stat", "nothing", "see where a symlink leads", see_target },
	{ "chdir", "stat", "nothing", "enter a directory", enter },
	{ 0 },
};

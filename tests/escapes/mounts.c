/* Mounts: new ones, changed ones, another root. Each in a process of its own; what it mounts goes with it. */
#include "escape.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By hand: the headers of the C library and of the kernel do not go together. */
#define FSOPEN_CLOEXEC_ 1
#define FSCONFIG_CMD_CREATE_ 6
#define MOVE_MOUNT_F_EMPTY_PATH_ 4
#define OPEN_TREE_CLONE_ 1
#define MOUNT_ATTR_NOEXEC_ 8
#define SYS_mount_setattr_ 442
#define SYS_open_tree_attr_ 467
#define SYS_fsmount_ 432

struct attributes {
	uint64_t set, clear, propagation, userns;
};

static int mount_plainly(void)
{
	if (mount("none", outside("empty"), "tmpfs", 0, NULL) != 0)
		return errno;
	return outcome(umount2(outside("empty"), MNT_DETACH));
}

static int bind_mount(void)
{
	if (mount(outside(""), inside("empty"), NULL, MS_BIND, NULL) != 0)
		return errno;
	int result = read_path(inside("empty/file"));
	umount2(inside("empty"), MNT_DETACH);
	return result;
}

static int change_propagation(void)
{
	return outcome(mount(NULL, outside("mounted"), NULL, MS_SHARED, NULL));
}

static int unmount(void)
{
	return outcome(umount2(outside("mounted"), MNT_DETACH));
}

static int new_mount(void)
{
	int context = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC_);
	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE_, NULL, NULL, 0) != 0)
		return errno;
	int tree = syscall(SYS_fsmount_, context, 0, 0);
	if (tree < 0)
		return errno;
	/* Already good for files, without a place in the tree. */
	return outcome(openat(tree, "file", O_CREAT | O_RDWR, 0600));
}

static int place_new_mount(void)
{
	int context = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC_);
	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE_, NULL, NULL, 0) != 0)
		return errno;
	int tree = syscall(SYS_fsmount_, context, 0, 0);
	if (tree < 0 || syscall(SYS_move_mount, tree, "", AT_FDCWD, outside("empty"), MOVE_MOUNT_F_EMPTY_PATH_) != 0)
		return errno;
	return outcome(umount2(outside("empty"), MNT_DETACH));
}

/* A copy of the tree that hangs nowhere: its paths start anew. */
static int clone_tree(void)
{
	int tree = syscall(SYS_open_tree, AT_FDCWD, outside(""), OPEN_TREE_CLONE_);
	if (tree < 0)
		return errno;
	int fd = openat(tree, "file", O_RDONLY);
	return fd < 0 ? errno : file_is_original(fd);
}

static int place_cloned_tree(void)
{
	int tree = syscall(SYS_open_tree, AT_FDCWD, outside(""), OPEN_TREE_CLONE_);
	if (tree < 0 || syscall(SYS_move_mount, tree, "", AT_FDCWD, inside("empty"), MOVE_MOUNT_F_EMPTY_PATH_) != 0)
		return errno;
	int result = read_path(inside("empty/file"));
	umount2(inside("empty"), MNT_DETACH);
	return result;
}

static int set_attributes(void)
{
	struct attributes attributes = { .set = MOUNT_ATTR_NOEXEC_ };
	return outcome(syscall(SYS_mount_setattr_, AT_FDCWD, outside("mounted"), 0, &attributes, sizeof(attributes)));
}

static int open_tree_attributes(void)
{
	struct attributes attributes = { .set = MOUNT_ATTR_NOEXEC_ };
	return outcome(syscall(SYS_open_tree_attr_, AT_FDCWD, outside("mounted"), 0, &attributes, sizeof(attributes)));
}

static int remount(void)
{
	return outcome(mount(NULL, outside("mounted"), NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL));
}

static int in_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return errno;
	return outcome(mount("none", outside("empty"), "tmpfs", 0, NULL));
}

static int mount_in_user_namespace(void)
{
	return in_child(in_user_namespace);
}

static int swap_root(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return errno;
	if (chdir(outside("mounted")) != 0)
		return BROKEN;
	return outcome(syscall(SYS_pivot_root, ".", "."));
}

static int pivot(void)
{
	return in_child(swap_root);
}

/* Leaves a root by putting another below the directory that it is in. */
static int break_out(void)
{
	int up = 64;
	if (chroot(inside("empty")) != 0)
		return errno;
	/* The directory is still outside of the new root, so it can climb past it. */
	while (up-- > 0)
		if (chdir("..") != 0)
			return errno;
	if (chroot(".") != 0)
		return errno;
	return read_path(outside("file"));
}

static int chroot_and_back(void)
{
	return in_child(break_out);
}

static int enter_root(void)
{
	return outcome(chroot(outside("")));
}

static int change_root(void)
{
	return in_child(enter_root);
}

const struct technique mounts[] = {
	{ "mount", "mount", "nothing", "mount over a directory", mount_plainly },
	{ "mount-bind", "mount", "zone", "mount the outside into the zone, read it there", bind_mount },
	{ "mount-remount", "mount", "mounted", "change the flags of a mount by mount", remount },
	{ "mount-propagation", "mount", "mounted", "change the propagation of a mount", change_propagation },
	{ "umount", "mount", "mounted", "unmount", unmount },
	{ "fsopen", "mount", "nothing", "make a mount that hangs nowhere, use it", new_mount },
	{ "move-mount", "mount", "nothing", "the same, hung over a directory", place_new_mount },
	{ "open-tree", "read,mount@seccomp", "nothing", "copy a tree, read there", clone_tree },
	{ "open-tree-move", "mount", "zone", "copy a tree into the zone, read it there", place_cloned_tree },
	{ "mount-setattr", "mount-attributes", "mounted", "change the flags of a mount by mount_setattr", set_attributes },
	{ "open-tree-attr", "mount-attributes", "mounted", "the same by open_tree_attr", open_tree_attributes },
	{ "mount-as-own-root", "mount,namespaces", "nothing", "mount in a user namespace", mount_in_user_namespace },
	{ "pivot-root", "mount,namespaces", "mounted", "swap the root of a mount namespace", pivot },
	{ "chroot", "namespaces", "nothing", "another root", change_root },
	{ "chroot-break-out", "read,namespaces@seccomp", "zone", "leave the own root by a second chroot", chroot_and_back },
	{ 0 },
};

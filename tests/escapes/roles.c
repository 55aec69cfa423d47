/* The processes beside a technique: a victim, and a terminal with a command on it. */
#include "escape.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

char victim_memory[16];

/* Listens at outside/giver. */
static int giver(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strncpy(address.sun_path, outside("giver"), sizeof(address.sun_path) - 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0)
		return -1;
	chmod(address.sun_path, 0777);
	return fd;
}

/* Hands the file outside to whoever connects. */
static void give(int listener)
{
	int peer = accept(listener, NULL, NULL);
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &(int){ VICTIM_DESCRIPTOR }, sizeof(int));
	sendmsg(peer, &message, MSG_NOSIGNAL);
	close(peer);
}

/* Something happens to the files outside, for those who watch. */
static void use_files(void)
{
	char byte;
	int fd = open(outside("file"), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (read(fd, &byte, 1) == 1)
		byte = 0;
	close(fd);
}

/* Runs until standard input ends; says which signals came. */
int victim(void)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Where Yama lets only parents trace: what denies it here is to be the sandbox. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	strcpy(victim_memory, ORIGINAL);
	int file = open(outside("file"), O_RDWR);
	if (file < 0 || dup2(file, VICTIM_DESCRIPTOR) < 0 || chdir(staged("OUTSIDE")) != 0)
		return BROKEN;

	key_t key = VICTIM_KEY(getpid());
	int segment = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600);
	int semaphores = semget(key, 1, IPC_CREAT | IPC_EXCL | 0600);
	int messages = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
	if (segment >= 0)
		strcpy(shmat(segment, NULL, 0), ORIGINAL);

	struct pollfd events[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = signalfd(-1, &all, 0), .events = POLLIN },
		{ .fd = giver(), .events = POLLIN },
	};
	printf("ready\n");
	fflush(stdout);
	while (events[0].revents == 0) {
		poll(events, 3, 10);
		struct signalfd_siginfo came;
		if (events[1].revents != 0 && read(events[1].fd, &came, sizeof(came)) == sizeof(came)) {
			printf("signal %u\n", came.ssi_signo);
			fflush(stdout);
		}
		if (events[2].revents != 0)
			give(events[2].fd);
		use_files();
	}
	/* None of them goes away with its maker. */
	shmctl(segment, IPC_RMID, NULL);
	semctl(semaphores, 0, IPC_RMID);
	msgctl(messages, IPC_RMID, NULL);
	return 0;
}

/* The terminal that a command gets: a new one for "pty", else a device of that name. */
static int open_terminal(const char *device)
{
	if (strcmp(device, "pty") != 0)
		return open(device, O_RDWR | O_NOCTTY);
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		return -1;
	fcntl(master, F_SETFD, FD_CLOEXEC);
	return open(ptsname(master), O_RDWR | O_NOCTTY);
}

/* Runs a command whose controlling terminal and standard input it is. */
int terminal(char **command)
{
	int fd = open_terminal(command[0]);
	if (fd < 0)
		return BROKEN;
	pid_t child = fork();
	if (child == 0) {
		setsid();
		if (ioctl(fd, TIOCSCTTY, 0) != 0 || dup2(fd, STDIN_FILENO) < 0)
			_exit(BROKEN);
		close(fd);
		execv(command[1], command + 1);
		_exit(BROKEN);
	}
	int status;
	if (waitpid(child, &status, 0) != child)
		return BROKEN;
	return WIFSIGNALED(status) ? KILLED(WTERMSIG(status)) : WEXITSTATUS(status);
}

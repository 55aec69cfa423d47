/* Shared memory, semaphores and queues of processes outside. */
#include "escape.h"

#include <fcntl.h>
#include <mqueue.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

static key_t key(void)
{
	return VICTIM_KEY(staged_number("VICTIM"));
}

static int read_segment(void)
{
	int segment = shmget(key(), 0, 0);
	if (segment < 0)
		return errno;
	const char *content = shmat(segment, NULL, SHM_RDONLY);
	if ((intptr_t)content == -1)
		return errno;
	return strcmp(content, ORIGINAL) == 0 ? 0 : BROKEN;
}

/* By its number alone, without asking for it by key. */
static int remove_segment(void)
{
	struct shmid_ds each;
	for (int i = 0; i < 4096; i++) {
		int segment = shmctl(i, SHM_STAT, &each);
		if (segment >= 0 && each.shm_perm.__key == key())
			return outcome(shmctl(segment, IPC_RMID, NULL));
		if (segment < 0 && errno != EINVAL && errno != EACCES && errno != EIDRM)
			return errno;
	}
	return BROKEN;
}

static int make_segment(void)
{
	int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	return segment < 0 ? errno : outcome(shmctl(segment, IPC_RMID, NULL));
}

static int raise_semaphore(void)
{
	struct sembuf up = { .sem_op = 1 };
	int set = semget(key(), 0, 0);
	if (set < 0 || semop(set, &up, 1) != 0)
		return errno;
	return semctl(set, 0, GETVAL) == 1 ? 0 : BROKEN;
}

static int raise_semaphore_timed(void)
{
	struct sembuf up = { .sem_op = 1 };
	struct timespec soon = { .tv_nsec = 1 };
	int set = semget(key(), 0, 0);
	return set < 0 ? errno : outcome(semtimedop(set, &up, 1, &soon));
}

static int send_message(void)
{
	struct { long kind; char text[8]; } message = { 1, MESSAGE };
	int queue = msgget(key(), 0);
	if (queue < 0 || msgsnd(queue, &message, sizeof(message.text), IPC_NOWAIT) != 0)
		return errno;
	struct msqid_ds now;
	return msgctl(queue, IPC_STAT, &now) == 0 && now.msg_qnum == 1 ? 0 : BROKEN;
}

static int open_queue(void)
{
	struct mq_attr now;
	mqd_t queue = mq_open(staged("QUEUE"), O_WRONLY);
	if (queue < 0 || mq_send(queue, MESSAGE, strlen(MESSAGE), 0) != 0)
		return errno;
	return mq_getattr(queue, &now) == 0 && now.mq_curmsgs == 1 ? 0 : BROKEN;
}

/* An open that is denied may have made the queue all the same. */
static int make_queue(void)
{
	char name[64] = "/ringfence-made-";
	strncat(name, staged("VICTIM"), 16);
	mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_WRONLY, 0600, NULL);
	int denied = errno;
	if (mq_unlink(name) == 0)
		return 0;
	return queue >= 0 ? 0 : denied;
}

static int remove_queue(void)
{
	return outcome(mq_unlink(staged("QUEUE")));
}

const struct technique ipc[] = {
	{ "sysv-shm-read", "shared-ipc", "nothing", "read a segment of shared memory", read_segment },
	{ "sysv-shm-remove", "shared-ipc", "nothing", "remove one found by its number", remove_segment },
	{ "sysv-shm-make", "shared-ipc", "nothing", "make one", make_segment },
	{ "sysv-sem", "shared-ipc", "nothing", "raise a semaphore", raise_semaphore },
	{ "sysv-sem-timed", "shared-ipc", "nothing", "the same by semtimedop", raise_semaphore_timed },
	{ "sysv-msg", "shared-ipc", "nothing", "send to a queue", send_message },
	{ "queue-send", "message-queues", "nothing", "send to a POSIX queue", open_queue },
	{ "queue-make", "shared-ipc", "nothing", "make a POSIX queue, if only as a side effect", make_queue },
	{ "queue-remove", "shared-ipc", "nothing", "remove a POSIX queue", remove_queue },
	{ 0 },
};

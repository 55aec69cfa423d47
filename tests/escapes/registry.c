/* Every topic. A technique that is not in one of these does not exist. */
#include "escape.h"

extern const struct technique tcp[], udp[], sockets[], unix_sockets[], files[], truncation[], metadata[], signals[],
	tracing[], processes[], mounts[], namespaces[], machine[], interfaces[], ipc[], watching[], typing[], uring[],
	layers[], foreign[], execution[], descriptors[];

const struct technique *const topics[] = {
	tcp, udp, sockets, unix_sockets, files, truncation, metadata, signals,
	tracing, processes, mounts, namespaces, machine, interfaces, ipc, watching, typing, uring,
	layers, foreign, execution, descriptors, NULL,
};

/* Addresses and sockets on the loopback interface. */
#include "escape.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "net.h"

struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* The same place in IPv6's words. */
struct sockaddr_in6 mapped(int port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr);
	return address;
}

/* Goes on with whatever the making of the socket gave. */
int connect_and_send(int fd, int port, const char *where)
{
	struct sockaddr_in to = loopback(port);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return errno;
	return deliver(fd, where);
}

/* Binds, and asks the kernel whether it really did. */
int bind_and_look(int fd, int port)
{
	struct sockaddr_in at = loopback(port);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return errno;
	int bound = local_port(fd);
	return bound == port || (port == 0 && bound != 0) ? 0 : BROKEN;
}

/* The port that a socket of either family has. */
int local_port(int fd)
{
	struct sockaddr_in6 name = { 0 };
	socklen_t length = sizeof(name);
	if (getsockname(fd, (struct sockaddr *)&name, &length) != 0)
		return 0;
	/* At the same place in both. */
	return ntohs(name.sin6_port);
}

/* Addresses and sockets on the loopback interface. */
#ifndef NET_H
#define NET_H

#include <netinet/in.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

struct sockaddr_in loopback(int port);
struct sockaddr_in6 mapped(int port);
int connect_and_send(int fd, int port, const char *where);
int bind_and_look(int fd, int port);
int local_port(int fd);

#endif

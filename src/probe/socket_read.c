/*
 * socket_read.c: how much was read from a connection.
 *
 * In a file of its own, since libc's tcp.h, which libuv brings, has an older
 * struct tcp_info than the kernel's. Called by http_engine.c.
 */
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "probe/socket_read.h"

size_t socket_read(int fd)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof info;
	int unread = 0;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) || ioctl(fd, SIOCINQ, &unread))
		return 0;
	return info.tcpi_bytes_received > (size_t)unread ? (size_t)info.tcpi_bytes_received - (size_t)unread : 0;
}

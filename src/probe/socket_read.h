/*
 * socket_read.h: how much was read from a connection, as the kernel counts. Any thread.
 */
#ifndef MERIDIAN_PROBE_SOCKET_READ_H
#define MERIDIAN_PROBE_SOCKET_READ_H

#include <stddef.h>

/* Bytes read from a TCP socket since it was connected; 0 where it is not known. */
size_t socket_read(int fd);

#endif

/*
 * packet.h: packets of any shape from a line of words, for tests of what no well-behaved client sends.
 *
 *   flags=HEX        the header's second word; 0 where it is not said
 *   counts=N,N,N,N   what the header promises, whatever follows; else the sections are counted
 *   q:NAME:TYPE[:CLASS]      a question; the class as a number
 *   opt[:PAYLOAD[:TTL[:HEX]]]   an OPT: payload in decimal (1232), TTL in hex (0), its options in hex
 *   an:HEX, ns:HEX, ar:HEX   a record of a section, byte by byte; q:HEX where there is no second colon
 *   raw:HEX          bytes that are not counted
 *
 * HEX may hold `.` between bytes, to be read more easily. The id is 1234.
 */
#ifndef MERIDIAN_TESTS_UNIT_ANSWER_PACKET_H
#define MERIDIAN_TESTS_UNIT_ANSWER_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 4096

/* Builds it into `packet`; returns its size. Fails the test where the words make no sense. */
size_t packet_build(const char *words, uint8_t packet[PACKET_MAX]);

#endif

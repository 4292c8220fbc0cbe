#!/usr/bin/python3
"""Seeds for fuzz_dns_reply: corpus_dns_reply.py FOLDER."""
import os
import struct
import sys


def record(owner, kind, rdata):
    return owner + struct.pack('!HHIH', kind, 1, 60, len(rdata)) + rdata


POINTER, OTHER = b'\xc0\x0c', b'\1a\7example\0'
SEEDS = {
    'address': (0, 1, [record(POINTER, 1, b'\xc0\0\2\1')]),
    'expected': (32, 1, [record(POINTER, 1, b'\xc0\0\2\1')]),
    'text': (33, 1, [record(POINTER, 16, b'\6all is\5 well')]),
    'text-short': (1, 1, [record(POINTER, 16, b'\77x')]),
    'chain': (0, 2, [record(POINTER, 5, OTHER), record(OTHER, 1, b'\xc0\0\2\1')]),
    'ring': (0, 1, [record(POINTER, 5, POINTER)]),
    'cname': (34, 1, [record(POINTER, 5, OTHER)]),
    'mail': (3, 1, [record(POINTER, 15, b'\0\12' + OTHER)]),
    'soa': (4, 1, [record(POINTER, 6, POINTER + OTHER + bytes(20))]),
    'loop': (0, 1, [record(b'\xc0\x1d', 1, b'\xc0\0\2\1')]),
    'promised': (0, 9, [record(POINTER, 1, b'\xc0\0\2\1')]),
    'nothing': (0, 0, []),
}
os.makedirs(sys.argv[1], exist_ok=True)
for name, (asked, count, records) in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), 'wb') as file:
        file.write(bytes([asked, 3 | count << 4]) + b''.join(records))
with open(os.path.join(sys.argv[1], 'bare'), 'wb') as file:
    file.write(bytes([0, 1]) + b'\x12\x34\x81\x81' + bytes(8))

#!/usr/bin/env python3
"""Writes the seeds of the packet fuzzer into corpus/query, one file each; run it after adding a row."""
import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "query")
WWW = b"\3www\7example\3com\0"
ANY, IN, OPT, TSIG, SOA = 255, 1, 41, 250, 6


def header(flags=0x0100, qd=1, an=0, ns=0, ar=0):
    return struct.pack(">6H", 0x1234, flags, qd, an, ns, ar)


def question(name=WWW, qtype=1, qclass=IN):
    return name + struct.pack(">2H", qtype, qclass)


def record(name, rtype, rclass, ttl, rdata):
    return name + struct.pack(">2HIH", rtype, rclass, ttl, len(rdata)) + rdata


def option(code, data=b""):
    return struct.pack(">2H", code, len(data)) + data


def opt(options=b"", payload=1232, ttl=0, name=b"\0"):
    return record(name, OPT, payload, ttl, options)


def query(extra=b"", ar=None, **kw):
    parts = {k: kw.pop(k) for k in list(kw) if k in ("name", "qtype", "qclass")}
    return header(ar=(1 if extra else 0) if ar is None else ar, **kw) + question(**parts) + extra


def subnet(family, source, scope, address):
    return query(opt(option(8, struct.pack(">HBB", family, source, scope) + address)))


LONG = b"".join(b"\x3f" + bytes([c]) * 63 for c in b"abc") + b"\x3d" + b"d" * 61 + b"\0"
COOKIE = bytes(range(24))
KEY = record(b"\3key\0", TSIG, ANY, 0, b"\x0bhmac-sha256\0" + bytes(6) + b"\1\x2c\0\x20" + bytes(32) + b"\x12\x34\0\0\0\0")

SEEDS = {
    "a": query(),
    "mixed-case": query(name=b"\3wWw\7EXAMPLE\3cOm\0"),
    "root-ns": query(name=b"\0", qtype=2),
    "any": query(qtype=ANY),
    "chaos": query(name=b"\7version\4bind\0", qtype=16, qclass=3),
    "name-255": query(name=LONG),
    "name-256": query(name=LONG[:-1] + b"\1e\0"),
    "labels-127": query(name=b"\1a" * 127 + b"\0"),
    "label-64": query(name=b"\x40" + b"a" * 64 + b"\0"),
    "label-binary": query(name=b"\x41\x08\xff\0"),
    "label-nul-dot": query(name=b"\4\0.\\\xff\3com\0"),
    "compressed": query(name=b"\xc0\x0c"),
    "compressed-tail": query(name=b"\3www\xc0\x0c"),
    "unterminated": header() + b"\3www\7exam",
    "no-class": header() + WWW + b"\0\1",
    "header-only": header(qd=0),
    "header-promises": header(),
    "short": b"\x12\x34\1",
    "empty": b"",
    "response": query(flags=0x8180),
    "iquery": query(flags=0x0800),
    "status": header(flags=0x1000, qd=0),
    "notify": header(flags=0x2400, an=1) + question(qtype=SOA) + record(b"\xc0\x0c", SOA, IN, 1, b"\0\0" + bytes(20)),
    "update": header(flags=0x2800, ns=1) + question(qtype=SOA) + record(WWW, 1, IN, 1, b"\1\2\3\4"),
    "opcode-15": query(flags=0x7800),
    "two-questions": header(qd=2) + question() + question(),
    "answer-in-query": header(an=1) + question() + record(b"\xc0\x0c", 1, IN, 1, b"\1\2\3\4"),
    "ixfr": header(ns=1) + question(qtype=251) + record(b"\xc0\x0c", SOA, IN, 1, b"\0\0" + bytes(20)),
    "ixfr-not-soa": header(ns=1) + question(qtype=251) + record(b"\xc0\x0c", 1, IN, 1, b"\1\2\3\4"),
    "trailing": query() + b"\0",
    "opt": query(opt()),
    "opt-do": query(opt(ttl=0x8000)),
    "opt-512": query(opt(payload=0)),
    "opt-version": query(opt(ttl=0x00010000)),
    "opt-named": query(opt(name=WWW)),
    "opt-twice": query(opt() + opt(), ar=2),
    "opt-overrun": query(opt(struct.pack(">2H", 3, 9) + b"x")),
    "opt-half-option": query(opt(b"\0\3\0")),
    "opt-cut": query(opt())[:-1],
    "nsid": query(opt(option(3))),
    "keepalive-padding": query(opt(option(11) + option(12, bytes(17)))),
    "unknown-option": query(opt(option(65001, b"hello"))),
    "cookie-client": query(opt(option(10, COOKIE[:8]))),
    "cookie": query(opt(option(10, COOKIE))),
    "cookie-40": query(opt(option(10, bytes(40)))),
    "cookie-9": query(opt(option(10, COOKIE[:9]))),
    "cookie-41": query(opt(option(10, bytes(41)))),
    "cookie-no-question": header(qd=0, ar=1) + opt(option(10, COOKIE[:8])),
    "ecs-v4-24": subnet(1, 24, 0, b"\xc0\0\2"),
    "ecs-v4-0": subnet(1, 0, 0, b""),
    "ecs-v4-25": subnet(1, 25, 0, b"\xc0\0\2\x80"),
    "ecs-v4-33": subnet(1, 33, 0, b"\xc0\0\2\1\0"),
    "ecs-v6-56": subnet(2, 56, 0, b"\x20\1\x0d\xb8\0\0\1"),
    "ecs-v6-128": subnet(2, 128, 0, b"\x20\1\x0d\xb8" + bytes(12)),
    "ecs-family-0": subnet(0, 0, 0, b""),
    "ecs-family-3": subnet(3, 8, 0, b"\1"),
    "ecs-scope": subnet(1, 24, 24, b"\xc0\0\2"),
    "ecs-bits": subnet(1, 23, 0, b"\xc0\0\3"),
    "ecs-long": subnet(1, 24, 0, b"\xc0\0\2\0"),
    "ecs-short": subnet(1, 24, 0, b"\xc0\0"),
    "ecs-twice": query(opt(option(8, b"\0\1\x18\0\xc0\0\2") * 2)),
    "tsig": query(KEY),
    "tsig-behind-opt": query(opt() + KEY, ar=2),
    "tsig-not-last": query(KEY + opt(), ar=2),
    "additional-a": query(record(WWW, 1, IN, 1, b"\1\2\3\4")),
    "everything": query(opt(option(3) + option(8, b"\0\1\x18\0\xc0\0\2") + option(10, COOKIE) + option(11)
                            + option(12, bytes(8)), ttl=0x8000) + KEY, ar=2),
    "counts-ffff": header(qd=1, an=0xffff, ns=0xffff, ar=0xffff) + question(),
}

if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    for name, packet in SEEDS.items():
        with open(os.path.join(HERE, name), "wb") as file:
            file.write(packet)
    print(len(SEEDS), "seeds")

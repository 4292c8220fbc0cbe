#!/usr/bin/env python3
"""Writes the seeds of the answer fuzzer into corpus/answer: those of packets, sent in each way that the id chooses, and
questions for what its world has; run it after adding a row. What fuzzing has found stays beside them."""
import os
import struct

import corpus_query as packets

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "answer")


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def sent(packet, how):
    return struct.pack(">H", how) + packet[2:]


SUBNET = packets.opt(packets.option(8, struct.pack(">HBB", 1, 24, 0) + b"\xc6\x33\x64"))
NAMES = {"www": (1, 28, 65, 16, 255), "svc": (65,), "led": (64,), "names": (1, 5), "all": (1,), "a.w": (65, 1), "x.c": (1,),
         "c.d": (1,), "link": (1, 65), "loop1": (1,), "out": (1,), "a.dname": (1,), "a.self": (1,), "x.sub": (1, 43),
         "srv": (33,), "s": (1,), "nope": (1,), "b": (43, 6)}
WAYS = {"stream": 1, "signed": 8, "cookie": 16, "demanded": 32, "signed-stream": 9, "far-down": 512 | 4}

SEEDS = {}
for owner, types in NAMES.items():
    for rtype in types:
        SEEDS["%s-%d" % (owner.replace(".", "-"), rtype)] = sent(
            packets.query(SUBNET, name=name(owner + ".example.com"), qtype=rtype), 512 * (owner == "all"))
for way, how in WAYS.items():
    SEEDS["a-" + way] = sent(packets.query(name=name("www.example.com")), how)
APEX = name("example.com")
SOA = packets.record(b"\xc0\x0c", packets.SOA, packets.IN, 0, b"\0\0" + struct.pack(">5I", 2, 1, 1, 1, 1))
for way, how in (("udp", 0), ("stream", 1), ("signed", 9), ("not-allowed", 5)):
    SEEDS["axfr-" + way] = sent(packets.query(name=APEX, qtype=252), how)
    SEEDS["ixfr-" + way] = sent(packets.query(SOA, name=APEX, qtype=251, ns=1, ar=0), how)

if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    for seed, packet in list(SEEDS.items()) + list(packets.SEEDS.items()):
        with open(os.path.join(HERE, seed), "wb") as out:
            out.write(packet)

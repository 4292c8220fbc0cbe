"""TCP as RFC 7766, 7828 and 9210 ask for it, and what strangers can do with it: places, time, descriptors."""
import os
import random
import resource
import socket
import struct
import subprocess
import sys
import threading
import time

import dns
from world import SLOW, LiveTest, World, best, until

ZONE = '''\
$ORIGIN example.com.
$TTL 1h
@ SOA ns1 hostmaster 1 2h 30m 2w 5m
  NS ns1
ns1 A 192.0.2.1
www 60 A 192.0.2.80
''' + ''.join(f'large TXT "{number:03} {"x" * 240}"\n' for number in range(100))
KEEPALIVE = 11


def descriptors_of(world):
    return len(os.listdir(f'/proc/{world.daemon.pid}/fd'))


def most_descriptors(count):
    """In this process; False if the system does not allow so many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard >= count


def ended(sock):
    """Has the server ended it?"""
    sock.setblocking(False)
    try:
        return sock.recv(65536) == b''
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


class Streams(LiveTest):
    time = 120

    @classmethod
    def build(cls, world):
        world.write('zones/example.com.zone', ZONE)

    def connect(self, **more):
        sock = socket.create_connection(self.world.server, 10 * SLOW, **more)
        self.addCleanup(sock.close)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def test_split_and_joined(self):
        """RFC 7766 8: two messages, cut at any byte; the length may come alone, or half of it."""
        wire = dns.frame(dns.query('www.example.com', id=1)) + dns.frame(dns.query('ns1.example.com', 'AAAA', id=2))
        sock = self.connect()
        stream = sock.makefile('rb')
        for cut in range(1, len(wire)):
            sock.sendall(wire[:cut])
            time.sleep(0.0005)
            sock.sendall(wire[cut:])
            self.assertEqual([dns.parse(dns.read_frame(stream)).id for _ in range(2)], [1, 2])
        for byte in wire:
            sock.sendall(bytes([byte]))
        self.assertEqual([dns.parse(dns.read_frame(stream)).id for _ in range(2)], [1, 2])

    def test_pipeline(self):
        """RFC 7766 6.2.1.1: ten thousand queries in one breath, in pieces of any size; all are answered, and then the end."""
        sock = self.connect()
        queries = [dns.frame(dns.query('large.example.com' if id % 100 == 0 else 'www.example.com',
                                       'TXT' if id % 100 == 0 else 'A', id=id)) for id in range(10000)]
        wire, at, dice = b''.join(queries), 0, random.Random(7)

        def send():
            nonlocal at
            while at < len(wire):
                size = dice.choice((1, 2, 3, 40, 1000, 70000))
                sock.sendall(wire[at:at + size])
                at += size
            sock.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        stream = sock.makefile('rb')
        answers = [dns.parse(dns.read_frame(stream)) for _ in range(10000)]
        sender.join()
        self.assertEqual({one.id for one in answers}, set(range(10000)))
        self.assertEqual({len(one.answer) for one in answers}, {1, 100})
        self.assertIsNone(dns.read_frame(stream))

    def test_same_as_udp(self):
        for name, kind in (('www.example.com', 'A'), ('none.example.com', 'A'), ('www.example.com', 'MX'),
                           ('example.org', 'A')):
            wire = dns.query(name, kind, id=5)
            self.assertEqual(dns.udp(self.world.server, wire), dns.tcp(self.world.server, wire))

    def test_keepalive(self):
        """RFC 7828 3.3.2: only where it is asked for, only over TCP; the time of an idle connection in 100 ms."""
        asked = [(KEEPALIVE, b'')]
        self.assertEqual(self.world.ask('www.example.com', over=dns.tcp, options=asked).options[KEEPALIVE],
                         struct.pack('!H', 100))
        self.assertNotIn(KEEPALIVE, self.world.ask('www.example.com', over=dns.tcp).options)
        self.assertNotIn(KEEPALIVE, self.world.ask('www.example.com', options=asked).options)

    def test_fast_open(self):
        """RFC 7413: a query may come with the first packet; who has no cookie yet, or may not, is served all the same."""
        for id in (1, 2):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
                sock.sendto(dns.frame(dns.query('www.example.com', id=id)), socket.MSG_FASTOPEN, self.world.server)
                self.assertEqual(dns.parse(dns.read_frame(sock.makefile('rb'))).id, id)

    def test_nothing_is_kept(self):
        """However a connection ends, its descriptor comes back."""
        before = descriptors_of(self.world)
        query = dns.frame(dns.query('large.example.com', 'TXT'))
        for send in (b'', b'\0', query[:2], query[:20], query, query * 50, os.urandom(3000), b'\0\0' * 500,
                     dns.frame(b'\0' * 11), dns.frame(bytes([0, 0, 0x80]) + bytes(20))):
            for how in ('close', 'reset', 'half', 'read'):
                for _ in range(5):
                    with socket.create_connection(self.world.server, 10 * SLOW) as sock:
                        self.abandon(sock, send, how, send.startswith(query))
        self.assertEqual(self.world.ask('www.example.com', over=dns.tcp).data(), ['192.0.2.80'])
        until(lambda: descriptors_of(self.world) <= before, 15 * SLOW, 'all descriptors come back')


    @staticmethod
    def abandon(sock, send, how, answered):
        """The server may have been quicker, and ended what is no DNS."""
        try:
            sock.sendall(send)
            if how == 'reset':
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            elif how == 'half':
                sock.shutdown(socket.SHUT_WR)
            elif how == 'read' and answered:
                sock.recv(100)
        except OSError:
            assert not answered


class Crowded(LiveTest):
    """A server that may have few connections: as they fill up, patience shrinks, and says so."""
    started, time = False, 60

    def test_patience(self):
        world = World(workers='1')
        self.addCleanup(world.close)
        world.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)))
        crowd, told = [], []
        self.addCleanup(lambda: [sock.close() for sock in crowd])
        began = time.monotonic()
        while len(crowd) < 400 and not (told and told[-1] <= 10 and any(ended(sock) for sock in crowd)):
            crowd.append(socket.create_connection(world.server, 10 * SLOW, (f'{world.network}.{len(crowd) % 50 + 1}', 0)))
            crowd[-1].sendall(dns.frame(dns.query('www.example.com', options=[(KEEPALIVE, b'')])))
            answer = dns.parse(dns.read_frame(crowd[-1].makefile('rb')))
            told.append(struct.unpack('!H', answer.options[KEEPALIVE])[0])
        self.assertEqual(told[0], 100)
        if time.monotonic() - began < 10:   # on a slower machine the first have gone by themselves
            self.assertEqual(told, sorted(told, reverse=True))
            self.assertLess(len(crowd), 200)
        self.assertLessEqual(told[-1], 10)
        # what was said is done: those that stay idle go until there is room for the others to stay
        until(lambda: sum(map(ended, crowd)) >= len(crowd) // 4, 8 * SLOW, 'a quarter of them was ended early')
        self.assertEqual(dns.ask(world.server, 'www.example.com', over=dns.tcp).data(), ['192.0.2.80'])
        world.stop()


class Abuse(LiveTest):
    """Five thousand connections that are idle, drip, or do not read: UDP is untouched, a new client served within a
    second, and everything comes back."""
    time, alone = 150, True

    @classmethod
    def build(cls, world):
        world.write('zones/example.com.zone', ZONE)

    def test_five_thousand(self):
        if not most_descriptors(5500):
            self.skipTest('too few descriptors')
        world, crowd = self.world, []
        memory, before = world.memory(), descriptors_of(world)
        large = dns.frame(dns.query('large.example.com', 'TXT'))
        for number in range(5000):
            sock = socket.create_connection(world.server, 10 * SLOW, (f'{world.network}.{number % 200 + 1}', 0))
            crowd.append(sock)
            if number % 4 == 1:
                sock.send(large[:number % len(large)])
            elif number % 4 == 2 and number < 1000:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                sock.setblocking(False)
                try:
                    sock.send(large * 300)
                except BlockingIOError:
                    pass
        for _ in range(10):
            for sock in crowd[3::40]:
                try:
                    sock.send(b'\xff')  # drip by drip
                except OSError:
                    pass
            for over, count, bound in ((dns.tcp, 1, 1 * SLOW), (dns.udp, 20, 0.05 * SLOW)):
                for _ in range(count):
                    took = best(bound, lambda: self.assertEqual(
                        world.ask('ns1.example.com', over=over).data(), ['192.0.2.1']), 5)
                    self.assertLess(took, bound)
        if SLOW == 1:
            self.assertLess(world.memory() - memory, 64 * 1024, 'KB of memory')
        for sock in crowd:
            sock.close()
        until(lambda: descriptors_of(world) <= before, 15 * SLOW, 'all descriptors come back')


NOISE = '''
import os, random, socket, sys
host, port, count, good = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), bytes.fromhex(sys.argv[4])
dice = random.Random(5)
packets = []
for number in range(2000):
    packet = bytearray(good)
    for _ in range(dice.randrange(1, 6)):
        packet[dice.randrange(len(packet))] = dice.randrange(256)
    packet = bytes(packet[:dice.randrange(len(packet))]) if number % 5 == 0 else bytes(packet)
    packets.append(os.urandom(dice.randrange(1, 1400)) if number % 7 == 0 else packet)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect((host, port))
print('go', flush=True)
for number in range(count):
    try:
        sock.send(packets[number % 2000])
    except OSError:
        pass
'''


class Hostile(LiveTest):
    """A good query among 200,000 hostile ones is answered within 50 ms."""
    time, alone = 90, True

    def flooded(self):
        """How long each good query took while the noise came."""
        good = dns.query('www.example.com', ecs='5.1.0.0/24', options=[(dns.COOKIE, b'8 bytes.')])
        where = self.world.address, str(self.world.port)
        noise = subprocess.Popen([sys.executable, '-c', NOISE, *where, '200000', good.hex()], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (noise.kill(), noise.wait(), noise.stdout.close()))
        self.assertEqual(noise.stdout.readline(), b'go\n')
        took = []
        while noise.poll() is None:
            began = time.monotonic()
            self.assertEqual(self.world.ask('ns1.example.com').data(), ['192.0.2.1'])
            took.append(time.monotonic() - began)
            time.sleep(0.005)
        return took

    def test_noise(self):
        """Each is answered; at once where the machine is not busy otherwise, and the most of them wherever it is run."""
        def slowest():
            took = sorted(self.flooded())
            self.assertGreater(len(took), 10)
            usual.append(took[len(took) * 3 // 4])
            return took[-1]
        usual, bound = [], 0.05 * SLOW
        if best(bound, slowest) > bound:
            self.assertLess(min(usual), bound)
        self.assertLess(len(self.world.log), 64 * 1024)
        self.assertIsNone(self.world.daemon.poll())

"""What strangers can take: answers sent to somebody else, connections, time. RFC 7766, 7828, 9210."""
import socket
import time

import dns
from world import SLOW, LiveTest, until

ZONE = '''\
$ORIGIN example.com.
$TTL 1h
@ SOA ns1 hostmaster 1 2h 30m 2w 5m
  NS ns1
ns1 A 192.0.2.1
www 60 A 192.0.2.80
large TXT ''' + ' '.join(f'"{number:03} {"x" * 60}"' for number in range(12)) + '''
*.wild A 192.0.2.90
'''
LIMIT = '{ per-second: %d, slip: %d, exempt: %s }'


class RateLimit(LiveTest):
    """Sources of this host are exempt unless it is said otherwise; here it is. Each test asks from a network of its own."""
    time = 90
    others = 0
    server = {'rate_limit': LIMIT % (20, 2, '[]'), 'workers': '1'}

    @classmethod
    def build(cls, world):
        world.write('zones/example.com.zone', ZONE)

    def set_limit(self, per_second, slip, exempt='[]'):
        text = self.world.read('meridian.yaml')
        old = next(line for line in text.splitlines() if line.startswith('rate-limit:'))
        self.world.edit('meridian.yaml', old, 'rate-limit: ' + LIMIT % (per_second, slip, exempt))
        self.world.reload()

    def counters(self):
        found = self.world.control('stats')['data']['counters']
        return found['dropped_total{reason="rate"}'], found['rate_slipped_total']

    def burst(self, names, source, count=200, kind='A', **more):
        """That many questions in one go; the answers, whole and truncated; and `self.took`, the seconds."""
        began = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.bind((source, 0))
            sock.connect(self.world.server)
            for number in range(count):
                sock.send(dns.query(names % number if '%' in names else names, kind, id=number, **more))
            # There is one worker: when somebody else is answered, all of these have been.
            self.others = self.others % 100 + 1
            self.world.ask('ns1.example.com', source=self.source(100 + self.others))
            sock.setblocking(False)
            answers = []
            try:
                while True:
                    answers.append(dns.parse(sock.recv(4096)))
            except BlockingIOError:
                pass
        self.took = time.monotonic() - began
        return [one for one in answers if not one.tc], [one for one in answers if one.tc]

    def most(self, per_second=20):
        """Bound of how many answers the last burst may have brought: a machine may be slow."""
        return per_second * (1 + self.took) + 5

    def source(self, number):
        """An address in a /24 of its own."""
        octets = self.world.network.split('.')
        return f'127.{octets[1]}.{(int(octets[2]) + number) % 256}.77'

    def test_limit(self):
        before = self.counters()
        whole, truncated = self.burst('large.example.com', self.source(1), kind='TXT')
        self.assertGreaterEqual(len(whole), 20)
        self.assertLess(len(whole), self.most())
        over = 200 - len(whole)
        self.assertGreater(len(truncated), over / 4)
        self.assertLess(len(truncated), over * 3 / 4)
        dropped, slipped = self.counters()
        self.assertEqual(slipped - before[1], len(truncated))
        self.assertEqual(dropped - before[0], over - len(truncated))
        for one in truncated:
            self.assertEqual((one.rcode, one.answer, one.authority, one.additional), ('NOERROR', [], [], []))
            self.assertEqual(one.question[0], 'large.example.com.')
            self.assertEqual(one.payload, 1232)
            self.assertLess(len(one.wire), 60)
        # others, and other questions, are not touched; nor is who asks again over TCP
        self.assertFalse(self.world.ask('large.example.com', 'TXT', source=self.source(2)).tc)
        self.assertFalse(self.world.ask('www.example.com', source=self.source(1)).tc)
        for _ in range(50):
            self.assertTrue(self.world.ask('large.example.com', 'TXT', source=self.source(1), over=dns.tcp).answer)

        def passes():
            time.sleep(0.5)     # else this is too many questions itself
            return len(self.burst('large.example.com', self.source(1), 5, 'TXT')[0]) == 5
        until(passes, 10, 'it passes')

    def test_made_up_names(self):
        for names, rcode in (('n%d.example.com', 'NXDOMAIN'), ('n%d.example.org', 'REFUSED')):
            whole, truncated = self.burst(names, self.source(3))
            self.assertTrue(truncated)
            self.assertEqual({one.rcode for one in whole + truncated}, {rcode})
            self.assertLess(len(whole), self.most())
        # a wildcard gives 32 times as much, and not a name more
        whole, truncated = self.burst('n%d.wild.example.com', self.source(4), 2000)
        self.assertLess(len(whole), self.most(32 * 20))
        self.assertGreater(len(whole), 400)

    def test_cookie(self):
        source = self.source(5)
        first = self.world.ask('www.example.com', source=source, options=[(dns.COOKIE, b'8 bytes.')])
        cookie = first.options[dns.COOKIE]
        whole, truncated = self.burst('www.example.com', source, options=[(dns.COOKIE, cookie)])
        self.assertEqual((len(whole), len(truncated)), (200, 0))
        # one that nobody gave does not help, but what comes truncated brings a good one
        whole, truncated = self.burst('www.example.com', source, options=[(dns.COOKIE, cookie[:8] + bytes(16))])
        self.assertLess(len(whole), self.most())
        for one in truncated:
            self.assertEqual(one.options[dns.COOKIE][:8], b'8 bytes.')
            self.assertEqual(len(one.options[dns.COOKIE]), 24)

    def test_reload(self):
        self.addCleanup(self.set_limit, 20, 2)
        for per_second, slip, exempt, limited in [
                (20, 0, '[]', True), (20, 1, '[]', True), (10000, 2, '[]', False),
                (1, 2, f'[{self.source(9)}/32]', False), (1, 1, '[192.0.2.0/24]', True)]:
            with self.subTest(per_second=per_second, slip=slip, exempt=exempt):
                self.set_limit(per_second, slip, exempt)
                time.sleep(1)   # at rest again
                whole, truncated = map(len, self.burst('www.example.com', self.source(9)))
                self.assertGreaterEqual(whole, per_second if limited else 200)
                if limited:
                    self.assertLess(whole, self.most(per_second))
                self.assertEqual(truncated, 200 - whole if slip else 0)

    def test_real_resolver(self):
        """dig takes a truncated answer for what it is."""
        source = self.source(10)
        self.burst('large.example.com', source, kind='TXT')
        out = self.world.dig('-b', source, '+tries=5', '+timeout=1', '+short', 'large.example.com', 'TXT')
        self.assertIn('"011 ', out)


class Loopback(LiveTest):
    """As it comes out of the box: clients on this host have no limit."""
    server = {'workers': '1'}

    def test_exempt(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(self.world.server)
            sock.settimeout(10 * SLOW)
            wire = dns.query('www.example.com')
            for _ in range(100):
                for _ in range(10):
                    sock.send(wire)
                for _ in range(10):
                    self.assertFalse(dns.parse(sock.recv(4096)).tc)

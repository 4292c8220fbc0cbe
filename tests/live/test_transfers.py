"""Zone transfers to secondaries of other makes: whole, by changes, signed, told of. RFC 5936, 1995, 1996, 8945."""
import re
import socket
import struct
import subprocess
import unittest

import dns
import secondaries
from world import SLOW, LiveTest, until

KEYS = {'xfr': ('hmac-sha256', 'c2VjcmV0LXNlY3JldC1zZWNyZXQ='),
        'long': ('hmac-sha512', 'YSBsb25nZXIgc2VjcmV0IGZvciBhIGxvbmdlciBoYXNo'),
        'middle': ('hmac-sha384', 'bmVpdGhlciBsb25nIG5vciBzaG9ydA==')}
OTHERS = ('open.example', 'late.example', 'wrong.example', 'versions.example')
KEYS['wrong'] = ('hmac-sha256', 'b25lIHNlY3JldA==')
WRONG = ('hmac-sha256', 'YW5vdGhlciBzZWNyZXQgYWx0b2dldGhlcg==')     # what the secondaries take for the key of that name

SIGNED = '''\
$ORIGIN example.com.
$TTL 1h
@ SOA ns1 hostmaster {serial} 2h 30m 2w 5m
  NS ns1
  MX 10 mail
ns1 A 192.0.2.1
www 60 A 192.0.2.80
mail A 192.0.2.25
  AAAA 2001:db8::25
*.wild TXT "any of \\"them\\""
sub NS ns.sub
ns.sub A 192.0.2.53
old DNAME example.net.
_https._tcp SRV 0 0 443 www
svc HTTPS 1 . alpn=h2 ipv4hint=192.0.2.80
odd TYPE65400 \\# 3 010203
UpperCase A 192.0.2.90
{more}'''

GEO = '''\
services:
  www.example.com:
    order: [iad, fra]
    pools:
      iad: { members: [192.0.2.201], probe: none }
      fra: { members: [192.0.2.202], probe: none }
'''
MANY = ''.join(f'h{number} A 10.0.0.{number}\n' for number in range(100))


def small(name, serial, more=''):
    return f'''\
$ORIGIN {name}.
$TTL 1h
@ SOA ns1 hostmaster {serial} 2h 30m 2w 5m
  NS ns1
ns1 A 192.0.2.1
{more}'''


def large(serial, hosts, texts):
    """Thousands of records, and a set that takes all of a message."""
    lines = [f'h{number} A 10.0.{number >> 8}.{number & 255}\n' for number in hosts]
    lines += [f'all TXT "{number:04} {"x" * 200}"\n' for number in texts]
    return small('large.example', serial, ''.join(lines))


@unittest.skipUnless(secondaries.installed(), 'nsd, knot or their tools are not installed')
class Transfers(LiveTest):
    time = 180
    newest = 1      # serial of example.com
    server = {'keys': '{ ' + ', '.join(f'{name}: {{ algorithm: {algorithm}, secret: {secret} }}'
                                       for name, (algorithm, secret) in KEYS.items()) + ' }'}

    @classmethod
    def build(cls, world):
        nsd, knot, late = (f'{world.network}.{number}' for number in (201, 202, 203))

        def signed(key):
            return (f'{{ transfer: [{{ address: {world.network}.0/24, key: {key} }}], notify: ['
                    + ', '.join(f'{{ address: {address}@5300, key: {key} }}' for address in (nsd, knot)) + '] }')
        world.edit('meridian.yaml', 'zones: zones\n', f'''\
zones:
  folder: zones
  default: {signed('xfr')}
  named:
    large.example: {{ {signed('long')[1:]}
    open.example: {{ transfer: [{nsd}, {knot}], notify: [{nsd}@5300, {knot}@5300] }}
    wrong.example: {{ transfer: [{{ address: {world.network}.0/24, key: wrong }}], notify: [] }}
    versions.example: {{ notify: [] }}
    late.example: {{ transfer: [{late}], notify: [{late}@5300] }}
''')
        cls.write('example.com', SIGNED.format(serial=1, more=''), world)
        cls.write('large.example', large(1, range(5000), range(295)), world)
        for name in OTHERS:
            cls.write(name, small(name, 1, MANY), world)
        world.write('geo/services.yaml', GEO)
        zones = {'example.com': 'xfr', 'large.example': 'long', 'open.example': None, 'wrong.example': 'wrong'}
        keys = {**KEYS, 'wrong': WRONG}
        cls.peers = [secondaries.Secondary('nsd', world, 201, keys, zones, udp=('open.example',)),
                     secondaries.Secondary('knot', world, 202, keys, zones)]

    @classmethod
    def write(cls, name, text, world=None):
        (world or cls.world).write(f'zones/{name}.zone', text)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for peer in cls.peers:
            cls.addClassCleanup(peer.close)
            peer.start()
        for name in ('example.com', 'large.example', 'open.example'):
            cls.await_serial(name, 1)
        until(lambda: cls.notified()[1] == 6, 30 * SLOW, 'each secondary answered the NOTIFY of each zone at the start')

    @classmethod
    def await_serial(cls, name, serial):
        for peer in cls.peers:
            try:
                until(lambda: peer.running() and cls.serial(peer, name) == serial, 30 * SLOW, f'{name} {serial}')
            except AssertionError as failed:
                raise AssertionError(f'{peer.kind}: {failed}\n{peer.log()[-6000:]}') from None

    @staticmethod
    def serial(peer, name):
        try:
            answer = dns.ask(peer.server, name, 'SOA', timeout=1)
        except OSError:
            return None
        return int(answer.data()[0].split()[2]) if answer.aa and answer.answer else None

    @classmethod
    def next_serial(cls):
        cls.newest += 1
        return cls.newest

    def edit(self, name, text):
        self.write(name, text)
        self.world.reload()

    def counted(self):
        """Transfers out, whole and by changes."""
        found = self.world.control('stats')['data']['counters']
        return found['transfers_total{type="axfr"}'], found['transfers_total{type="ixfr"}']

    @classmethod
    def notified(cls):
        """Messages of NOTIFY, and how many had a good answer."""
        found = cls.world.control('stats')['data']['counters']
        return found['notify_messages_total'], found['notifies_total{outcome="answered"}']

    def ask(self, name, form='AXFR', *words, key=None, secret=None, server=None, program='dig', source=10):
        """What a client of the command line is given."""
        address, port = (server or self.world).server
        more = ['-b', f'{self.world.network}.{source}']
        if key:
            algorithm, ours = KEYS.get(key, WRONG)
            more += ['-y', f'{algorithm}:{key}:{secret or ours}']
        done = subprocess.run([program, f'@{address}', '-p', str(port), name, form, *more, *words], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60 * SLOW)
        return done.stdout + done.stderr

    def records(self, *args, **more):
        """The records of a transfer in order, but for TSIG, one form for all programs."""
        lines = [' '.join(line.split()) for line in self.ask(*args, **more).splitlines() if line and line[0] != ';']
        return [line for line in lines if ' ANY TSIG ' not in line]

    def assert_same(self, name, key):
        """All three give the same zone."""
        ours = self.records(name, key=key)
        self.assertGreater(len(ours), 3)
        for peer in self.peers:
            theirs = self.records(name, server=peer)
            self.assertEqual(sorted(set(theirs)), sorted(set(ours)), peer.kind)
            self.assertEqual(len(theirs), len(ours), peer.kind)

    def test_whole(self):
        for name, key in (('example.com', 'xfr'), ('large.example', 'long')):
            self.assert_same(name, key)
            self.assertEqual(self.peers[1].transfers(name)[0], ('AXFR', 1))
        until(lambda: 'TSIG verified with key long' in self.peers[0].log(), 10 * SLOW, 'NSD says so')
        self.assertGreaterEqual(self.counted()[0], 6)

    def change(self, name, serial, text, key):
        """A new version, which both secondaries must take by its changes, having been told of it."""
        whole, changes = self.counted()
        answered = self.notified()[1]
        self.edit(name, text)
        self.await_serial(name, serial)
        until(lambda: self.notified()[1] == answered + 2, 20 * SLOW, 'both secondaries answered the NOTIFY')
        self.assertEqual(self.counted(), (whole, changes + 2))
        for peer, form in zip(self.peers, (None, 'IXFR')):   # a log comes later than the answers
            until(lambda: peer.transfers(name)[-1:] == [(form, serial)], 10 * SLOW, f'{peer.kind} tells of {form} {serial}')
        if key:
            self.assert_same(name, key)

    def test_changes(self):
        serial = self.next_serial()
        text = SIGNED.format(serial=serial, more='new A 192.0.2.99\nnew MX 5 mail\n')
        self.change('example.com', serial, text, 'xfr')
        serial = self.next_serial()
        text = SIGNED.format(serial=serial, more='new A 192.0.2.98\n')
        self.change('example.com', serial, text.replace('odd ', 'odder ').replace('MX 10', '5m MX 20'), 'xfr')

    def test_changes_of_large(self):
        self.change('large.example', 2, large(2, range(900, 5600), range(20, 295)), 'long')
        self.change('large.example', 2000000000, large(2000000000, range(900, 5600), range(0, 270)), None)
        self.change('large.example', 4000000000, large(4000000000, range(901, 5600), range(0, 295)), None)
        self.change('large.example', 3, large(3, range(901, 5601), range(0, 295)), 'long')

    def test_changes_by_datagram(self):
        """NSD asks for this zone over UDP."""
        self.change('open.example', 2, small('open.example', 2, MANY + 'new A 192.0.2.99\n'), None)

    def test_more_than_one_version(self):
        """What secondaries missed comes version by version."""
        for serial in range(2, 6):
            self.edit('versions.example', small('versions.example', serial, f'{MANY}v TXT v{serial}\n'))
        found = [line.split() for line in self.records('versions.example', 'IXFR=3', key='xfr')]
        self.assertEqual([words[6] if words[3] == 'SOA' else words[-1] for words in found],
                         ['5', '3', '"v3"', '4', '"v4"', '4', '"v4"', '5', '"v5"', '5'])
        self.assertEqual(len(self.records('versions.example', 'IXFR=5', key='xfr')), 1)

    def test_steered(self):
        self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.201'])
        self.assertIn('www.example.com. 60 IN A 192.0.2.80', self.records('example.com', key='xfr'))
        for peer in self.peers:
            answer = dns.ask(peer.server, 'www.example.com')
            self.assertEqual(answer.data(), ['192.0.2.80'], peer.kind)

    def test_refused(self):
        """Key, address and zone must be right; who is refused gets no record."""
        wrong = WRONG[1]
        for what, word, more in (
                ('no key', 'REFUSED', {'name': 'example.com'}),
                ('another zone\'s key', 'REFUSED', {'name': 'example.com', 'key': 'long'}),
                ('a wrong secret', 'BADSIG', {'name': 'example.com', 'key': 'xfr', 'secret': wrong}),
                ('no such key', 'BADKEY', {'name': 'example.com', 'key': 'none', 'secret': wrong}),
                ('another address', 'REFUSED', {'name': 'open.example', 'source': 11}),
                ('another address with a key', 'REFUSED', {'name': 'open.example', 'key': 'xfr', 'source': 11}),
                ('no apex', 'NOTAUTH', {'name': 'www.example.com', 'key': 'xfr'}),
                ('no zone', 'NOTAUTH', {'name': 'example.org', 'key': 'xfr'})):
            for form in ('AXFR', 'IXFR=1'):
                with self.subTest(what, form=form):
                    text = self.ask(form=form, program='kdig', **more)
                    self.assertIn(f"server replied with error '{word}'", text)
                    self.assertNotRegex(text, r'\sIN\s+SOA\s')
        for peer in self.peers:
            self.assertIsNone(self.serial(peer, 'wrong.example'))
            until(lambda: re.search('wrong.example.*(bad tsig signature|failed to verify TSIG)', peer.log()), 10 * SLOW,
                  f'{peer.kind} complains of the signature')

    def test_programs(self):
        """dig and kdig, all algorithms; a version that nobody knows any more is transferred whole."""
        whole = self.records('example.com', key='xfr')
        for program in ('dig', 'kdig'):
            for key in ('xfr', 'middle', 'long'):
                with self.subTest(program=program, key=key):
                    answer = self.ask('example.com', 'SOA', key=key, program=program)
                    self.assertIn('NOERROR', answer)
                    self.assertNotRegex(answer, '(?i)fail|verify')
            for form in ('AXFR', 'IXFR=4000000000'):
                with self.subTest(program=program, form=form):
                    self.assertEqual(len(self.records('example.com', form, key='xfr', program=program)), len(whole))

    def test_not_answered(self):
        """Who does not answer is told again, in the same words, until there is an answer."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
            late.bind((f'{self.world.network}.203', 5300))
            late.settimeout(30 * SLOW)
            self.edit('late.example', small('late.example', 2))
            answered = self.notified()[1]
            first, _ = self.notify_to(late, 2)
            again, sender = self.notify_to(late, 2)
            self.assertEqual(first, again)
            self.assertEqual(sender[0], self.world.address)
            late.sendto(first[:2] + b'\xa4\0' + first[4:], sender)
            until(lambda: self.notified()[1] == answered + 1, 10 * SLOW, 'the answer is counted')

    @staticmethod
    def notify_to(sock, serial):
        """The next NOTIFY that tells of this serial."""
        while True:
            wire, sender = sock.recvfrom(4096)
            flags = struct.unpack_from('!H', wire, 2)[0]
            told = dns.parse(wire[:2] + b'\xa4\0' + wire[4:])
            assert flags == 0x2400 and told.question == ('late.example.', 6, 1), wire
            if int(told.answer[0].data.split()[2]) == serial:
                return wire, sender

    def test_down(self):
        """A secondary that was away when the zone changed."""
        nsd = self.peers[0]
        nsd.close()
        try:
            sent, answered = self.notified()
            serial = self.next_serial()
            self.edit('example.com', SIGNED.format(serial=serial, more='while A 192.0.2.97\n'))
            until(lambda: self.notified()[0] >= sent + 2 and self.notified()[1] == answered + 1, 10 * SLOW,
                  'both were told, and one answered')
        finally:
            nsd.start()
        self.await_serial('example.com', serial)
        until(lambda: self.notified()[1] == answered + 2, 30 * SLOW, 'the other one answered, too')
        self.assertGreaterEqual(self.notified()[0], sent + 3)
        told = f'notify for example.com. from {self.world.address} serial {serial}\n'
        until(lambda: told in nsd.log(), 10 * SLOW, told)

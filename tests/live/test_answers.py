"""What real clients are told: steering by source, subnet, network, AS and country; plain zone data; sizes and transports."""
import os
import re
import shutil
import socket
import struct
import unittest

import dns
import mmdb
from world import NETWORKS, SLOW, LiveTest

ZONE = '''\
$ORIGIN example.com.
$TTL 1h
@        SOA  ns1 hostmaster 7 2h 30m 2w 5m
         NS   ns1
         MX   10 mail
         TXT  "v=spf1 -all"
ns1      A    192.0.2.1
         AAAA 2001:db8::1
mail     A    192.0.2.25
www 60   A    192.0.2.80
www 60   AAAA 2001:db8::80
www 300  TXT  steered
shop     CNAME www
chain    CNAME shop
away     CNAME www.example.net.
*.apps   A    192.0.2.90
*.apps   TXT  any
deep.a.b A    192.0.2.91
lab      NS   ns.lab
lab      NS   ns.example.net.
ns.lab   A    198.51.100.53
''' + ''.join(f'many TXT "{number:03} {"x" * 60}"\n' for number in range(40)) \
    + ''.join(f'some TXT "{number:03} {"x" * 60}"\n' for number in range(10))

STEERING = '''\
datacenters:
  iad: { at: [38.95, -77.45] }
  fra: { at: [50.03, 8.57] }
  sin: { at: [1.36, 103.99] }
maps:
  world:
    continent:   { AS: [fra] }
    country:     { BR: [sin], DE: [fra] }
    subdivision: { US-HI: [sin, iad] }
    asn:         { 64500: [sin] }
    net:         { 5.1.8.0/22: [iad], "2a00:77::/48": [sin] }
    nets:        measured.nets
    resolver:    { RESOLVER/32: [sin] }
    unknown:     [iad, fra, sin]
services:
  www.example.com:
    map: world
    pools:
      iad: { members: [192.0.2.11, 192.0.2.12, "2001:db8:1::1"], probe: none }
      fra: { members: [192.0.2.21, "2001:db8:2::1"], probe: none }
      sin: { members: [192.0.2.31, "2001:db8:3::1"], probe: none }
'''

AS_NETWORKS = {'5.1.0.0/20': {'autonomous_system_number': 64499}, '5.1.128.0/17': {'autonomous_system_number': 64500}}
MEMBERS = {'iad': {'192.0.2.11', '192.0.2.12'}, 'fra': {'192.0.2.21'}, 'sin': {'192.0.2.31'}}
MEMBERS6 = {'iad': '2001:db8:1::1', 'fra': '2001:db8:2::1', 'sin': '2001:db8:3::1'}


def build(world):
    world.write('zones/example.com.zone', ZONE)
    world.write('geo/world.yaml', STEERING.replace('RESOLVER', f'{world.network}.99'))
    world.write('geo/measured.nets', '# measured\n5.2.64.0/18 sin fra\n')
    mmdb.write(world.path('geo/asn.mmdb'), AS_NETWORKS, kind='Test-ASN')


class Answers(LiveTest):
    server = {'databases': '[geo/test.mmdb, geo/asn.mmdb]', 'nsid': 'live.test'}

    @classmethod
    def build(cls, world):
        build(world)

    def test_nearest_and_overrides_by_subnet(self):
        for client, center, scope, why in [
                ('5.1.77.0/24', 'fra', None, 'country DE'),
                ('5.2.1.0/24', 'iad', None, 'nearest, New York'),
                ('5.3.1.0/24', 'fra', None, 'continent AS has a rule'),
                ('5.4.1.0/24', 'sin', 15, 'country BR'),
                ('5.5.1.0/24', 'sin', 15, 'subdivision before country; its neighbour has the same order'),
                ('5.1.9.0/24', 'iad', 22, 'net before all'),
                ('5.1.200.0/24', 'sin', 17, 'AS before country'),
                ('5.2.65.0/24', 'sin', 18, 'a line of the nets file'),
                ('203.0.113.0/24', 'iad', None, 'unknown: documentation prefix'),
                ('2a00:1::/48', 'fra', None, 'IPv6, country'),
                ('2a00:77::/56', 'sin', 48, 'IPv6, net')]:
            with self.subTest(client=client, why=why):
                answer = self.world.ask('www.example.com', ecs=client)
                self.assertEqual(set(answer.data('A')), MEMBERS[center])
                self.assertEqual([record.ttl for record in answer.answer], [60] * len(answer.answer))
                self.assertTrue(answer.aa)
                self.assertIsNotNone(answer.scope)
                self.assertGreater(answer.scope, 0)
                if scope:
                    self.assertEqual(answer.scope, scope)
                six = self.world.ask('www.example.com', 'AAAA', ecs=client)
                self.assertEqual(six.data('AAAA'), [MEMBERS6[center]])
                self.assertEqual(six.scope, answer.scope)

    def test_scopes_do_not_overlap(self):
        """An answer for one client is right for each client that its scope covers."""
        seen = {}
        for third in range(0, 256, 3):
            answer = self.world.ask('www.example.com', ecs=f'5.1.{third}.0/24')
            seen[third] = (min(answer.scope, 24), sorted(answer.data('A')))
        for third, (scope, data) in seen.items():
            for other, (its_scope, its_data) in seen.items():
                if scope >= 16 and third >> (24 - scope) == other >> (24 - scope):
                    self.assertEqual((scope, data), (its_scope, its_data), f'5.1.{third}.0 and 5.1.{other}.0')

    def test_by_source_address(self):
        local = self.world.ask('www.example.com', source=f'{self.world.network}.98')
        self.assertEqual(set(local.data('A')), MEMBERS['iad'], 'loopback is unknown')
        self.assertIsNone(local.scope, 'none in, none out')
        listed = self.world.ask('www.example.com', source=f'{self.world.network}.99')
        self.assertEqual(set(listed.data('A')), MEMBERS['sin'], 'a rule for this resolver')
        both = self.world.ask('www.example.com', source=f'{self.world.network}.99', ecs='5.1.9.0/24')
        self.assertEqual(set(both.data('A')), MEMBERS['iad'], 'the subnet goes before the resolver')
        hidden = self.world.ask('www.example.com', source=f'{self.world.network}.99', ecs='0.0.0.0/0')
        self.assertEqual(hidden.scope, 0, 'a client that gives nothing away')

    def test_subnet_of_untailored_answers(self):
        for name, kind in [('mail.example.com', 'A'), ('nothing.example.com', 'A'), ('www.example.com', 'MX'),
                           ('www.example.com', 'TXT'), ('host.lab.example.com', 'A')]:
            with self.subTest(name=name, kind=kind):
                answer = self.world.ask(name, kind, ecs='5.1.9.0/24')
                self.assertEqual(answer.scope, 0)
                self.assertEqual(answer.options[dns.ECS][:3], struct.pack('!HB', 1, 24))
                self.assertEqual(answer.options[dns.ECS][4:], bytes([5, 1, 9]))

    def test_malformed_subnet(self):
        for why, option in [('family 0 with bits', b'\0\0\x18\0\5\1\1'), ('family 3', b'\0\3\x18\0\5\1\1'),
                            ('too long', b'\0\1\x21\0\5\1\1\1\1'), ('bits behind the prefix', b'\0\1\x17\0\5\1\1'),
                            ('an octet missing', b'\0\1\x18\0\5\1'), ('an octet too many', b'\0\1\x18\0\5\1\1\0'),
                            ('scope set', b'\0\1\x18\x18\5\1\1'), ('cut short', b'\0\1')]:
            with self.subTest(why):
                answer = self.world.ask('www.example.com', options=[(dns.ECS, option)])
                self.assertEqual(answer.rcode, 'FORMERR')
                self.assertFalse(answer.answer)

    def test_plain_data(self):
        for name, kind, data in [
                ('example.com', 'SOA', ['ns1.example.com. hostmaster.example.com. 7 7200 1800 1209600 300']),
                ('example.com', 'NS', ['ns1.example.com.']),
                ('example.com', 'MX', ['10 mail.example.com.']),
                ('example.com', 'TXT', ['v=spf1 -all']),
                ('ns1.example.com', 'AAAA', ['2001:db8::1']),
                ('www.example.com', 'TXT', ['steered']),
                ('x.apps.example.com', 'A', ['192.0.2.90']),
                ('x.y.apps.example.com', 'TXT', ['any'])]:
            with self.subTest(name=name, kind=kind):
                answer = self.world.ask(name, kind)
                self.assertEqual((answer.rcode, answer.aa, answer.data()), ('NOERROR', True, data))
        mail = self.world.ask('example.com', 'MX')
        self.assertIn('192.0.2.25', [record.data for record in mail.additional], 'the address of the exchange')

    def test_aliases(self):
        answer = self.world.ask('shop.example.com')
        self.assertEqual(answer.data('CNAME'), ['www.example.com.'])
        self.assertEqual(set(answer.data('A')), MEMBERS['iad'])
        chain = self.world.ask('chain.example.com', ecs='5.1.77.0/24')
        self.assertEqual(chain.data('CNAME'), ['shop.example.com.', 'www.example.com.'])
        self.assertEqual(set(chain.data('A')), MEMBERS['fra'])
        self.assertGreater(chain.scope, 0)
        away = self.world.ask('away.example.com')
        self.assertEqual(away.data(), ['www.example.net.'])

    def test_referral(self):
        answer = self.world.ask('host.lab.example.com')
        self.assertEqual((answer.rcode, answer.aa, answer.answer), ('NOERROR', False, []))
        self.assertEqual({record.data for record in answer.authority if record.type == 'NS'},
                         {'ns.lab.example.com.', 'ns.example.net.'})
        self.assertEqual([(record.owner, record.data) for record in answer.additional],
                         [('ns.lab.example.com.', '198.51.100.53')])

    def test_nothing_there(self):
        for name, kind, rcode in [('none.example.com', 'A', 'NXDOMAIN'), ('mail.example.com', 'MX', 'NOERROR'),
                                  ('a.b.example.com', 'A', 'NOERROR'), ('www.example.com', 'MX', 'NOERROR')]:
            with self.subTest(name=name, kind=kind):
                answer = self.world.ask(name, kind)
                self.assertEqual((answer.rcode, answer.aa, answer.answer), (rcode, True, []))
                self.assertEqual([(record.type, record.ttl) for record in answer.authority], [('SOA', 300)])
        self.assertEqual(self.world.ask('example.org').rcode, 'REFUSED')
        self.assertFalse(self.world.ask('com').aa)

    def test_case_is_preserved(self):
        answer = self.world.ask('wWw.eXample.COM', ecs='5.1.77.0/24')
        self.assertEqual(answer.question[0], 'wWw.eXample.COM.')
        self.assertEqual({record.owner for record in answer.answer}, {'wWw.eXample.COM.'})

    def test_sizes(self):
        """A UDP answer is as large as the client allows, and never more than 1232 bytes; TCP gives all of it."""
        for offered, limit in [(None, 512), (100, 512), (512, 512), (900, 900), (1232, 1232), (4096, 1232), (65535, 1232)]:
            with self.subTest(offered=offered):
                answer = self.world.ask('many.example.com', 'TXT', edns=offered)
                self.assertLessEqual(len(answer.wire), limit)
                self.assertTrue(answer.tc)
                self.assertEqual(answer.options is None, offered is None)
        fits = self.world.ask('some.example.com', 'TXT', edns=1232)
        self.assertEqual((fits.tc, len(fits.answer)), (False, 10))
        self.assertTrue(self.world.ask('some.example.com', 'TXT', edns=512).tc)
        whole = self.world.ask('many.example.com', 'TXT', over=dns.tcp)
        self.assertEqual((whole.tc, len(whole.answer)), (False, 40))

    def test_edns(self):
        named = self.world.ask('www.example.com', options=[(dns.NSID, b'')])
        self.assertEqual(named.options[dns.NSID], b'live.test')
        self.assertNotIn(dns.NSID, self.world.ask('www.example.com').options)
        self.assertEqual(self.world.ask('www.example.com', version=1).rcode, 'BADVERS')
        self.assertEqual(self.world.ask('www.example.com', options=[(65001, b'x')]).rcode, 'NOERROR')
        self.assertIsNone(self.world.ask('www.example.com', edns=None).options)

    def test_packets_that_get_no_answer(self):
        """Responses and stumps; an answer would make two servers talk for ever."""
        good = dns.query('www.example.com', id=1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(self.world.server)
            sock.settimeout(10 * SLOW)
            for bad in (b'', b'\0', good[:11], good[:2] + b'\x80' + good[3:]):
                sock.send(bad)
            sock.send(dns.query('www.example.com', id=2))
            self.assertEqual(sock.recv(4096)[:2], b'\0\2')
            sock.settimeout(0.1)
            self.assertRaises(TimeoutError, sock.recv, 4096)
        self.assertEqual(dns.parse(dns.udp(self.world.server, good[:30])).rcode, 'FORMERR')
        self.assertEqual(self.world.ask('www.example.com', opcode=4).rcode, 'NOTIMP')

    def test_tcp_pipeline(self):
        """A thousand queries in one breath; all are answered, in whatever order; half-close is no end."""
        with socket.create_connection(self.world.server, 10 * SLOW) as sock:
            stream = sock.makefile('rb')
            sock.sendall(b''.join(dns.frame(dns.query('www.example.com', id=id)) for id in range(1000)))
            sock.shutdown(socket.SHUT_WR)
            ids = {dns.parse(dns.read_frame(stream)).id for _ in range(1000)}
            self.assertEqual(ids, set(range(1000)))
            self.assertIsNone(dns.read_frame(stream))

    def test_dig(self):
        out = self.world.dig('+subnet=5.1.77.0/24', '+nsid', 'www.example.com')
        self.assertRegex(out, r'CLIENT-SUBNET: 5\.1\.77\.0/24/\d+')
        self.assertIn('live.test', out)
        self.assertIn('192.0.2.21', out)
        self.assertNotIn('WARNING', re.sub('.*recursion requested but.*', '', out))
        retried = self.world.dig('+ignore', '+bufsize=512', 'many.example.com', 'TXT')
        self.assertRegex(retried, r'flags: qr aa tc')
        self.assertEqual(self.world.dig('+bufsize=512', '+short', 'many.example.com', 'TXT').count('\n'), 40)

    @unittest.skipUnless(shutil.which('kdig'), 'no kdig')
    def test_kdig(self):
        out = self.world.dig('+subnet=2a00:77::/48', 'www.example.com', 'AAAA', program='kdig')
        self.assertIn('2001:db8:3::1', out)
        self.assertNotRegex(out, '(?i)warning|malformed')


def has_ipv6():
    try:
        with socket.create_server(('::1', 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def is_free(port):
    """On all addresses. Below the ports that clients are given, or one of them may have it a moment later."""
    try:
        with socket.create_server(('', port)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(('', port))
            return True
    except OSError:
        return False


class Wildcards(LiveTest):
    """Listening on every address: answers come from the address that was asked, over both families."""
    server = {'listen': '["0.0.0.0@PORT", "::@PORT"]'}

    @classmethod
    def build(cls, world):
        build(world)
        cls.port = next(port for port in range(20000 + os.getpid() % 10000, 32768) if is_free(port))
        world.edit('meridian.yaml', 'PORT', str(cls.port))

    def test_reply_address(self):
        for address in (f'{self.world.network}.7', '127.0.0.1', *(['::1'] if has_ipv6() else [])):
            for over in (dns.udp, dns.tcp):
                with self.subTest(address=address, over=over.__name__):
                    answer = dns.ask((address, self.port), 'mail.example.com', over=over)
                    self.assertEqual(answer.data(), ['192.0.2.25'])


class SubnetPolicy(LiveTest):
    server = {'ecs': 'off'}

    @classmethod
    def build(cls, world):
        build(world)

    def test_off(self):
        answer = self.world.ask('www.example.com', ecs='5.1.77.0/24')
        self.assertEqual(set(answer.data('A')), MEMBERS['iad'], 'by its source address')
        self.assertIn(answer.scope, (0, None))


assert set(NETWORKS) >= {'5.1.0.0/16', '5.5.0.0/16'}

"""Probes that are more than a connection: dns against real name servers."""
import os

from peers import Peer
from world import SLOW, LiveTest, until

PACE = 'interval: 500ms, timeout: 400ms, fall: 1, rise: 1'


def steer(world, probes, services, more=''):
    """A service for each (name, probe, address), whose one member that is; `probes` are lines of YAML."""
    world.write('geo/world.yaml', 'datacenters: { a: { at: [0, 0] } }\nmaps: { m: { default: [a] } }\nprobes:\n' + ''.join(
        f'  {line}\n' for line in probes.strip().splitlines()) + 'services:\n' + ''.join(
        f'  {name}.example.com: {{ map: m, probe: {probe}, pools: {{ a: [{address}] }} }}\n'
        for name, probe, address in services) + more)
    world.write('zones/example.com.zone', '$ORIGIN example.com.\n$TTL 60\n@ SOA ns1 h 1 2h 30m 2w 5m\n NS ns1\n'
                'ns1 A 192.0.2.1\nwww A 192.0.2.80\n' + ''.join(
                    f'{name} A 192.0.2.9\n' for name, _, _ in services if name != 'www'))


def results(world):
    """State and last result of each target, by the probe's name."""
    targets = world.control('health')['data']['targets']
    return {target['name'].split('/')[0]: (target['state'], target['last_result']) for target in targets}


def await_results(world, expected):
    until(lambda: results(world) == expected, 10 * SLOW, f'{expected}; it is {results(world)}')


NSD_ZONE = '''\
$ORIGIN probed.example.
$TTL 60
@ SOA ns h 1 2h 30m 2w 5m
  NS ns
ns A 127.0.0.1
www A 192.0.2.1
www A 192.0.2.2
six AAAA 2001:db8::1
alias CNAME www
words TXT "all is" " well"
''' + ''.join(f'long TXT "{number:03} {"x" * 200}"\n' for number in range(8))

DNS_PROBES = '''
any:      { type: dns, name: www.probed.example, port: 5300, PACE }
these:    { type: dns, name: www.probed.example, expect: [192.0.2.1, 192.0.2.2, 192.0.2.3], aa: on, port: 5300, PACE }
others:   { type: dns, name: www.probed.example, expect: [192.0.2.1], port: 5300, PACE }
alias:    { type: dns, name: ALIAS.probed.example, expect: [192.0.2.2, 192.0.2.1], port: 5300, PACE }
six:      { type: dns, name: six.probed.example, query: AAAA, expect: ["2001:DB8:0::1"], port: 5300, PACE }
nodata:   { type: dns, name: six.probed.example, port: 5300, PACE }
words:    { type: dns, name: words.probed.example, query: TXT, expect: [all is well], port: 5300, PACE }
long:     { type: dns, name: long.probed.example, query: TXT, port: 5300, PACE }
tcp:      { type: dns, name: probed.example, query: SOA, tcp: on, port: 5300, PACE }
nowhere:  { type: dns, name: nowhere.probed.example, port: 5300, PACE }
wanted:   { type: dns, name: nowhere.probed.example, rcode: NXDOMAIN, port: 5300, PACE }
foreign:  { type: dns, name: www.example.net, port: 5300, PACE }
own:      { type: dns, name: ns1.example.com, expect: [192.0.2.1], aa: on, port: 5300, PACE }
own-map:  { type: dns, name: www.example.com, port: 5300, PACE }
nobody:   { type: dns, name: www.probed.example, port: 5301, PACE }
'''.replace('PACE', PACE)

DNS_EXPECTED = {
    'any': ('up', 'answer 192.0.2.1, and 1 more'), 'these': ('up', 'answer 192.0.2.1, and 1 more'),
    'others': ('down', 'answer 192.0.2.2, which is not expected'), 'alias': ('up', 'answer 192.0.2.1, and 1 more'),
    'six': ('up', 'answer 2001:db8::1'), 'nodata': ('down', 'no A record in the answer'),
    'words': ('up', 'answer all is well'), 'long': ('up', 'answer 000 ' + 'x' * 84),
    'tcp': ('up', 'answer ns.probed.example. h.probed.example. 1 7200 1800 1209600 300'),
    'nowhere': ('down', 'rcode NXDOMAIN, wanted NOERROR'), 'wanted': ('up', 'rcode NXDOMAIN'),
    'foreign': ('down', 'rcode REFUSED, wanted NOERROR'),
    'own': ('up', 'answer 192.0.2.1'), 'own-map': ('up', 'answer ADDRESS'),
    'nobody': ('down', 'UDP: Connection refused')}


class DnsProbes(LiveTest):
    """NSD is asked, and meridiand asks itself."""
    time = 90

    @classmethod
    def build(cls, world):
        cls.nsd = f'{world.network}.10'
        world.write('nsd/probed.zone', NSD_ZONE)
        cls.start_nsd(world)
        names = [line.split(':')[0] for line in DNS_PROBES.split('\n') if line]
        steer(world, DNS_PROBES, [('www' if name == 'own-map' else name, name,
                                   world.address if name.startswith('own') else cls.nsd) for name in names])

    @classmethod
    def start_nsd(cls, world):
        cls.peer = Peer('nsd', os.path.join(world.folder, 'nsd'), cls.nsd, [('probed.example', 'probed.zone')])
        cls.addClassCleanup(cls.peer.close)

    def test_verdicts(self):
        expected = {name: (state, detail.replace('ADDRESS', self.world.address))
                    for name, (state, detail) in DNS_EXPECTED.items()}
        found = lambda: {name: (state, detail[:len(expected[name][1])] if name == 'long' else detail)
                         for name, (state, detail) in results(self.world).items()}
        until(lambda: found() == expected, 10 * SLOW, f'{expected}; it is {found()}')

    def test_server_ends_and_returns(self):
        state = lambda: results(self.world)['any'][0]
        until(lambda: state() == 'up', 10 * SLOW, 'NSD is up')
        self.peer.close()
        until(lambda: state() == 'down', 3 * SLOW, 'NSD is down')
        self.assertEqual(results(self.world)['own'][0], 'up')
        self.start_nsd(self.world)
        until(lambda: state() == 'up', 10 * SLOW, 'NSD is up again')

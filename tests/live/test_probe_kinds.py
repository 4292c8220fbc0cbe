"""Probes that are more than a connection: questions to real name servers, programs, others taken together; reloads."""
import os
import time

from peers import Peer
from world import SLOW, LiveTest, until

PACE = 'interval: 500ms, timeout: 3s, fall: 1, rise: 1'    # what is only late does not fail


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
    until(lambda: results(world) == expected, 20 * SLOW, f'{expected}; it is {results(world)}')


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
        # Its own probes fail once, in the round before the sockets are open.
        await_states = lambda **expected: until(
            lambda: {name: results(self.world)[name][0] for name in expected} == expected, 10 * SLOW, expected)
        await_states(any='up', own='up')
        self.peer.close()
        try:
            await_states(any='down', own='up')
        finally:
            self.start_nsd(self.world)
        await_states(any='up', own='up')


COMPOSED = '''
web:     { type: http, port: 8080, path: /healthz, PACE }
db:      { type: http, port: 8080, path: /db, read: [role], PACE }
port:    { type: tcp, port: 8081, PACE }
both:    { all: [web, port] }
either:  { any: [port, web] }
nested:  { all: [either, db] }
'''.replace('PACE', PACE)


class Composed(LiveTest):
    """Probes that are made of others: each part is asked once, whoever it is a part of."""
    time = 60

    @classmethod
    def build(cls, world):
        cls.center = world.center('a')
        cls.center.body = b'{"role": "primary"}'
        steer(world, COMPOSED, [(name, name, cls.center.address) for name in ('both', 'either', 'nested', 'web')])

    def state(self):
        return {name: state for name, (state, _) in results(self.world).items()}

    def test_parts_and_whole(self):
        address = self.center.address
        expected = {'web': 'up', 'port': 'down', 'both': 'down', 'either': 'up', 'nested': 'up', 'db': 'up'}
        until(lambda: self.state() == expected, 10 * SLOW, f'{expected}; it is {self.state()}')
        targets = {target['name']: target for target in self.world.control('health')['data']['targets']}
        self.assertEqual(sorted(targets), sorted([
            f'web/{address}@8080', f'db/{address}@8080', f'port/{address}@8081', f'both/{address}',
            f'either/{address}', f'nested/{address}']))
        both = targets[f'both/{address}']
        self.assertEqual(both['last_result'], 'web up, port down (connect: Connection refused)')
        self.assertEqual([(part['name'], part['state']) for part in both['parts']],
                         [(f'web/{address}@8080', 'up'), (f'port/{address}@8081', 'down')])
        self.assertEqual(targets[f'nested/{address}']['readings'], {'role': 'primary'})
        self.assertIn('both.example.com.', targets[f'port/{address}@8081']['services'])
        self.assertIn(f'both/{address}', self.world.ctl('health').stdout)
        # The web server of this address has four users, and is asked at the pace of one.
        count = lambda: sum('/healthz' in head for head in self.center.requests)
        began, asked = time.monotonic(), count()
        until(lambda: count() >= asked + 8, 5 * SLOW, 'eight more probes')
        self.assertLessEqual(count() - asked, 1.5 * (time.monotonic() - began) / 0.5 + 2)
        self.center.behave = 'status 503'
        until(lambda: self.state() == dict(expected, web='down', either='down', nested='down', db='down'),
              5 * SLOW, 'with both parts down')
        self.assertEqual(self.world.ctl('force', f'port/{address}@8081', 'up').returncode, 0)
        until(lambda: self.state()['either'] == 'up', 2 * SLOW, 'forced up')
        self.assertEqual(self.world.ctl('release', f'port/{address}@8081').returncode, 0)
        until(lambda: self.state()['either'] == 'down', 2 * SLOW, 'released')
        self.center.behave = 'ok'
        until(lambda: self.state() == expected, 5 * SLOW, 'back again')


class Elsewhere(LiveTest):
    """Members that are probed at another address and port than clients are given."""
    time = 60

    @classmethod
    def build(cls, world):
        cls.center = world.center('a', 7)
        steer(world, f'web: {{ type: http, port: 80, path: /, {PACE} }}', [(
            'www', 'web', f'{{ address: 192.0.2.10, probe-address: {cls.center.address}, probe-port: 8080 }}')])

    def test_where_it_is_asked(self):
        name = f'web/{self.center.address}@8080'
        state = lambda: {target['name']: target['state'] for target in self.world.control('health')['data']['targets']}
        until(lambda: state() == {name: 'up'}, 5 * SLOW, f'{name} is up; it is {state()}')
        self.assertEqual(self.world.ask('www.example.com').data('A'), ['192.0.2.10'])
        self.center.behave = 'status 500'
        until(lambda: state() == {name: 'down'}, 5 * SLOW, f'{name} is down')


EXEC = '''
ok:      { type: exec, command: [/bin/sh, -c, "echo all is well; echo more; exit 0"], PACE }
warning: { type: exec, command: [/bin/sh, -c, "echo WARNING - load; exit 1"], PACE }
bad:     { type: exec, command: [/bin/sh, -c, "echo CRITICAL - load; exit 2"], PACE }
unknown: { type: exec, command: [/bin/sh, -c, "exit 3"], PACE }
signal:  { type: exec, command: [/bin/sh, -c, "kill -9 $$"], PACE }
plain:   { type: exec, command: [/bin/echo, "$(id); {address} {address} | *"], PACE }
nobody:  { type: exec, command: [/nowhere/check, "{address}"], PACE }
rights:  { type: exec, command: [FOLDER/rights], PACE }
hangs:   { type: exec, command: [FOLDER/hangs], interval: 1s, timeout: 400ms, fall: 1 }
'''.replace('PACE', 'interval: 3s, timeout: 3s, fall: 1, rise: 1')

RIGHTS = '''\
#!/bin/sh
set -- $(sed -n 's/^\\(NoNewPrivs\\|Seccomp\\|CapEff\\):[[:space:]]*//p' /proc/self/status)
echo uid $(id -u), $*, fds $(ls /proc/$$/fd | grep -vx '3\\|10'), in $PWD, env $(env | cut -d= -f1 | sort)
'''

HANGS = '''\
#!/bin/sh
sleep 1000 &
echo $! >>FOLDER/out/children
echo $$ >>FOLDER/out/children
wait
'''


def lives(pid):
    """Not so a child that nobody has asked for its status yet: where the first process is no init, nobody ever does."""
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] not in 'ZX'
    except OSError:
        return False


class ExecProbes(LiveTest):
    """Programs that judge, run by the real daemon under its filter of system calls, as another user where it is root."""
    time = 90
    server = {'user': 'nobody'} if os.geteuid() == 0 else {}

    @classmethod
    def build(cls, world):
        os.makedirs(world.path('out'))
        os.chmod(world.path('out'), 0o777)
        for name, text in (('rights', RIGHTS), ('hangs', HANGS)):
            world.write(name, text.replace('FOLDER', world.folder))
            os.chmod(world.path(name), 0o755)
        names = [line.split(':')[0] for line in EXEC.split('\n') if line]
        steer(world, EXEC.replace('FOLDER', world.folder), [(name, name, '192.0.2.7') for name in names])

    def test_verdicts(self):
        uid = 65534 if os.geteuid() == 0 else os.geteuid()
        expected = {
            'ok': ('up', 'all is well'), 'warning': ('up', 'WARNING - load'), 'bad': ('down', 'CRITICAL - load'),
            'unknown': ('down', 'exit status 3'), 'signal': ('down', 'ended by signal 9'),
            'plain': ('up', '$(id); 192.0.2.7 192.0.2.7 | *'), 'nobody': ('down', 'exec: No such file or directory'),
            'rights': ('up', f'uid {uid}, 0000000000000000 1 2, fds 0 1 2, in /, env LC_ALL PATH PWD'),
            'hangs': ('down', 'timed out after 400ms')}
        await_results(self.world, expected)

    def test_children_end_at_the_timeout(self):
        def children():
            try:
                return [int(line) for line in self.world.read('out/children').split()]
            except FileNotFoundError:
                return []
        first = until(lambda: len(children()) >= 6 and children()[:4], 15 * SLOW, 'three runs')
        until(lambda: not any(map(lives, first)), 3 * SLOW, f'{first} have ended')


class ManyPrograms(LiveTest):
    """At most 16 at a time, and none is forgotten."""
    time = 60

    @classmethod
    def build(cls, world):
        os.makedirs(world.path('out'))
        os.chmod(world.path('out'), 0o777)
        world.write('check', f'#!/bin/sh\ncd {world.folder}/out || exit 3\n: >run.$$\nls | grep -c run >>count\n'
                    'sleep 1\nrm run.$$\n')
        os.chmod(world.path('check'), 0o755)
        steer(world, f'many: {{ type: exec, command: [{world.folder}/check], interval: 10s, timeout: 10s }}', [
            (f'n{number}', 'many', f'192.0.2.{number}') for number in range(1, 41)])

    def test_bound(self):
        states = lambda: [target['state'] for target in self.world.control('health')['data']['targets']]
        until(lambda: states() == ['up'] * 40, 15 * SLOW, 'all have been asked')
        most = lambda: max(int(line) for line in self.world.read('out/count').splitlines(True) if line.endswith('\n'))
        until(lambda: most() > 8, 15 * SLOW, 'several at a time')
        self.assertLessEqual(most(), 16)


class ProbeReloads(LiveTest):
    """What a probe's schedule hangs on is its definition, and on nothing else that a reload brings."""
    time = 60
    PROBE = 'web: { type: http, port: 8080, path: PATH, interval: 1s, timeout: 900ms }'

    @classmethod
    def build(cls, world):
        cls.center = world.center('a')
        cls.put('/healthz', ['www'])

    @classmethod
    def put(cls, path, names):
        steer(cls.world, cls.PROBE.replace('PATH', path) + f'\nclock: {{ type: tcp, port: 1, {PACE} }}',
              [(name, 'web', cls.center.address) for name in names] + [('other', 'clock', '127.0.0.1')])

    def target(self):
        return next((target for target in self.world.control('health')['data']['targets']
                     if target['name'].startswith('web/')), None)

    def test_reloads(self):
        window = until(lambda: len(self.target()['window']) >= 3 and self.target()['window'], 10 * SLOW, 'three results')
        asked, began = len(self.center.requests), time.monotonic()
        for number in range(8):
            self.put('/healthz', ['www', f'more{number}'])
            self.world.reload()
        self.assertTrue(self.target()['window'].startswith(window), 'the results are kept')
        self.assertLessEqual(len(self.center.requests) - asked, time.monotonic() - began + 1, 'no start is made anew')
        until(lambda: len(self.center.requests) >= asked + 3, 6 * SLOW, 'the probe goes on')
        window = self.target()['window']
        self.put('/other', ['www'])
        self.world.reload()
        until(lambda: '/other' in self.center.requests[-1], 3 * SLOW, 'the new definition')
        until(lambda: len(self.target()['window']) > len(window), 3 * SLOW, 'a result of it')
        self.assertTrue(self.target()['window'].startswith(window), 'the results are kept')
        self.put('/other', [])
        self.world.reload()
        self.assertIsNone(self.target())
        asked = len(self.center.requests)
        clock = lambda: self.world.control('health')['data']['targets'][0]['window']
        before = len(clock())
        until(lambda: len(clock()) >= min(before + 8, 64), 6 * SLOW, 'four seconds, by another probe')
        self.assertLessEqual(len(self.center.requests), asked + 1, 'what is gone is not asked any more, but was just now')

"""Probes of real servers: what counts as well, how fast answers follow, and who is not disturbed."""
import socket
import time

from centers import Authority, Center
from world import SLOW, LiveTest, best, until

INTERVAL, TIMEOUT = 1, 0.9
PROMISE = (2 * INTERVAL + TIMEOUT + 1) * SLOW     # fall × interval + timeout + 1 s, and so for rise

STEERING = '''\
datacenters:
  iad: { at: [38.95, -77.45] }
  fra: { at: [50.03, 8.57] }
  sin: { at: [1.36, 103.99] }
probes:
  web: { type: http, port: 8080, path: /healthz, status: 200-299, body: ok, interval: 1s, timeout: 900ms, fall: 2, rise: 2 }
maps:
  fixed: { default: [iad, fra, sin] }
services:
  www.example.com:
    map: fixed
    probe: web
    pools: { iad: [NET.1], fra: [NET.2], sin: [NET.3] }
'''


def build(world, steering=STEERING):
    for name in ('iad', 'fra', 'sin'):
        world.center(name)
    world.write('geo/world.yaml', steering.replace('NET', world.network))


class Failover(LiveTest):
    time = 90

    @classmethod
    def build(cls, world):
        build(world)

    def given(self):
        address = self.world.ask('www.example.com').data('A')[0]
        return next(name for name, center in self.world.centers.items() if center.address == address)

    def moves(self, name, what):
        started = time.monotonic()
        until(lambda: self.given() == name, PROMISE, what)
        return time.monotonic() - started

    def setUp(self):
        for name, center in self.world.centers.items():
            center.behave, center.body = 'ok', b'ok\n'
            if not center.listener:
                center.start()
        for name in self.world.centers:
            self.world.await_state(name, 'up')

    def test_each_failure_and_return(self):
        """Both ways are as fast as promised."""
        first = self.world.centers['iad']
        self.moves('iad', 'at first')

        def there_and_back(behave):
            if behave == 'closed':
                first.stop()
            else:
                first.behave = behave
            there = self.moves('fra', f'away from a server that is "{behave}"')
            if behave == 'closed':
                first.start()
            else:
                first.behave = 'ok'
            return max(there, self.moves('iad', f'back from "{behave}"'))
        for behave in ('status 500', 'silent', 'reset', 'drip', 'moved http://127.0.0.1:1/', 'closed'):
            with self.subTest(behave):
                self.assertLess(best(PROMISE, lambda: there_and_back(behave)), PROMISE)

    def test_body(self):
        first = self.world.centers['iad']
        first.body = b'error'
        self.moves('fra', 'away from a wrong body')
        first.body = b'x' * 60000 + b'ok'
        self.moves('iad', 'back: within the first 64 KiB')
        first.body = b'x' * 70000 + b'ok'
        self.moves('fra', 'away: beyond 64 KiB')

    def test_request(self):
        head = until(lambda: self.world.centers['iad'].requests[-1:], 3, 'a request')[0]
        self.assertTrue(head.startswith('GET /healthz HTTP/1.1\r\n'), head)
        self.assertIn(f'Host: {self.world.network}.1:8080', head)

    def test_one_flap_changes_nothing(self):
        self.world.centers['iad'].behave = 'flap'
        until(lambda: self.world.targets()['iad']['window'].endswith('1011'), 5, 'one failure among good results')
        self.assertEqual(self.given(), 'iad')
        self.assertEqual(self.world.targets()['iad']['state'], 'up')

    def test_all_down_answers_all(self):
        for center in self.world.centers.values():
            center.behave = 'status 503'
        for name in self.world.centers:
            self.world.await_state(name, 'down')
        answer = self.world.ask('www.example.com')
        self.assertEqual(answer.rcode, 'NOERROR')
        self.assertTrue(set(answer.data('A')) <= {center.address for center in self.world.centers.values()})
        self.assertTrue(answer.data('A'), 'nothing is given away when all are down')
        pools = self.world.control('health')['data']['pools']
        self.assertTrue(all('down' in pool['state'] for pool in pools), pools)
        self.world.await_log('all .*down')

    def test_window_and_detail(self):
        self.world.centers['sin'].behave = 'status 503'
        self.world.await_state('sin', 'down')
        target = self.world.targets()['sin']
        self.assertIn('503', target['last_result'])
        self.assertTrue(target['window'].endswith('00'), target['window'])
        self.assertIsNotNone(target['since'])


class Kinds(LiveTest):
    """https with an authority, without verification, tcp: verdicts of targets at once."""
    time = 60

    @classmethod
    def build(cls, world):
        authority = Authority(world.folder)
        world.centers = {
            'good': Center(f'{world.network}.1', 8443, authority.context('www.example.com')),
            'name': Center(f'{world.network}.2', 8443, authority.context('other.example.com')),
            'old': Center(f'{world.network}.3', 8443, authority.context('www.example.com', days=-1)),
        }
        cls.plain = Center(f'{world.network}.4', 8443)
        cls.listener = socket.create_server((f'{world.network}.5', 8443))
        world.write('geo/world.yaml', '''\
datacenters: { a: { at: [0, 0] }, b: { at: [0, 90] }, c: { at: [0, 180] }, d: { at: [0, -90] } }
probes:
  checked:   { type: https, port: 8443, host: www.example.com, path: /, ca: ../ca.pem, interval: 500ms, timeout: 3s, fall: 2, rise: 2 }
  unchecked: { type: https, port: 8443, host: www.example.com, path: /, verify: off, interval: 500ms, timeout: 3s, fall: 2, rise: 2 }
  strange:   { type: https, port: 8443, host: www.example.com, path: /, interval: 500ms, timeout: 3s, fall: 2, rise: 2 }
  open:      { type: tcp, port: 8443, interval: 500ms, timeout: 3s, fall: 2, rise: 2 }
maps: { m: { default: nearest } }
services:
  www.example.com:
    map: m
    probe: checked
    pools: { a: [NET.1], b: [NET.2], c: [NET.3], d: [NET.4] }
  two.example.com:
    map: m
    probe: unchecked
    pools: { a: [NET.1], b: [NET.2], c: [NET.3] }
  three.example.com: { map: m, probe: strange, pools: { a: [NET.1] } }
  four.example.com: { map: m, probe: open, pools: { a: [NET.5], b: [NET.6] } }
'''.replace('NET', world.network))
        world.write('zones/example.com.zone', world.read('zones/example.com.zone') + ''.join(
            f'{name} A 192.0.2.1\n' for name in ('two', 'three', 'four')))

    def test_verdicts(self):
        net = self.world.network
        expected = {
            f'checked/{net}.1': 'up', f'checked/{net}.2': 'down', f'checked/{net}.3': 'down', f'checked/{net}.4': 'down',
            f'unchecked/{net}.1': 'up', f'unchecked/{net}.2': 'up', f'unchecked/{net}.3': 'up',
            f'strange/{net}.1': 'down', f'open/{net}.5': 'up', f'open/{net}.6': 'down'}

        def found():
            targets = self.world.control('health')['data']['targets']
            return {target['name'].split('@')[0]: target['state'] for target in targets}
        until(lambda: found() == expected, 8 * SLOW, f'{expected}; it is {found()}')
        for target in self.world.control('health')['data']['targets']:
            if target['state'] == 'down':
                self.assertTrue(target['last_result'], f'{target["name"]} is down without a reason')

    def test_host_and_sni(self):
        head = until(lambda: self.world.centers['good'].requests[-1:], 3, 'a request')[0]
        self.assertRegex(head, r'(?im)^host: www\.example\.com')
        self.assertEqual(self.world.centers['good'].hosts, {'www.example.com'})


class Crowd(LiveTest):
    """Silent targets delay nobody, and not the start by more than the slowest timeout."""
    time = 60
    started = False

    def test_silent_targets(self):
        world = self.world
        members = []
        for number in range(1, 41):
            members.append(f'{world.network}.{number}')
        good = world.center('good', 250)
        world.write('zones/example.com.zone', world.read('zones/example.com.zone') + 'quiet A 192.0.2.1\n')
        for number in range(1, 41):
            center = Center(f'{world.network}.{number}', 8080)
            center.behave = 'silent'
            self.addCleanup(center.stop)
        world.write('geo/world.yaml', f'''\
datacenters: {{ a: {{ at: [0, 0] }}, b: {{ at: [0, 90] }} }}
probes:
  slow: {{ type: http, port: 8080, path: /, interval: 2s, timeout: 1500ms, fall: 1, rise: 1 }}
  fast: {{ type: http, port: 8080, path: /, interval: 500ms, timeout: 3s, fall: 2, rise: 2 }}
maps: {{ m: {{ default: [a, b] }} }}
services:
  quiet.example.com: {{ map: m, probe: slow, pools: {{ b: [{', '.join(members)}] }} }}
  www.example.com: {{ map: m, probe: fast, pools: {{ a: [{good.address}] }} }}
''')
        began = time.monotonic()
        world.start()
        took = time.monotonic() - began
        self.assertLess(took, 15 * SLOW, 'the first round waits for the slowest timeout, not for the sum of 60 s')

        def six():
            before = len(good.requests)
            until(lambda: len(good.requests) >= before + 6, 10 * SLOW, 'six probes of the good one')
        bound = (6 * 0.5 * 1.3 + 1) * SLOW
        self.assertLess(best(bound, six), bound, 'its probes keep their pace')
        self.assertEqual(world.targets()['good']['state'], 'up')
        world.stop()

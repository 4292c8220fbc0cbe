"""A data center that is nearly full: who goes, how smoothly, and who comes back; and servers that lie about their load."""
from world import SLOW, LiveTest, until

STEERING = '''\
datacenters:
  iad: { at: [38.95, -77.45], capacity: 1000 }
  fra: { at: [50.03, 8.57] }
  sin: { at: [1.36, 103.99] }
probes:
  web: { type: http, port: 8080, path: /load, read: [load], interval: 200ms, timeout: 3s, fall: 3, rise: 2 }
maps:
  world: { default: nearest }
services:
  www.example.com:
    map: world
    probe: web
    pools: { iad: [NET.1], fra: [NET.2], sin: [NET.3] }
'''

# New York loses most by going to Frankfurt, Hawaii least by going to Singapore.
EAST = [f'5.2.{i}.0/24' for i in range(0, 256, 4)]
HAWAII = [f'5.5.{i}.0/24' for i in range(0, 256, 4)]

HOSTILE = ('{"load": -5}', '{"load": "NaN"}', '{"load": 1e999}', '{"load": NaN}', '{"load": [9]}', '{"load": {}}',
           '{"load": "full"}', '{}', 'load: 9', '', '{"load": 9', '{"load": null}', '[' * 5000, '{"load": true}')


class Spill(LiveTest):
    time = 120

    @classmethod
    def build(cls, world):
        for name in ('iad', 'fra', 'sin'):
            world.center(name, body=b'{"load": 0.5}')
        world.write('geo/world.yaml', STEERING.replace('NET', world.network))

    def setUp(self):
        for name in self.world.centers:
            self.world.centers[name].behave = 'ok'
            self.load(name, 0.1)
            self.world.await_state(name, 'up')
        until(lambda: not self.away(), 60 * SLOW, 'everyone is at home')
        for name in self.world.centers:
            self.load(name, 0.5)

    def load(self, name, load):
        self.world.centers[name].body = ('{"load": %s}' % load).encode()

    def rounds(self, count):
        """That many more probes of iad."""
        before = len(self.world.centers['iad'].requests)
        until(lambda: len(self.world.centers['iad'].requests) >= before + count, count * SLOW, f'{count} probes')

    def away(self):
        """The prefixes that are not given iad."""
        home = self.world.centers['iad'].address
        return {client for client in EAST + HAWAII
                if self.world.ask('www.example.com', ecs=client).data('A') != [home]}

    def state(self):
        found = self.world.control('health')['data']['datacenters']
        return next(center for center in found if center['name'] == 'iad')

    def test_goes_and_comes_back(self):
        self.rounds(4)
        self.assertFalse(self.away(), 'at 50 % nobody goes')
        self.load('iad', 1200)
        probes = self.world.centers['iad'].requests
        seen, began = set(), len(probes)

        def more():
            nonlocal began
            last, began = began, len(probes)
            now = self.away()
            self.assertTrue(seen <= now, 'who went stays away while it is full')
            self.assertLess(len(now - seen), 16 * (len(probes) - last + 1), 'smoothly, with each probe')
            seen.update(now)
            return len(seen) >= 24
        until(more, 30 * SLOW, 'some go')
        self.assertTrue(seen <= set(HAWAII), 'those who lose least go first')
        self.assertEqual(self.world.ask('www.example.com', ecs=min(seen)).data('A'),
                         [self.world.centers['sin'].address], 'their own next choice')
        told = self.world.control('explain', name='www.example.com', ecs=min(seen))['data']['candidates'][0]
        self.assertEqual(told['datacenter'], 'iad')
        self.assertIn('nearly full: this client is one of those that go on', told['reason'])
        state = self.state()
        self.assertGreater(state['spilled'], 0.05)
        self.assertAlmostEqual(state['load'], 1.2)
        self.load('iad', 850)
        self.rounds(3)
        held = self.away()
        self.rounds(4)
        self.assertEqual(self.away(), held, 'between 80 % and 90 % nobody moves')
        self.load('iad', 300)
        left = set(held)

        def fewer():
            now = self.away()
            self.assertTrue(now <= left, 'who came back stays')
            left.intersection_update(now)
            return not now
        until(fewer, 60 * SLOW, 'all are back')
        self.assertEqual(self.state()['spilled'], 0)
        self.world.await_log('some clients go to their next choice')
        self.world.await_log('serves all its clients again')

    def test_lies(self):
        for body in HOSTILE:
            with self.subTest(body[:20]):
                self.world.centers['iad'].body = body.encode()
                self.rounds(3)
                self.assertFalse(self.away())
                self.assertEqual(self.state()['spilled'], 0)
        self.load('iad', 1e300)
        until(self.away, 30 * SLOW, 'a huge load is full, no more')
        self.assertLessEqual(self.state()['load'], 1000)

    def test_who_is_down_tells_nothing(self):
        self.world.centers['fra'].behave = 'status 500'
        self.world.await_state('fra', 'down')
        self.load('fra', 50)
        self.rounds(4)
        state = self.world.control('health')['data']['datacenters']
        self.assertIsNone(next(center for center in state if center['name'] == 'fra')['load'])
        self.world.centers['fra'].behave = 'ok'

"""meridianctl and the metrics page, against the running daemon."""
import json
import os
import re
import urllib.request

from world import SLOW, LiveTest, World, until

STEERING = '''\
datacenters:
  iad: { at: [38.95, -77.45] }
  fra: { at: [50.03, 8.57] }
  sin: { at: [1.36, 103.99] }
probes:
  web: { type: http, port: 8080, path: /, interval: 1s, timeout: 1s, fall: 3, rise: 1 }
maps: { fixed: { default: [iad, fra, sin], country: { DE: [fra] } } }
services:
  www.example.com:
    map: fixed
    probe: web
    pools: { iad: [NET.1], fra: [NET.2], sin: [NET.3] }
safety: { keep: 2 }
'''


class Control(LiveTest):
    server = {'metrics': 'NET.53@9153', 'events': '{ file: events.log, exec: [/bin/sh, -c, cat >> HOOKED] }'}

    @classmethod
    def build(cls, world):
        world.edit('meridian.yaml', 'HOOKED', world.path('hooked'))
        world.edit('meridian.yaml', 'NET', world.network)
        for name in ('iad', 'fra', 'sin'):
            world.center(name)
        world.write('geo/world.yaml', STEERING.replace('NET', world.network))

    def setUp(self):
        for name in self.world.centers:
            self.world.await_state(name, 'up')

    def ok(self, *words):
        done = self.world.ctl(*words)
        self.assertEqual(done.returncode, 0, f'{words}: {done.stdout}{done.stderr}')
        return done.stdout

    def given(self):
        return self.world.ask('www.example.com').data()

    def of(self, name):
        return [self.world.centers[name].address]

    def test_status(self):
        out = self.ok('status')
        self.assertIn('example.com', out)
        self.assertRegex(out, r'(?i)generation\W+\d+')
        value = json.loads(self.ok('--json', 'status'))
        self.assertIn('generation', json.dumps(value))

    def test_health(self):
        out = self.ok('health')
        for center in self.world.centers.values():
            self.assertIn(center.address, out)
        self.assertIn('up', out)
        json.loads(self.ok('--json', 'health'))

    def test_explain(self):
        out = self.ok('explain', 'www.example.com', 'A', '--from', '192.0.2.1', '--ecs', '5.1.1.0/24')
        for word in ('DE', 'fra', self.world.centers['fra'].address, '60'):
            self.assertIn(word, out)
        self.assertRegex(out, r'world\.yaml:7\b', 'the rule and where it stands')
        offline = self.ok('explain', 'www.example.com', 'A', '--from', '5.1.1.1')
        self.assertIn('fra', offline)

    def test_stats(self):
        self.world.ask('www.example.com')
        self.assertRegex(self.ok('stats'), r'queries\w*.*\d')

    def test_drain(self):
        self.assertEqual(self.given(), self.of('iad'))
        self.ok('drain', 'iad')
        self.assertEqual(self.given(), self.of('fra'), 'at once')
        self.assertIn('iad', self.ok('status'))
        refused = self.world.ctl('drain', 'fra')
        self.assertEqual(refused.returncode, 1, 'safety keeps two')
        self.assertTrue(refused.stderr)
        self.assertEqual(self.given(), self.of('fra'))
        self.ok('undrain', 'iad')
        self.assertEqual(self.given(), self.of('iad'))
        for over in (30, None, '', '1ns', '400d', '99999999999999d'):
            self.assertFalse(self.world.control('drain', datacenter='iad', over=over)['ok'], 'not for ever, then')
        wrong = self.world.ctl('drain', 'iax')
        self.assertEqual(wrong.returncode, 1)
        self.assertIn('iax', wrong.stderr)
        self.assertEqual(self.ok('undrain', 'iad'), 'nothing to undo: iad is not drained; drained now: none\n')
        self.assertTrue(self.world.control('undrain', datacenter='iad')['data']['nothing'])

    def test_drain_with_a_broken_file(self):
        """At three in the morning, while meridian.yaml is no YAML."""
        good = self.world.read('meridian.yaml')
        self.world.write('meridian.yaml', good + 'user: [nobody\n')
        try:
            self.ok('drain', 'iad')
            self.assertEqual(self.given(), self.of('fra'))
            self.ok('undrain', 'iad')
        finally:
            self.world.write('meridian.yaml', good)

    def test_explain_a_drain(self):
        """Who was passed over, in one word and at length; and how the members were picked."""
        self.ok('drain', 'iad', '--reason', 'works')
        try:
            data = self.world.control('explain', name='www.example.com', ecs='5.2.1.0/24')['data']
            by_name = {row['datacenter']: row for row in data['candidates']}
            iad, fra = by_name['iad'], by_name['fra']
            self.assertEqual((iad['code'], iad['skipped'], iad['chosen']), ('drained', True, False))
            self.assertEqual(iad['drain']['reason'], 'works')
            self.assertEqual((fra['code'], fra['skipped'], fra['chosen']), ('up', False, True))
            self.assertEqual(data['picked'], 'all 1')
            self.assertEqual([(row['member'], row['state'], row['given']) for row in data['members']],
                             [(self.world.centers['fra'].address, 'up', True)])
            self.assertEqual((data['client']['via'], data['scope_by']), ('ecs', 'map'))
        finally:
            self.ok('undrain', 'iad')

    def test_force(self):
        name = self.world.targets()['iad']['name']
        self.ok('force', name, 'down')
        self.assertEqual(self.given(), self.of('fra'))
        self.assertIn('force', self.ok('health'))
        self.ok('release', name)
        self.assertEqual(self.given(), self.of('iad'))
        self.assertEqual(self.ok('release', name), f'nothing to undo: {name} is not forced\n')
        self.assertEqual(self.world.ctl('force', 'nobody', 'down').returncode, 1)
        for part in (name.partition('@')[0], name.partition('/')[2], name.partition('/')[2].partition('@')[0]):
            near = self.world.ctl('force', part, 'down')
            self.assertEqual(near.returncode, 1)
            self.assertIn(f"no target named '{part}'; did you mean '{name}'?", near.stderr)

    def test_check_user(self):
        good = self.world.read('meridian.yaml')
        self.world.write('meridian.yaml', good + 'user: no-such-user-here\n')
        try:
            checked = self.world.ctl('check')
        finally:
            self.world.write('meridian.yaml', good)
        line = good.count('\n') + 1
        self.assertEqual(checked.returncode, 0)
        self.assertIn(f"meridian.yaml:{line}:7: warning: there is no user 'no-such-user-here' here", checked.stderr)

    def events(self, name):
        """What the file has, and nothing that is cut."""
        try:
            return [json.loads(line) for line in self.world.read(name).splitlines(True) if line.endswith('\n')]
        except FileNotFoundError:
            return []

    def test_events(self):
        """A drain, its end, a failed and a good reload, a target that dies: to the file and to the program alike."""
        def told(*wanted):
            for name in 'events.log', 'hooked':
                until(lambda: any(all(event.get(key) == value for key, value in wanted)
                                  for event in self.events(name)), 10 * SLOW, f'{wanted} in {name}')
        told(('event', 'start'))
        self.ok('drain', 'iad', '--over', '1s', '--reason', 'new switch')
        told(('event', 'override'), ('name', 'iad'), ('state', 'drain'), ('text', 'new switch'))
        told(('event', 'override'), ('name', 'iad'), ('state', 'undrain'))
        self.ok('reload')
        told(('event', 'reload'), ('state', 'loaded'), ('text', 'asked for by meridianctl; 0 errors, 0 warnings'))
        self.world.write('geo/bad.yaml', 'service: {}\n')
        self.assertEqual(self.world.ctl('reload').returncode, 1)
        os.remove(self.world.path('geo/bad.yaml'))
        told(('event', 'reload'), ('state', 'failed'), ('level', 'error'))
        self.world.centers['fra'].stop()
        try:
            told(('event', 'target'), ('state', 'down'))
            told(('event', 'datacenter'), ('name', 'fra'), ('state', 'down'))
        finally:
            self.world.centers['fra'].start()
        told(('event', 'datacenter'), ('name', 'fra'), ('state', 'up'))

    def test_wrong_usage(self):
        for words in ([], ['no-such-verb'], ['--no-such-option', 'status'], ['explain']):
            with self.subTest(words=words):
                done = self.world.ctl(*words)
                self.assertEqual(done.returncode, 2)
                self.assertTrue(done.stderr)

    def test_no_server(self):
        world = World()
        self.addCleanup(world.close)
        done = world.ctl('status')
        self.assertEqual(done.returncode, 1)
        self.assertIn('control.sock', done.stderr)
        self.assertEqual(world.ctl('check').returncode, 0)

    def page(self, path='/metrics'):
        with urllib.request.urlopen(f'http://{self.world.network}.53:9153{path}', timeout=10 * SLOW) as reply:
            return reply.headers, reply.read().decode()

    def test_metrics(self):
        def udp():
            return int(re.search(r'^meridian_queries_total\{transport="udp"\} (\d+)$', self.page()[1], re.M)[1])
        before = udp()
        for _ in range(5):
            self.world.ask('www.example.com')
        until(lambda: udp() >= before + 5, 3 * SLOW, 'queries are counted')
        headers, text = self.page()
        self.assertIn('version=0.0.4', headers['Content-Type'])
        seen = set()
        for line in text.splitlines():
            if line.startswith('# TYPE '):
                name = line.split()[2]
                self.assertNotIn(name, seen, 'one TYPE for each metric')
                seen.add(name)
            elif not line.startswith('#'):
                self.assertRegex(line, r'^meridian_[a-z0-9_]+(\{([a-z_]+="[^"]*",?)+\})? -?[0-9.e+]+$')
        self.assertRegex(text, r'(?m)^meridian_target_up\{.*\} 1$')

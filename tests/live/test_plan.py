"""Seeing before doing: plan shows a move, max-move refuses it, --accept lets it through; SIGHUP never does; whatif."""
import json
import signal

import mmdb
from world import NETWORKS, LiveTest, until

STEERING = '''\
datacenters:
  iad: { at: [38.95, -77.45] }
  fra: { at: [50.03, 8.57] }
  sin: { at: [1.36, 103.99] }
maps:
  world:
    default: nearest
    max-move: 10%%
    country: { %s }
services:
  www.example.com:
    map: world
    pools:
      iad: { members: [192.0.2.1], probe: none }
      fra: { members: [192.0.2.2], probe: none }
      sin: { members: [192.0.2.3], probe: none }
'''
CLIENT = '5.1.2.0'  # of DE: a fifth of the addresses that the database knows


class Plan(LiveTest):
    @classmethod
    def build(cls, world):
        world.write('geo/world.yaml', STEERING % 'DE: [fra]')
        mmdb.write(world.path('geo/test.mmdb'), NETWORKS)

    def answer(self):
        return self.world.control('explain', name='www.example.com', ecs=CLIENT + '/24')['data']['answer'][0]['data']

    def generation(self):
        return json.loads(self.world.ctl('status', '--json').stdout)['generation']

    def test_move(self):
        world = self.world
        self.assertEqual(world.ctl('plan').stdout, 'nothing would change\n')
        world.write('geo/world.yaml', STEERING % 'DE: [iad]')
        before = self.generation()
        plan = json.loads(world.ctl('plan', '--json').stdout)
        self.assertEqual(plan['generation'], before)
        self.assertEqual([change['name'] for change in plan['changes']['rules']['list']], ['world: country DE'])
        group, = plan['moves']
        self.assertEqual(group['services'], ['www.example.com.'])
        self.assertAlmostEqual(group['moved']['ipv4'], 0.2)
        self.assertAlmostEqual(group['moved']['ipv6'], 1)
        self.assertTrue(group['over'])
        way, = group['moves']
        self.assertEqual((way['from'], way['to'], way['countries'][0]['country']), ('fra', 'iad', 'DE'))

        world.write('queries', '5.2.0.0/16 90\n5.1.7.7 10 # one of DE\n')
        plan = json.loads(world.ctl('plan', '--json', '--log', world.path('queries')).stdout)
        self.assertEqual(plan['weighed_by'], 'log')
        self.assertAlmostEqual(plan['moves'][0]['moved']['ipv4'], 0.1)
        self.assertNotIn('ipv6', plan['moves'][0]['moved'])
        world.write('queries', '5.2.0.0/16 90\nsecret\n')
        bad = world.ctl('plan', '--log', world.path('queries'))
        self.assertEqual(bad.returncode, 1)
        self.assertIn('queries:2:1: error:', bad.stderr)
        self.assertNotIn('secret', bad.stderr)

        refused = world.ctl('reload')
        self.assertEqual(refused.returncode, 1)
        self.assertIn("geo/world.yaml:8: error: map 'world': 100.0 % of the IPv6 clients of www.example.com. would move",
                      refused.stderr)
        self.assertIn('reload --accept', refused.stderr)
        self.assertEqual(self.answer(), '192.0.2.2')
        world.signal(signal.SIGHUP)
        until(lambda: not json.loads(world.ctl('status', '--json').stdout)['reload']['ok'], 5, 'the refused reload')
        self.assertEqual((self.generation(), self.answer()), (before, '192.0.2.2'))

        self.assertEqual(world.ctl('reload', '--accept').returncode, 0)
        self.assertEqual((self.generation(), self.answer()), (before + 1, '192.0.2.1'))
        self.assertEqual(world.ctl('plan').stdout, 'nothing would change\n')
        # what was accepted once is not accepted for ever
        world.write('geo/world.yaml', STEERING % 'DE: [sin]')
        self.assertEqual(world.ctl('reload').returncode, 1)
        # and a small move is none of anyone's business
        world.write('geo/world.yaml', (STEERING % 'DE: [iad]').replace('maps:\n  world:',
                                                                      'maps:\n  world:\n    net: { 5.2.7.0/24: [sin] }'))
        self.assertEqual(world.ctl('reload').returncode, 0)


LOADED = '''\
datacenters:
  iad: { at: [38.95, -77.45], capacity: 1000 }
  fra: { at: [50.03, 8.57], capacity: 1000 }
  sin: { at: [1.36, 103.99], capacity: 500 }
probes:
  load: { type: http, port: 8080, path: /, interval: 300ms, timeout: 3s, read: [load] }
maps: { world: { default: nearest } }
services:
  www.example.com:
    map: world
    probe: load
    pools: { iad: [NET.1], fra: [NET.2], sin: [NET.3] }
'''


class Whatif(LiveTest):
    """Of the five networks of IPv4 two are nearest to iad, one to fra and two to sin, or to whoever is left."""
    @classmethod
    def build(cls, world):
        for name, load in (('iad', 0.5), ('fra', 0.8), ('sin', 0.2)):
            world.center(name, body=json.dumps({'load': load}).encode())
        world.write('geo/world.yaml', LOADED.replace('NET', world.network))
        mmdb.write(world.path('geo/test.mmdb'), NETWORKS)

    def ask(self, *words):
        done = self.world.ctl('-s', self.world.path('control.sock'), '--json', 'whatif', *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    @staticmethod
    def sites(data):
        return {site['name']: site for site in data['capacity']['datacenters']}

    def test_down(self):
        data = self.ask('--down', 'fra')
        self.assertEqual(data['capacity']['by'], 'load')
        group, = data['groups']
        self.assertAlmostEqual(group['moved']['ipv4'], 0.2)
        self.assertAlmostEqual(group['moved']['ipv6'], 1)
        way, = group['moves']
        self.assertEqual((way['from'], way['to']), ('fra', 'iad'))
        self.assertLess(group['distance_moved']['ipv4']['before']['mean_km'], 1000)
        self.assertGreater(group['distance_moved']['ipv4']['after']['mean_km'], 5000)
        iad = self.sites(data)['iad']
        self.assertAlmostEqual(iad['use_before'], 0.5)
        self.assertAlmostEqual(iad['use_after'], 1.3)
        self.assertTrue(iad['over'])
        self.assertEqual(iad['if_it_fails']['name'], 'sin')
        self.assertEqual(data['capacity']['next']['name'], 'iad')
        text = self.world.ctl('-s', self.world.path('control.sock'), 'whatif', '--down', 'fra').stdout
        self.assertIn('falls next: iad, with 130 % of its capacity; after it sin, with 280 %\n', text)

    def test_what_is_out_already(self):
        self.assertEqual(self.world.ctl('drain', 'iad').returncode, 0)
        try:
            data = self.ask('--down', 'fra')
            self.assertEqual([(way['from'], way['to']) for way in data['groups'][0]['moves']], [('fra', 'sin')])
            self.assertEqual({name: site['now'] for name, site in self.sites(data).items()},
                             {'iad': 'drained', 'fra': 'up', 'sin': 'up'})
        finally:
            self.world.ctl('undrain', 'iad')
        text = self.world.ctl('whatif', '--down', 'fra,iad').stdout
        self.assertIn('no data center reports its load', text, 'by the files alone')

    def test_add(self):
        data = self.ask('--add', 'gru=-23.4,-46.5')
        group, = data['groups']
        way, = group['moves']
        self.assertEqual((way['from'], way['to']), ('iad', 'gru'))
        self.assertAlmostEqual(way['share']['ipv4'], 0.2)
        self.assertLess(group['distance_moved']['ipv4']['after']['mean_km'], 100)
        both = self.ask('--down', 'iad', '--add', 'gru=-23.4,-46.5')
        self.assertIn(('iad', 'gru'), [(way['from'], way['to']) for way in both['groups'][0]['moves']])

    def test_wrong(self):
        for words, said in ((('--down', 'fri'), "no data center named 'fri'; did you mean 'fra'?"),
                            (('--add', 'fra=1,2'), "there is a data center 'fra' already"),
                            (('--add', 'gru'), 'is not NAME=LATITUDE,LONGITUDE'),
                            (('--down', 'fra', '--services', 'w.example.com'), "no service named 'w.example.com'")):
            for where in ((), ('-s', self.world.path('control.sock'))):
                with self.subTest(words=words, where=where):
                    done = self.world.ctl(*where, 'whatif', *words)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(said, done.stderr)
        all_gone = self.world.ctl('whatif', '--down', 'fra,iad,sin')
        self.assertIn('(none)', all_gone.stdout)
        self.assertIn('`all-down: all` decides', all_gone.stdout)

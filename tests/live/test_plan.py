"""Seeing before doing: plan shows a move, max-move refuses it, --accept lets it through; SIGHUP never does."""
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

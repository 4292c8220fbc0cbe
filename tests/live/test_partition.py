"""A database in three data centers, each in a network of its own: cut off, promoted, healed, torn, late."""
import shutil
import time
import unittest

from database import Database, own_network
from world import SLOW, LiveTest, until

STEERING = '''\
datacenters: { iad: , fra: , sin: }
probes:
  db: { type: http, port: 8008, path: /status, read: [role, epoch, lag], interval: 700ms, timeout: 700ms, fall: 4, rise: 2 }
services:
  db.example.com:
    order: [iad, fra, sin]
    probe: db
    follow: { role: primary, highest: epoch }
    pools: { iad: [10.99.1.2], fra: [10.99.2.2], sin: [10.99.3.2] }
  read.example.com:
    order: [iad, fra, sin]
    probe: db
    need: { lag: "< 5s" }
    pools: { iad: [10.99.1.2], fra: [10.99.2.2], sin: [10.99.3.2] }
  slow.example.com:
    order: [iad, fra, sin]
    probe: db
    fail-after: 1h
    pools: { iad: [10.99.1.2], fra: [10.99.2.2], sin: [10.99.3.2] }
'''
NOTICE = 30     # seconds in which whatever happens is noticed, on a busy machine, too


class Partition(LiveTest):
    time = 180
    epoch = 0

    @classmethod
    def setUpClass(cls):
        if not shutil.which('ip') or not own_network():
            raise unittest.SkipTest('this user cannot make networks')
        super().setUpClass()

    @classmethod
    def build(cls, world):
        for number, name in enumerate(('iad', 'fra', 'sin'), 1):
            world.centers[name] = Database(number)
            world.centers[name].says(role='replica', epoch=0, lag=0)
        world.write('geo/world.yaml', STEERING)
        world.write('zones/example.com.zone', world.read('zones/example.com.zone') + ''.join(
            f'{name} 30 A 192.0.2.1\n' for name in ('db', 'read', 'slow')))

    def setUp(self):
        """All is well: iad is primary, of an epoch that nobody has seen."""
        Partition.epoch += 10
        self.iad, self.fra, self.sin = self.world.centers.values()
        for database in (self.iad, self.fra, self.sin):
            database.heal()
            database.says(role='replica', epoch=self.epoch, lag=0.5)
        self.iad.says(role='primary')
        for name in self.world.centers:
            self.world.await_state(name, 'up', NOTICE)
        for name in ('db', 'read', 'slow'):
            self.goes(name, 'iad')

    def given(self, name):
        address = self.world.ask(f'{name}.example.com').data('A')[0]
        return next(name for name, database in self.world.centers.items() if database.address == address)

    def goes(self, name, where):
        until(lambda: self.given(name) == where, NOTICE * SLOW, f'{name} goes to {where}; log:\n{self.world.log[-2000:]}')

    def asked_again(self, name):
        """Two probes later at least."""
        last = int(time.time())
        until(lambda: self.world.targets()[name]['last'] > last + 1, NOTICE * SLOW, f'{name} is asked again')

    def remarks(self):
        return ' '.join(remark['text'] for remark in self.world.control('health')['data']['remarks'])

    def test_nobody_is_elected(self):
        """The primary is cut off, and the database has chosen no other: the last one is given, reads go elsewhere."""
        self.iad.cut()
        self.world.await_state('iad', 'down', NOTICE)
        self.goes('read', 'fra')
        self.assertEqual(self.given('db'), 'iad')
        self.assertEqual(self.given('slow'), 'iad', 'fail-after: an hour has not gone by')
        self.world.await_log('db.example.com. A: no primary that is up; the last')
        self.iad.heal()
        self.goes('read', 'iad')
        self.assertEqual(self.given('db'), 'iad')

    def test_promoted_is_followed(self):
        """The other side of the partition elects, with a higher epoch; the old primary, healed, is not gone back to."""
        self.iad.cut()
        self.world.await_state('iad', 'down', NOTICE)
        self.sin.says(role='primary', epoch=self.epoch + 1)
        self.goes('db', 'sin')
        self.iad.heal()
        self.world.await_state('iad', 'up', NOTICE)
        self.asked_again('iad')
        self.assertEqual(self.given('db'), 'sin', 'iad says primary still, of a lower epoch')
        why = next(row['reason'] for row in self.world.control(
            'explain', name='db.example.com', **{'from': '192.0.2.1'})['data']['candidates'] if row['datacenter'] == 'iad')
        self.assertIn(f'{self.epoch + 1} was followed already', why)
        # nor when the new one is cut off in its turn, nor by a daemon that was started anew
        self.sin.cut()
        self.world.await_state('sin', 'down', NOTICE)
        self.assertEqual(self.given('db'), 'sin')
        self.world.stop()
        self.world.start()
        self.world.await_state('iad', 'up', NOTICE)
        self.asked_again('iad')
        self.assertEqual(self.given('db'), 'sin')
        # it gives way, and the database moves on
        self.iad.says(role='replica', epoch=self.epoch + 1)
        self.fra.says(role='primary', epoch=self.epoch + 2)
        self.goes('db', 'fra')
        self.sin.heal()

    def test_split_brain(self):
        """Two of the same epoch: the last is kept, and people are told."""
        self.fra.says(role='primary')
        until(lambda: 'two primaries of the same epoch' in self.remarks(), NOTICE * SLOW, 'a remark')
        self.asked_again('fra')
        self.assertEqual(self.given('db'), 'iad')
        self.world.await_log(f'has two primaries of epoch {self.epoch}: split brain; the last one is kept')
        self.assertIn('two primaries', self.world.ctl('status').stdout)
        self.fra.says(role='replica')
        until(lambda: 'two primaries' not in self.remarks(), NOTICE * SLOW, 'no remark')
        self.assertEqual(self.given('db'), 'iad')

    def test_all_cut_off(self):
        """Everything is lost at once: it is us who are cut off. Frozen; each is judged again when the way is back."""
        for database in (self.iad, self.fra, self.sin):
            database.cut()
        until(lambda: self.world.status()['frozen'], NOTICE * SLOW, 'frozen')
        for name in ('db', 'read', 'slow'):
            self.assertEqual(self.given(name), 'iad')
        for database in (self.iad, self.fra, self.sin):
            database.heal()
        until(lambda: not self.world.status()['frozen'], 2 * NOTICE * SLOW, 'not frozen')
        for name in ('db', 'read', 'slow'):
            self.assertEqual(self.given(name), 'iad')

    def test_lag(self):
        """Reads go to the nearest that is fresh, writes to the primary."""
        self.iad.says(lag=7.5)
        self.goes('read', 'fra')
        self.fra.says(lag='9s')
        self.goes('read', 'sin')
        self.assertIn('lag 7.5 s, needs < 5s', self.remarks())
        self.assertEqual(self.given('db'), 'iad')
        self.iad.says(lag='4999ms')
        self.goes('read', 'iad')
        self.sin.says(lag=60)
        until(lambda: 'lag 60 s' in self.remarks(), NOTICE * SLOW, 'a remark')
        self.iad.says(lag=60)
        until(lambda: 'lag' not in self.remarks(), NOTICE * SLOW, 'nobody is left out')
        self.assertEqual(self.given('read'), 'iad', 'nobody is fresh: all who are up, the first of them')

    def test_ttl(self):
        """While the primary is on its way down the TTL is no longer than the way: here below the floor of 5 s."""
        self.assertEqual(self.world.ask('read.example.com').answer[0].ttl, 30)
        self.iad.cut()
        until(lambda: self.world.ask('read.example.com').answer[0].ttl == 5, NOTICE * SLOW, 'a short TTL')
        self.goes('read', 'fra')

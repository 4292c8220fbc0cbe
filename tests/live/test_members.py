"""Pools whose members are asked of a service registry: lists that grow, shrink, turn bad, and a registry that dies."""
import glob
import json
import os
import re
import signal
import subprocess
import threading
import unittest

import centers
import world
from world import CTL, LiveTest, SLOW, until

GEO = '''\
datacenters: {{ iad: {{}}, fra: {{}} }}
services:
  www.example.com:
    order: [iad, fra]
    pools:
      iad: {{ members: {{ from: "http://{registry}:8080/v1/web?passing", interval: 1s, timeout: 500ms{more} }} }}
      fra: [192.0.2.99]
'''
AS = '{"note": [], "data": {"members": %s}}'


def entries(*numbers, **more):
    return json.dumps([{'Service': {'Address': f'192.0.2.{number}', 'Port': 80}, **more} for number in numbers])


class Registry(LiveTest):
    """One that is well until it is not."""
    time = 120
    more = ', read: data.members, address: Service.Address, min: 2'

    @classmethod
    def build(cls, world):
        registry = world.center('registry')
        registry.body = (AS % entries(1, 2)).encode()
        world.write('geo/world.yaml', GEO.format(registry=registry.address, more=cls.more))

    def setUp(self):
        self.registry = self.world.centers['registry']

    def say(self, text):
        self.registry.body = (AS % text).encode() if isinstance(text, str) else text

    def given(self):
        return sorted(self.world.ask('www.example.com').data())

    def await_given(self, *numbers):
        wanted = sorted(f'192.0.2.{number}' for number in numbers)
        until(lambda: self.given() == wanted, 10 * SLOW, f'{wanted} is given')

    def list(self):
        return self.world.control('health')['data']['lists'][0]

    def explain(self):
        return subprocess.run([CTL, '-s', self.world.path('control.sock'), 'explain', 'www.example.com', '--from', '5.1.0.1'],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30).stdout

    def await_list(self, state, why=None):
        until(lambda: self.list()['state'] == state and (why or '') in (self.list().get('why') or ''), 10 * SLOW,
              f'the list is {state}: {why}')

    def good_again(self):
        self.say(entries(1, 2))
        self.registry.behave = 'ok'
        self.await_list('good')
        self.await_given(1, 2)

    def test_from_the_start(self):
        """The first answer has the members that the registry told, which the configuration does not name."""
        self.assertEqual(self.given(), ['192.0.2.1', '192.0.2.2'])
        self.assertIn('GET /v1/web?passing HTTP/1.1', self.registry.requests[0])
        found = self.list()
        self.assertEqual((found['members'], found['pools']), (2, [{'service': 'www.example.com.', 'pool': 'iad'}]))
        self.assertIn('/v1/web?passing', self.world.ctl('health').stdout)

    def test_comes_and_goes(self):
        self.say(entries(1, 2, 3))
        self.await_given(1, 2, 3)
        self.say(entries(3, 2))
        self.await_given(2, 3)
        self.good_again()

    def test_the_same_in_another_order(self):
        """Is no news: no reload."""
        self.say(entries(1, 2, 6))
        self.await_given(1, 2, 6)
        self.good_again()
        before = self.world.status()['generation']
        asked = len(self.registry.requests)
        self.say(entries(2, 1, 2, Checks=[{'Status': 'passing'}]))
        until(lambda: len(self.registry.requests) >= asked + 3, 10 * SLOW, 'it is asked on')
        self.assertEqual(self.world.status()['generation'], before)
        self.assertEqual(self.list()['state'], 'good')
        self.good_again()

    def test_bad_lists(self):
        """The last good one goes on, and what is wrong is told once and shown."""
        rows = (('[]', 'no member in the list'), ('["2001:db8::1", "2001:db8::2"]', 'no IPv4 member'), (entries(1), "'min' is 2"), (b'<html>', 'is no JSON'), (b'', 'is no JSON'),
                (b'[' * 100000, 'is no JSON'), (b'{"data": {"members": {}}}', "no list at 'data.members'"),
                ('["192.0.2.1", "www"]', "entry 2 has 'www'"), ('["192.0.2.1", "224.0.0.1"]', 'multicast'),
                (b' ' * (2 << 20), 'larger than 1048576 bytes'),
                (json.dumps([f'10.{n >> 8}.{n & 255}.1' for n in range(1025)]), 'at most 1024 members'))
        for body, why in rows:
            with self.subTest(why):
                self.say(body)
                self.await_list('failed', why)
                self.assertEqual(self.given(), ['192.0.2.1', '192.0.2.2'])
                for verb in ('status', 'health'):
                    self.assertIn(why, json.dumps(self.world.control(verb)['data']['remarks']).replace("\\'", "'"))
                self.assertIn(why, self.explain())
        self.assertTrue(self.world.status()['reload']['ok'], 'no reload was tried')
        self.good_again()

    def test_bad_servers(self):
        for behave, why in (('status 503', 'status 503'), ('moved http://127.0.0.1/', 'status 302'), ('silent', 'timed out after 500ms'),
                            ('reset', ''), ('drip', 'body: timed out')):
            with self.subTest(behave):
                self.registry.behave = behave
                self.await_list('failed', why)
                self.assertEqual(self.given(), ['192.0.2.1', '192.0.2.2'])
        self.good_again()

    def test_dead_and_back(self):
        """Over a restart with a dead registry the last good list serves."""
        self.say(entries(1, 2, 7))
        self.await_given(1, 2, 7)
        self.registry.stop()
        self.await_list('failed', 'refused')
        self.world.signal(signal.SIGKILL)
        self.world.await_end(-signal.SIGKILL)
        self.world.start()
        self.assertEqual(self.given(), ['192.0.2.1', '192.0.2.2', '192.0.2.7'])
        self.assertEqual(self.list()['state'], 'failed')
        self.registry.start()
        self.await_list('good')
        self.good_again()

    def test_kept_list_is_lost(self):
        """A state folder that somebody cleans: the members go on, and the list is kept anew."""
        for content in (None, 'scribble\n', ''):
            with self.subTest(content):
                path, = glob.glob(self.world.path('state/*.members'))
                self.registry.behave = 'status 500'
                self.await_list('failed')
                os.unlink(path)
                if content is not None:
                    self.world.write(os.path.relpath(path, self.world.folder), content)
                self.world.reload()
                self.assertEqual(self.given(), ['192.0.2.1', '192.0.2.2'])
                self.registry.behave = 'ok'
                until(lambda: os.path.exists(path) and '192.0.2.1 1\n' in open(path).read(), 10 * SLOW, 'it is kept')
                self.await_list('good')

    def test_reloads_leave_the_schedule(self):
        asked = len(self.registry.requests)
        for _ in range(20):
            self.world.reload()
        self.assertLess(len(self.registry.requests) - asked, 10)
        self.assertEqual(self.given(), ['192.0.2.1', '192.0.2.2'])

    def test_another_url(self):
        """An edit that names a registry that is not there: the pool keeps its members."""
        self.world.edit('geo/world.yaml', '/v1/web?passing', '/v1/web')
        self.registry.behave = 'status 404'
        self.world.reload()
        self.await_list('failed', '404')
        self.assertEqual(self.given(), ['192.0.2.1', '192.0.2.2'])
        self.say(entries(4, 5))
        self.registry.behave = 'ok'
        self.await_given(4, 5)
        self.world.edit('geo/world.yaml', '/v1/web', '/v1/web?passing')
        self.world.reload()
        self.good_again()

    def test_broken_configuration(self):
        """While it is being edited a new list waits, and that is told; it is not tried again and again."""
        good = self.world.read('geo/world.yaml')
        self.world.write('geo/world.yaml', good + 'nonsense: 1\n')
        self.say(entries(1, 2, 8))
        until(lambda: 'waits for a reload' in json.dumps(self.world.status()['remarks']), 10 * SLOW, 'it is told')
        asked, failures = len(self.registry.requests), self.world.log.count("no key 'nonsense'")
        until(lambda: len(self.registry.requests) >= asked + 4, 10 * SLOW, 'it is asked on')
        self.assertLessEqual(self.world.log.count("no key 'nonsense'"), max(failures, 1))
        self.world.write('geo/world.yaml', good)
        self.world.reload()
        self.await_given(1, 2, 8)
        self.assertEqual(self.world.status()['remarks'], [])
        self.good_again()


class Secure(LiveTest):
    """A registry behind TLS: its certificate's name and issuer are looked at."""
    time, started = 60, False

    def test_certificates(self):
        folder = self.world.path('tls')
        os.mkdir(folder)
        authority = centers.Authority(folder)
        registry = self.world.center('registry', tls=authority.context('registry.test'), body=b'["192.0.2.1"]')
        geo = GEO.format(registry=registry.address, more=f", ca: {authority.ca}, host: registry.test, headers: {{X-Token: s3}}")
        self.world.write('geo/world.yaml', geo.replace('http://', 'https://'))
        self.world.start()
        self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.1'])
        self.assertIn('X-Token: s3', registry.requests[0])
        self.assertIn('Host: registry.test', registry.requests[0])
        for old, new, why in (('host: registry.test', 'host: other.test', 'another name'),
                              (f'ca: {authority.ca}', 'verify: on', 'unknown issuer')):
            self.world.edit('geo/world.yaml', old, new)
            self.world.reload()
            until(lambda: why in json.dumps(self.world.status()['remarks']), 10 * SLOW, why)
            self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.1'], 'it keeps what it had')
            self.world.edit('geo/world.yaml', new, old)


class Several(LiveTest):
    """Lists of several pools by one URL, and a start that waits for one."""
    time, started = 60, False

    def slow(self, name):
        """A registry that answers when it is let."""
        registry = self.world.center(name)
        registry.let, reply = threading.Event(), registry.reply
        def held(*words):
            registry.let.wait(60)
            reply(*words)
        registry.reply = held
        return registry

    def test_one_url(self):
        """Each list has a schedule of its own, which reloads leave alone, and a row of the metrics."""
        registry = self.world.center('registry', body=b'{"a": ["192.0.2.1"], "b": ["192.0.2.2"]}')
        geo = GEO.format(registry=registry.address, more=', read: a').replace('interval: 1s', 'interval: 1h')
        pool = re.search('iad: ({ members.*)', geo)[1]
        self.world.write('geo/world.yaml', geo.replace('[192.0.2.99]', pool.replace('read: a', 'read: b')))
        self.world.start()
        self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.1'])
        for _ in range(10):
            self.world.reload()
        asked = len(registry.requests)
        # One that is new is asked within a second, and so would be one whose schedule had begun anew.
        self.world.edit('geo/world.yaml', 'read: a', 'read: a, min: 1, weight: x')
        self.world.reload()
        until(lambda: len(registry.requests) > asked, 10 * SLOW, 'the new one is asked')
        self.assertEqual((asked, len(registry.requests)), (2, 3))
        lists = self.world.control('health')['data']['lists']
        self.assertEqual(len(lists), 2)
        self.world.stop()

    def test_start_without_it(self):
        """While a start waits for a list, a reload takes it away: the start goes on."""
        registry = self.slow('slow')
        self.world.write('geo/world.yaml', GEO.format(registry=registry.address, more='')
                         .replace('interval: 1s, timeout: 500ms', 'interval: 1h, timeout: 60s'))
        self.world.start(wait=False)
        until(lambda: registry.requests, 10 * SLOW, 'it is asked')
        self.world.write('geo/world.yaml', world.PLACES)
        self.world.signal(signal.SIGHUP)
        self.world.await_ready()
        registry.let.set()
        self.world.stop()

    def test_comes_during_a_reload(self):
        """A first list that comes while a reload is under way, which has not seen it, is not lost."""
        registry = self.slow('late')
        registry.body = b'["192.0.2.1"]'
        zone = self.world.read('zones/example.com.zone')
        self.world.write('zones/large.test.zone', zone.replace('example.com', 'large.test') +
                         ''.join(f'h{i} A 192.0.2.1\n' for i in range(300000)))
        self.world.start()
        self.world.write('geo/world.yaml', GEO.format(registry=registry.address, more='')
                         .replace('interval: 1s, timeout: 500ms', 'interval: 1h, timeout: 60s'))
        self.world.reload()
        until(lambda: registry.requests, 10 * SLOW, 'it is asked')
        with open(self.world.path('zones/large.test.zone'), 'a') as file:
            file.write('more A 192.0.2.1\n')
        before = self.world.log.count('reload asked for')
        self.world.signal(signal.SIGHUP)
        until(lambda: self.world.log.count('reload asked for') > before, 10 * SLOW, 'the reload has begun')
        registry.let.set()
        until(lambda: self.world.ask('www.example.com').data() == ['192.0.2.1'], 10 * SLOW, 'the list is given')
        self.world.stop()


class NoList(LiveTest):
    """A registry that never answered: the start is not held up, and the pool is passed over."""
    time, started = 60, False

    def test_start(self):
        registry = self.world.center('registry')
        registry.behave = 'silent'
        self.world.write('geo/world.yaml', GEO.format(registry=registry.address, more=''))
        self.world.start()
        self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.99'])
        self.assertIn('has no members until', self.world.log)
        self.assertIn('never had', json.dumps(self.world.status()['remarks']))
        registry.body = b'["192.0.2.1", {"address": "192.0.2.2", "weight": 5}]'
        registry.behave = 'ok'
        until(lambda: sorted(self.world.ask('www.example.com').data()) == ['192.0.2.1', '192.0.2.2'], 10 * SLOW,
              'the first list is given')
        os.chmod(self.world.path('state'), 0o500)
        if os.geteuid():
            registry.body = b'["192.0.2.3"]'
            until(lambda: 'cannot be kept' in json.dumps(self.world.status()['remarks']), 10 * SLOW, 'it is told')
        os.chmod(self.world.path('state'), 0o700)
        registry.body = b'["192.0.2.4"]'
        until(lambda: self.world.ask('www.example.com').data() == ['192.0.2.4'], 10 * SLOW, 'it is given')
        self.world.stop()
        self.assertEqual(self.world.log.count('has no members until'), 1, 'warned once')


if __name__ == '__main__':
    unittest.main()

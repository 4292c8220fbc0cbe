"""Reloads: what changes, what stays, and that under load no query is lost, wrong, mixed or from the past."""
import os
import signal
import subprocess
import time

import mmdb
from world import BUILD, NETWORKS, PATIENCE, SLOW, ZONE, LiveTest, best, until

FLOOD = os.path.join(BUILD, 'tests/live/flood')
RATE = 22000


class Versions:
    """Data whose number stands in two places of each answer (see flood.c), in two zones and in geo/."""

    def __init__(self, world):
        self.world, self.number = world, 0

    def write(self, number, more=''):
        """Writes version `number`; every server must give it once it is loaded."""
        self.number = number
        octets = f'{number >> 8}.{number & 255}'
        self.world.write('zones/example.com.zone', f'''\
$ORIGIN example.com.
$TTL 1h
@ SOA ns1 hostmaster {number} 2h 30m 2w 5m
  NS ns1
ns1 A 192.0.2.1
v TXT "{number}"
mx MX {number} host
host A 10.1.{octets}
www {number} A 10.2.{octets}
alias {number} CNAME target.example.net.
moving 60 A 192.0.2.80
''')
        self.world.write('zones/example.net.zone', f'''\
$ORIGIN example.net.
$TTL 1h
@ SOA ns1 hostmaster {number} 2h 30m 2w 5m
  NS ns1
ns1 A 192.0.2.1
target TXT "{number}"
''')
        self.world.write('geo/world.yaml', f'''\
datacenters:
  iad: {{ at: [38.95, -77.45] }}
  fra: {{ at: [50.03, 8.57] }}
probes:
  web: {{ type: http, port: 8080, path: /, interval: 500ms, timeout: 500ms, fall: 2, rise: 2 }}
maps:
  world: {{ default: nearest }}
  fixed: {{ default: [iad, fra] }}
services:
  www.example.com:
    map: world
    pools:
      iad: {{ members: [10.3.{octets}], probe: none }}
      fra: {{ members: [10.4.{octets}], probe: none }}
  moving.example.com:
    map: fixed
    probe: web
    pools: {{ iad: [{self.world.network}.1], fra: [{self.world.network}.2] }}
''')

    def served(self):
        return int(self.world.ask('v.example.com', 'TXT').data()[0])


class Flood:
    """The flood program beside the test; end() gives its findings."""

    def __init__(self, world, rate, seconds=600):
        self.process = subprocess.Popen([FLOOD, world.address, str(world.port), str(rate), str(seconds), 'example.com'],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self):
        out, err = self.process.communicate(timeout=PATIENCE)
        self.complaints = err
        return {name: int(value) for name, value in (word.split('=') for word in out.split())}


PROMISE = (2 * 0.5 + 0.5 + 1) * SLOW    # fall × interval + timeout + 1 s, and so for rise


class UnderLoad(LiveTest):
    time, alone = 60, True

    @classmethod
    def build(cls, world):
        cls.versions = Versions(world)
        for name in ('iad', 'fra'):
            world.center(name)
        cls.versions.write(1)

    def setUp(self):
        first = self.world.centers['iad']
        if not first.listener:
            first.start()
        for name in self.world.centers:
            self.world.await_state(name, 'up')

    def check(self, flood, newest):
        """The findings, which must be good but for the time of the slowest answer."""
        found = flood.end()
        print(f'  flood: {" ".join(f"{key}={value}" for key, value in found.items())}')
        for what in ('lost', 'wrong', 'mixed', 'back'):
            self.assertEqual(found[what], 0, f'{what}: {found}\n{flood.complaints}')
        self.assertGreaterEqual(found['newest'], newest)
        return found

    def test_signals(self):
        """Two hundred SIGHUPs at full load, each with new zones and new steering; a server fails and returns meanwhile."""
        bound = 0.25 * SLOW
        self.assertLess(best(bound, self.two_hundred), bound, 'the slowest answer')

    def two_hundred(self):
        flood = Flood(self.world, RATE / SLOW)
        first = self.world.centers['iad']
        start = self.versions.number
        for number in range(start + 1, start + 201):
            generation = self.world.status()['generation']
            self.versions.write(number)
            if number == start + 40:
                first.stop()
            if number == start + 120:
                first.start()
            self.world.signal(signal.SIGHUP)
            until(lambda: self.world.status()['generation'] > generation, 10 * SLOW, f'version {number} is loaded')
            self.assertEqual(self.versions.served(), number)
        until(lambda: self.world.ask('moving.example.com').data() == [first.address], 5 * SLOW, 'the server is back')
        found = self.check(flood, start + 200)
        self.assertGreater(found['sent'], 1000)
        return found['slowest_us'] / 1e6

    def test_failover_during_reloads(self):
        """Reloads change no verdict and put off no probe."""
        flood = Flood(self.world, RATE / 4 / SLOW)
        self.assertLess(best(PROMISE, self.there_and_back), PROMISE)
        self.check(flood, 1)

    def there_and_back(self):
        """How long the longer of both ways took."""
        first, second = self.world.centers['iad'], self.world.centers['fra']

        def given(center):
            return self.world.ask('moving.example.com').data() == [center.address]

        def moved():
            self.world.signal(signal.SIGHUP)
            return given(second)
        until(lambda: given(first), PROMISE, 'all is well')
        began = time.monotonic()
        first.stop()
        until(moved, PROMISE, 'answers move while reloads go on')
        there = time.monotonic() - began
        for _ in range(10):
            self.world.control('reload')
            self.assertTrue(given(second), 'the verdict is carried over')
        began = time.monotonic()
        first.start()
        until(lambda: given(first), PROMISE, 'return')
        return max(there, time.monotonic() - began)

    def test_storm(self):
        """200 signals as fast as they go, while the files change: the last version wins."""
        flood = Flood(self.world, RATE / 4 / SLOW)
        start = self.versions.number
        for number in range(start + 1, start + 21):
            self.world.write('zones/example.com.zone', self.world.read('zones/example.com.zone'))
            for _ in range(10):
                self.world.signal(signal.SIGHUP)
        self.versions.write(start + 21)
        self.world.signal(signal.SIGHUP)
        until(lambda: self.versions.served() == start + 21, 10 * SLOW, 'the last version')
        found = flood.end()
        # Files are read while they are written here, so their versions may differ; that is the writer's doing.
        self.assertEqual((found['lost'], found['wrong']), (0, 0), flood.complaints)


class Changes(LiveTest):
    time = 60

    def setUp(self):
        self.world.write('zones/example.com.zone', ZONE)
        self.world.reload()

    def test_by_signal_and_by_command(self):
        self.world.edit('zones/example.com.zone', '192.0.2.80', '192.0.2.81')
        self.world.signal(signal.SIGHUP)
        until(lambda: self.world.ask('www.example.com').data() == ['192.0.2.81'], 5 * SLOW, 'SIGHUP')
        self.world.edit('zones/example.com.zone', '192.0.2.81', '192.0.2.82')
        done = self.world.ctl('reload')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.82'], 'at once after the command')

    def test_time_of_a_file_is_no_version(self):
        """Same size, same modification time, other content."""
        path = self.world.path('zones/example.com.zone')
        for last in (83, 84, 85):
            self.world.edit('zones/example.com.zone', self.world.ask('www.example.com').data()[0], f'192.0.2.{last}')
            os.utime(path, ns=(10**18, 10**18))
            self.world.reload()
            self.assertEqual(self.world.ask('www.example.com').data(), [f'192.0.2.{last}'])

    def test_zones_come_and_go(self):
        self.assertEqual(self.world.ask('www.example.org').rcode, 'REFUSED')
        self.world.write('zones/example.org.zone', ZONE)
        self.world.edit('zones/example.org.zone', 'example.com', 'example.org')
        self.world.reload()
        self.assertEqual(self.world.ask('www.example.org').data(), ['192.0.2.80'])
        os.remove(self.world.path('zones/example.org.zone'))
        self.world.reload()
        self.assertEqual(self.world.ask('www.example.org').rcode, 'REFUSED')

    def test_a_bad_zone_stops_no_other(self):
        self.world.write('zones/example.org.zone', ZONE.replace('example.com', 'example.org'))
        self.world.reload()
        self.world.edit('zones/example.org.zone', '192.0.2.80', '192.0.2.300')
        self.world.edit('zones/example.com.zone', '192.0.2.80', '192.0.2.90')
        done = self.world.ctl('reload')
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r'zones/example\.org\.zone:6(:\d+)?: error: ')
        self.assertEqual(self.world.ask('www.example.org').data(), ['192.0.2.80'], 'its last good data')
        self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.90'], 'the other went on')
        stale = {zone['name']: zone['stale'] for zone in self.world.status()['zones']}
        self.assertEqual({name.rstrip('.'): value for name, value in stale.items()},
                         {'example.com': False, 'example.org': True})
        os.remove(self.world.path('zones/example.org.zone'))
        self.world.reload()

    def test_memory(self):
        """What a reload replaces is given back."""
        for _ in range(30):
            self.world.reload()
        before = self.world.memory()
        for number in range(150):
            self.world.edit('zones/example.com.zone', ZONE, f'{ZONE}n{number} A 192.0.2.1\n')
            self.world.reload()
            self.world.write('zones/example.com.zone', ZONE)
        if SLOW == 1:
            until(lambda: self.world.memory() - before < 8192, 5, 'less than 8 MB more after 150 reloads')

    def test_strict(self):
        self.world.write('zones/example.org.zone', ZONE.replace('example.com', 'example.org'))
        self.world.write('meridian.yaml', self.world.read('meridian.yaml') + 'strict: on\n')
        self.world.reload()
        self.world.edit('zones/example.org.zone', '192.0.2.80', '192.0.2.300')
        self.world.edit('zones/example.com.zone', '192.0.2.80', '192.0.2.91')
        self.assertEqual(self.world.ctl('reload').returncode, 1)
        self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.80'], 'all is kept')
        self.world.edit('meridian.yaml', 'strict: on\n', '')
        os.remove(self.world.path('zones/example.org.zone'))
        self.world.reload()
        self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.91'])


MEMBERS = '''\
datacenters: { iad: {}, fra: {} }
services:
  www.example.com:
    order: [iad, fra]
    pools: { iad: { members: { from: iad.txt } }, fra: [192.0.2.2] }
'''


class Members(LiveTest):
    """A file of members that another program writes, well or badly."""
    time = 60

    @classmethod
    def build(cls, world):
        world.write('geo/world.yaml', MEMBERS)
        world.write('geo/iad.txt', '192.0.2.1\n')

    def given(self):
        return self.world.ask('www.example.com').data()

    def test_wrong(self):
        """The last good list serves, and what is wrong is told, of a file that cannot be read, too."""
        for content, why in ((b'', 'no member'), (b'192.0.2.3\n\0', 'byte 0x00'), (b'192.0.2.1\n' * 200000, 'is too large')):
            with self.subTest(why):
                self.world.write('geo/iad.txt', content)
                self.world.await_log(why)
                time.sleep(0.5)  # of one reload there may be more than a line
                told = self.world.log.count(why)
                time.sleep(4.5)  # twice the rest between two reloads
                self.assertEqual(self.world.log.count(why), told, 'told once')
                self.assertEqual(self.given(), ['192.0.2.1'])
                self.world.write('geo/iad.txt', '192.0.2.1\n')
                until(lambda: self.world.status()['reload']['ok'], 10 * SLOW, 'a good one is read again')

    def test_written_all_the_time(self):
        """The last one counts, and there are few reloads: one in two seconds."""
        began, before = time.monotonic(), self.world.status()['generation']
        for turn in range(300):
            self.world.write('geo/iad.txt', f'192.0.2.{100 + turn % 50}\n')
            time.sleep(0.01)
        self.world.write('geo/iad.txt', '192.0.2.1\n')
        self.world.write('geo/iad.txt', '192.0.2.9\n')
        until(lambda: self.given() == ['192.0.2.9'], 10 * SLOW, 'the last list is given')
        self.assertLessEqual(self.world.status()['generation'] - before, (time.monotonic() - began) / 2 + 2)
        self.world.write('geo/iad.txt', '192.0.2.1\n')
        until(lambda: self.given() == ['192.0.2.1'], 10 * SLOW, 'the first list is given')


class Database(LiveTest):
    """The file in use may be replaced, cut short or deleted under a serving daemon."""
    time = 60

    @classmethod
    def build(cls, world):
        world.write('geo/world.yaml', world.read('geo/world.yaml') + '''\
maps: { world: { default: nearest, unknown: [sin] } }
services:
  www.example.com:
    map: world
    pools:
      iad: { members: [192.0.2.11], probe: none }
      fra: { members: [192.0.2.21], probe: none }
      sin: { members: [192.0.2.31], probe: none }
''')

    def given(self, client='5.1.77.0/24'):
        return self.world.ask('www.example.com', ecs=client).data()

    def explained(self):
        return self.world.control('explain', name='www.example.com', type='A', **{'from': '5.1.77.1'})

    def setUp(self):
        mmdb.write(self.world.path('geo/new.mmdb'), NETWORKS)
        os.replace(self.world.path('geo/new.mmdb'), self.world.path('geo/test.mmdb'))
        self.world.reload()
        self.assertEqual(self.given(), ['192.0.2.21'])

    def test_cut_short(self):
        size = os.path.getsize(self.world.path('geo/test.mmdb'))
        for part in (0.9, 0.1, 0):
            os.truncate(self.world.path('geo/test.mmdb'), int(size * part))
            self.assertEqual(self.given(), ['192.0.2.21'])
            self.assertTrue(self.explained()['ok'], 'explain asks the database itself')
            self.assertEqual(self.world.ctl('reload').returncode, 1)
            self.assertEqual(self.given(), ['192.0.2.21'])

    def test_deleted(self):
        os.remove(self.world.path('geo/test.mmdb'))
        self.assertTrue(self.explained()['ok'])
        done = self.world.ctl('reload')
        self.assertEqual(done.returncode, 1)
        self.assertIn('test.mmdb', done.stderr)
        self.assertEqual(self.given(), ['192.0.2.21'])

    def test_overwritten_in_place(self):
        with open(self.world.path('geo/test.mmdb'), 'r+b') as file:
            file.write(b'\xff' * 3000)
        self.assertEqual(self.given(), ['192.0.2.21'])
        self.assertTrue(self.explained()['ok'])

    def test_replaced(self):
        moved = {net: {**facts, 'location': {'latitude': 1.3, 'longitude': 103.8}} for net, facts in NETWORKS.items()}
        mmdb.write(self.world.path('geo/new.mmdb'), moved)
        os.replace(self.world.path('geo/new.mmdb'), self.world.path('geo/test.mmdb'))
        self.assertEqual(self.given(), ['192.0.2.21'], 'not before a reload')
        self.world.reload()
        self.assertEqual(self.given(), ['192.0.2.31'])

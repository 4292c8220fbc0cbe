"""Each kind of bad input: `check` names file and line and exits with 1; a running server goes on with what it had."""
import os
import shutil
import subprocess

import mmdb
from world import CTL, PATIENCE, SLOW, LiveTest, best

STEERING = '''\
datacenters:
  iad: { at: [38.95, -77.45] }
  sin: { at: [1.36, 103.99] }
maps:
  world:
    default: [iad, sin]
services:
  www.example.com:
    map: world
    pools:
      iad: { members: [192.0.2.10], probe: none }
      sin: { members: [192.0.2.30], probe: none }
'''


def replace(name, old, new):
    return lambda world: world.edit(name, old, new)


def append(name, text):
    return lambda world: world.write(name, world.read(name) + text)


def remove(name):
    return lambda world: os.remove(world.path(name))


def folder(name):
    def change(world):
        os.remove(world.path(name))
        os.mkdir(world.path(name))
    return change


def garbage(name):
    return lambda world: world.write(name, bytes(range(256)) * 40)


def cut(name, part):
    def change(world):
        os.truncate(world.path(name), int(os.path.getsize(world.path(name)) * part))
    return change


def corrupt(world):
    """Every pointer of the tree leads beyond the end."""
    content = bytearray(open(world.path('geo/test.mmdb'), 'rb').read())
    content[:200] = b'\x7f' * 200
    world.write('geo/test.mmdb', bytes(content))


def useless(world):
    mmdb.write(world.path('geo/test.mmdb'), {'5.0.0.0/8': {'connection': {'speed': 'fast'}}})


# Name, what is done to the files, what stderr of `check` must show; a fault in a zone only: `zone`.
CASES = [
    ('syntax of meridian.yaml', append('meridian.yaml', 'nsid: [1,\n'), r'meridian\.yaml:\d+:\d+: error: '),
    ('syntax of geo', append('geo/world.yaml', '  - x: {\n'), r'geo/world\.yaml:\d+:\d+: error: '),
    ('syntax of a zone', append('zones/example.com.zone', 'bad A 1.2.3\n'), r'zones/example\.com\.zone:7(:\d+)?: error: '),
    ('unknown key', append('meridian.yaml', 'lisen: []\n'), r"meridian\.yaml:\d+:1: error: .*'lisen'.*did you mean 'listen'"),
    ('unknown key of a service', replace('geo/world.yaml', '    map: world\n', '    map: world\n    pool: 3\n'),
     r"geo/world\.yaml:10:5: error: .*'pool'.*did you mean 'pools'"),
    ('value of a wrong type', replace('meridian.yaml', 'workers: 2', 'workers: many'), r'meridian\.yaml:2:10: error: '),
    ('missing geo folder', replace('meridian.yaml', 'geo: geo', 'geo: gone'), r'meridian\.yaml:4:6: error: .*gone'),
    ('missing zones folder', replace('meridian.yaml', 'zones: zones', 'zones: gone'), r'meridian\.yaml:3:8: error: .*gone'),
    ('missing database', remove('geo/test.mmdb'), r'meridian\.yaml:5:\d+: error: .*test\.mmdb'),
    ('folder for a database', folder('geo/test.mmdb'), r'error: .*test\.mmdb.*directory'),
    ('folder for a steering file', folder('geo/world.yaml'), r'geo/world\.yaml.*directory'),
    ('folder for a zone', folder('zones/example.com.zone'), r'zones/example\.com\.zone.*directory'),
    ('garbage for meridian.yaml', garbage('meridian.yaml'), r'meridian\.yaml:\d+:\d+: error: '),
    ('garbage for steering', garbage('geo/world.yaml'), r'geo/world\.yaml:\d+:\d+: error: '),
    ('garbage for a zone', garbage('zones/example.com.zone'), r'zones/example\.com\.zone:\d+(:\d+)?: error: '),
    ('garbage for a database', garbage('geo/test.mmdb'), r'error: .*test\.mmdb'),
    ('database cut to a half', cut('geo/test.mmdb', 0.5), r'error: .*test\.mmdb'),
    ('database cut at the end', cut('geo/test.mmdb', 0.97), r'error: .*test\.mmdb'),
    ('empty database', cut('geo/test.mmdb', 0), r'error: .*test\.mmdb'),
    ('corrupt database', corrupt, r'error: .*test\.mmdb'),
    ('database without a useful field', useless, r'error: .*test\.mmdb'),
    ('unknown data center', replace('geo/world.yaml', '[iad, sin]', '[iad, sim]'),
     r"geo/world\.yaml:6:20: error: .*'sim'.*did you mean 'sin'.*\n.*\n *\^~~"),
    ('service without records', replace('geo/world.yaml', 'www.example.com', 'web.example.com'),
     r"geo/world\.yaml:8:3: error: .*web\.example\.com"),
    ('pool without members', replace('geo/world.yaml', '[192.0.2.30]', '[]'), r'geo/world\.yaml:12:\d+: error: .*member'),
    ('address of no family', replace('geo/world.yaml', '[192.0.2.30]', '[192.0.2.300]'),
     r"geo/world\.yaml:12:\d+: error: .*192\.0\.2\.300"),
    ('duplicate key', append('meridian.yaml', 'workers: 3\n'), r'meridian\.yaml:\d+:1: error: .*workers'),
    ('number without unit', append('geo/world.yaml', 'probes: { w: { type: tcp, port: 80, interval: 10 } }\n'),
     r'geo/world\.yaml:13:\d+: error: .*(unit|10s)'),
    ('host bits in a prefix', replace('geo/world.yaml', '    default: [iad, sin]', '    net: { 192.0.2.1/24: [iad] }'),
     r'geo/world\.yaml:6:\d+: error: .*192\.0\.2\.'),
]


class BadInput(LiveTest):
    time = 120

    @classmethod
    def build(cls, world):
        world.write('geo/world.yaml', STEERING)

    def answers(self):
        def wire(name, kind, **more):
            return self.world.ask(name, kind, id=7, **more).wire
        return [wire('www.example.com', 'A'), wire('www.example.com', 'A', ecs='5.3.1.0/24'), wire('ns1.example.com', 'A'),
                wire('example.com', 'SOA'), wire('none.example.com', 'A')]

    def setUp(self):
        self.kept = self.world.path('.kept')
        shutil.rmtree(self.kept, ignore_errors=True)
        os.mkdir(self.kept)
        for name in ('meridian.yaml', 'zones', 'geo'):
            path = self.world.path(name)
            (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, os.path.join(self.kept, name))

    def restore(self):
        for name in ('meridian.yaml', 'zones', 'geo'):
            path, kept = self.world.path(name), os.path.join(self.kept, name)
            if os.path.isdir(kept):
                shutil.rmtree(path)
                shutil.copytree(kept, path)
            else:
                shutil.copy(kept, path)

    def bad(self, change, expected):
        before = self.answers()
        try:
            change(self.world)
            checked = self.world.ctl('check')
            self.assertEqual(checked.returncode, 1, f'check: {checked.stdout}{checked.stderr}')
            self.assertRegex(checked.stderr, expected)
            reloaded = self.world.ctl_reload()
            if self.world.daemon.poll() is not None:
                self.fail(f'the daemon ended with {self.world.daemon.returncode}: {self.world.log}')
            self.assertEqual(reloaded.returncode, 1, f'reload: {reloaded.stdout}{reloaded.stderr}')
            self.assertRegex(reloaded.stderr, expected)
            self.assertEqual(self.answers(), before, 'the answers')
            self.assertFalse(self.world.status()['reload']['ok'])
            self.assertTrue(self.world.status()['reload']['errors'])
        finally:
            self.restore()

    def tearDown(self):
        self.world.reload()


def case(change, expected):
    def test(self):
        self.bad(change, expected)
    return test


for label, change, expected in CASES:
    setattr(BadInput, 'test_' + label.replace(' ', '_').replace('.', '_'), case(change, expected))


class Unreadable(LiveTest):
    """A file that the daemon's user may not read; root's daemon becomes nobody for it, since root reads everything."""
    as_nobody = {'user': 'nobody', 'group': 'nogroup', 'extra_groups': []} if os.geteuid() == 0 else {}
    server = {'user': 'nobody'} if as_nobody else {}

    @classmethod
    def build(cls, world):
        world.write('geo/world.yaml', STEERING)

    def test_unreadable(self):
        for name in ('geo/world.yaml', 'zones/example.com.zone', 'geo/test.mmdb', 'meridian.yaml'):
            with self.subTest(name=name):
                os.chmod(self.world.path(name), 0)
                checked = subprocess.run([CTL, '-c', self.world.path('meridian.yaml'), 'check'], capture_output=True,
                                         text=True, timeout=PATIENCE, **self.as_nobody)
                self.assertEqual(checked.returncode, 1, checked.stderr)
                reloaded = self.world.ctl_reload()
                self.assertEqual(reloaded.returncode, 1, reloaded.stderr)
                for text in (checked.stderr, reloaded.stderr):
                    self.assertRegex(text, f'{os.path.basename(name)}.*[Pp]ermission denied')
                self.assertEqual(self.world.ask('www.example.com').data(), ['192.0.2.10'])
                os.chmod(self.world.path(name), 0o644)
                self.world.reload()


class BadStart(LiveTest):
    """What a start cannot do without: it ends at once, with status 1 and the reason."""
    started = False

    def start_fails(self, change, expected):
        from world import World
        world = World()
        self.addCleanup(world.close)
        world.write('geo/world.yaml', STEERING)
        change(world)
        world.start(wait=False)
        world.await_end(1)
        self.assertRegex(world.log, expected)

    def test_empty_zones_folder(self):
        self.start_fails(remove('zones/example.com.zone'), 'error: .*zone')

    def test_only_zone_is_bad(self):
        self.start_fails(append('zones/example.com.zone', 'bad A 1.2.3\n'), r'zones/example\.com\.zone:7(:\d+)?: error: ')

    def test_missing_configuration(self):
        self.start_fails(remove('meridian.yaml'), 'meridian.yaml')

    def test_bad_steering(self):
        self.assertLess(best(2 * SLOW, lambda: self.start_fails(
            replace('geo/world.yaml', '[iad, sin]', '[iad, sim]'), r'geo/world\.yaml:6:20: error: ')), 2 * SLOW)

    def test_bad_database(self):
        self.start_fails(garbage('geo/test.mmdb'), 'test.mmdb')

    def test_one_bad_zone_of_two(self):
        """It starts; the bad one is SERVFAIL."""
        world = self.world
        world.write('zones/example.org.zone', '@ SOA a b 1 2 3 4 5\n')
        world.start()
        self.assertEqual(world.ask('example.org', 'SOA').rcode, 'SERVFAIL')
        self.assertEqual(world.ask('ns1.example.com').data(), ['192.0.2.1'])
        world.await_log('example.org.zone')
        world.stop()

"""world.py: a temporary configuration, the daemon that serves it, and what a test may do to both.

Each World has loopback addresses of its own (127.X.Y.1 to .250), so that tests can run side by side. Nothing waits for
a fixed time: until() asks again until it holds, and fails when its time is over, which is long, since a machine may be
busy with other things. What has to be fast is measured, and may be measured again (best). close() ends all that was started.
"""
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import dns
import mmdb
from centers import Center

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get('MERIDIAN_BUILD', SOURCE)
SLOW = float(os.environ.get('MERIDIAN_SLOW', '1'))   # a sanitizer makes the daemon so many times slower
PATIENCE = 30 * SLOW   # seconds; only a test that fails waits for them
DAEMON = os.path.join(BUILD, 'meridiand')
CTL = os.path.join(BUILD, 'meridianctl')

SERVER = '''\
listen: [{address}@{port}]
workers: 2
zones: zones
geo: geo
databases: [geo/test.mmdb]
state: state
control: control.sock
log: info
'''

ZONE = '''\
$ORIGIN example.com.
$TTL 1h
@ SOA ns1 hostmaster 1 2h 30m 2w 5m
  NS ns1
ns1 A 192.0.2.1
www 60 A 192.0.2.80
'''

PLACES = '''\
datacenters:
  iad: { at: [38.95, -77.45] }
  fra: { at: [50.03, 8.57] }
  sin: { at: [1.36, 103.99] }
'''

# Clients of the tests: one network for each continent that matters here.
NETWORKS = {
    '5.1.0.0/16': {'country': {'iso_code': 'DE'}, 'continent': {'code': 'EU'},
                   'location': {'latitude': 52.5, 'longitude': 13.4}},
    '5.2.0.0/16': {'country': {'iso_code': 'US'}, 'continent': {'code': 'NA'},
                   'location': {'latitude': 40.7, 'longitude': -74.0}},
    '5.3.0.0/16': {'country': {'iso_code': 'ID'}, 'continent': {'code': 'AS'},
                   'location': {'latitude': -6.2, 'longitude': 106.8}},
    '5.4.0.0/16': {'country': {'iso_code': 'BR'}, 'continent': {'code': 'SA'},
                   'location': {'latitude': -23.5, 'longitude': -46.6}},
    '5.5.0.0/16': {'country': {'iso_code': 'US'}, 'continent': {'code': 'NA'}, 'subdivisions': [{'iso_code': 'HI'}],
                   'location': {'latitude': 21.3, 'longitude': -157.8}},
    '2a00::/24': {'country': {'iso_code': 'DE'}, 'continent': {'code': 'EU'},
                  'location': {'latitude': 52.5, 'longitude': 13.4}},
}


def until(condition, timeout, what):
    """Waits until condition() is true, and returns what it returned. `timeout` is raised to PATIENCE: it is no promise."""
    timeout = max(timeout, PATIENCE)
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'not within {timeout:g} s: {what}')
        time.sleep(0.01)


def best(bound, measure, attempts=3):
    """Seconds that measure() gives or, if it gives nothing, takes: at most `bound`, or the least of a few attempts, since a
    busy machine puts anybody aside now and then."""
    found = []
    while len(found) < attempts and (not found or found[-1] > bound):
        began = time.monotonic()
        took = measure()
        found.append(time.monotonic() - began if took is None else took)
    return min(found)


_taken = 0


def free_network():
    """The first three numbers of a loopback network that no other world has."""
    global _taken
    while True:
        _taken += 1
        mine = os.getpid() * 7 + _taken
        network = f'127.{64 + mine // 256 % 128}.{mine % 256}'
        try:
            lock = socket.create_server((f'{network}.254', 5299))  # held as long as this process lives
        except OSError:
            continue
        _locks.append(lock)
        return network


_locks = []


class World:
    def __init__(self, **server):
        """`server`: keys of meridian.yaml in place of the usual ones (None: left out)."""
        self.folder = tempfile.mkdtemp(prefix='meridian-live.')
        os.chmod(self.folder, 0o755)
        self.network = free_network()
        self.address, self.port = f'{self.network}.53', 5300
        self.server = (self.address, self.port)
        self.daemon, self.centers, self.log_lines = None, {}, []
        lines = dict(line.split(': ', 1) for line in SERVER.format(address=self.address, port=self.port).splitlines())
        lines.update({key.replace('_', '-'): value for key, value in server.items()})
        self.write('meridian.yaml', ''.join(f'{key}: {value}\n' for key, value in lines.items() if value is not None))
        self.write('zones/example.com.zone', ZONE)
        self.write('geo/world.yaml', PLACES)
        mmdb.write(self.path('geo/test.mmdb'), NETWORKS)

    # ---- files ----

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        """Puts a file in its place in one step, as an editor does."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + '~', 'wb') as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.replace(path + '~', path)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def edit(self, name, old, new):
        text = self.read(name)
        assert old in text, f'{name} has no {old!r}'
        self.write(name, text.replace(old, new))

    # ---- data centers ----

    def center(self, name, number=None, **more):
        """A health server of the data center on an address of its own; the port is the same for all."""
        number = len(self.centers) + 1 if number is None else number
        center = Center(f'{self.network}.{number}', 8080, **more)
        self.centers[name] = center
        return center

    # ---- the daemon ----

    def start(self, *options, wait=True, stderr_to=None, **more):
        self.log_lines = []
        self.daemon = subprocess.Popen([DAEMON, '-c', self.path('meridian.yaml'), *options], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=stderr_to or subprocess.PIPE, **more)
        self.reader = threading.Thread(target=self.collect, args=(self.daemon.stderr or [],), daemon=True)
        self.reader.start()
        if wait:
            self.await_ready()
        return self.daemon

    def collect(self, stream):
        for line in stream:
            self.log_lines.append(line.decode('utf-8', 'replace'))

    @property
    def log(self):
        return ''.join(self.log_lines)

    def await_log(self, pattern):
        """Waits until the log has it: what the daemon says comes by a pipe, later than its answers."""
        until(lambda: re.search(pattern, self.log), PATIENCE, f'the log says "{pattern}"')

    def await_ready(self, timeout=15):
        def ready():
            if self.daemon.poll() is not None:
                self.reader.join(10)
                raise AssertionError(f'meridiand ended with {self.daemon.returncode}:\n{self.log}')
            try:
                return self.status().get('phase') == 'ready'
            except (OSError, ValueError):
                return False
        until(ready, timeout * SLOW, f'meridiand is ready\n{self.log}')

    def signal(self, number):
        self.daemon.send_signal(number)

    def stop(self, status=0, timeout=PATIENCE):
        """SIGTERM; the end must come, with that status, and no sanitizer may have complained."""
        self.signal(signal.SIGTERM)
        self.await_end(status, timeout)

    def await_end(self, status, timeout=PATIENCE):
        try:
            found = self.daemon.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'meridiand did not end in {timeout:g} s:\n{self.log}') from None
        self.reader.join(10)
        if found != status:
            raise AssertionError(f'meridiand ended with {found}, not {status}:\n{self.log}')
        self.daemon = None

    def close(self):
        for center in self.centers.values():
            center.stop()
        if self.daemon and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        if self.daemon and self.daemon.stderr:
            self.daemon.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def memory(self):
        """KB that the daemon occupies."""
        with open(f'/proc/{self.daemon.pid}/status') as file:
            return next(int(line.split()[1]) for line in file if line.startswith('VmRSS:'))

    # ---- control ----

    def control(self, verb, **options):
        """One request on the control socket; the reply as it came."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(self.path('control.sock'))
            sock.sendall(json.dumps({'verb': verb, **options}).encode() + b'\n')
            return json.loads(sock.makefile().readline())

    def status(self):
        return self.control('status').get('data') or {}

    def ctl(self, *words, timeout=2 * PATIENCE):
        return subprocess.run([CTL, '-c', self.path('meridian.yaml'), *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout)

    def ctl_reload(self):
        """`meridianctl reload` by the socket, as from a shell whose meridian.yaml cannot be read just now."""
        return subprocess.run([CTL, '-s', self.path('control.sock'), 'reload'], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=2 * PATIENCE)

    def reload(self):
        """A reload that must succeed."""
        reply = self.control('reload')
        assert reply.get('ok'), f'the reload failed: {reply}'
        return reply['data']

    def targets(self):
        """State of each target by the address of its data center."""
        names = {center.address: name for name, center in self.centers.items()}
        found = {}
        for target in self.control('health')['data']['targets']:
            for address, name in names.items():
                if f'/{address}@' in target['name'] or f'/{address}' == target['name'][-len(address) - 1:]:
                    found[name] = target
        return found

    def await_state(self, name, state, timeout=10):
        until(lambda: self.targets()[name]['state'] == state, timeout * SLOW, f'{name} is {state}')

    # ---- questions ----

    def ask(self, name, kind='A', **more):
        more.setdefault('timeout', PATIENCE / 3)
        return dns.ask(self.server, name, kind, **more)

    def dig(self, *words, program='dig'):
        where = [f'@{self.address}', '-p', str(self.port)]
        done = subprocess.run([program, *where, *words], capture_output=True, text=True, timeout=2 * PATIENCE)
        assert done.returncode == 0, f'{program}: {done.stdout}{done.stderr}'
        return done.stdout


class LiveTest(unittest.TestCase):
    """Tests that share one world: `build(world)` fills it, the daemon runs. Subclasses that start it themselves leave
    `started` False. `time` is what the class takes at most
    on a quiet machine, `alone` says that nothing else may run beside it."""
    time, alone, started = 60, False, True
    server = {}
    longMessage = True
    maxDiff = 4000

    @classmethod
    def build(cls, world):
        pass

    @classmethod
    def setUpClass(cls):
        cls.world = World(**cls.server)
        cls.addClassCleanup(cls.world.close)
        cls.build(cls.world)
        if cls.started:
            cls.world.start()

    @classmethod
    def tearDownClass(cls):
        if cls.started and cls.world.daemon:
            cls.world.stop()


def sources():
    """Every test_*.py beside this file."""
    return sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(HERE, 'test_*.py')))

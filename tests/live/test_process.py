"""The life of the process: start, signals, privileges, crowds of connections, the end, and what survives it."""
import os
import pwd
import resource
import signal
import socket
import stat
import subprocess
import time
import unittest

import dns
from world import SLOW, LiveTest, World, best, until

STEERING = '''\
datacenters:
  iad: { at: [38.95, -77.45] }
  fra: { at: [50.03, 8.57] }
probes:
  web: { type: http, port: 8080, path: /, interval: 500ms, timeout: 3s, fall: 2, rise: 2 }
maps: { fixed: { default: [iad, fra] } }
services:
  www.example.com:
    map: fixed
    probe: web
    pools: { iad: [NET.1], fra: [NET.2] }
'''


def steer(world, text=STEERING, **centers):
    """Health servers of both data centers, which answer as `centers` says, and the steering between them."""
    for name in ('iad', 'fra'):
        world.center(name, **centers.get(name, {}))
    world.write('geo/world.yaml', text.replace('NET', world.network))
    return world.centers['iad'], world.centers['fra']


def signal_bit(pid, number):
    """Is the signal blocked or handled there?"""
    with open(f'/proc/{pid}/status') as file:
        masks = dict(line.split(':\t', 1) for line in file if line.startswith('Sig'))
    return any(int(masks[name], 16) >> (number - 1) & 1 for name in ('SigBlk', 'SigCgt'))


def processor_time(process):
    """Seconds that it has worked."""
    with open(f'/proc/{process.pid}/stat') as file:
        words = file.read().rpartition(')')[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')


class Start(LiveTest):
    started = False

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def test_port_in_use(self):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with self.subTest(kind=kind.name), socket.socket(socket.AF_INET, kind) as other:
                other.bind(self.world.server)
                if kind == socket.SOCK_STREAM:
                    other.listen()
                self.world.start(wait=False)
                self.world.await_end(1)
                self.assertIn(f'{self.world.address}@{self.world.port}', self.world.log)
                self.assertRegex(self.world.log, 'in use')

    def test_second_server(self):
        """Of the same configuration: it says so, and the first goes on."""
        self.world.start()
        second = World()
        self.addCleanup(second.close)
        second.write('meridian.yaml', self.world.read('meridian.yaml'))
        second.start(wait=False)
        second.await_end(1)
        self.assertRegex(second.log, 'in use')
        self.assertEqual(self.world.ask('ns1.example.com').data(), ['192.0.2.1'])
        self.world.stop()

    def test_broken_file(self):
        """The error is told once, with its line."""
        self.world.write('meridian.yaml', self.world.read('meridian.yaml') + 'user: [nobody\n')
        self.world.start(wait=False)
        self.world.await_end(1)
        self.assertEqual(self.world.log.count('without a closing bracket'), 1, self.world.log)
        self.assertIn('user: [nobody\n', self.world.log)

    def test_hangup_in_the_first_moment(self):
        """From the first moment of main on: before that, while libraries are loaded, no program can help itself."""
        for delay in (0, 0, 0.001, 0.003, 0.01, 0.03):
            with self.subTest(delay=delay):
                daemon = self.world.start(wait=False)
                while not signal_bit(daemon.pid, signal.SIGHUP):
                    self.assertIsNone(daemon.poll())
                time.sleep(delay)
                self.world.signal(signal.SIGHUP)
                self.world.await_ready()
                self.world.stop()

    def test_unknown_user(self):
        self.world.write('meridian.yaml', self.world.read('meridian.yaml') + 'user: no-such-user\n')
        if os.geteuid() != 0:
            self.skipTest('only root becomes another user')
        self.world.start(wait=False)
        self.world.await_end(1)
        self.assertIn('no-such-user', self.world.log)

    @unittest.skipUnless(os.geteuid() == 0, 'only root becomes another user')
    def test_privileges(self):
        self.world.write('meridian.yaml', self.world.read('meridian.yaml') + 'user: nobody\n')
        steer(self.world)
        daemon = self.world.start()
        nobody = pwd.getpwnam('nobody')
        for task in os.listdir(f'/proc/{daemon.pid}/task'):
            with open(f'/proc/{daemon.pid}/task/{task}/status') as file:
                status = dict(line.rstrip('\n').split(':', 1) for line in file)
            self.assertEqual(set(status['Uid'].split()), {str(nobody.pw_uid)})
            self.assertEqual(set(status['Gid'].split()), {str(nobody.pw_gid)})
            self.assertLessEqual(set(status['Groups'].split()), {str(nobody.pw_gid)})
            for kind in ('CapPrm', 'CapEff', 'CapInh', 'CapAmb'):
                self.assertEqual(int(status[kind], 16), 0, kind)
            self.assertEqual(status['NoNewPrivs'].strip(), '1')
        self.world.write('zones/example.com.zone', self.world.read('zones/example.com.zone') + 'new A 192.0.2.99\n')
        self.world.reload()
        self.assertEqual(self.world.ask('new.example.com').data(), ['192.0.2.99'], 'a reload as that user')
        until(lambda: os.path.exists(self.world.path('state/verdicts')) or 'state is not kept' in self.world.log, 3 * SLOW,
              'state is written as that user')
        self.assertNotIn('state is not kept', self.world.log)
        self.world.stop()

    def test_control_socket_mode(self):
        old = os.umask(0)
        try:
            self.world.start()
        finally:
            os.umask(old)
        mode = os.stat(self.world.path('control.sock')).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o660)
        self.world.stop()
        self.assertFalse(os.path.exists(self.world.path('control.sock')), 'it is gone at the end')

    def test_closed_streams(self):
        """Without a standard input and output: what takes their places is no socket."""
        def close():
            os.close(0)
            os.close(1)
        self.world.start(preexec_fn=close)
        self.world.reload()
        self.assertEqual(self.world.ask('ns1.example.com').data(), ['192.0.2.1'])
        self.world.stop()

    def test_other_signals(self):
        self.world.start()
        for number in (signal.SIGUSR1, signal.SIGPIPE):
            self.world.signal(number)
        self.assertEqual(self.world.ask('ns1.example.com').data(), ['192.0.2.1'])
        self.world.signal(signal.SIGINT)
        self.world.await_end(0)


class Scarcity(LiveTest):
    """What the machine may lack while it serves."""
    started = False

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def test_dead_stderr(self):
        """Nobody reads the log any more."""
        self.world.start(wait=False, stderr_to=self.dead_pipe())
        self.world.await_ready()
        for _ in range(3):
            self.world.reload()
        self.assertEqual(self.world.ask('ns1.example.com').data(), ['192.0.2.1'])
        self.world.stop()

    def dead_pipe(self):
        reading, writing = os.pipe()
        os.close(reading)
        self.addCleanup(os.close, writing)
        return writing

    def test_few_descriptors(self):
        """With 64 descriptors and 100 connections, old clients give way and no core spins."""
        daemon = self.world.start(wait=False)
        self.world.await_ready()
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (64, 64))
        crowd = [socket.create_connection(self.world.server, 10 * SLOW) for _ in range(100)]
        for over in (dns.udp, dns.tcp):
            self.assertEqual(self.world.ask('ns1.example.com', over=over).data(), ['192.0.2.1'])
        began = processor_time(daemon)
        time.sleep(1)
        self.assertLess(processor_time(daemon) - began, 0.3 * SLOW, 'seconds of a core in one second')
        for sock in crowd:
            sock.close()
        self.world.reload()
        self.world.stop()

    @unittest.skipUnless(os.geteuid() == 0 and os.path.ismount('/dev/shm'), 'needs root')
    def test_full_disk(self):
        """State cannot be written: it is said once, and the answers go on."""
        full = self.world.path('state')
        os.mkdir(full)
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', full], capture_output=True).returncode:
            self.skipTest('no mount here')
        self.addCleanup(subprocess.run, ['umount', '-l', full])
        try:
            with open(os.path.join(full, 'fill'), 'wb') as file:
                file.write(bytes(1 << 16))
        except OSError:
            pass
        steer(self.world)
        self.world.start()
        for _ in range(3):
            self.assertTrue(self.world.control('drain', datacenter='iad', force=True)['ok'])
            self.assertTrue(self.world.control('undrain', datacenter='iad')['ok'])
        self.assertEqual(self.world.ask('www.example.com').data(), [self.world.centers['iad'].address])
        self.world.await_log('No space left')
        self.assertEqual(self.world.log.count('No space left'), 1, 'once')
        self.world.stop()


class End(LiveTest):
    """SIGTERM answers all that was received, and ends with 0 in 5 s."""
    started = False
    time = 60

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.start()

    def test_streams(self):
        """Ten connections that have sent 500 queries each and read nothing yet."""
        socks = [socket.create_connection(self.world.server, 10 * SLOW) for _ in range(10)]
        for sock in socks:
            sock.sendall(b''.join(dns.frame(dns.query('www.example.com', id=id)) for id in range(500)))
        self.world.signal(signal.SIGTERM)
        for sock in socks:
            stream, ids = sock.makefile('rb'), set()
            while (wire := dns.read_frame(stream)) is not None:
                ids.add(dns.parse(wire).id)
            self.assertEqual(len(ids), 500, 'answers of a connection')
            sock.close()
        self.world.await_end(0)

    def test_datagrams(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.connect(self.world.server)
        for id in range(200):
            sock.send(dns.query('www.example.com', id=id))
        self.world.signal(signal.SIGTERM)
        sock.settimeout(10 * SLOW)
        self.assertEqual(len({sock.recv(4096)[:2] for _ in range(200)}), 200)
        self.world.await_end(0)

    def test_idle_and_half(self):
        """Idle connections and half a message do not hold it up."""
        socks = [socket.create_connection(self.world.server, 10 * SLOW) for _ in range(20)]
        for sock in socks[:10]:
            sock.sendall(b'\0\x20abc')
        self.assertLess(best(5 * SLOW, self.stop_and_start), 5 * SLOW)
        for sock in socks:
            sock.close()

    def stop_and_start(self):
        began = time.monotonic()
        self.world.stop()
        took = time.monotonic() - began
        self.world.start()
        return took

    def huge_zone(self):
        """Seconds of work for a load."""
        records = '\n'.join(f'a{i} A 192.0.2.1' for i in range(2000000))
        self.world.write('zones/huge.example.zone', f'$TTL 1h\n@ SOA ns.x. h.x. 1 1 1 1 1\n NS ns.x.\n{records}\n')

    def end_at_once(self):
        """It works no more than a moment on; by the processor's time, since a machine may have other things to do."""
        def ended_children():
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            return usage.ru_utime + usage.ru_stime
        began, others = processor_time(self.world.daemon), ended_children()
        self.world.stop()
        self.assertLess(ended_children() - others - began, 2.5 * SLOW)

    def test_in_a_reload(self):
        """Nor do a reload of seconds and one that waits for it."""
        self.huge_zone()
        began = processor_time(self.world.daemon)
        self.world.signal(signal.SIGHUP)
        until(lambda: processor_time(self.world.daemon) > began + 0.2, 5, 'it is at work')
        self.world.signal(signal.SIGHUP)
        self.end_at_once()

    def test_in_the_first_load(self):
        self.world.stop()
        self.huge_zone()
        self.world.start(wait=False)
        until(lambda: processor_time(self.world.daemon) > 0.4, 5, 'it is at work')
        self.end_at_once()


FOLLOWING = '''\
datacenters: { iad: {}, fra: {} }
probes: { db: { type: http, port: 8080, path: /, read: [role, epoch], interval: 300ms, timeout: 3s } }
services:
  www.example.com:
    order: [iad, fra]
    probe: db
    follow: { role: primary, highest: epoch }
    all-down: last
    pools: { iad: [NET.1], fra: [NET.2] }
'''


class Kill(LiveTest):
    """kill -9: verdicts older than a second and overrides are there again."""
    started = False
    time = 60

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def kept(self, line):
        """Waits until the state has it: within a second where the machine is quiet."""
        def is_kept():
            return os.path.exists(self.world.path('state/verdicts')) and line in self.world.read('state/verdicts')
        until(is_kept, 1, f'{line!r} is kept')

    def test_restart(self):
        world = self.world
        first, second = steer(world)
        world.start()
        self.assertEqual(world.ask('www.example.com').data(), [first.address])
        first.behave = 'status 500'
        world.await_state('iad', 'down')
        since = world.targets()['iad']['since']
        self.assertTrue(world.control('drain', datacenter='fra', force=True)['ok'])
        self.kept(f'target web/{first.address}@8080 down ')
        world.signal(signal.SIGKILL)
        world.await_end(-signal.SIGKILL)
        first.behave = 'silent'
        world.start()
        health = world.targets()['iad']
        self.assertEqual((health['state'], health['since']), ('down', since), 'as if there had been no restart')
        self.assertEqual(world.status()['drained'], ['fra'])
        self.assertTrue(world.control('undrain', datacenter='fra')['ok'])
        self.assertEqual(world.ask('www.example.com').data(), [second.address])
        world.stop()

    def test_at_once(self):
        """Who is told that an override is done finds it in the state, though a verdict may be on its way there, too."""
        world = self.world
        steer(world)
        world.start()
        for turn in range(10):
            self.assertTrue(world.control('drain', datacenter='fra', force=True)['data']['kept'])
            self.assertIn('\ndrain fra ', world.read('state/verdicts'), turn)
            self.assertTrue(world.control('undrain', datacenter='fra')['data']['kept'])
            self.assertNotIn('\ndrain fra ', world.read('state/verdicts'), turn)
        world.stop()

    def test_full_disk(self):
        """What could not be kept is as soon as there is room, though nothing changes any more."""
        world = self.world
        steer(world)
        world.start()
        until(lambda: os.path.exists(world.path('state/verdicts')), 5 * SLOW, 'the first state')
        os.makedirs(world.path('state/verdicts.new/in-the-way'))
        self.assertFalse(world.control('drain', datacenter='fra', force=True)['data']['kept'])
        os.rmdir(world.path('state/verdicts.new/in-the-way'))
        os.rmdir(world.path('state/verdicts.new'))
        until(lambda: '\ndrain fra ' in world.read('state/verdicts'), 10 * SLOW, 'the drain is kept')
        world.stop()

    def test_epoch(self):
        """An epoch that was followed is known to the next process, though no verdict ever changed."""
        world = self.world
        first, second = steer(world, FOLLOWING, iad={'body': b'{"role": "primary", "epoch": 5}'},
                              fra={'body': b'{"role": "replica", "epoch": 5}'})
        world.start()
        self.assertEqual(world.ask('www.example.com').data(), [first.address])
        self.kept('epoch www.example.com. epoch 5\n')
        first.body, second.body = b'{"role": "replica", "epoch": 6}', b'{"role": "primary", "epoch": 6}'
        until(lambda: world.ask('www.example.com').data() == [second.address], 5 * SLOW, 'the new primary is followed')
        self.kept('epoch www.example.com. epoch 6\n')
        world.signal(signal.SIGKILL)
        world.await_end(-signal.SIGKILL)
        first.body = b'{"role": "primary", "epoch": 5}'
        second.stop()
        world.start()
        self.assertEqual(world.ask('www.example.com').data(), [second.address], 'never back to a lower epoch')
        world.stop()

    def test_damaged_state(self):
        world = self.world
        steer(world)
        world.write('state/verdicts', bytes(range(256)) * 50)
        world.start()
        self.assertEqual(world.ask('www.example.com').data(), [world.centers['iad'].address])
        world.stop()


class Connections(LiveTest):
    """Two thousand idle clients: the others do not notice, and everything comes back."""
    time, alone = 60, True

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.world.daemon.pid}/fd'))

    def test_idle(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 2100:
            self.skipTest(f'only {hard} descriptors')
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        memory, descriptors = self.world.memory(), self.descriptors()
        crowd = []
        for number in range(2000):
            crowd.append(socket.create_connection(self.world.server, 10 * SLOW, (f'{self.world.network}.{number % 200 + 1}', 0)))
        for sock in crowd[::2]:
            sock.send(b'\0')

        def ask():
            self.assertEqual(self.world.ask('ns1.example.com', over=dns.tcp).data(), ['192.0.2.1'])
            self.assertEqual(self.world.ask('ns1.example.com').data(), ['192.0.2.1'])
        self.assertLess(best(1 * SLOW, ask), 1 * SLOW)
        if SLOW == 1:
            self.assertLess(self.world.memory() - memory, 64 * 1024, 'KB of memory')
        for sock in crowd:
            sock.close()
        until(lambda: self.descriptors() <= descriptors, 10 * SLOW, 'all descriptors come back')

    def test_slow_reader(self):
        """Who asks and never reads does not make the server hold answers without end."""
        memory = self.world.memory()
        socks = []
        for _ in range(20):
            sock = socket.create_connection(self.world.server, 10 * SLOW)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(0.2)
            socks.append(sock)
            try:
                for _ in range(100):
                    sock.sendall(dns.frame(dns.query('example.com', 'SOA')) * 100)
            except (TimeoutError, ConnectionError):
                pass
        if SLOW == 1:
            self.assertLess(self.world.memory() - memory, 64 * 1024, 'KB of memory')
        self.assertEqual(self.world.ask('ns1.example.com', over=dns.tcp).data(), ['192.0.2.1'])
        for sock in socks:
            sock.close()

    def test_stop_and_continue(self):
        """SIGSTOP for a moment changes no answer."""
        self.world.signal(signal.SIGSTOP)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10 * SLOW)
            sock.connect(self.world.server)
            sock.send(dns.query('ns1.example.com', id=9))
            time.sleep(1)
            self.world.signal(signal.SIGCONT)
            self.assertEqual(dns.parse(sock.recv(4096)).data(), ['192.0.2.1'])

    def test_hostile_packets(self):
        """Twenty thousand pieces of noise write little and hide no good query."""
        noise = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(noise.close)
        noise.connect(self.world.server)
        noise.setblocking(False)
        good = dns.query('www.example.com', ecs='5.1.0.0/24')
        for number in range(20000):
            packet = bytearray(good)
            for at in (number * 7 % len(good), number * 31 % len(good)):
                packet[at] = (number * 131 + at) % 256
            try:
                noise.send(bytes(packet[:number % 3 * 20 + 12] if number % 5 == 0 else packet))
            except OSError:
                pass
            if number % 2000 == 0:
                self.assertEqual(self.world.ask('ns1.example.com').data(), ['192.0.2.1'])
                try:
                    while True:
                        noise.recv(4096)
                except BlockingIOError:
                    pass
        self.assertLess(len(self.world.log), 64 * 1024)
        self.assertIsNone(self.world.daemon.poll())


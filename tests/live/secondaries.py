"""secondaries.py: Debian's NSD and Knot DNS on loopback as secondaries of meridiand, and what they can be asked.

Each runs in the foreground, as whoever runs the test, from a folder of its own, on an address of its own, by which it
also asks its primary. It starts with no zone at all. Its log and its answers tell what it did.
"""
import os
import re
import shutil
import subprocess

NSD = '''\
server:
  ip-address: {address}@{port}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: ""
  zonelistfile: "{folder}/nsd.list"
  xfrdfile: ""
  xfrdir: "{folder}"
  logfile: "{folder}/nsd.log"
  verbosity: 2
  server-count: 1
  xfrd-reload-timeout: 0
remote-control:
  control-enable: no
'''
NSD_KEY = 'key:\n  name: {name}\n  algorithm: {algorithm}\n  secret: "{secret}"\n'
NSD_ZONE = '''\
zone:
  name: "{name}"
  zonefile: "nsd-{name}.zone"
  request-xfr: {udp}{primary}@{port} {key}
  allow-notify: {primary} {key}
  outgoing-interface: {address}
  provide-xfr: 127.0.0.0/8 NOKEY
'''

KNOT = '''\
server:
  rundir: "{folder}"
  listen: {address}@{port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: "{folder}/knot.log"
    any: info
database:
  storage: "{folder}"
  journal-db-max-size: 64M
'''
KNOT_KEY = 'key:\n  - id: {name}\n    algorithm: {algorithm}\n    secret: {secret}\n'
KNOT_ZONE = '''\
remote:
  - id: "from-{name}"
    address: {primary}@{port}
    via: {address}{key_line}
acl:
  - id: "tells-{name}"
    address: {primary}
    action: notify{key_line}
  - id: "asks-{name}"
    address: 127.0.0.0/8
    action: transfer
zone:
  - domain: "{name}"
    master: "from-{name}"
    acl: ["tells-{name}", "asks-{name}"]
    file: "knot-{name}.zone"
    zonefile-load: none
    zonefile-sync: -1
    journal-content: all
    storage: "{folder}"
'''


def zone_text(kind, key, **more):
    if kind == 'nsd':
        return NSD_ZONE.format(key=key or 'NOKEY', **more)
    return KNOT_ZONE.format(key_line=f'\n    key: {key}' if key else '', **more)


class Secondary:
    """`keys`: name → (algorithm, secret); `zones`: name → key or None; `udp`: NSD's IXFR goes over UDP for these."""

    def __init__(self, kind, world, number, keys, zones, udp=()):
        self.kind, self.folder = kind, world.path(f'secondary-{kind}-{number}')
        self.address, self.port = f'{world.network}.{number}', 5300
        os.makedirs(self.folder)
        where = {'address': self.address, 'folder': self.folder, 'primary': world.address, 'port': self.port}
        head, key_text = {'nsd': (NSD, NSD_KEY), 'knot': (KNOT, KNOT_KEY)}[kind]
        self.path = os.path.join(self.folder, f'{kind}.conf')
        with open(self.path, 'w') as file:
            file.write(head.format(**where))
            file.writelines(key_text.format(name=name, algorithm=algorithm, secret=secret)
                            for name, (algorithm, secret) in keys.items())
            file.writelines(zone_text(kind, key, name=name, udp='UDP ' if name in udp else '', **where)
                            for name, key in zones.items())
        self.process = None

    def start(self):
        command = {'nsd': ['/usr/sbin/nsd', '-d', '-c', self.path], 'knot': ['/usr/sbin/knotd', '-c', self.path]}
        self.process = subprocess.Popen(command[self.kind], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log(self):
        with open(os.path.join(self.folder, f'{self.kind}.log'), errors='replace') as file:
            return file.read()

    def running(self):
        assert self.process.poll() is None, f'{self.kind} ended: {self.log()}'
        return True

    def transfers(self, zone):
        """For each transfer that its log tells of: AXFR or IXFR, and the serial that it led to. NSD does not tell which of
        both it was: None."""
        if self.kind == 'knot':
            log, head = self.log(), rf'\[{re.escape(zone)}\.\] '
            forms = re.findall(head + r'(AXFR|IXFR), incoming,.* finished', log)
            return list(zip(forms, map(int, re.findall(head + r'refresh,.* zone updated,.* -> (\d+)', log))))
        return [(None, int(serial)) for serial in re.findall(
            rf'xfrd: zone {re.escape(zone)} committed "received update to serial (\d+)', self.log())]


def installed():
    return all(shutil.which(program, path='/usr/sbin:/usr/bin') for program in ('nsd', 'knotd', 'dig', 'kdig'))

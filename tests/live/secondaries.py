"""secondaries.py: Debian's NSD and Knot DNS on loopback as secondaries of meridiand, and what they can be asked.

Each is a Server of peers.py, on an address of its own, by which it also asks its primary. It starts with no zone at all.
Its log and its answers tell what it did.
"""
import re
import shutil

from peers import Server

KEYS = {'nsd': 'key:\n  name: {name}\n  algorithm: {algorithm}\n  secret: "{secret}"\n',
        'knot': 'key:\n  - id: {name}\n    algorithm: {algorithm}\n    secret: {secret}\n'}
NSD_ZONE = '''\
zone:
  name: "{name}"
  zonefile: "nsd-{name}.zone"
  request-xfr: {udp}{primary}@{port} {key}
  allow-notify: {primary} {key}
  outgoing-interface: {address}
  provide-xfr: 127.0.0.0/8 NOKEY
'''

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


class Secondary(Server):
    """`keys`: name → (algorithm, secret); `zones`: name → key or None; `udp`: NSD's IXFR goes over UDP for these."""

    def __init__(self, kind, world, number, keys, zones, udp=()):
        folder, address = world.path(f'secondary-{kind}-{number}'), f'{world.network}.{number}'
        where = {'address': address, 'folder': folder, 'primary': world.address, 'port': world.port}
        texts = ['server:\n  xfrd-reload-timeout: 0\n'] if kind == 'nsd' else []
        texts += [KEYS[kind].format(name=name, algorithm=algorithm, secret=secret)
                  for name, (algorithm, secret) in keys.items()]
        texts += [zone_text(kind, key, name=name, udp='UDP ' if name in udp else '', **where)
                  for name, key in zones.items()]
        super().__init__(kind, folder, address, ''.join(texts))

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

"""Zonemaster's tests of a delegated zone, in a network of our own in which meridiand is the root, too.

It has all it wants there: port 53, addresses that look public, two servers in different networks, names for addresses.
So whatever it complains of is ours. RFC 1034, 1035, 6891, 5936, 8906 and others, as Zonemaster reads them.
"""
import ctypes
import ipaddress
import json
import os
import shutil
import subprocess
import unittest

from world import LiveTest, World

ROOT, ROOT6 = '45.10.0.1', '2a01:10::1'
SERVERS = {'ns1': ('45.11.1.53', '2a01:11::53'), 'ns2': ('46.22.2.53', '2a02:22::53')}
SOA = '@ 3600 SOA ns1.delegated.meridian. hostmaster.delegated.meridian. 2026010101 14400 3600 1209600 3600\n'
GLUE = ''.join(f'{name}.delegated.meridian. 3600 A {v4}\n{name}.delegated.meridian. 3600 AAAA {v6}\n'
               for name, (v4, v6) in SERVERS.items())
ZONE = SOA + GLUE + '''\
@ 3600 NS ns1
@ 3600 NS ns2
@ 3600 MX 10 mail
@ 60 A 45.11.1.80
mail 3600 A 45.11.1.25
www 60 A 45.11.1.80
'''
GEO = '''\
services:
  www.delegated.meridian:
    order: [iad, fra]
    pools:
      iad: { members: [45.11.1.81], probe: none }
      fra: { members: [46.22.2.81], probe: none }
'''

NEWUSER, NEWNET = 0x10000000, 0x40000000


def own_network():
    """Puts this process into a network of its own, as root or as a user who may; says whether that worked."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(NEWNET) and libc.unshare(NEWUSER | NEWNET):
        return False
    if user:
        for name, text in (('setgroups', 'deny'), ('uid_map', f'0 {user} 1'), ('gid_map', f'0 {group} 1')):
            with open(f'/proc/self/{name}', 'w') as file:
                file.write(text)
    everybody = (ROOT, ROOT6, *(address for pair in SERVERS.values() for address in pair))
    commands = ['link set lo up'] + [f'address add {address} dev lo' for address in everybody if ':' not in address]
    commands += [f'address add {address}/128 dev lo nodad' for address in everybody if ':' in address]
    return all(subprocess.run(['ip', *command.split()], capture_output=True).returncode == 0 for command in commands)


PARENT_SOA = '@ 3600 SOA a.root. hostmaster.root. 1 14400 3600 1209600 3600\n@ 3600 NS a.root.\n'
PARENTS = {     # the root, the top, and reverse names
    'root': f'$ORIGIN .\n{PARENT_SOA}a.root 3600 A {ROOT}\na.root 3600 AAAA {ROOT6}\n'
            + ''.join(f'{name} 3600 NS a.root\n' for name in ('meridian', 'arpa')),
    'zones/meridian.zone': PARENT_SOA + 'delegated 3600 NS ns1.delegated\ndelegated 3600 NS ns2.delegated\n' + GLUE,
    'zones/arpa.zone': PARENT_SOA + ''.join(
        f'{ipaddress.ip_address(address).reverse_pointer}. 3600 PTR {name}.delegated.meridian.\n'
        for name, pair in SERVERS.items() for address in pair),
}
UNSIGNED = {'NEITHER_DNSKEY_NOR_DS', 'NOT_SIGNED'}
MODULES = {'ADDRESS', 'BASIC', 'CONSISTENCY', 'DELEGATION', 'DNSSEC', 'NAMESERVER', 'SYNTAX', 'ZONE'}


class Zonemaster(LiveTest):
    time = 120
    server = {'listen': json.dumps([f'{address}@53' for pair in SERVERS.values() for address in pair])}

    @classmethod
    def setUpClass(cls):
        if not shutil.which('zonemaster-cli'):
            raise unittest.SkipTest('zonemaster-cli is not installed')
        if not own_network():
            raise unittest.SkipTest('this user cannot have a network of its own')
        super().setUpClass()

    @classmethod
    def build(cls, world):
        world.write('zones/delegated.meridian.zone', ZONE)
        world.write('geo/services.yaml', GEO)
        cls.parent = World(listen=f'[{ROOT}@53, "{ROOT6}@53"]', zones='{ folder: zones, named: { .: root } }')
        cls.addClassCleanup(cls.parent.close)
        for name, text in PARENTS.items():
            cls.parent.write(name, text)
        cls.parent.write('hints', f'. 3600 IN NS a.root.\na.root. 3600 IN A {ROOT}\na.root. 3600 IN AAAA {ROOT6}\n')
        cls.parent.start()

    def test_delegated(self):
        done = subprocess.run(['zonemaster-cli', '--hints', self.parent.path('hints'), '--level', 'INFO', '--json',
                               '--no-progress', '--show-module', 'delegated.meridian'],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        found = json.loads(done.stdout)
        bad = [one for one in found if one['level'] not in ('INFO', 'DEBUG') and one['tag'] not in UNSIGNED]
        self.assertEqual(bad, [], 'what Zonemaster complains of')
        self.assertLessEqual(MODULES, {one['module'].upper() for one in found})

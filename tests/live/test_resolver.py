"""A resolver between client and server: unbound, which sends the client's subnet on and caches by its scope."""
import shutil
import subprocess
import unittest

import dns
from world import LiveTest, until

STEERING = '''\
datacenters:
  iad: { at: [38.95, -77.45] }
  fra: { at: [50.03, 8.57] }
maps: { world: { default: nearest, unknown: [iad] } }
services:
  www.example.com:
    map: world
    pools: { iad: { members: [192.0.2.11], probe: none }, fra: { members: [192.0.2.21], probe: none } }
'''

UNBOUND = '''\
server:
  interface: {address}
  port: 5301
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  do-not-query-localhost: no
  do-ip6: no
  access-control: 127.0.0.0/8 allow
  module-config: "{modules}iterator"
  qname-minimisation: no
  num-threads: 1
  {subnet}
remote-control:
  control-enable: no
stub-zone:
  name: "example.com"
  stub-addr: {server}@5300
'''
SUBNET = '''send-client-subnet: 127.0.0.0/8
  client-subnet-always-forward: yes
  max-client-subnet-ipv4: 24'''


@unittest.skipUnless(shutil.which('unbound', path='/usr/sbin:/usr/bin:/sbin:/bin'), 'no unbound')
class Resolver(LiveTest):
    @classmethod
    def build(cls, world):
        world.write('geo/world.yaml', STEERING)

    def unbound(self, subnet):
        address = f'{self.world.network}.{60 + subnet}'
        self.world.write('unbound.conf', UNBOUND.format(
            address=address, folder=self.world.folder, server=self.world.address,
            modules='subnetcache ' if subnet else '', subnet=SUBNET if subnet else ''))
        program = shutil.which('unbound', path='/usr/sbin:/usr/bin:/sbin:/bin')
        if subprocess.run([program, '-V'], capture_output=True, text=True).stdout.find('subnetcache') < 0 and subnet:
            self.skipTest('unbound without its module for client subnets')
        child = subprocess.Popen([program, '-d', '-c', self.world.path('unbound.conf')], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.stderr.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        server = (address, 5301)

        def answers():
            if child.poll() is not None:
                self.fail(f'unbound ended: {child.stderr.read()}')
            try:
                return dns.ask(server, 'ns1.example.com', rd=True, timeout=1).rcode == 'NOERROR'
            except OSError:
                return False
        until(answers, 10, 'unbound answers')
        return server

    def test_plain(self):
        server = self.unbound(False)
        for _ in range(2):
            answer = dns.ask(server, 'www.example.com', rd=True)
            self.assertEqual(answer.data(), ['192.0.2.11'], 'by the address of the resolver')
        self.assertEqual(dns.ask(server, 'none.example.com', rd=True).rcode, 'NXDOMAIN')

    def test_client_subnet(self):
        server = self.unbound(True)
        for client, given in [('5.1.1.0/24', '192.0.2.21'), ('5.2.1.0/24', '192.0.2.11'), ('5.1.2.0/24', '192.0.2.21'),
                              ('5.2.2.0/24', '192.0.2.11'), ('5.1.1.0/24', '192.0.2.21')]:
            answer = dns.ask(server, 'www.example.com', rd=True, ecs=client)
            self.assertEqual(answer.data(), [given], client)

        def queries():
            return self.world.control('stats')['data']['counters']['queries_total{transport="udp"}']
        before = queries()
        for third in range(3, 13):
            self.assertEqual(dns.ask(server, 'www.example.com', rd=True, ecs=f'5.1.{third}.0/24').data(), ['192.0.2.21'])
        self.assertLess(queries() - before, 5, 'the scope lets its cache answer the neighbours')

"""peers.py: Debian's NSD and Knot DNS on loopback, serving the same zone files, and a fast client for all of them.

Both run in the foreground, as whoever runs the test, from files in one folder, with nothing but their defaults and what
makes answers comparable: no rate limits, no rotation, no zone transfers. They are ended by their own ids.
"""
import os
import select
import socket
import struct
import subprocess

from world import SLOW, until

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
  server-count: 1
  minimal-responses: yes
  refuse-any: no
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
'''

KNOT = '''\
server:
  rundir: "{folder}/knot"
  listen: {address}@{port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: "{folder}/knot.log"
    any: warning
database:
  storage: "{folder}/knot"
template:
  - id: default
    storage: "{folder}"
    semantic-checks: off
    journal-content: none
    zonefile-sync: -1
zone:
'''


class Peer:
    """One server; `zones` is a list of (name in text, file)."""

    def __init__(self, name, folder, address, zones, port=5300):
        self.name, self.folder, self.server = name, folder, (address, port)
        os.makedirs(os.path.join(folder, 'knot'), exist_ok=True)
        form, each = {'nsd': (NSD, 'zone:\n  name: "{}"\n  zonefile: "{}"\n'),
                      'knot': (KNOT, '  - domain: "{}"\n    file: "{}"\n')}[name]
        path = os.path.join(folder, f'{name}.conf')
        with open(path, 'w') as file:
            file.write(form.format(address=address, port=port, folder=folder))
            file.writelines(each.format(*zone) for zone in zones)
        command = {'nsd': ['/usr/sbin/nsd', '-d', '-c', path], 'knot': ['/usr/sbin/knotd', '-c', path]}[name]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def log(self):
        try:
            with open(os.path.join(self.folder, f'{self.name}.log'), errors='replace') as file:
                return file.read()
        except OSError:
            return ''

    def await_zones(self, questions, timeout=60):
        """Waits until it answers all of the questions, one for each zone, with authority and without an error."""
        def missing():
            assert self.process.poll() is None, f'{self.name} ended: {self.log()}'
            replies = ask_all([self.server], questions, patience=0.2, tries=1)
            return [i for i, (wire,) in enumerate(replies) if not wire or not wire[2] & 4 or wire[3] & 15]
        try:
            until(lambda: not missing(), timeout * SLOW, f'{self.name} serves all zones')
        except AssertionError as failed:
            raise AssertionError(f'{failed}; it lacks {missing()[:9]}: {self.log()[-2000:]}') from None

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def gather(sock, wanted, replies, patience):
    """Takes replies to the ids in `wanted` until all are there or nothing comes any more."""
    while wanted:
        if not select.select([sock], [], [], patience)[0]:
            return
        try:
            while wanted:
                wire = sock.recv(65535)
                number = wire[0] << 8 | wire[1]
                if number in wanted:
                    wanted.discard(number)
                    replies[number] = wire
        except BlockingIOError:
            pass
        except ConnectionRefusedError:
            return


def ask_all(servers, queries, patience=2, tries=3, batch=48):
    """The replies of each server to each query (bytes with any id), over UDP: a list of tuples, None for silence."""
    sockets = []
    for server in servers:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.connect(server)
        sock.setblocking(False)
        sockets.append(sock)
    answers = []
    try:
        for start in range(0, len(queries), batch):
            part = queries[start:start + batch]
            framed = [struct.pack('!H', start + i & 0xffff) + query[2:] for i, query in enumerate(part)]
            replies = [{} for _ in sockets]
            for sock, found in zip(sockets, replies):
                wanted = {start + i & 0xffff for i in range(len(part))}
                for _ in range(tries):
                    try:
                        for query in framed:
                            if query[0] << 8 | query[1] in wanted:
                                sock.send(query)
                    except ConnectionRefusedError:
                        pass
                    gather(sock, wanted, found, patience * SLOW)
                    if not wanted:
                        break
            answers += [tuple(found.get(start + i & 0xffff) for found in replies) for i in range(len(part))]
    finally:
        for sock in sockets:
            sock.close()
    return answers

"""peers.py: Debian's NSD and Knot DNS on loopback, serving the same zone files, and a fast client for all of them.

A Server runs in the foreground, as whoever runs the test, from a folder of its own, and is ended by its own id. A Peer has
nothing but its defaults and what makes answers comparable: no rate limits, no rotation, no zone transfers.
"""
import os
import select
import socket
import struct
import subprocess

from world import SLOW, until

HEADS = {'nsd': '''\
server:
  ip-address: {address}@5300
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
remote-control:
  control-enable: no
''', 'knot': '''\
server:
  rundir: "{folder}"
  listen: {address}@5300
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: "{folder}/knot.log"
    any: info
database:
  storage: "{folder}"
  journal-db-max-size: 64M
'''}

NSD = '''\
server:
  zonesdir: "{zones}"
  minimal-responses: yes
  refuse-any: no
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
'''

KNOT = '''\
template:
  - id: default
    storage: "{zones}"
    semantic-checks: off
    journal-content: none
    zonefile-sync: -1
zone:
'''


class Server:
    """One server in the foreground; `text` is added to what its configuration says of folder and address."""

    def __init__(self, kind, folder, address, text):
        self.kind, self.folder, self.server = kind, folder, (address, 5300)
        self.path, self.process = os.path.join(folder, f'{kind}.conf'), None
        os.makedirs(folder, exist_ok=True)
        with open(self.path, 'w') as file:
            file.write(HEADS[kind].format(address=address, folder=folder) + text)

    def start(self):
        command = {'nsd': ['/usr/sbin/nsd', '-d', '-c', self.path], 'knot': ['/usr/sbin/knotd', '-c', self.path]}
        self.process = subprocess.Popen(command[self.kind], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def running(self):
        assert self.process.poll() is None, f'{self.kind} ended: {self.log()}'
        return True

    def log(self):
        try:
            with open(os.path.join(self.folder, f'{self.kind}.log'), errors='replace') as file:
                return file.read()
        except OSError:
            return ''

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Peer(Server):
    """It serves `zones`, a list of (name in text, file), from now on."""

    def __init__(self, kind, folder, address, zones):
        head, each = {'nsd': (NSD, 'zone:\n  name: "{}"\n  zonefile: "{}"\n'),
                      'knot': (KNOT, '  - domain: "{}"\n    file: "{}"\n')}[kind]
        super().__init__(kind, os.path.join(folder, kind), address,
                         head.format(zones=folder) + ''.join(each.format(*zone) for zone in zones))
        self.start()

    def await_zones(self, questions, timeout=60):
        """Waits until it answers all of the questions, one for each zone, with authority and without an error."""
        def missing():
            self.running()
            replies = ask_all([self.server], questions, patience=0.2, tries=1)
            return [i for i, (wire,) in enumerate(replies) if not wire or not wire[2] & 4 or wire[3] & 15]
        try:
            until(lambda: not missing(), timeout * SLOW, f'{self.kind} serves all zones')
        except AssertionError as failed:
            raise AssertionError(f'{failed}; it lacks {missing()[:9]}: {self.log()[-2000:]}') from None


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

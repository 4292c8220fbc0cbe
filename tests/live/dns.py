"""dns.py: as much of DNS as the live tests need, written apart from the server so that both cannot share an error.

query() makes the bytes of a question, parse() reads an answer strictly (a byte too many is an error), udp() and tcp()
carry them, ask() does all of it. RFC 1035, 6891, 7871, 7873, 5001.
"""
import ipaddress
import random
import socket
import struct
from dataclasses import dataclass, field

TYPES = {'A': 1, 'NS': 2, 'CNAME': 5, 'SOA': 6, 'PTR': 12, 'MX': 15, 'TXT': 16, 'AAAA': 28, 'SRV': 33, 'OPT': 41,
         'DS': 43, 'AXFR': 252, 'ANY': 255, 'CAA': 257}
NAMES = {number: name for name, number in TYPES.items()}
RCODES = {0: 'NOERROR', 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 4: 'NOTIMP', 5: 'REFUSED', 16: 'BADVERS',
          23: 'BADCOOKIE'}
NSID, ECS, COOKIE = 3, 8, 10


@dataclass
class Record:
    owner: str
    type: str
    ttl: int
    data: str


@dataclass
class Answer:
    wire: bytes
    id: int = 0
    rcode: str = ''
    aa: bool = False
    tc: bool = False
    rd: bool = False
    question: tuple = ()
    answer: list = field(default_factory=list)
    authority: list = field(default_factory=list)
    additional: list = field(default_factory=list)
    options: dict = None     # EDNS options by number; None: there was no OPT
    payload: int = 0

    def data(self, kind=None):
        """The data of the answer section, in order."""
        return [record.data for record in self.answer if kind in (None, record.type)]

    @property
    def scope(self):
        """Scope prefix length of the client subnet; None: none came."""
        return self.options[ECS][3] if self.options and ECS in self.options else None


def name_wire(name):
    labels = [label for label in name.rstrip('.').split('.') if label]
    return b''.join(bytes([len(label)]) + label.encode() for label in labels) + b'\0'


def ecs_option(prefix):
    """`198.51.100.0/24` as the bytes of the option: family, source, scope, as few address bytes as hold the prefix."""
    net = ipaddress.ip_network(prefix, strict=False)
    octets = (net.prefixlen + 7) // 8
    return struct.pack('!HBB', 1 if net.version == 4 else 2, net.prefixlen, 0) + net.network_address.packed[:octets]


def query(name, kind='A', *, id=None, rd=False, edns=1232, ecs=None, options=(), do=False, version=0, klass=1,
          opcode=0):
    """`edns` is the payload size that is offered; None: no EDNS. `ecs` is a prefix; `options` a list of (code, bytes)."""
    kind = TYPES.get(kind, kind)
    id = random.randrange(65536) if id is None else id
    options = list(options)
    if ecs:
        options.append((ECS, ecs_option(ecs)))
    wire = struct.pack('!6H', id, (0x0100 if rd else 0) | opcode << 11, 1, 0, 0, 0 if edns is None else 1)
    wire += name_wire(name) + struct.pack('!HH', kind, klass)
    if edns is not None:
        rdata = b''.join(struct.pack('!HH', code, len(data)) + data for code, data in options)
        wire += b'\0' + struct.pack('!HHIH', TYPES['OPT'], edns, version << 16 | (0x8000 if do else 0), len(rdata))
        wire += rdata
    return wire


class Reader:
    def __init__(self, wire):
        self.wire, self.at = wire, 0

    def take(self, count):
        if self.at + count > len(self.wire):
            raise ValueError('the message ends too early')
        self.at += count
        return self.wire[self.at - count:self.at]

    def numbers(self, form):
        return struct.unpack('!' + form, self.take(struct.calcsize('!' + form)))

    def name(self):
        labels, at, back, hops = [], self.at, None, 0
        while True:
            length = self.wire[at]
            if length >= 0xc0:
                back = at + 2 if back is None else back
                target = (length & 0x3f) << 8 | self.wire[at + 1]
                hops += 1
                if target >= at or hops > 60:
                    raise ValueError('a compression pointer that does not point back')
                at = target
            elif length > 63:
                raise ValueError('a label of an unknown kind')
            else:
                at += 1
                if not length:
                    break
                labels.append(self.wire[at:at + length].decode('latin-1'))
                at += length
        self.at = at if back is None else back
        return '.'.join(labels) + '.'


def rdata_text(reader, kind, length):
    end = reader.at + length
    if kind == 'A' or kind == 'AAAA':
        text = str(ipaddress.ip_address(reader.take(length)))
    elif kind in ('NS', 'CNAME', 'PTR'):
        text = reader.name()
    elif kind == 'MX':
        text = f'{reader.numbers("H")[0]} {reader.name()}'
    elif kind == 'SRV':
        text = ' '.join(map(str, reader.numbers('HHH'))) + ' ' + reader.name()
    elif kind == 'SOA':
        text = f'{reader.name()} {reader.name()} ' + ' '.join(map(str, reader.numbers('5I')))
    elif kind == 'TXT':
        parts = []
        while reader.at < end:
            parts.append(reader.take(reader.numbers('B')[0]).decode('latin-1'))
        text = ' '.join(parts)
    else:
        text = reader.take(length).hex()
    if reader.at != end:
        raise ValueError(f'the length of a {kind} is wrong')
    return text


def record(reader, answer, section):
    owner = reader.name()
    number, klass, ttl, length = reader.numbers('HHIH')
    kind = NAMES.get(number, f'TYPE{number}')
    if kind != 'OPT':
        section.append(Record(owner, kind, ttl, rdata_text(reader, kind, length)))
        return
    if answer.options is not None or section is not answer.additional or owner != '.':
        raise ValueError('a wrong OPT')
    answer.payload, answer.options = klass, {}
    answer.rcode = (ttl >> 24) << 4 | answer.rcode
    end = reader.at + length
    while reader.at < end:
        code, size = reader.numbers('HH')
        answer.options[code] = reader.take(size)


def parse(wire):
    reader, answer = Reader(wire), Answer(wire)
    answer.id, flags, questions, *counts = reader.numbers('6H')
    if not flags & 0x8000:
        raise ValueError('this is no response')
    answer.rcode = flags & 15
    answer.aa, answer.tc, answer.rd = bool(flags & 0x400), bool(flags & 0x200), bool(flags & 0x100)
    if questions:
        answer.question = (reader.name(), *reader.numbers('HH'))
    for count, section in zip(counts, (answer.answer, answer.authority, answer.additional)):
        for _ in range(count):
            record(reader, answer, section)
    if reader.at != len(wire):
        raise ValueError('bytes after the end of the message')
    answer.rcode = RCODES.get(answer.rcode, str(answer.rcode))
    return answer


def family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def udp(server, wire, timeout=10, source=None):
    """One datagram there, the one with our number back; a lost one raises TimeoutError."""
    with socket.socket(family(server[0]), socket.SOCK_DGRAM) as sock:
        if source:
            sock.bind((source, 0))
        sock.settimeout(timeout)
        sock.connect(server)
        sock.send(wire)
        while True:
            back = sock.recv(65535)
            if back[:2] == wire[:2]:
                return back


def frame(wire):
    return struct.pack('!H', len(wire)) + wire


def read_frame(stream):
    """A message from a file of a TCP connection; None at its end."""
    head = stream.read(2)
    if len(head) < 2:
        return None
    body = stream.read(struct.unpack('!H', head)[0])
    return body


def tcp(server, wire, timeout=10, source=None):
    with socket.create_connection(server, timeout, (source, 0) if source else None) as sock:
        sock.sendall(frame(wire))
        return read_frame(sock.makefile('rb'))


def ask(server, name, kind='A', *, over=udp, timeout=10, source=None, **more):
    wire = query(name, kind, **more)
    answer = parse(over(server, wire, timeout, source))
    if answer.id != struct.unpack('!H', wire[:2])[0]:
        raise ValueError('an answer to another question')
    return answer

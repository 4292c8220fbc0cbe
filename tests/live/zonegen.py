"""zonegen.py: small zones full of what is hard in the DNS, and the questions worth asking about them; all from a seed.

family(seed) makes one to four zones that know of each other: a parent, perhaps a child and a grandchild (both sides of
a cut served by one server), and a neighbour. A name is a tuple of labels (bytes), without the root. Zones are ones that
a careful server takes: no data beside a CNAME, none below a DNAME; what stands below a cut may be anything.
"""
import random
from dataclasses import dataclass, field

TYPES = {'A': 1, 'NS': 2, 'CNAME': 5, 'SOA': 6, 'PTR': 12, 'MX': 15, 'TXT': 16, 'AAAA': 28, 'SRV': 33, 'DNAME': 39,
         'DS': 43, 'SVCB': 64, 'HTTPS': 65, 'ANY': 255, 'CAA': 257, 'TYPE65400': 65400}
LABELS = [b'a', b'b', b'c', b'd', b'w', b'ns', b'A1', b'x.y', b'x y', b'\x00\xff', b'"q";', b'*a', b'l' * 63]
WEIGHTS = [6, 6, 4, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1]
DS = '12345 13 2 ' + '0123456789ABCDEF' * 4
ALWAYS = ('A', 'AAAA', 'DS', 'NS')
ASKED = ('A', 'AAAA', 'NS', 'CNAME', 'DNAME', 'SOA', 'MX', 'TXT', 'DS', 'SRV', 'SVCB', 'HTTPS', 'PTR', 'CAA',
         'TYPE65400', 'ANY')


def lower(name):
    return tuple(label.lower() for label in name)


def wire(name):
    return b''.join(bytes([len(label)]) + label for label in name) + b'\0'


def fits(name):
    return len(wire(name)) <= 255


def text(name):
    """In a master file, always with its final dot."""
    def escaped(label):
        return ''.join(chr(byte) if chr(byte).isalnum() and byte < 128 or byte in b'-_*' else
                       '\\' + chr(byte) if byte in b'."\\;' else f'\\{byte:03d}' for byte in label)
    return ''.join(escaped(label) + '.' for label in name) or '.'


def within(name, above):
    """At or below."""
    return len(name) >= len(above) and lower(name[len(name) - len(above):]) == lower(above)


@dataclass
class Zone:
    origin: tuple
    sets: dict = field(default_factory=dict)    # lower-case owner → type → list of data, names in data already as text
    shown: dict = field(default_factory=dict)   # lower-case owner → owner as it is written
    targets: list = field(default_factory=list)  # names that data leads to
    kin: list = field(default_factory=list, repr=False)  # all zones of the family

    def has(self, owner, kind):
        return kind in self.sets.get(lower(owner), {})

    def cut_above(self, owner):
        """The delegation at or above a name, if any."""
        for start in range(len(owner) - len(self.origin) - 1, -1, -1):
            if self.has(owner[start:], 'NS') and owner[start] != b'*':
                return owner[start:]
        return None

    def may_add(self, owner, kind):
        here = self.sets.get(lower(owner), {})
        if not fits(owner) or not within(owner, self.origin) or len(owner) - len(self.origin) > 100:
            return False
        if 'CNAME' in here or kind == 'CNAME' and here or kind in ('DNAME', 'CNAME') and kind in here:
            return False
        apex = lower(owner) == lower(self.origin)
        if not apex and (kind == 'DNAME' and 'NS' in here or kind == 'NS' and 'DNAME' in here):
            return False
        if apex and kind in ('CNAME', 'DS', 'DNAME'):
            return False
        # NSD, which keeps all zones in one tree, refuses a DNAME above a name of any zone
        if kind == 'DNAME' and any(within(name, owner) and name != lower(owner)
                                   for zone in self.kin for name in zone.sets):
            return False
        return not any(zone.has(owner[start:], 'DNAME') for start in range(1, len(owner)) for zone in self.kin)

    def add(self, owner, kind, data):
        if not self.may_add(owner, kind):
            return False
        self.shown.setdefault(lower(owner), owner)
        known = self.sets.setdefault(lower(owner), {}).setdefault(kind, [])
        if data not in known:
            known.append(data)
        return True

    def ttl(self, owner, kind):
        return 60 + (len(owner) * 7 + TYPES[kind]) % 50

    def file(self):
        """The master file."""
        lines = []
        for owner, sets in self.sets.items():
            for kind, data in sets.items():
                lines += [f'{text(self.shown[owner])} {self.ttl(owner, kind)} IN {kind} {each}' for each in data]
        return '\n'.join(lines) + '\n'


class Maker:
    """Fills the zones of a family."""

    def __init__(self, seed, zones):
        self.random = random.Random(seed)
        self.zones = zones
        self.serial = 1

    def label(self):
        return self.random.choices(LABELS, WEIGHTS)[0]

    def below(self, name, most=3):
        return tuple(self.label() for _ in range(self.random.randint(1, most))) + name

    def owner(self, zone):
        """A name for new data: often near to what is there."""
        pick = self.random.random()
        if pick < 0.45 and len(zone.sets) > 1:
            near = zone.shown[self.random.choice(list(zone.sets))]
            name = self.below(near, 1) if self.random.random() < 0.6 else near
        else:
            name = self.below(zone.origin)
        if self.random.random() < 0.18:
            name = (b'*',) + name
        if self.random.random() < 0.05:
            name = (self.label(), b'*') + name
        return name

    def target(self, zone):
        """A name for data to lead to: of this zone, of another of the family, or of nobody here."""
        other = self.random.choice(self.zones) if self.random.random() < 0.3 else zone
        pick = self.random.random()
        if pick < 0.1:
            return self.random.choice([(b'out', b'side'), (b'x',), ()])
        if pick < 0.7 and other.sets:
            name = other.shown[self.random.choice(list(other.sets))]
            if name[:1] == (b'*',) and self.random.random() < 0.7:
                name = (b'q',) + name[1:]
            return self.below(name, 1) if self.random.random() < 0.3 else name
        return self.owner(other)

    def lead(self, zone, kind):
        hosts = [owner for owner, sets in zone.sets.items() if 'A' in sets or 'AAAA' in sets]
        if hosts and kind in ('MX', 'SRV', 'SVCB', 'HTTPS') and self.random.random() < 0.6:
            name = zone.shown[self.random.choice(hosts)]
        else:
            name = self.target(zone)
        if not fits(name):
            name = zone.origin
        zone.targets.append(name)
        return text(name)

    def address(self, kind):
        self.serial += 1
        high, low = self.serial // 250 % 250, self.serial % 250
        return f'192.0.{high}.{low}' if kind == 'A' else f'2001:db8::{self.serial:x}'

    # ---- what a zone gets; each is called with a zone ----

    def host(self, zone):
        owner = self.owner(zone)
        for kind in self.random.sample(('A', 'AAAA', 'A', 'TXT', 'CAA', 'TYPE65400'), self.random.randint(1, 3)):
            zone.add(owner, kind, self.plain(kind))

    def plain(self, kind):
        if kind in ('A', 'AAAA'):
            return self.address(kind)
        return {'TXT': f'"t{self.serial}" "a b"', 'CAA': '0 issue "ca.example"', 'TYPE65400': r'\# 3 010203'}[kind]

    def wildcard(self, zone):
        owner = (b'*',) + self.owner(zone)
        kind = self.random.choice(('A', 'A', 'AAAA', 'TXT', 'MX', 'CNAME', 'DNAME', 'NS', 'SRV'))
        self.set_of(zone, owner, kind)

    def set_of(self, zone, owner, kind):
        if kind == 'MX':
            zone.add(owner, kind, f'{self.random.randint(1, 20)} {self.lead(zone, kind)}')
        elif kind == 'SRV':
            zone.add(owner, kind, f'1 2 3 {self.lead(zone, kind)}')
        elif kind in ('SVCB', 'HTTPS'):
            number = self.random.randint(0, 2)
            zone.add(owner, kind, f'{number} {self.lead(zone, kind)}' + (' port=53' if number else ''))
        elif kind in ('CNAME', 'DNAME', 'NS', 'PTR'):
            zone.add(owner, kind, self.lead(zone, kind))
        else:
            zone.add(owner, kind, self.plain(kind))

    def leading(self, zone):
        owner = self.owner(zone)
        for kind in self.random.choices(('MX', 'SRV', 'SVCB', 'HTTPS', 'PTR', 'MX'), k=self.random.randint(1, 2)):
            self.set_of(zone, owner, kind)

    def alias(self, zone):
        owner = self.owner(zone)
        self.set_of(zone, owner, 'CNAME')
        if self.random.random() < 0.3:     # a chain, or a loop, of some links
            for _ in range(self.random.randint(1, 4)):
                following = self.below(zone.origin, 2)
                self.set_of(zone, following, 'CNAME')
                zone.add(self.below(zone.origin, 2), 'CNAME', text(following))

    def loop(self, zone):
        names = [self.below(self.random.choice(self.zones).origin, 2) for _ in range(self.random.randint(1, 3))]
        for name, following in zip(names, names[1:] + names[:1]):
            for each in self.zones:
                if within(name, each.origin):
                    each.add(name, 'CNAME', text(following))

    def redirect(self, zone):
        owner = self.owner(zone)
        pick = self.random.random()
        if pick < 0.15:
            target = self.long_name(zone)
        elif pick < 0.25:
            target = self.below(owner, 1)   # into itself: grows with each step
        else:
            target = self.target(zone)
        if fits(target) and zone.add(owner, 'DNAME', text(target)):
            zone.targets.append(target)

    def long_name(self, zone):
        room = 255 - len(wire(zone.origin)) - self.random.randint(0, 12)
        labels = []
        while room > 1:
            size = min(room - 1, self.random.choice((1, 9, 63, 63)))
            labels.append(bytes([97 + len(labels) % 26]) * size)
            room -= size + 1
        return tuple(labels) + zone.origin

    def long(self, zone):
        zone.add(self.long_name(zone), 'A', self.address('A'))

    def deep(self, zone):
        labels = tuple(self.label() if self.random.random() < 0.1 else b'e' for _ in range(self.random.randint(5, 60)))
        zone.add(labels + self.owner(zone), 'A', self.address('A'))

    def delegation(self, zone):
        cut = self.owner(zone)
        if cut[:1] == (b'*',) or zone.cut_above(cut) and self.random.random() < 0.7:
            cut = self.below(zone.origin, 2)
        for _ in range(self.random.randint(1, 3)):
            self.server(zone, cut)
        if self.random.random() < 0.4:
            zone.add(cut, 'DS', DS)
        if self.random.random() < 0.3:      # never served
            self.set_of(zone, self.random.choice((cut, self.below(cut, 2), (b'*',) + cut)),
                        self.random.choice(('A', 'TXT', 'MX', 'NS', 'AAAA')))

    def server(self, zone, cut):
        pick = self.random.random()
        cuts = [name for name in zone.sets if zone.has(name, 'NS') and name != lower(zone.origin)]
        if pick < 0.45:
            host = self.below(cut, 1)
        elif pick < 0.55:
            host = cut
        elif pick < 0.7 and cuts:
            host = self.below(zone.shown[self.random.choice(cuts)], 1)
        elif pick < 0.85:
            host = self.target(zone)
        else:
            host = (b'ns', b'out', b'side')
        if not fits(host) or not zone.add(cut, 'NS', text(host)):
            return
        zone.targets.append(host)
        if within(host, zone.origin) and self.random.random() < 0.8:
            for kind in self.random.choice((('A',), ('AAAA',), ('A', 'AAAA'))):
                zone.add(host, kind, self.address(kind))

    def apex(self, zone):
        zone.add(zone.origin, 'SOA', f'{text((b"mname",) + zone.origin)} rname.invalid. 1 3600 600 86400 '
                 f'{self.random.choice((30, 3600))}')
        zone.add(zone.origin, 'NS', text((b'ns',) + zone.origin))
        zone.add((b'ns',) + zone.origin, 'A', self.address('A'))
        if self.random.random() < 0.5:
            zone.add(zone.origin, 'NS', 'ns.out.side.')

    def fill(self, zone, count):
        makers = ((self.host, 8), (self.wildcard, 4), (self.leading, 4), (self.alias, 4), (self.redirect, 3),
                  (self.delegation, 5), (self.loop, 1), (self.deep, 1), (self.long, 1))
        for maker in self.random.choices([row[0] for row in makers], [row[1] for row in makers], k=count):
            maker(zone)


def family(seed, top=None):
    """The zones of a seed; `top` is the origin of the first."""
    choose = random.Random(f'family {seed}')
    top = (b'n%d' % seed,) if top is None else top
    zones = [Zone(top)]
    if choose.random() < 0.5:
        zones.append(Zone((b'kid',) + top))
        if choose.random() < 0.4:
            zones.append(Zone((b'b', b'a', b'kid') + top))
    if choose.random() < 0.4:
        zones.append(Zone((b'm%d' % seed,)))
    for zone in zones:
        zone.kin = zones
    maker = Maker(f'zones {seed}', zones)
    for zone in zones:
        maker.apex(zone)
    for parent in zones:
        for child in zones:
            if child is not parent and within(child.origin, parent.origin) and choose.random() < 0.8:
                maker.server(parent, child.origin)
                if choose.random() < 0.5:
                    parent.add(child.origin, 'DS', DS)
    for zone in zones:
        maker.fill(zone, choose.randint(4, 14))
    return zones


@dataclass
class Question:
    name: tuple
    kind: int
    edns: int      # payload; 0: none
    do: bool


def names_of(zone, choose):
    """The names worth asking: what is there, above, beside and below it, and where it leads."""
    names = set()
    for owner in [*zone.sets, *(lower(target) for target in zone.targets)]:
        names.add(owner)
        for start in range(1, min(len(owner) - len(zone.origin) + 1, 4)):
            names.add(owner[start:])                       # ancestors, empty non-terminals among them
        parent = owner[1:]
        names.add((b'zz',) + parent)
        names.add((b'zz',) + owner)
        names.add((choose.choice((b'*', b'a', b'zz', b'x.y')), choose.choice((b'b', b'*', b'zz'))) + owner)
        if owner[:1] == (b'*',):
            names.add((b'a', b'zz') + parent)
            names.add((b'\x00', b'*') + parent)
        if 'DNAME' in zone.sets.get(owner, {}):
            names.add(tuple(b'k' * choose.choice((1, 40, 63)) for _ in range(choose.randint(1, 3))) + owner)
    return sorted(name for name in names if fits(name))


def questions(zones, seed, share=0.35):
    """All questions for a family."""
    choose = random.Random(f'questions {seed}')
    found = []
    for zone in zones:
        for name in names_of(zone, choose):
            kinds = {'A', *zone.sets.get(name, {})}
            kinds |= {kind for kind in ALWAYS if choose.random() < share}
            kinds |= set(choose.sample(ASKED, 1))
            for kind in sorted(kinds):
                shown = tuple(label.upper() for label in name) if choose.random() < 0.1 else name
                mode = choose.random()
                found.append(Question(shown, TYPES[kind], 0 if mode < 0.15 else 1232, mode > 0.5))
    return found

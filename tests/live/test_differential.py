"""The same generated zones in meridiand, NSD and Knot DNS: every answer the same, or an RFC says why not.

MERIDIAN_DIFFERENTIAL=N   families of zones that are asked (zonegen.py; default 120)
MERIDIAN_SEED=N           the first family (default 1)
"""
import os
import shutil
import struct
import unittest
from collections import Counter
from dataclasses import dataclass

import dns
import peers
import zonegen
from world import LiveTest, SLOW

FAMILIES = int(os.environ.get('MERIDIAN_DIFFERENTIAL', '120'))
SEED = int(os.environ.get('MERIDIAN_SEED', '1'))
EACH = 400      # families in one start of the servers
NAMED = {2: 0, 5: 0, 12: 0, 39: 0, 6: 0, 15: 2, 33: 6, 64: 2, 65: 2}    # where names begin in the data of a type


@dataclass(frozen=True)
class Reply:
    """What is compared. Names are in lower case and whole; records are (owner, type, TTL, data)."""
    rcode: int
    aa: bool
    tc: bool
    answer: frozenset
    authority: frozenset
    additional: frozenset


def name_at(wire, at):
    """The name there as lower-case wire bytes, and where it ends."""
    parts, end = [], 0
    for _ in range(300):
        size = wire[at]
        if size >= 0xc0:
            end = end or at + 2
            at = (size & 63) << 8 | wire[at + 1]
        elif size:
            parts.append(wire[at:at + size + 1])
            at += size + 1
        else:
            return b''.join(parts).lower() + b'\0', end or at + 1
    raise ValueError('a name without an end')


def data_at(wire, kind, at, size):
    skip = NAMED.get(kind)
    if skip is None:
        return wire[at:at + size]
    name, end = name_at(wire, at + skip)
    parts = [wire[at:at + skip], name]
    if kind == 6:
        name, end = name_at(wire, end)
        parts.append(name)
    return b''.join(parts) + wire[end:at + size]


def digest(wire):
    _, flags, questions, *counts = struct.unpack_from('!6H', wire)
    at = 12
    for _ in range(questions):
        at = name_at(wire, at)[1] + 4
    sections = []
    for count in counts:
        records = []
        for _ in range(count):
            owner, at = name_at(wire, at)
            kind, _, ttl, size = struct.unpack_from('!HHIH', wire, at)
            at += 10
            if kind != 41:
                records.append((owner, kind, ttl, data_at(wire, kind, at, size)))
            at += size
        sections.append(frozenset(records))
    if at != len(wire):
        raise ValueError('bytes behind the end')
    return Reply(flags & 15, bool(flags & 0x400), bool(flags & 0x200), *sections)


def query(question):
    wire = struct.pack('!6H', 0, 0, 1, 0, 0, 1 if question.edns else 0) + zonegen.wire(question.name)
    wire += struct.pack('!HH', question.kind, 1)
    if question.edns:
        wire += b'\0' + struct.pack('!HHIH', 41, question.edns, 0x8000 if question.do else 0, 0)
    return wire


@dataclass
class Case:
    """A difference between meridiand and one peer."""
    zones: list
    question: zonegen.Question
    peer: str
    ours: Reply
    theirs: Reply

    def __post_init__(self):
        """`chain`: the question's name and those that either answer leads it to; each lies in one of `in_zones`."""
        self.chain = [zonegen.lower(self.question.name)]
        self.chain += [labels(data) for _, kind, _, data in sorted(self.ours.answer | self.theirs.answer) if kind == 5]
        self.in_zones = [self.zone_of(name) for name in self.chain]

    def zone_of(self, name):
        """Where a name is looked up: in the nearest zone, DS of its apex in the one above."""
        ds = self.question.kind == 43
        above = [zone for zone in self.zones if zonegen.within(name, zone.origin) and not (ds and name == zone.origin)]
        return max(above, key=lambda zone: len(zone.origin), default=None)

    def begun(self):
        """The records of our chain up to where it first leaves the zone of the question."""
        records, name = set(), self.chain[0]
        links = {labels(record[0]): record for record in self.ours.answer if record[1] == 5}
        while self.zone_of(name) is self.in_zones[0] and name in links and links[name] not in records:
            records.add(links[name])
            name = labels(links[name][3])
        return records

    def differs(self):
        return {part for part in ('rcode', 'aa', 'tc', 'answer', 'authority', 'additional')
                if getattr(self.ours, part) != getattr(self.theirs, part)}

    def owners(self, kind):
        return [owner for zone in self.zones for owner, sets in zone.sets.items() if kind in sets]

    def meets_wildcard(self, kind):
        """Does a name of the chain stand where a wildcard has a set of that type, or below it?"""
        return any(zonegen.within(name, owner[1:]) for owner in self.owners(kind) if owner[:1] == (b'*',)
                   for name in self.chain)

    def __str__(self):
        names = {number: name for name, number in zonegen.TYPES.items()}
        lines = [f'{zonegen.text(self.question.name)} {names[self.question.kind]} edns {self.question.edns} '
                 f'do {self.question.do}: meridiand and {self.peer} differ in {" ".join(sorted(self.differs()))}']
        for name, reply in (('meridiand', self.ours), (self.peer, self.theirs)):
            lines.append(f'  {name}: rcode {reply.rcode}{" AA" * reply.aa}{" TC" * reply.tc}')
            for section in ('answer', 'authority', 'additional'):
                lines += [f'    {section} {zonegen.text(labels(owner))} {ttl} {names.get(kind, kind)} {data!r}'
                          for owner, kind, ttl, data in sorted(getattr(reply, section))]
        return '\n'.join(lines)


def labels(wire):
    found, at = [], 0
    while wire[at]:
        found.append(wire[at + 1:at + 1 + wire[at]])
        at += wire[at] + 1
    return tuple(found)


def only_some_sets(case):
    """Each gives some of what is there."""
    return case.question.kind == 255 and case.differs() <= {'answer', 'additional', 'tc'} and \
        bool(case.ours.answer) == bool(case.theirs.answer)


def leaves_zone(case):
    """The chain comes into another zone of ours, and Knot's ends there, or is looked for in the zone where it began."""
    return any(zone is not case.in_zones[0] for zone in case.in_zones) and case.begun() <= case.theirs.answer


def ends_in_ds(case):
    """DS at the end of a chain, of a zone that is served below one that is."""
    return case.question.kind == 43 and leaves_zone(case) and any(zone.origin in case.chain[1:] for zone in case.zones)


def loses_glue(case):
    """A referral that lacks an address which the zone has within the cut, and does not say so."""
    zone, given = case.in_zones[-1], {(labels(record[0]), record[1]) for record in case.theirs.additional}
    cut = next((labels(owner) for owner, kind, _, _ in case.theirs.authority if kind == 2), None)
    hosts = [labels(data) for _, kind, _, data in case.theirs.authority if kind == 2]
    return cut is not None and case.ours.tc and not case.theirs.tc and not case.theirs.aa and any(
        kind in zone.sets.get(host, {}) and (host, zonegen.TYPES[kind]) not in given
        for host in hosts if zonegen.within(host, cut) for kind in ('A', 'AAAA'))


def in_nested_zones(case):
    """A name of the chain, or one that is led to, lies in two of the zones, one below the other."""
    names = case.chain + [labels(record[0]) for record in case.ours.additional | case.theirs.additional]
    return any(sum(zonegen.within(name, zone.origin) for zone in case.zones) > 1 for name in names)


def lacks_sibling(case):
    """Glue of another delegation's names, in a long referral."""
    cut = next((labels(owner) for owner, kind, _, _ in case.ours.authority if kind == 2), None)
    lost = {labels(record[0]) for record in case.ours.additional - case.theirs.additional}
    return cut and case.differs() == {'additional'} and not case.theirs.additional - case.ours.additional and \
        not any(zonegen.within(name, cut) for name in lost)


def has_long_chain(case):
    into_itself = any(kind == 39 and zonegen.within(labels(data), labels(owner))
                      for owner, kind, _, data in case.ours.answer)
    return sum(record[1] == 5 for record in case.ours.answer) > 4 or into_itself or case.ours.tc and case.theirs.answer


def loses_long_target(case):
    return case.ours.rcode == 6 and case.theirs.rcode in (3, 6)


def only_more(case, section, kinds):
    """Does the peer give more of these types in one section, and is all the rest the same?"""
    more = getattr(case.theirs, section) - getattr(case.ours, section)
    return case.differs() == {section} and getattr(case.ours, section) < getattr(case.theirs, section) and \
        all(record[1] in kinds for record in more)


def is_brief(case):
    return case.ours.answer and case.differs() == {'additional'} and case.theirs.additional < case.ours.additional


def gives_glue(case):
    """Addresses of a target below a cut, in an answer with authority."""
    return only_more(case, 'additional', (1, 28)) and case.ours.answer and all(
        case.in_zones[-1].cut_above(name) for name in
        {labels(record[0]) for record in case.theirs.additional - case.ours.additional})


def follows_wildcard(case):
    """Addresses of a target that has them from a wildcard."""
    names = {labels(record[0]) for record in case.theirs.additional - case.ours.additional}
    return only_more(case, 'additional', (1, 28)) and not any(name in case.zone_of(name).sets for name in names)


def of_service(case):
    return case.differs() == {'additional'} and any(record[1] in (64, 65) for record in case.ours.answer)


# The first row that explains a difference to a peer settles it. Where the peers agree with each other, only a row for both.
RULES = [
    ('nsd knot', 'RFC 2181 9: beside TC nothing counts', lambda case: case.ours.tc and case.theirs.tc),
    ('nsd knot', 'RFC 1035 4.1.4: well compressed, it fits', lambda case: case.theirs.tc and not case.ours.tc),
    ('nsd knot', 'RFC 8482 4.1: of all sets one is given for ANY', only_some_sets),
    ('nsd knot', 'RFC 4592 4.2: NS at a wildcard is data, not a cut', lambda case: case.meets_wildcard('NS')),
    ('knot', 'RFC 6672 3.3, 4592 4.4: a DNAME at a wildcard is not expanded', lambda case: case.meets_wildcard('DNAME')),
    ('knot', 'RFC 6672 2.2: a DNAME that makes a name too long is YXDOMAIN', loses_long_target),
    ('nsd knot', 'RFC 4035 3.1.4.1: DS is of the nearest zone above, at the end of a chain, too', ends_in_ds),
    ('nsd', 'RFC 9471 3.1: glue that does not fit is not left out silently', loses_glue),
    ('knot', 'RFC 1034 4.3.2 3a: a chain goes on in the zone that is nearest to the new name', leaves_zone),
    ('nsd', 'RFC 1034 4.2.1, 4.3.2 2: what one zone hides below a cut is not there for the zone below', in_nested_zones),
    ('nsd knot', 'RFC 1034 5.2.2: how many links of a chain are followed is the server\'s to bound', has_long_chain),
    ('knot', 'RFC 1034 4.3.2 6: addresses that a wildcard gives a target are left to be asked', follows_wildcard),
    ('knot', 'RFC 2181 5.4.1: what stands below a cut is glue, for referrals alone', gives_glue),
    ('nsd', 'RFC 1034 4.3.2 6: additional records beside an answer may be left out', is_brief),
    ('knot', 'RFC 9471 2.2: sibling glue that does not fit may be left out', lacks_sibling),
    ('nsd knot', 'RFC 9460 4.1: what a service leads to is added where the zone has it', of_service),
]


def settled(case, alone):
    """The rule; None if there is none. `alone`: the other peer says something else than this one."""
    for named, why, explains in RULES:
        if case.peer in named and (alone or named == 'nsd knot') and explains(case):
            return why
    return None


def all_zones(families):
    return [zone for family in families.values() for zone in family]


class Differential(LiveTest):
    time, started = 120 + FAMILIES // 4, False

    def setUp(self):
        if not (os.access('/usr/sbin/nsd', os.X_OK) and os.access('/usr/sbin/knotd', os.X_OK)):
            self.skipTest('there is no NSD or no Knot DNS')

    def serve(self, families):
        """All servers with all zones; returns their addresses."""
        folder, zones = self.world.folder, []
        everything = all_zones(families)
        shutil.rmtree(self.world.path('zones'))
        named = 'listen: [%s@%d]\nstate: state\ncontrol: control.sock\ngeo: geo\nzones:\n  named:\n' % self.world.server
        for zone in everything:
            name = zonegen.text(zone.origin)
            file = f'zones/{len(zones)}.zone'
            self.world.write(file, zone.file())
            zones.append((name, file))
            named += f"    '{name}': {file}\n"
        self.world.write('meridian.yaml', named)
        self.world.start(wait=False)
        self.addCleanup(self.end)
        self.others = [peers.Peer(name, folder, f'{self.world.network}.{54 + i}', zones)
                       for i, name in enumerate(('nsd', 'knot'))]
        self.world.await_ready(60)
        apexes = [query(zonegen.Question(zone.origin, 6, 1232, False)) for zone in everything]
        for peer in self.others:
            peer.await_zones(apexes, 20)
        servers = [self.world.server, *(peer.server for peer in self.others)]
        for apex, (wire,) in zip(everything, peers.ask_all(servers[:1], apexes)):
            errors = [line for line in self.world.log.splitlines() if ' error ' in line]
            self.assertTrue(wire and wire[2] & 4, f'{zonegen.text(apex.origin)} is not loaded: {errors}')
        return servers

    def end(self):
        for peer in getattr(self, 'others', ()):
            peer.close()
        self.world.stop()

    def compare(self, families):
        servers = self.serve(families)
        counts = Counter(zones=len(all_zones(families)))
        kin = all_zones(families) if any(not zone.origin for zone in all_zones(families)) else None
        rules, findings = Counter(), {}
        for seed, zones in families.items():
            asked = zonegen.questions(zones, seed)
            for question, wires in zip(asked, peers.ask_all(servers, [query(each) for each in asked])):
                self.assertTrue(all(wires), f'no reply to {question} of seed {seed}: {[bool(wire) for wire in wires]}')
                ours, *theirs = map(digest, wires)
                counts['questions'] += 1
                for peer, reply in zip(self.others, theirs):
                    if reply == ours:
                        counts['the same as ' + peer.kind] += 1
                        continue
                    case = Case(kin or zones, question, peer.kind, ours, reply)
                    why = settled(case, theirs[0] != theirs[1])
                    rules[peer.kind, why] += 1
                    if not why:
                        findings.setdefault((peer.kind, *sorted(case.differs())), []).append((seed, case))
        print('differential:', ', '.join(f'{number} {what}' for what, number in counts.items()), flush=True)
        for (peer, why), number in rules.most_common():
            print(f'differential: {number} differ from {peer}: {why}', flush=True)
        self.assertTrue(not findings, 'differences that no rule settles, one of each kind:\n' + '\n'.join(
            f'seed {cases[0][0]}: {cases[0][1]}\n  ({len(cases)} of the kind)' for cases in findings.values()))

    def test_generated_zones(self):
        """Hundreds of zones in each start."""
        for first in range(SEED, SEED + FAMILIES, EACH):
            with self.subTest(first=first):
                self.compare({seed: zonegen.family(seed) for seed in range(first, min(first + EACH, SEED + FAMILIES))})
                self.doCleanups()

    def test_root_zone(self):
        """The root is one of the zones: then there is no name outside of all zones."""
        self.compare({SEED: zonegen.family(SEED, top=()), SEED + 1: zonegen.family(SEED + 1)})

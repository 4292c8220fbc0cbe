"""mmdb.py: writes small .mmdb databases (MaxMind DB format 2.0), so that tests know every network that is in them.

write(path, {'198.51.100.0/24': {'country': {'iso_code': 'BR'}}, …}); IPv4 networks lie under ::/96, as in GeoLite2.
"""
import ipaddress
import struct

SIZE = 28  # bits of a record


def head(kind, size):
    first, extended = (kind << 5, b'') if kind < 8 else (0, bytes([kind - 7]))
    if size < 29:
        return bytes([first | size]) + extended
    if size < 285:
        return bytes([first | 29]) + extended + bytes([size - 29])
    return bytes([first | 30]) + extended + struct.pack('!H', size - 285)


def encode(value):
    if isinstance(value, dict):
        return head(7, len(value)) + b''.join(encode(key) + encode(item) for key, item in value.items())
    if isinstance(value, list):
        return head(11, len(value)) + b''.join(map(encode, value))
    if isinstance(value, str):
        return head(2, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return head(3, 8) + struct.pack('!d', value)
    kind, octets = value if isinstance(value, tuple) else (6, value)
    text = octets.to_bytes((octets.bit_length() + 7) // 8, 'big')
    return head(kind, len(text)) + text


def tree(networks):
    """The nodes, each [left, right]: None, ('node', n) or ('data', key)."""
    nodes = [[None, None]]
    for text in sorted(networks, key=lambda net: ipaddress.ip_network(net).prefixlen):
        net = ipaddress.ip_network(text)
        bits, length = int(net.network_address), net.prefixlen + (96 if net.version == 4 else 0)
        at = 0
        for depth in range(length):
            side = bits >> (127 - depth) & 1
            if depth == length - 1:
                nodes[at][side] = ('data', text)
                break
            below = nodes[at][side]
            if below is None or below[0] == 'data':
                nodes.append([below, below])
                nodes[at][side] = ('node', len(nodes) - 1)
            at = nodes[at][side][1]
    return nodes


def compose(networks, kind='Test-City', built=1767225600):
    nodes = tree(networks)
    data, offsets = b'', {}
    for text, value in networks.items():
        offsets[text] = len(data)
        data += encode(value)

    def number(entry):
        if entry is None:
            return len(nodes)
        return entry[1] if entry[0] == 'node' else len(nodes) + 16 + offsets[entry[1]]

    body = b''
    for left, right in ((number(a), number(b)) for a, b in nodes):
        body += struct.pack('!I', left)[1:] + bytes([(left >> 24) << 4 | right >> 24]) + struct.pack('!I', right)[1:]
    metadata = {'binary_format_major_version': (5, 2), 'binary_format_minor_version': (5, 0),
                'build_epoch': (9, built), 'database_type': kind, 'description': {'en': 'for tests'},
                'ip_version': (5, 6), 'languages': ['en'], 'node_count': len(nodes), 'record_size': (5, SIZE)}
    return body + bytes(16) + data + b'\xab\xcd\xefMaxMind.com' + encode(metadata)


def write(path, networks, **more):
    with open(path, 'wb') as file:
        file.write(compose(networks, **more))

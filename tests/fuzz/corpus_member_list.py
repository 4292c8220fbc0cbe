#!/usr/bin/python3
"""corpus_member_list.py FOLDER: seeds of fuzz_member_list: a byte that chooses where to look, then a reply."""
import os
import sys

SEEDS = {
    'texts': (0, '["192.0.2.1", "2001:db8::1"]'),
    'objects': (0, '[{"address": "192.0.2.1", "weight": 3}, {"address": "192.0.2.2", "port": 80}]'),
    'within': (1, '{"data": {"members": ["192.0.2.1", "192.0.2.1"]}}'),
    'consul': (6, '[{"Node": {"Address": "10.0.0.1"}, "Service": {"Address": "192.0.2.2", "Weights": {"Passing": 10}}}]'),
    'catalog': (2, '[{"Service.Address": "192.0.2.1"}, {"Service": {"Address": ""}}]'),
    'nobody': (0, '[]'),
    'multicast': (0, '["224.0.0.1", "::", "::ffff:192.0.2.1"]'),
    'weights-of-nothing': (0, '[{"address": "192.0.2.1", "weight": 0}]'),
    'weight-too-large': (0, '[{"address": "192.0.2.1", "weight": 99999999999999999999}]'),
    'tower': (0, '[' * 200),
    'cut-off': (0, '["192.0.2.1", "192.0.'),
    'controls': (0, '["\\u001b[2J", "\\ud800"]'),
}
for name, (where, body) in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), 'wb') as file:
        file.write(bytes([where]) + body.encode())

"""The examples in README.md do what they say.

A ```console block below the invisible line `<!-- run -->` is run: each `$ ` line is a command (`> ` continues it), what
follows is its output, where `…` stands for anything and a line of only `…` for any lines. All of it happens in a copy of
the demonstration, on addresses of the test's own, which are translated in commands and in output.
"""
import os
import re
import shutil
import subprocess

from centers import Center
from world import BUILD, CTL, DAEMON, PATIENCE, SOURCE, LiveTest


def examples():
    """(line of README.md, command, expected output) of each marked block."""
    with open(os.path.join(SOURCE, 'README.md')) as file:
        lines = file.read().splitlines()
    found, at = [], 0
    while at < len(lines):
        if lines[at].strip() != '<!-- run -->':
            at += 1
            continue
        at += 2  # over the fence
        while lines[at] != '```':
            if lines[at].startswith('$ '):
                found.append([at + 1, lines[at][2:], []])
            elif lines[at].startswith('> '):
                found[-1][1] += '\n' + lines[at][2:]
            else:
                found[-1][2].append(lines[at])
            at += 1
    return found


def pattern(expected):
    text = ''
    for line in expected:
        if line.strip() == '…':
            text += '(?:.*\n)*?'
        else:
            text += '.*?'.join(re.escape(part) for part in line.rstrip().split('…')) + r'[ \t]*\n'
    return text


class Readme(LiveTest):
    started = False
    time = 90

    @classmethod
    def build(cls, world):
        for name in ('meridian.yaml', 'zones', 'geo', 'tools'):
            path = os.path.join(SOURCE, name)
            shutil.rmtree(world.path(name), ignore_errors=True)
            if os.path.isdir(path):
                shutil.copytree(path, world.path(name), ignore=shutil.ignore_patterns('full'))
            else:
                shutil.copy(path, world.path(name))
        for program in (DAEMON, CTL):
            os.symlink(program, world.path(os.path.basename(program)))
        for name in ('meridian.yaml', 'geo/world.yaml', 'zones/example.com.zone'):
            world.write(name, cls.mine(world, world.read(name)))
        for number, name in enumerate(('iad', 'fra', 'sin'), 1):
            world.centers[name] = Center(f'{world.network}.{number}', 8080)
        os.symlink('meridian.sock', world.path('control.sock'))
        world.start()

    @staticmethod
    def mine(world, text):
        """The demonstration's addresses in those of this test."""
        text = text.replace(', "::1@5300"', '')
        return re.sub(r'127\.0\.([01])\.(\d+)', lambda m: f'{world.network}.{53 if m[1] == "0" else m[2]}', text)

    def shown(self, text):
        """And back."""
        text = re.sub(re.escape(self.world.network) + r'\.53\b', '127.0.0.1', text)
        return re.sub(re.escape(self.world.network) + r'\.(\d+)', r'127.0.1.\1', text).replace(
            self.world.folder + '/', '')

    def test_examples(self):
        found = examples()
        self.assertGreater(len(found), 5, 'README.md has examples')
        for line, command, expected in found:
            with self.subTest(line=line, command=command):
                done = subprocess.run(['bash', '-c', self.mine(self.world, command)], cwd=self.world.folder, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)
                output = ''.join(text.rstrip() + '\n' for text in self.shown(done.stdout).splitlines())
                self.assertTrue(re.fullmatch(pattern(expected), output),
                                f'README.md:{line}: `{command}` says\n{output}\nnot\n' + '\n'.join(expected))


assert BUILD

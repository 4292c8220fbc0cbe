"""tools/quickstart as a newcomer runs it; on its real ports, so it is skipped where those are taken."""
import os
import select
import signal
import socket
import subprocess
import time

from world import BUILD, SLOW, SOURCE, LiveTest, until

QUICKSTART = os.path.join(SOURCE, 'tools/quickstart')


def ports_free():
    for address, port, kind in [('127.0.0.1', 5300, socket.SOCK_DGRAM), ('127.0.0.1', 5300, socket.SOCK_STREAM)] + [
            (f'127.0.1.{number}', 8080, socket.SOCK_STREAM) for number in (1, 2, 3)]:
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
            try:
                sock.bind((address, port))
            except OSError:
                return False
    return True


def members(session):
    """Processes of a session that live."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/stat') as file:
                words = file.read().rpartition(')')[2].split()
        except OSError:
            continue
        if int(words[3]) == session and words[0] != 'Z':
            found.append(int(pid))
    return found


class Quickstart(LiveTest):
    time, alone, started = 150, True, False

    def setUp(self):
        if not ports_free():
            self.skipTest('port 5300 or 8080 is in use')

    def run_it(self, *options, cwd='/'):
        child = subprocess.Popen([QUICKSTART, '--build', BUILD, *options], cwd=cwd, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(self.end_session, child)
        child.seen = b''
        return child

    def end_session(self, child):
        for pid in members(child.pid):
            os.kill(pid, signal.SIGKILL)
        child.wait()

    def await_text(self, child, text, timeout):
        deadline = time.monotonic() + timeout * SLOW
        while text not in child.seen:
            ready, _, _ = select.select([child.stdout], [], [], max(0, deadline - time.monotonic()))
            more = os.read(child.stdout.fileno(), 65536) if ready else b''
            if not more:
                self.fail(f'"{text.decode()}" did not come:\n{child.seen.decode()}')
            child.seen += more

    def test_once(self):
        for _ in range(3):      # on a busy machine a data center may be late, and its clients are sent elsewhere
            child = self.run_it('--once')
            out, _ = child.communicate(timeout=180 * SLOW)
            if child.returncode == 0:
                break
        self.assertEqual(child.returncode, 0, out.decode())
        self.assertNotIn(b'\x1b', out, 'no colours into a pipe')
        self.assertIn(b'Every answer was the expected one.', out)
        until(lambda: not members(child.pid), 2, 'nothing is left')

    def test_until_interrupted(self):
        child = self.run_it()
        self.await_text(child, b'until Ctrl-C', 180)
        second = self.run_it('--once')
        out, _ = second.communicate(timeout=180 * SLOW)
        self.assertEqual(second.returncode, 1)
        self.assertRegex(out, rb'quickstart: cannot use 127\.0\.0\.1 \w+ port 5300: .*in use')
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=180 * SLOW)
        self.assertEqual(child.returncode, 0, out)
        until(lambda: not members(child.pid), 2, 'nothing is left')
        until(ports_free, 2, 'the ports are free')

    def test_killed(self):
        """Even kill -9 leaves no server behind; SIGTERM in the middle neither."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number=number.name):
                child = self.run_it()
                self.await_text(child, b'Ready', 60)
                child.send_signal(number)
                child.wait(60 * SLOW)
                self.assertNotEqual(child.returncode, 0)
                until(lambda: not members(child.pid), 8, 'nothing is left')

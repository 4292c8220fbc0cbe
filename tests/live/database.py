"""database.py: databases in network namespaces of their own, who say over HTTP what they are; cut off and healed on command.

own_network() puts this process (and what it starts) into an empty network. A Database is a process in another one, joined
to ours by a pair of virtual interfaces; it is told by a pipe, so that a cut does not keep it from changing its mind. All of
it is gone when the processes are.

As a program it is such a process: it reads a line of JSON on stdin for each command and answers each with a line.
"""
import ctypes
import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

NEWUSER, NEWNET = 0x10000000, 0x40000000
PORT = 8008


def ip(words):
    done = subprocess.run(['ip', *words.split()], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f'ip {words}: {done.stderr}')


def own_network():
    """As root, or as a user who may; says whether that worked."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(NEWNET) and libc.unshare(NEWUSER | NEWNET):
        return False
    try:
        if user:
            for name, text in (('setgroups', 'deny'), ('uid_map', f'0 {user} 1'), ('gid_map', f'0 {group} 1')):
                with open(f'/proc/self/{name}', 'w') as file:
                    file.write(text)
        ip('link set lo up')
        ip('link add probe0 type veth peer name probe1')
        ip('link delete probe0')
    except OSError:
        return False
    return True


class Database:
    def __init__(self, number):
        self.address = f'10.99.{number}.2'
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.hear()
        ip(f'link add v{number} type veth peer name eth0 netns {self.process.pid}')
        ip(f'address add 10.99.{number}.1/24 dev v{number}')
        ip(f'link set v{number} up')
        self.tell(do='serve', address=self.address)

    def hear(self):
        line = self.process.stdout.readline()
        if line != 'done\n':
            raise OSError(f'the database at {self.address} says {line!r}')

    def tell(self, **command):
        self.process.stdin.write(json.dumps(command) + '\n')
        self.process.stdin.flush()
        self.hear()

    def says(self, **status):
        self.tell(do='say', status=status)

    def cut(self):
        self.tell(do='ip', words='link set eth0 down')

    def heal(self):
        self.tell(do='ip', words='link set eth0 up')

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


# ---- the process ----

status = {}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(status).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):     # a client that gave up
        pass


def obey(command):
    if command['do'] == 'serve':
        ip('link set lo up')
        ip(f'address add {command["address"]}/24 dev eth0')
        ip('link set eth0 up')
        Thread(target=Server((command['address'], PORT), Handler).serve_forever, daemon=True).start()
    elif command['do'] == 'say':
        status.update(command['status'])
    else:
        ip(command['words'])


def main():
    if ctypes.CDLL(None, use_errno=True).unshare(NEWNET):
        sys.exit('no network of its own')
    print('done', flush=True)
    for line in sys.stdin:
        obey(json.loads(line))
        print('done', flush=True)


if __name__ == '__main__':
    main()

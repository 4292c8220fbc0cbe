"""centers.py: the servers whose health is probed: real HTTP and HTTPS servers, and how they misbehave on command.

A Center answers in threads of its own. Change `behave` while it runs:
  ok             200 and the body
  status N       N and the body
  flap           500 once, and ok from then on
  silent         accepts, reads the request, says nothing until told otherwise
  drip           one byte of an endless body every 50 ms
  reset          status line, then a reset
  moved URL      302 to there
stop() closes the port (connections are refused), start() opens it again.
"""
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading


class Center:
    def __init__(self, address, port=0, tls=None, body=b'ok\n'):
        self.address, self.port, self.tls, self.body = address, port, tls, body
        self.behave = 'ok'
        self.requests = []   # first line and headers of each
        self.connections = 0
        self.listener, self.open = None, set()
        if tls:
            tls.sni_callback = lambda sock, name, context: self.hosts.add(name)
        self.hosts = set()   # names that were asked for by TLS
        self.changed = threading.Event()
        self.start()

    def start(self):
        self.listener = socket.create_server((self.address, self.port), family=socket.AF_INET6 if ':' in self.address
                                             else socket.AF_INET, backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        listener, self.listener = self.listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for sock in list(self.open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        self.open.add(sock)
        try:
            sock.settimeout(10)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            head = b''
            while b'\r\n\r\n' not in head:
                more = sock.recv(4096)
                if not more:
                    return
                head += more
            self.requests.append(head.decode('latin-1'))
            self.reply(sock, *self.behave.split(' ', 1))
        except (OSError, ValueError):
            pass
        finally:
            self.open.discard(sock)
            sock.close()

    def reply(self, sock, word, rest=''):
        status = {'ok': '200 OK', 'flap': '500 Testing', 'status': f'{rest} Testing', 'moved': '302 Found', 'drip': '200 OK', 'reset': '200 OK'}
        if word == 'flap':
            self.behave = 'ok'
        if word == 'silent':
            sock.settimeout(30)
            sock.recv(1)
            return
        more = f'Location: {rest}\r\n' if word == 'moved' else ''
        length = 1 << 30 if word in ('drip', 'reset') else len(self.body)
        sock.sendall(f'HTTP/1.1 {status[word]}\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n'.encode())
        if word == 'reset':
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        elif word == 'drip':
            while self.behave == 'drip':
                sock.sendall(b'.')
                self.changed.wait(0.05)
        else:
            sock.sendall(self.body)


class Authority:
    """A certificate authority of the test's own, made with openssl."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = os.path.join(folder, 'ca.pem')
        if not shutil.which('openssl'):
            raise RuntimeError('no openssl')
        self.run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                 '-subj', '/CN=test authority', '-keyout', 'ca.key', '-out', 'ca.pem')

    def run(self, *words):
        subprocess.run(['openssl', *words], cwd=self.folder, check=True, capture_output=True, timeout=20)

    def context(self, name, days=2):
        """A server's TLS for host `name`; `days` below 0: expired."""
        with open(os.path.join(self.folder, 'ext'), 'w') as file:
            file.write(f'subjectAltName=DNS:{name}\n')
        self.run('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={name}',
                 '-keyout', f'{name}.key', '-out', f'{name}.csr')
        self.run('x509', '-req', '-in', f'{name}.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
                 '-days', str(days), '-extfile', 'ext', '-out', f'{name}.pem')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, f'{name}.pem'), os.path.join(self.folder, f'{name}.key'))
        return context

"""Stands in for QEMU where a benchmark is about all but QEMU: listens where QEMU would, and answers over QMP what the daemon
asks of a VM that runs. Whatever starts no VM, such as `-machine help`, the real QEMU is asked.
"""
import json
import os
import re
import selectors
import socket
import sys

REAL = '/usr/bin/qemu-system-x86_64'

if '-name' not in sys.argv:
    os.execv(REAL, [REAL, *sys.argv[1:]])

words = ' '.join(sys.argv)
memory = int(re.search(r'-m size=(\d+)M', words)[1])
cpus = int(re.search(r'-smp cpus=(\d+)', words)[1])
disk = re.search(r'file\.filename=(\S+?\.qcow2)', words)[1]
ANSWERS = {
    'query-status': {'status': 'running', 'running': True, 'singlestep': False},
    'query-chardev': [{'label': 'agent', 'filename': 'unix', 'frontend-open': False}],
    'query-kvm': {'enabled': False, 'present': False},
    'query-memory-size-summary': {'base-memory': memory * 1024 * 1024, 'plugged-memory': 0},
    'query-cpus-fast': [{'cpu-index': index, 'thread-id': os.getpid(), 'qom-path': '/', 'target': 'x86_64'} for index in range(cpus)],
    'query-block': [{'qdev': 'vda/virtio-backend', 'inserted': {'image': {'filename': disk, 'format': 'qcow2', 'virtual-size': 8 * 1024 * 1024}}}],
}
GREETING = {'QMP': {'version': {'qemu': {'major': 7, 'minor': 2, 'micro': 0}, 'package': ''}, 'capabilities': []}}

selector = selectors.DefaultSelector()


def say(client, message):
    client.sendall(json.dumps(message).encode() + b'\n')


def accept(server, is_monitor):
    client, _ = server.accept()
    if is_monitor:
        say(client, GREETING)
        selector.register(client, selectors.EVENT_READ, read)


def read(client):
    text = client.recv(65536)
    if not text:
        selector.unregister(client)
        client.close()
    for line in text.splitlines():
        asked = json.loads(line)
        say(client, {'return': ANSWERS.get(asked['execute'], {}), 'id': asked.get('id')})
        if asked['execute'] in ('quit', 'system_powerdown'):
            sys.exit()


for name, path in re.findall(r'socket,id=(\w+),path=(\S+?),', words):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    is_monitor = name in ('qmp', 'shutdown')
    selector.register(server, selectors.EVENT_READ, lambda server, is_monitor=is_monitor: accept(server, is_monitor))

while True:
    for key, _ in selector.select():
        key.data(key.fileobj)

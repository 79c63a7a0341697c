"""All frames that come by an interface, one after the other, on stdout.

usage: listen-in.py INTERFACE
"""
import socket
import sys

ETH_P_ALL = 3

frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
frames.bind((sys.argv[1], 0))
while True:
    sys.stdout.buffer.write(frames.recv(2 ** 17))
    sys.stdout.buffer.flush()

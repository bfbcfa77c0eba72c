"""On PYTHONPATH, this is run when Python starts: it then connects to this machine only."""

import socket

HERE = (None, "localhost", "127.0.0.1", "::1")
connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo


def connect_here(self, address):
    if isinstance(address, tuple) and address[0] not in HERE:  # paths and bytes name local sockets
        raise OSError(f"Tests have no network: {address[0]} is refused.")
    return connect(self, address)


def find_here(host, *others, **options):
    if host not in HERE:
        raise socket.gaierror(f"Tests have no network: {host} is refused.")
    return getaddrinfo(host, *others, **options)


socket.socket.connect, socket.getaddrinfo = connect_here, find_here

#!/usr/bin/env python3
"""500 slow or half-open clients against a vx-serve, and one that behaves, whose latency is told.

usage: slow-clients.py [--clients N] [--seconds S] [--goal SECONDS] [URL [PID]]

Without a URL it starts a server of its own, the vx-serve of the build folder that BUILD names, and fills it.

A quarter of the clients connects and says nothing, a quarter sends half a header, a quarter a body byte by byte, and a
quarter asks for the export and never reads it; each that is hung up on comes again. Meanwhile one client sends small
requests, reads and writes in turn, each on a connection of its own. Prints its latencies, how often the slow ones were
hung up on, and the peak memory of PID; exits with 0 when the median is below the goal (0.1 s).

SPDX-License-Identifier: MIT
"""
import argparse
import contextlib
import http.client
import json
import os
import select
import socket
import statistics
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

KINDS = ("silent", "half a header", "drop by drop", "never reads")
OPENINGS = {
    "silent": b"",
    "half a header": b"GET /v1/health HTTP/1.1\r\nHost: slow\r\nX-Half: ",
    "drop by drop": b"POST /v1/volumes HTTP/1.1\r\nHost: slow\r\nContent-Type: application/x-ndjson\r\n"
                    b"Content-Length: 100000\r\n\r\n",
    "never reads": b"GET /v1/export HTTP/1.1\r\nHost: slow\r\n\r\n",
}


class Slow:
    """One slow client: a socket that is opened again whenever the server has enough of it."""

    def __init__(self, kind, address, poll, clients):
        self.kind, self.address, self.poll, self.clients = kind, address, poll, clients
        self.gone = 0
        self.open()

    def open(self):
        self.socket = socket.socket()
        if self.kind == "never reads":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            self.socket.connect(self.address)
            self.socket.setblocking(False)
            self.socket.send(OPENINGS[self.kind])
        except OSError:
            pass
        self.clients[self.socket.fileno()] = self
        self.poll.register(self.socket, select.EPOLLRDHUP)

    def again(self):
        """The server has hung up: it shows even to one that does not read."""
        self.gone += 1
        self.poll.unregister(self.socket)
        self.socket.close()
        self.open()

    def drip(self):
        try:
            if self.kind == "drop by drop":
                self.socket.send(b" ")
        except OSError:
            pass


def request(address, method, path, body=None):
    """Seconds that a request takes, connection included."""
    start = time.monotonic()
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return time.monotonic() - start, answer.status


def peak(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) // 1024
    return 0


def behave(address, number):
    """The next request of the one who behaves."""
    if number % 2:
        return request(address, "GET", "/v1/datasources?limit=10")
    volume = {"identifier": f"volume/behaved/{number}", "path_nii": "s3://b/x.nii.gz"}
    return request(address, "POST", "/v1/volumes", json.dumps([volume]))


@contextlib.contextmanager
def server():
    """A vx-serve with 50,000 volumes, for as long as it is needed: its URL and process id."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    tool = os.path.join(root, os.environ.get("BUILD", "build"), "vx-serve")
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([tool, "--db", f"{folder}/vx.db", "--listen", "127.0.0.1:0"],
                              stderr=subprocess.PIPE, text=True) as process:
            try:
                url = process.stderr.readline().split()[-1]
                address = (urlsplit(url).hostname, urlsplit(url).port)
                for start in range(0, 50000, 1000):
                    volumes = [{"identifier": f"volume/{i}", "path_nii": "s3://b/" + "x" * 600}
                               for i in range(start, start + 1000)]
                    request(address, "POST", "/v1/volumes", json.dumps(volumes))
                yield url, process.pid
            finally:
                process.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--goal", type=float, default=0.1)
    parser.add_argument("url", nargs="?")
    parser.add_argument("pid", nargs="?", type=int)
    args = parser.parse_args()
    if args.url:
        return measure(args, args.url, args.pid)
    with server() as (url, pid):
        return measure(args, url, pid)


def measure(args, target, pid):
    url = urlsplit(target)
    address = (url.hostname, url.port)
    poll, clients = select.epoll(), {}
    slow = [Slow(KINDS[i % len(KINDS)], address, poll, clients) for i in range(args.clients)]
    latencies, statuses, number = [], {}, 0
    until, drip = time.monotonic() + args.seconds, time.monotonic()
    while time.monotonic() < until:
        for descriptor, _ in poll.poll(0):
            clients[descriptor].again()
        if time.monotonic() >= drip:
            drip += 1
            for client in slow:
                client.drip()
        seconds, status = behave(address, number)
        latencies.append(seconds)
        statuses[status] = statuses.get(status, 0) + 1
        number += 1
        time.sleep(0.02)
    latencies.sort()
    median = statistics.median(latencies)
    print(f"{args.clients} slow clients for {args.seconds:.0f} s: {number} requests of one that behaves: median "
          f"{median * 1000:.1f} ms, 99 % {latencies[int(len(latencies) * .99)] * 1000:.1f} ms, longest "
          f"{latencies[-1] * 1000:.1f} ms (goal: median below {args.goal * 1000:.0f} ms)")
    print("statuses:", " ".join(f"{status}: {n}" for status, n in sorted(statuses.items())))
    for kind in KINDS:
        print(f"hung up on, {kind}: {sum(client.gone for client in slow if client.kind == kind)}")
    if pid:
        print(f"peak memory of the server: {peak(pid)} MiB")
    return 0 if median < args.goal and set(statuses) == {200} else 1


if __name__ == "__main__":
    raise SystemExit(main())

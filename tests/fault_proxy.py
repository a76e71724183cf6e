#!/usr/bin/env python3
"""An HTTP proxy that fails, on order or by chance.
usage: fault_proxy.py PORT UPSTREAM_PORT[,PORT...] LOG [FAULT...]
       fault_proxy.py PORT UPSTREAM_PORT[,PORT...] LOG --rate R [--seed N] [--faults NAME,...|all]
On order the n-th POST meets the n-th fault; those behind the last, and every GET, pass. By chance that share of all requests,
GET or POST, meets one of the faults (default: all). Several upstreams take turns, a connection each. Upstream may go away and
come back: meanwhile the proxy answers 502.

Nothing happens:
  ok            passes
The request never reaches the server:
  CODE[:S]      is answered with this HTTP status; S adds Retry-After
  body:TEXT     is answered with 200 and this body
  portal        is answered with 200 and the HTML of a captive portal
  redirect      is answered with 307 to elsewhere
  nonsense      is answered with what is no HTTP
  stale         is answered with the answer to an earlier request of anybody
  cut           the connection is closed
  reset         the connection is reset
  hang:S        no answer; closed after S seconds
  shut          no answer; the connection is closed in one direction only, and in the other after a second
Less of the request reaches the server, or more:
  cutbody       half of the body, then the connections to both sides are closed
  shortbody     half of the body, with a Content-Length that fits; the server's answer is passed on
  cutchunk      half of the body, chunked, without its end; both are closed
  dripbody:S    all of it, drop by drop, in S seconds
  twice         twice, one after the other; the first answer is passed on
  again         twice, one after the other; the second answer is passed on
  twins         twice at the same time; the first answer to come is passed on
  late:S        passes, and S seconds later it reaches the server once more
  half-open     all of it, and then the connection to the server is closed in that direction
The server has done it, and the client does not know:
  lost          the connection is closed instead of the answer
  after:CODE    the answer is this HTTP status
  half          half of the answer, then closed
  short         half of the answer, with a Content-Length that fits
  endless       half of the answer, with neither a length nor chunks, then closed
  chunked       half of the answer, chunked, without its end, then closed
  desync        passes; the next request on this connection gets this answer again, and never reaches the server
It takes long:
  slow:S        passes after S seconds
  pause:S       half of the answer, and S seconds later the other half
  drip:S        the answer drop by drop, in S seconds
LOG gets a line a POST (by chance: a line a request): connection, path, content encoding, bytes, number of records, fault."""
import argparse
import gzip
import itertools
import json
import queue
import random
import socket
import struct
import sys
import threading
import time

PORTAL = b"<!DOCTYPE html><html><head><title>Login</title></head><body>Please accept the terms of this network.</body></html>"
CHANCE = {  # what "all" are, with what stands behind the colon
    "500": [], "502": [], "503": ["1"], "429": ["1"], "portal": [], "redirect": [], "nonsense": [], "stale": [], "cut": [],
    "reset": [], "hang": ["0.3", "1.5"], "shut": [], "cutbody": [], "shortbody": [], "cutchunk": [], "dripbody": ["0.3"],
    "twice": [], "again": [], "twins": [], "late": ["0.2", "1", "2"], "half-open": [], "lost": [],
    "after": ["500", "502", "503"], "half": [], "short": [], "endless": [], "chunked": [], "desync": [],
    "slow": ["0.1", "0.5"], "pause": ["0.3"], "drip": ["0.3"]}
FAULTS = {}
lock = threading.Lock()


class Closed(Exception):
    """The connection to the client is over."""


class Message:
    """A request or an answer: its first line, its headers (but those of this hop), its body."""

    def __init__(self, first, headers, body=b""):
        self.first, self.headers, self.body = first, headers, body

    def get(self, name, default=""):
        return next((v for k, v in self.headers if k.lower() == name), default)

    def bytes(self, body=None, framing=None):
        body = self.body if body is None else body
        lines = [self.first, *(f"{k}: {v}" for k, v in self.headers)]
        lines.append(f"Content-Length: {len(body)}" if framing is None else framing)
        return "\r\n".join(filter(None, lines)).encode("latin-1") + b"\r\n\r\n" + body


class Peer:
    """One connection, and what was read of it too early."""

    def __init__(self, sock):
        self.sock, self.early = sock, b""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def more(self):
        data = self.sock.recv(262144)
        if not data:
            raise ConnectionError("closed")
        self.early += data

    def until(self, mark):
        while mark not in self.early:
            self.more()
        found, self.early = self.early.split(mark, 1)
        return found

    def exactly(self, n):
        parts, missing = [self.early[:n]], n - len(self.early)
        self.early = self.early[n:]
        while missing > 0:
            data = self.sock.recv(min(missing, 1 << 20))
            if not data:
                raise ConnectionError("closed")
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def chunks(self):
        while n := int(self.until(b"\r\n").split(b";")[0], 16):
            yield self.exactly(n)
            self.until(b"\r\n")
        while self.until(b"\r\n"):
            pass

    def rest(self):
        while True:
            yield self.early
            self.early = self.sock.recv(262144)
            if not self.early:
                return

    def head(self):
        """A message without its body, and what yields that in parts."""
        first, *lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        every = Message(first, [tuple(part.strip() for part in line.split(":", 1)) for line in lines])
        hop = ("connection", "keep-alive", "content-length", "transfer-encoding", "expect")
        message = Message(first, [(k, v) for k, v in every.headers if k.lower() not in hop])
        message.close = every.get("connection").lower() == "close"
        message.expects = bool(every.get("expect"))
        message.length = every.get("content-length")
        if every.get("transfer-encoding").lower() == "chunked":
            return message, self.chunks()
        if message.length:
            return message, (self.exactly(n) for n in pieces(int(message.length)))
        bodyless = not first.startswith("HTTP/") or first.split()[1] in ("204", "304")
        return message, iter(()) if bodyless else self.rest()

    def stale(self):
        self.sock.settimeout(0)
        try:
            self.sock.recv(1, socket.MSG_PEEK)
            return True
        except BlockingIOError:
            return bool(self.early)
        except OSError:
            return True
        finally:
            self.sock.settimeout(60)


def pieces(n):
    return [min(1 << 20, n - at) for at in range(0, n, 1 << 20)]


class Exchange:
    """A request at hand, the two sides of it, and what a fault may do with them."""

    previous = None  # an answer to anybody
    begun = False  # something was answered

    def __init__(self, link, request):
        self.link, self.client, self.request = link, link.client, request

    def send(self, data):
        self.begun = True
        self.client.sock.sendall(data)

    def answer(self, status, body=b"", headers=()):
        self.send(Message(f"HTTP/1.1 {status} On order", list(headers), body).bytes())

    def fresh(self):
        return Peer(socket.create_connection(("127.0.0.1", self.link.port), timeout=60))

    def server(self):
        kept, self.link.server = self.link.server, None
        if kept and not kept.stale():
            return kept
        return self.fresh()

    def read_answer(self, peer, keep=True):
        message, parts = peer.head()
        message.body = b"".join(parts)
        if keep and not message.close:
            self.link.server = peer
        if self.request.first.startswith("POST"):
            Exchange.previous = message
        return message

    def ask(self):
        """The server's answer to the whole request."""
        peer = self.server()
        peer.sock.sendall(self.request.bytes())
        return self.read_answer(peer)

    def ask_apart(self, answers=None):
        """The same once more, on a connection of its own."""
        try:
            peer = self.fresh()
            peer.sock.sendall(self.request.bytes())
            message = self.read_answer(peer, keep=False)
        except (OSError, ValueError):
            message = None
        if answers:
            answers.put(message)

    def relay(self):
        """What may be large passes in parts."""
        peer = self.server()
        peer.sock.sendall(self.request.bytes(framing=None if self.request.body else ""))
        message, parts = peer.head()
        if message.length:
            self.send(message.bytes(b"", f"Content-Length: {message.length}"))
            for part in parts:
                self.send(part)
        else:
            self.send(message.bytes(b"", "Transfer-Encoding: chunked"))
            for part in filter(None, parts):
                self.send(b"%x\r\n%s\r\n" % (len(part), part))
            self.send(b"0\r\n\r\n")
        if not message.close:
            self.link.server = peer


def drip(sock, data, seconds):
    parts = 20
    size = len(data) // parts + 1
    for at in range(0, len(data), size):
        sock.sendall(data[at:at + size])
        time.sleep(seconds / parts)


def fault(function):
    FAULTS[function.__name__.rstrip("_").replace("_", "-")] = function
    return function


@fault
def ok(x, _):
    if x.request.first.startswith("GET"):
        x.relay()
    else:
        x.send(x.ask().bytes())


@fault
def body(x, text):
    x.answer(200, text.encode())


@fault
def portal(x, _):
    x.answer(200, PORTAL, [("Content-Type", "text/html")])


@fault
def redirect(x, _):
    x.answer(307, b"", [("Location", "http://127.0.0.1:1/elsewhere")])


@fault
def nonsense(x, _):
    x.send(b"220 mail.example ESMTP\r\n")
    raise Closed


@fault
def stale(x, _):
    if Exchange.previous is None:
        raise Closed
    x.send(Exchange.previous.bytes())


@fault
def cut(x, _):
    raise Closed


@fault
def reset(x, _):
    x.client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise Closed


@fault
def hang(x, seconds):
    time.sleep(float(seconds))
    raise Closed


@fault
def shut(x, _):
    x.client.sock.shutdown(socket.SHUT_WR)
    time.sleep(1)
    raise Closed


@fault
def cutbody(x, _):
    whole = x.request.bytes()
    x.fresh().sock.sendall(whole[:len(whole) - (len(x.request.body) + 1) // 2])
    raise Closed


@fault
def shortbody(x, _):
    x.request.body = x.request.body[:len(x.request.body) // 2]
    x.send(x.ask().bytes())


@fault
def cutchunk(x, _):
    half = x.request.body[:len(x.request.body) // 2]
    x.fresh().sock.sendall(x.request.bytes(b"%x\r\n%s\r\n" % (len(half), half), "Transfer-Encoding: chunked"))
    raise Closed


@fault
def dripbody(x, seconds):
    peer = x.server()
    drip(peer.sock, x.request.bytes(), float(seconds))
    x.send(x.read_answer(peer).bytes())


@fault
def twice(x, _):
    first = x.ask()
    x.ask_apart()
    x.send(first.bytes())


@fault
def again(x, _):
    x.ask_apart()
    x.send(x.ask().bytes())


@fault
def twins(x, _):
    answers = queue.Queue()
    for _ in range(2):
        threading.Thread(target=x.ask_apart, args=[answers], daemon=True).start()
    first = answers.get() or answers.get()
    if not first:
        raise ConnectionError
    x.send(first.bytes())


@fault
def late(x, seconds):
    x.send(x.ask().bytes())
    timer = threading.Timer(float(seconds), x.ask_apart)
    timer.daemon = True
    timer.start()


@fault
def half_open(x, _):
    peer = x.server()
    peer.sock.sendall(x.request.bytes())
    peer.sock.shutdown(socket.SHUT_WR)
    x.send(x.read_answer(peer, keep=False).bytes())


@fault
def lost(x, _):
    x.ask()
    raise Closed


@fault
def after(x, code):
    x.ask()
    x.answer(code, json.dumps({"title": "on order", "status": int(code), "detail": f"{code}, but it is done"}).encode())


@fault
def half(x, _):
    data = x.ask()
    whole = data.bytes()
    x.send(whole[:len(whole) - (len(data.body) + 1) // 2])
    raise Closed


@fault
def short(x, _):
    data = x.ask()
    x.send(data.bytes(data.body[:len(data.body) // 2]))


@fault
def endless(x, _):
    data = x.ask()
    x.send(data.bytes(data.body[:len(data.body) // 2], "Connection: close"))
    raise Closed


@fault
def chunked(x, _):
    data = x.ask()
    part = data.body[:len(data.body) // 2]
    x.send(data.bytes(b"%x\r\n%s\r\n" % (len(part), part), "Transfer-Encoding: chunked"))
    raise Closed


@fault
def desync(x, _):
    data = x.ask()
    x.link.left_over = data
    x.send(data.bytes())


@fault
def slow(x, seconds):
    time.sleep(float(seconds))
    ok(x, "")


@fault
def pause(x, seconds):
    data = x.ask().bytes()
    x.send(data[:len(data) // 2])
    time.sleep(float(seconds))
    x.send(data[len(data) // 2:])


@fault
def drip_(x, seconds):
    drip(x.client.sock, x.ask().bytes(), float(seconds))


def play(x, what):
    name, _, arg = what.partition(":")
    if name.isdigit():
        problem = json.dumps({"title": "on order", "status": int(name), "detail": f"fault {name} on order"}).encode()
        x.answer(name, problem, [("Retry-After", arg)] if arg else [])
        return
    FAULTS[name](x, arg)


class Orders:
    """Which request meets what; the log."""

    def __init__(self, o):
        self.log = open(o.log, "w", buffering=1, encoding="utf-8")
        self.list, self.rate, self.chance = iter(o.fault), o.rate, random.Random(o.seed)
        self.names = list(CHANCE) if o.faults == "all" else o.faults.split(",")

    def pick(self):
        if self.rate is None:
            return next(self.list, "ok")
        if self.chance.random() >= self.rate:
            return "ok"
        name = self.chance.choice(self.names)
        arg = self.chance.choice(CHANCE.get(name) or [""])
        return f"{name}:{arg}" if arg else name

    def take(self, number, request):
        method, path = request.first.split()[:2]
        if self.rate is None and method != "POST":
            return "ok"
        encoding = request.get("content-encoding", "identity")
        records = "-"
        if self.rate is None:
            plain = gzip.decompress(request.body) if encoding == "gzip" else request.body
            try:
                records = len(json.loads(plain))
            except ValueError:
                pass
        with lock:
            what = self.pick()
            self.log.write(f"{number} {path} {encoding} {len(request.body)} {records} {what}\n")
        return what


class Link(threading.Thread):
    """One client's connection, and the one that is kept to the server for it."""

    def __init__(self, sock, number, port, orders):
        super().__init__(daemon=True)
        self.client, self.number, self.port, self.orders = Peer(sock), number, port, orders
        self.server = self.left_over = None

    def request(self):
        request, parts = self.client.head()
        if request.expects:
            self.client.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = b"".join(parts)
        return request

    def serve(self, request):
        if self.left_over:
            left_over, self.left_over = self.left_over, None
            self.client.sock.sendall(left_over.bytes())
            return
        x = Exchange(self, request)
        try:
            play(x, self.orders.take(self.number, request))
        except (ConnectionError, ValueError, TimeoutError):
            self.server = None
            if x.begun:
                raise Closed from None
            x.answer(502, b'{"title":"the server is away"}')

    def run(self):
        try:
            while True:
                request = self.request()
                self.serve(request)
                if request.close:
                    break
        except (Closed, OSError, ValueError):
            pass
        for peer in (self.client, self.server):
            if peer:
                peer.sock.close()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("port", type=int)
    p.add_argument("upstream")
    p.add_argument("log")
    p.add_argument("fault", nargs="*")
    p.add_argument("--rate", type=float)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--faults", default="all")
    o = p.parse_args()
    unknown = [f for f in o.fault + ([] if o.faults == "all" else o.faults.split(","))
               if not f.partition(":")[0].isdigit() and f.partition(":")[0] not in FAULTS]
    if unknown:
        sys.exit(f"fault_proxy.py: no such fault: {' '.join(unknown)}")
    orders, ports = Orders(o), [int(port) for port in o.upstream.split(",")]
    server = socket.create_server(("127.0.0.1", o.port), backlog=256)
    for number in itertools.count(1):
        sock, _ = server.accept()
        Link(sock, number, ports[number % len(ports)], orders).start()


main()

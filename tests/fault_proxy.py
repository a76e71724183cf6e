#!/usr/bin/env python3
"""An HTTP proxy that fails on order: fault_proxy.py PORT UPSTREAM_PORT LOG [FAULT...]
The n-th POST meets the n-th fault; those behind the last, and every GET, pass. Faults:
  ok          passes
  CODE        is answered with this HTTP status, the server never sees it; CODE:SECONDS adds Retry-After
  cut         the connection is closed, the server never sees it
  lost        the server answers, but the connection is closed before the answer is passed on
  half        half of the answer is passed on
  slow:S      passes after S seconds
  body:TEXT   is answered with 200 and this body, the server never sees it
LOG gets a line a POST: connection, path, content encoding, bytes, number of records, fault."""
import gzip
import http.client
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, UPSTREAM, LOG = int(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3], "w", buffering=1, encoding="utf-8")
FAULTS = sys.argv[4:]
lock = threading.Lock()
posts = 0
connections = 0


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        global connections
        super().setup()
        with lock:
            connections += 1
            self.number = connections

    def log_message(self, *args):
        pass

    def answer(self, code, body, headers=()):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def upstream(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", UPSTREAM, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        connection.request(self.command, self.path, body, headers)
        got = connection.getresponse()
        data = got.read()
        connection.close()
        return got.status, data

    def do_GET(self):
        self.answer(*self.upstream(None))

    def do_POST(self):
        global posts
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding", "identity")
        plain = gzip.decompress(body) if encoding == "gzip" else body
        with lock:
            fault = FAULTS[posts] if posts < len(FAULTS) else "ok"
            posts += 1
            LOG.write(f"{self.number} {self.path} {encoding} {len(body)} {len(json.loads(plain))} {fault}\n")
        kind, _, rest = fault.partition(":")
        if kind == "cut":
            self.close_connection = True
            return
        if kind.isdigit():
            problem = json.dumps({"title": "on order", "status": int(kind), "detail": f"fault {kind} on order"}).encode()
            self.answer(int(kind), problem, [("Retry-After", rest)] if rest else [])
            return
        if kind == "body":
            self.answer(200, rest.encode())
            return
        if kind == "slow":
            time.sleep(float(rest))
        code, data = self.upstream(body)
        if kind == "lost":
            self.close_connection = True
        elif kind == "half":
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        else:
            self.answer(code, data)


ThreadingHTTPServer(("127.0.0.1", PORT), Proxy).serve_forever()

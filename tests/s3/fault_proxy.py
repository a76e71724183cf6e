#!/usr/bin/python3
"""A proxy in front of an S3 store that fails on order: fault_proxy.py PORT UPSTREAM_PORT RULE...
A rule is KIND:FAULT@FIRST[-LAST]: those requests of the kind, counted from 1, meet the fault; "-" without LAST: all from
there on; everything else passes.
KIND   PUT (of an object), PART, CREATE, COMPLETE (of a multipart upload), HEAD, GET, LIST, ANY; OLD: whatever is signed by
       the access key "old"
FAULT  a status        answered with it and with S3's usual code for it, the store never sees the request
       CODE            400 with this code ("ExpiredToken"), 403 for QuotaExceeded; with =SECONDS after so long
       reset           half of the body is read, then the connection is reset
       lost            the store answers, but the connection is closed before the answer is passed on
       half            the store answers, half of the answer is passed on (half of the headers where there is no body)
       noise           the answer is no HTTP
       slow=SECONDS    passes after so long
       trickle=SECONDS the body is read in eight pieces with pauses of together so long
The log on stdout: a line a request, its kind, path, fault or "ok", and the store's status.   SPDX-License-Identifier: MIT"""
import http.client
import http.server
import re
import socket
import struct
import sys
import threading
import time

PORT, UPSTREAM = int(sys.argv[1]), int(sys.argv[2])
CODES = {429: "TooManyRequests", 500: "InternalError", 502: "BadGateway", 503: "SlowDown", 507: "InsufficientStorage",
         403: "AccessDenied", 404: "NoSuchBucket"}
RULES = []
for text in sys.argv[3:]:
    kind, fault, first, dash, last = re.fullmatch(r"([A-Z]+):([A-Za-z0-9=.]+)@(\d+)(-?)(\d*)", text).groups()
    RULES.append((kind, fault, int(first), int(last) if last else 1 << 60 if dash else int(first)))
lock, counts = threading.Lock(), {}


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def kind(self):
        path, _, query = self.path.partition("?")
        if self.command == "PUT":
            return "PART" if "partNumber=" in query else "PUT"
        if self.command == "POST":
            return "COMPLETE" if "uploadId=" in query else "CREATE"
        return "LIST" if self.command == "GET" and path.count("/") < 3 and query else self.command

    def pick(self, kind):
        kinds = [kind, "ANY"] + ["OLD"] * ("Credential=old/" in self.headers.get("Authorization", ""))
        with lock:
            for k in kinds:
                counts[k] = counts.get(k, 0) + 1
            for k, fault, first, last in RULES:
                if k in kinds and first <= counts[k] <= last:
                    return fault
        return "ok"

    def tell(self, *words):
        with lock:
            print(*words, flush=True)

    def error(self, status, code):
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>on order</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", "0" if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def read_body(self, length, seconds):
        body = b""
        while seconds and len(body) < length:
            body += self.rfile.read(min(length // 8 + 1, length - len(body)))
            time.sleep(seconds / 8)
        return body + self.rfile.read(length - len(body))

    def pass_on(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", UPSTREAM, timeout=60)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "expect"):
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer, data

    def relay(self, answer, data, half):
        self.send_response(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length or "0")
        if half and not data:
            self.close_connection = True
            self._headers_buffer = [b"".join(self._headers_buffer)[:20]]
            self.flush_headers()
            return
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if half else data)
        self.close_connection = half

    def handle_one(self):
        kind, length = self.kind(), int(self.headers.get("Content-Length") or 0)
        fault, _, seconds = self.pick(kind).partition("=")
        if fault == "reset":
            self.rfile.read(length // 2)
            self.tell(kind, self.path, fault, "-")
            self.reset()
            return
        body = self.read_body(length, float(seconds) if fault == "trickle" else 0)
        if seconds and fault != "trickle":
            time.sleep(float(seconds))
        if fault == "noise":
            self.tell(kind, self.path, fault, "-")
            self.wfile.write(b"\x00\xff noise\r\n\r\n")
            self.close_connection = True
        elif fault not in ("ok", "slow", "trickle", "lost", "half"):
            self.tell(kind, self.path, fault, "-")
            status = int(fault) if fault.isdigit() else 403 if fault == "QuotaExceeded" else 400
            self.error(status, CODES.get(status, fault) if fault.isdigit() else fault)
        else:
            answer, data = self.pass_on(body)
            self.tell(kind, self.path, fault, answer.status)
            if fault == "lost":
                self.close_connection = True
            else:
                self.relay(answer, data, fault == "half")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_one


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256

    def handle_error(self, *_):
        """A client that goes away is what these tests are about."""


Server(("127.0.0.1", PORT), Proxy).serve_forever()

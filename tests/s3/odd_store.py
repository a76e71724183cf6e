#!/usr/bin/python3
"""An S3 store with one oddity, to show what a client makes of it. It keeps objects in memory and checks no signature.
usage: odd_store.py PORT ODDITY     SPDX-License-Identifier: MIT
  skew          its clock is two hours ahead, and it refuses dates that are more than 15 minutes off
  no-condition  answers If-None-Match with 501, as Swift does
  elsewhere     every request: 301, the bucket is in eu-west-1
  denied        HEAD: 403 without a body; GET: AccessDenied
  race          says of each object once that it is not there, then that it is
  busy          answers the first three requests with 503 SlowDown and Retry-After
  broken        PUT: 500 InternalError
  flaky         the first PUT: 500 InternalError, the second: 400 RequestTimeout
  expired       ExpiredToken, unless the access key is "fresh"; the first such answer makes the file that
                AWS_SHARED_CREDENTIALS_FILE names hold that key, as whoever renews keys would
  expired-all   the same, but nobody renews the keys
  late-error    the first end of an upload in parts: HTTP 200, and in it InternalError
  lost-answer   the same, but the object is made
  portal        what stands in front of it says 200 to everything, and stores nothing
  no-size       HEAD does not say how large an object is
  two-hands     If-None-Match: 501, and each PUT takes a while
  other-hand    another program replaces each object in parts as soon as it is there, by one of the same size
  no-uploads    nobody may list uploads
  endless       the list of uploads says that it is cut off, and begins again
  bad-part      each end of an upload in parts: HTTP 200, and in it InvalidPart
It has no lists of objects, but uploads in parts.
The log on stdout: one line a request, method, path and the headers that matter, never Authorization."""
import calendar
import email.utils
import http.server
import os
import sys
import time
import urllib.parse

PORT, ODDITY = int(sys.argv[1]), sys.argv[2]
objects, uploads, state = {}, {}, {"requests": 0, "ends": 0}


class Store(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + (7200 if ODDITY == "skew" else 0), usegmt=True)

    def answer_xml(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def parts(self, path, query, body):
        """Uploads in parts; False when the request is about none."""
        upload = uploads.get(query.get("uploadId"))
        if "uploads" in query and self.command == "POST":
            uploads[str(len(uploads) + 1)] = {"path": path, "parts": {}, "sha256": self.headers["X-Amz-Meta-Sha256"]}
            self.answer_xml(f"<InitiateMultipartUploadResult><UploadId>{len(uploads)}</UploadId></InitiateMultipartUploadResult>")
        elif "uploads" in query and ODDITY == "no-uploads":
            self.answer(403, "AccessDenied")
        elif "uploads" in query and ODDITY == "endless":
            self.answer_xml("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
                            "<NextUploadIdMarker>1</NextUploadIdMarker><Upload><Key>k</Key><UploadId>1</UploadId>"
                            "<Initiated>2020-01-01T00:00:00Z</Initiated></Upload></ListMultipartUploadsResult>")
        elif "uploads" in query:
            self.answer_xml("<ListMultipartUploadsResult></ListMultipartUploadsResult>")
        elif "uploadId" not in query:
            return False
        elif upload is None:
            self.answer(404, "NoSuchUpload")
        elif self.command == "PUT":
            upload["parts"][int(query["partNumber"])] = body
            self.answer(200, headers=[("ETag", f'"{query["partNumber"]}"')])
        elif self.command == "POST":
            self.end_upload(query["uploadId"], upload)
        else:
            del uploads[query["uploadId"]]
            self.answer(204)
        return True

    def end_upload(self, name, upload):
        state["ends"] += 1
        odd = ODDITY == "bad-part" or (ODDITY in ("late-error", "lost-answer") and state["ends"] == 1)
        if not odd or ODDITY == "lost-answer":
            objects[upload["path"]] = (b"".join(b for _, b in sorted(upload["parts"].items())), upload["sha256"])
            uploads[name] = None
            if ODDITY == "other-hand":
                objects[upload["path"]] = (bytes(len(objects[upload["path"]][0])), "0" * 64)
        if odd:
            code = "InvalidPart" if ODDITY == "bad-part" else "InternalError"
            self.answer_xml(f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>after all</Message></Error>")
        else:
            self.answer_xml("<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>")

    def answer(self, status, code=None, message="", headers=()):
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>" if code else ""
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command == "HEAD":
            if not any(n == "Content-Length" for n, _ in headers):
                self.send_header("Content-Length", "0")
            body = ""
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def odd(self):
        """Answers in the odd way; False when this request is answered as usual."""
        state["requests"] += 1
        sent = calendar.timegm(time.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ"))
        if ODDITY == "skew" and abs(time.time() + 7200 - sent) > 900:
            self.answer(403, "RequestTimeTooSkewed", "The difference between the request time and the current time")
        elif ODDITY == "elsewhere":
            self.answer(301, "PermanentRedirect", "use the right endpoint", [("x-amz-bucket-region", "eu-west-1")])
        elif ODDITY == "portal":
            self.answer(200 if self.command != "HEAD" or state.setdefault("asked", 0) else 404)
            state["asked"] = state.get("asked", 0) + (self.command == "PUT")
        elif ODDITY == "no-size" and self.command == "HEAD" and self.path in objects:
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
        elif ODDITY == "two-hands" and self.headers.get("If-None-Match"):
            self.answer(501, "NotImplemented")
        elif ODDITY == "denied" and self.command != "PUT":
            self.answer(403, "AccessDenied", "Access &lt;Denied&gt; &amp; logged")
        elif ODDITY == "busy" and state["requests"] <= 3:
            self.answer(503, "SlowDown", "Please reduce your request rate.", [("Retry-After", "0")])
        elif ODDITY == "broken" and self.command == "PUT":
            self.answer(500, "InternalError", "We encountered an internal error.")
        elif ODDITY == "flaky" and self.command == "PUT" and state.setdefault("puts", 0) < 2:
            state["puts"] += 1
            if state["puts"] == 1:
                self.answer(500, "InternalError", "We encountered an internal error. Please try again.")
            else:
                self.answer(400, "RequestTimeout", "Your socket connection to the server was not read from in time.")
        elif ODDITY.startswith("expired") and "Credential=fresh/" not in self.headers["Authorization"]:
            if ODDITY == "expired":
                with open(os.environ["AWS_SHARED_CREDENTIALS_FILE"], "w") as f:
                    f.write("[default]\naws_access_key_id = fresh\naws_secret_access_key = s\n")
            self.answer(400, "ExpiredToken", "The provided token has expired.")
        elif ODDITY == "no-condition" and self.headers.get("If-None-Match"):
            self.answer(501, "NotImplemented", "A header you provided implies functionality that is not implemented.")
        elif ODDITY == "race" and self.command == "HEAD" and self.path not in objects:
            objects[self.path] = (b"somebody else's", None)
            self.answer(404)
        else:
            return False
        return True

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        shown = [f"{n}={self.headers[n]}" for n in ("If-None-Match", "Range", "X-Amz-Meta-Sha256") if self.headers[n]]
        print(self.command, self.path, *shown, flush=True)
        if self.odd():
            return
        path, _, query = self.path.partition("?")
        if self.parts(path, dict(urllib.parse.parse_qsl(query, keep_blank_values=True)), body):
            return
        if self.command == "PUT":
            if self.headers.get("If-None-Match") and self.path in objects:
                self.answer(412, "PreconditionFailed")
                return
            if self.headers.get("X-Amz-Copy-Source"):
                objects[self.path] = (objects[self.path][0], self.headers.get("X-Amz-Meta-Sha256"))
                self.answer_xml("<CopyObjectResult></CopyObjectResult>")
                return
            if ODDITY == "two-hands":
                time.sleep(0.3)
            objects[self.path] = (body, self.headers.get("X-Amz-Meta-Sha256"))
            self.answer(200, headers=[("ETag", '"x"')])
        elif self.path not in objects:
            self.answer(404, "NoSuchKey")
        elif self.command == "HEAD":
            data, sha256 = objects[self.path]
            self.answer(200, headers=[("Content-Length", str(len(data))), ("ETag", '"x"')]
                        + ([("x-amz-meta-sha256", sha256)] if sha256 else []))
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(objects[self.path][0])))
            self.end_headers()
            self.wfile.write(objects[self.path][0])

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_one


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Store).serve_forever()

#!/usr/bin/python3
"""One signed S3 request in which vx has no part, with keys, region and endpoint out of AWS_ACCESS_KEY_ID and so on.
usage: request.py [-i] METHOD PATH[?QUERY] [FILE]     SPDX-License-Identifier: MIT
  -i     the status and the headers come first
  PATH   /bucket/key, not encoded; QUERY as it goes over the wire
  FILE   the body
Exit status 0 for an answer of 2xx, else 1."""
import datetime
import hashlib
import hmac
import http.client
import os
import sys
import urllib.parse

arguments = [a for a in sys.argv[1:] if a != "-i"]
method, (path, _, query) = arguments[0], arguments[1].partition("?")
body = open(arguments[2], "rb").read() if len(arguments) > 2 else b""
endpoint = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
region = os.environ.get("AWS_REGION", "us-east-1")
now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
scope = f"{now[:8]}/{region}/s3/aws4_request"
digest = hashlib.sha256(body).hexdigest()
path = urllib.parse.quote(os.fsencode(path), safe="/-_.~")
query = "&".join(sorted(p if "=" in p else p + "=" for p in query.split("&") if p))
names = "host;x-amz-content-sha256;x-amz-date"
canonical = "\n".join([method, path, query, f"host:{endpoint.netloc}", f"x-amz-content-sha256:{digest}",
                       f"x-amz-date:{now}", "", names, digest])
key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
for part in scope.split("/"):
    key = hmac.new(key, part.encode(), "sha256").digest()
signed = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
signature = hmac.new(key, signed.encode(), "sha256").hexdigest()
connection = http.client.HTTPConnection(endpoint.hostname, endpoint.port, timeout=60)
connection.request(method, path + ("?" + query if query else ""), body, {
    "X-Amz-Date": now, "X-Amz-Content-Sha256": digest,
    "Authorization": f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
                     f"SignedHeaders={names}, Signature={signature}"})
answer = connection.getresponse()
if "-i" in sys.argv:
    print(answer.status, answer.reason)
    for name, value in sorted(answer.getheaders()):
        print(f"{name.lower()}: {value}")
    print(flush=True)
sys.stdout.buffer.write(answer.read())
sys.exit(0 if 200 <= answer.status < 300 else 1)

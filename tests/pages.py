#!/usr/bin/env python3
"""Walks the pages of /v1/volumes by their links while others create, change and delete between its resources.
pages.py URL SECONDS: volume/0000, 0002, ... 0600 are there throughout -> status 1 when a walk misses or doubles one.

SPDX-License-Identifier: MIT
"""
import http.client, json, random, re, sys, threading, time

url, seconds = sys.argv[1].split("//")[1], float(sys.argv[2])
fixed = [f"volume/{i:04d}" for i in range(0, 601, 2)]
until = time.monotonic() + seconds
failures, counts = [], {"walks": 0, "pages": 0, "writes": 0}


def ask(c, method, target, body=None):
    c.request(method, target, body, {"Content-Type": "application/json"} if body else {})
    r = c.getresponse()
    return r.status, r.getheader("Link"), r.read()


def write(seed):
    """Odd volumes come and go; the fixed ones change what no filter asks for."""
    dice, c = random.Random(seed), http.client.HTTPConnection(url, timeout=30)
    while time.monotonic() < until:
        n = dice.randrange(1, 600)
        name = f"volume/{n:04d}"
        if n % 2 and dice.random() < 0.5:
            status = ask(c, "DELETE", f"/v1/resources/{name}")[0]
        else:
            body = json.dumps([{"identifier": name, "path_nii": f"s3://b/{dice.random()}", "b_value": 1}])
            status = ask(c, "POST", "/v1/volumes?on_conflict=update", body)[0]
        if status not in (200, 404, 503):
            failures.append(f"a write to {name}: {status}")
        counts["writes"] += 1


def walk():
    c = http.client.HTTPConnection(url, timeout=30)
    while time.monotonic() < until and not failures:
        seen, target = [], f"/v1/volumes?b_value=1&limit={random.choice((1, 7, 50, 200))}"
        while target:
            status, link, rows = ask(c, "GET", target)
            if status != 200:
                failures.append(f"{target}: {status}")
                return
            seen += [json.loads(row)["identifier"] for row in rows.splitlines()]
            target = link and re.fullmatch(r'<([^>]*)>; rel="next"', link)[1]
            counts["pages"] += 1
        if seen != sorted(set(seen)):
            failures.append("a walk is out of order, or has one twice")
        if [x for x in seen if int(x[7:]) % 2 == 0] != fixed:
            failures.append(f"a walk missed {sorted(set(fixed) - set(seen))[:5]}")
        counts["walks"] += 1


threads = [threading.Thread(target=write, args=(i,)) for i in range(2)]
threads += [threading.Thread(target=walk) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("\n".join(failures[:10]) or ", ".join(f"{n} {what}" for what, n in counts.items()))
sys.exit(1 if failures or not counts["walks"] else 0)

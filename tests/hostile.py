#!/usr/bin/env python3
"""Sends each request of a table as it stands there, byte for byte, and holds the answer against the table.
hostile.py TABLE NAME=URL... -> a line a request (name, what came), status 1 when one got another answer.

A row: name, server, request, headers, body, status, expected; separated by tabs; \\r \\n \\t \\\\ \\xNN are bytes.
  request   METHOD TARGET, sent as HTTP/1.1 ("8x METHOD TARGET": eight times at once); or RAW: the body goes out alone
  headers   joined by " ; "; Host and Content-Length are added unless they are told, "-NAME" leaves one out
  body      the bytes, or @GENERATOR ARGS (see below)
  status    of the answer, "|" between several that are right; "-": the connection is closed without one;
            "...": the server waits for more
  expected  what the answer has to hold (as bytes of header and body), joined by " & "; "!TEXT": what it must not;
            "3*TEXT": what it, or the answers to all of eight together, have to hold three times

SPDX-License-Identifier: MIT
"""
import gzip, json, re, socket, sys, threading

TIMEOUT = 3
urls = dict(a.split("=", 1) for a in sys.argv[2:])


def unescape(text):
    """The text's bytes in UTF-8, and those that it spells with a backslash."""
    spelled = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}
    parts = re.split(r"\\(x[0-9a-fA-F]{2}|[rnt\\])", text)
    return b"".join((spelled.get(p) or bytes([int(p[1:], 16)])) if i % 2 else p.encode() for i, p in enumerate(parts))


def item(**fields):
    return json.dumps([dict(identifier="volume/hostile", path_nii="s3://b/x", **fields)]).encode()


# What no table can spell out.
GENERATORS = {
    "repeat": lambda text, n: text.encode() * int(n),
    "deep": lambda n: item(other_data="DEEP").replace(b'"DEEP"', b'{"a":' * int(n) + b"1" + b"}" * int(n)),
    "items": lambda n: b"[" + b"{}," * (int(n) - 1) + b"{}]",
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip2": lambda text: gzip.compress(gzip.compress(text.encode())),
    "bomb": lambda n: gzip.compress(b" " * int(n)),
    "gzipcut": lambda text: gzip.compress(text.encode())[:-9],
    "chunked": lambda n: (b"10000\r\n%s\r\n" % (b" " * 65536)) * (int(n) // 65536) + b"0\r\n\r\n",
    "digits": lambda n: item(b_value="DIGITS").replace(b'"DIGITS"', b"1" + b"0" * int(n)),
    "name": lambda n: json.dumps([dict(identifier="volume/" + "x" * int(n), path_nii="s3://b/x")]).encode(),
    "key": lambda n: item(**{"k" * int(n): 1}),
    "utf16": lambda: json.dumps([]).encode("utf-16"),
}


def body_of(text):
    if not text.startswith("@"):
        return unescape(text)
    name, *args = text[1:].split(" ", 1)
    args = args[0].rsplit(" ", 1) if name == "repeat" else args
    return GENERATORS[name](*args)


def headers_of(text, body):
    wanted = [h for h in text.split(" ; ") if h]
    without = {h[1:].lower() for h in wanted if h.startswith("-")}
    wanted = [unescape(expand(h)) for h in wanted if not h.startswith("-")]
    told = {h.split(b":")[0].strip().lower() for h in wanted} | {n.encode() for n in without}
    if b"host" not in told:
        wanted.insert(0, b"Host: x")
    if body and b"content-length" not in told and b"transfer-encoding" not in told:
        wanted.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(wanted)


def expand(text):
    """{65536} behind a character: so many of it."""
    return re.sub(r"(.)\{(\d+)\}", lambda m: m[1] * int(m[2]), text)


def request_of(row):
    body = body_of(row["body"])
    if row["request"] == "RAW":
        return body
    target = re.sub(r"^\d+x ", "", row["request"])
    return unescape(expand(target)) + b" HTTP/1.1\r\n" + headers_of(row["headers"], body) + b"\r\n\r\n" + body


def exchange(url, data):
    """All that comes back until the server closes, or has said something and then nothing more; None: it waits on."""
    host, port = url.split("//")[1].rsplit(":", 1)
    s, answer = socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT), b""
    sender = threading.Thread(target=send, args=(s, data))
    sender.start()
    try:
        while True:
            got = s.recv(65536)
            if not got:
                break
            answer += got
            if complete(answer):
                s.settimeout(0.1)  # is there a second one?
    except TimeoutError:
        answer = answer or None
    except ConnectionError:
        pass
    s.close()
    sender.join()
    return answer


def send(s, data):
    try:
        s.sendall(data)
    except OSError:
        pass  # the server has heard enough


def complete(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    if not _ or answer.startswith(b"HTTP/1.1 100"):
        return False
    length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")


def read(answer):
    """(statuses, what a person reads of it)"""
    if answer is None:
        return [], "waits for more"
    statuses = [int(x) for x in re.findall(rb"(?:^|(?<=[\n}]))HTTP/1\.[01] (\d{3}) ", answer)]
    if statuses[:1] == [100]:
        statuses = statuses[1:]
    detail = re.search(rb'"detail":"((?:[^"\\]|\\.)*)"', answer)
    body = answer.partition(b"\r\n\r\n")[2]
    text = json.loads(b'"' + detail[1] + b'"') if detail else " ".join(body.decode("utf-8", "replace").split())
    page = re.search(r"<title>(.*?)</title>", text)  # libmicrohttpd's own, whose head it writes twice
    return (statuses[:1], f"({page[1]})") if page else (statuses, text)


def times(row):
    n = re.match(r"(\d+)x ", row["request"])
    return int(n[1]) if n else 0


def ask(row):
    data, answers = request_of(row), []
    if not times(row):
        return exchange(urls[row["server"]], data)
    once = lambda: answers.append(exchange(urls[row["server"]], data))  # noqa: E731
    threads = [threading.Thread(target=once) for _ in range(times(row))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return b"\n".join(answers)


def judge(row, answer):
    statuses, _ = read(answer)
    first = "..." if answer is None else str(statuses[0]) if statuses else "-"
    if first not in row["status"].split("|"):
        return f"expected {row['status']}"
    answer = answer or b""
    for part in filter(None, row["expected"].split(" & ")):
        count = re.match(r"(\d+)\*", part)
        wanted = unescape(part[count.end():] if count else part.removeprefix("!"))
        found = answer.count(wanted)
        if found != int(count[1]) if count else (found > 0) == part.startswith("!"):
            return f"expected: {part}"
    if len(statuses) > 1 and row["request"] != "RAW" and not times(row):
        return f"{len(statuses)} answers to one request"
    return None


def shown(answer, statuses):
    if len(statuses) > 2:
        return f"{len(statuses)}x {'/'.join(sorted(set(map(str, statuses))))}"
    return "..." if answer is None else "+".join(map(str, statuses)) or "closed"


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("#")]
    bad = 0
    for n, cells in enumerate(lines[1:], 1):
        row = dict(zip(lines[0], cells + [""] * (len(lines[0]) - len(cells))))
        answer = ask(row)
        statuses, text = read(answer)
        wrong = judge(row, answer)
        bad += wrong is not None
        print(f"{n:3} {row['name']:<52} {shown(answer, statuses):<8} {text[:110]}")
        if wrong:
            print(f"    WRONG: {wrong}; got {(answer or b'')[:600]!r}")
        health = exchange(urls[row["server"]], b"GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        if b'"status":"ok"' not in health:
            print("    WRONG: the server does not answer any more")
            sys.exit(1)
    print(f"{len(lines) - 1} requests, {bad} with another answer than expected")
    sys.exit(1 if bad else 0)


main()

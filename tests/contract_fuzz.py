#!/usr/bin/env python3
"""Asks a running vx-serve what share/openapi.yaml lets a client ask, and what it does not: right, at the edge, wrong.
contract_fuzz.py SHARE URL [--seconds N] [--seed N] [--threads N] -> a summary; each failure with its request, status 1.

What holds for every answer: it comes, within seconds; its status, media type, headers and shape are declared for its
path and method; it is no 5xx but a 503 that says when to come again. A body that is right is not refused; an item that
python3-jsonschema refuses is invalid here, too. What was created is found, listed, the same again unchanged, and gone
once deleted. At the end each stored resource stands behind its parent and what it refers to, and is unchanged when it
is sent again.

SPDX-License-Identifier: MIT
"""
import argparse, collections, gzip, http.client, json, os, random, sys, threading, time, urllib.parse, warnings

warnings.simplefilter("ignore")
import yaml  # noqa: E402
from jsonschema import Draft202012Validator, RefResolver  # noqa: E402
from schema_values import JUNK, TEXTS, Values  # noqa: E402

SLOW = 20  # seconds; with a sanitizer on a busy machine
JSON, LINES, PROBLEM = "application/json", "application/x-ndjson", "application/problem+json"
# On every path: too much of something (the preface of openapi.yaml), a path or method that is not there.
ANYWHERE = {404: PROBLEM, 405: PROBLEM, 414: PROBLEM, 429: PROBLEM, 431: PROBLEM, 503: PROBLEM}
METHODS = ("get", "post", "delete")


class Contract:
    """openapi.yaml and the schemas beside it."""

    def __init__(self, share):
        path = os.path.abspath(os.path.join(share, "openapi.yaml"))
        with open(path, encoding="utf-8") as f:
            self.spec = yaml.safe_load(f)
        self.resolver = RefResolver("file://" + path, self.spec)
        self.types, self.checkers = {}, {}
        for name in os.listdir(os.path.join(share, "schema")):
            with open(os.path.join(share, "schema", name), encoding="utf-8") as f:
                schema = json.load(f)
            for at in ("file://" + os.path.abspath(os.path.join(share, "schema", name)), schema["$id"]):
                self.resolver.store[at] = schema
            if "x-vx" in schema:
                self.types[name[:-5]] = schema
        self.operations = [(p, m) for p, node in self.spec["paths"].items() for m in METHODS if m in node]

    def resolve(self, ref):
        """Of a type's schema, all of whose references end in common.json."""
        return self.resolver.resolve("https://vxdata.invalid/schema/common.json#" + ref.split("#", 1)[1])[1]

    def deref(self, node):
        while isinstance(node, dict) and "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def errors(self, schema, value):
        """The first thing that is wrong, or None."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self.checkers:
            self.checkers[key] = Draft202012Validator(schema, resolver=RefResolver(
                self.resolver.base_uri, self.spec, store=self.resolver.store))
        return next(self.checkers[key].iter_errors(value), None)

    def item_errors(self, item):
        """Of an item as its type's schema sees it, without what nobody looks at; "type" where it has none."""
        identifier = item.get("identifier")
        kind = identifier.split("/")[0] if isinstance(identifier, str) else None
        if kind not in self.types:
            return "type"
        schema = self.types[kind]
        seen = {k: v for k, v in item.items() if not k.startswith("_") and k not in schema["x-vx"]["server"]}
        if kind not in self.checkers:
            self.checkers[kind] = Draft202012Validator(schema, resolver=RefResolver(
                schema["$id"], schema, store=self.resolver.store))
        return next(self.checkers[kind].iter_errors(seen), None)


class Failure(Exception):
    pass


class Client:
    """One thread's connection, dice and world: the resources below its own datasource."""

    def __init__(self, contract, options, number):
        self.contract, self.options, self.number = contract, options, number
        self.dice = random.Random(f"{options.seed}/{number}")
        self.values = Values(contract.resolve, self.dice)
        self.connection, self.count = None, 0
        self.seen = collections.Counter()
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        self.shorthand = "Z" + letters[number % 26] + letters[options.seed % 26]
        self.tag = f"f{options.seed}.{number}"
        self.datasource = f"datasource/{self.tag}"
        self.patients, self.made, self.request = [], [], None

    # One request.

    def send(self, method, target, body=None, headers=None):
        headers = {k: v for k, v in (headers or {}).items() if v is not None}
        self.request, self.count = (method, target, headers, body), self.count + 1
        started = time.monotonic()
        for attempt in (0, 1):
            fresh = self.connection is None
            if fresh:
                self.connection = http.client.HTTPConnection(self.options.url.split("//")[1], timeout=SLOW)
            try:
                self.connection.request(method.upper(), target, body=body, headers=headers)
                r = self.connection.getresponse()
                data = r.read()
                break
            except (ConnectionError, http.client.BadStatusLine) as e:
                # A connection that was kept may have ended between two requests; a new one may not.
                self.close()
                if fresh and attempt:
                    raise Failure(f"no answer: {e!r}") from None
        answer = {k.lower(): v for k, v in r.getheaders()}
        if answer.get("connection", "").lower() == "close":
            self.close()
        if time.monotonic() - started > SLOW / 2:
            raise Failure(f"took {time.monotonic() - started:.1f} s")
        return r.status, answer, data

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def ask(self, path, method, target, body=None, headers=None):
        """An answer that is as declared, parsed."""
        status, got, data = self.send(method, target, body, headers)
        self.seen[f"{method.upper()} {path} {status}"] += 1
        if status >= 500 and status != 503:
            raise Failure(f"{status}: {data[:200]!r}")
        if status in (429, 503) and "retry-after" not in got:
            raise Failure(f"{status} without Retry-After")
        operation = self.contract.spec["paths"][path].get(method, {})
        declared = self.contract.deref(operation.get("responses", {}).get(str(status)))
        kind = got.get("content-type", "")
        if declared is None and ANYWHERE.get(status) == kind:
            declared = self.contract.spec["components"]["responses"]["Problem"]
        if declared is None or kind not in declared["content"]:
            raise Failure(f"{status} {kind} is not declared: {data[:200]!r}")
        for name, header in declared.get("headers", {}).items():
            if header.get("required") and name.lower() not in got:
                raise Failure(f"{status} without {name}")
        try:
            values = [json.loads(x) for x in data.splitlines()] if kind == LINES else [
                data.decode() if kind.startswith("text/") else json.loads(data)]
        except ValueError as e:
            raise Failure(f"{status}: no {kind}: {e}: {data[:200]!r}") from None
        for value in values[:20]:
            error = self.contract.errors(declared["content"][kind]["schema"], value)
            if error:
                raise Failure(f"{status}: {list(error.absolute_path)}: {error.message[:200]}")
        if method == "delete" and status == 200:
            self.forget(set(values[0]["deleted"]))
        return status, got, values

    def forget(self, gone):
        self.made = [name for name in self.made if name not in gone]
        self.patients = [name for name in self.patients if name not in gone]
        if not self.patients:
            self.begin()

    def expect(self, status, path, method, target, body=None, headers=None):
        got, head, values = self.ask(path, method, target, body, headers)
        if got in (429, 503):
            time.sleep(0.2)
            return self.expect(status, path, method, target, body, headers)
        if got != status:
            raise Failure(f"{got}, not {status}: {values!r:.300}")
        return head, values

    # Right questions, whose answers are known.

    def post(self, items, query="", path="/v1/resources"):
        body = json.dumps(items).encode()
        _, values = self.expect(200, path, "post", path + query, body, {"Content-Type": JSON})
        if len(values[0]["results"]) != len(items):
            raise Failure(f"{len(values[0]['results'])} results for {len(items)} items")
        return values[0]["results"]

    def begin(self):
        result = self.post([{"identifier": self.datasource, "shorthand": self.shorthand}])[0]
        if result["status"] not in ("created", "unchanged"):
            raise Failure(f"no datasource to begin with: {result}")
        self.patient()

    def tour(self):
        """Each operation once, as it is meant: chance alone might leave one out."""
        for path in ("/v1/health", "/v1/metrics", "/v1/stats", "/v1/export"):
            self.expect(200, path, "get", path)
        one = json.dumps({"external_uid": f"of {self.tag}, {time.time_ns()}", "datasource_id": self.datasource})
        for status, call in ((201, "register"), (409, "register"), (200, "resolve")):
            self.expect(status, f"/v1/patients/{call}", "post", f"/v1/patients/{call}", one, {"Content-Type": JSON})

    def patient(self):
        body = json.dumps([{"external_uid": f"p{self.dice.randrange(400)}", "datasource_id": self.datasource}])
        _, values = self.expect(200, "/v1/patients/map", "post", "/v1/patients/map", body, {"Content-Type": JSON})
        self.patients.append(values[0]["results"][0]["identifier"])

    def fresh(self, kind=None):
        """A resource of some type that nothing is wrong with."""
        kind = kind or self.dice.choice([k for k in self.contract.types if k not in ("datasource", "patient")])
        item = self.values.make(self.contract.types[kind])
        item["identifier"] = f"{kind}/{self.tag}/{self.count}.{self.dice.randrange(10**9)}"
        of_patient = "patient" in self.contract.types[kind]["x-vx"]["parents"]
        item["parent_identifier"] = self.dice.choice(self.patients) if of_patient else None
        item["derived_from"] = self.dice.sample(self.made, min(len(self.made), self.dice.randrange(3)))
        for ref in self.contract.types[kind]["x-vx"]["refs"]:
            item[ref] = None
        if kind == "specimen":  # only the first of a patient is a root, and below roots it gets deep: see wrong()
            item.update(is_event_root=False, parent_identifier=None)
        if item.get("label_counts"):
            item["labels"] = {**(item.get("labels") or {}), **{k: "x" for k in item["label_counts"]}}
        if item["parent_identifier"] is None and self.contract.types[kind]["x-vx"]["parent_required"]:
            return self.fresh()
        return item

    def live(self):
        """Created, found, listed, unchanged, changed, deleted, gone."""
        item = self.fresh()
        collection = self.contract.types[item["identifier"].split("/")[0]]["x-vx"]["collection"]
        result = self.create(item, collection)
        if result["status"] != "created":
            raise Failure(f"a right item is {result}")
        name, one = item["identifier"], "/v1/resources/{identifier}"
        target = "/v1/resources/" + urllib.parse.quote(name, "/+" if self.dice.random() < 0.5 else "/")
        _, values = self.expect(200, one, "get", target)
        stored = {k: v for k, v in values[0].items() if k not in ("created_at", "updated_at")}
        wanted = {k: v for k, v in item.items() if v is not None and not k.startswith("_")}
        wanted.setdefault("access_level", "dev")
        wanted.setdefault("derived_from", [])
        if stored != wanted:
            raise Failure(f"stored {stored!r:.400}, sent {wanted!r:.400}")
        self.listed(item, collection, wanted)
        for again in (item, values[0]):
            if self.post([again])[0]["status"] != "unchanged":
                raise Failure("the same again is not unchanged")
        self.change(item)
        if self.dice.random() < 0.5:
            self.made = self.made[-50:] + [name]
            return
        self.expect(200, one, "delete", target)
        self.expect(404, one, "get", target)
        self.expect(404, one, "delete", target + "?recursive=1")

    def create(self, item, collection):
        body, kind = json.dumps([item]), JSON
        if self.dice.random() < 0.3:
            body, kind = json.dumps(item) + "\n", LINES
        headers, data = {"Content-Type": kind}, body.encode()
        if self.dice.random() < 0.2:
            headers["Content-Encoding"], data = "gzip", gzip.compress(data)
        _, values = self.expect(200, "/v1/{collection}", "post", f"/v1/{collection}", data, headers)
        return values[0]["results"][0]

    def listed(self, item, collection, stored):
        """Each field that holds a single value finds it."""
        path, name = "/v1/{collection}", item["identifier"]
        single = [k for k, v in stored.items() if isinstance(v, (str, bool, int, float))]
        query = {"identifier": name}
        for k in self.dice.sample(single, min(3, len(single))):
            query[k] = stored[k] if isinstance(stored[k], str) else json.dumps(stored[k])
        _, values = self.expect(200, path, "get", f"/v1/{collection}?" + urllib.parse.urlencode(query))
        if [v["identifier"] for v in values] != [name]:
            raise Failure(f"a list by {query} has {len(values)} rows")
        page = f"/v1/{collection}?limit=1&after=" + urllib.parse.quote(name[:-1], "")
        _, values = self.expect(200, path, "get", page)
        if not values or values[0]["identifier"] > name:
            raise Failure("a page passes it over")

    def change(self, item):
        other = dict(item, other_data={"changed": self.dice.random()})
        result = self.post([other])[0]
        if result["status"] != "conflict" or list(result["diff"]) != ["other_data"]:
            raise Failure(f"a change is {result}")
        if self.post([other], "?on_conflict=update&dry_run=1")[0]["status"] != "updated":
            raise Failure("a dry update is no update")
        if self.post([other], "?on_conflict=update")[0]["status"] != "updated":
            raise Failure("an update is no update")
        if self.post([other], self.dice.choice(["", "?dry_run=1"]))[0]["status"] != "unchanged":
            raise Failure("an update did not last")

    # Wrong questions, whose answers only have to be declared.

    def wrong(self):
        path, method = self.dice.choice(self.contract.operations)
        target = path.replace("{collection}", self.collection()).replace("{identifier}", self.name())
        headers, body = {}, None
        if method == "post":
            body, headers = self.body(path)
        if self.dice.random() < 0.6:
            target += self.query(path, method)
        if self.dice.random() < 0.2:
            headers.update(self.header())
        if self.dice.random() < 0.03:
            method = self.dice.choice(["put", "patch", "options", "brew", "delete", "post", "get"])
        self.ask(path, method, target, body, headers)

    def collection(self):
        known = [t["x-vx"]["collection"] for t in self.contract.types.values()]
        return self.dice.choice(known) if self.dice.random() < 0.95 else urllib.parse.quote(self.dice.choice(TEXTS), "")

    def name(self):
        known = [*self.made[-5:], self.datasource, *self.patients[-2:], "volume/none"]
        name = self.dice.choice([*known, self.dice.choice(TEXTS)])
        name = self.values.beside(name) if self.dice.random() < 0.2 else name
        return urllib.parse.quote(str(name), "/") or "x"

    def query(self, path, method):
        declared = self.contract.spec["paths"][path]
        names = [self.contract.deref(p)["name"] for p in declared[method].get("parameters", [])]
        names += ["x", "limit", "dry_run"]
        if path == "/v1/{collection}" and method == "get":
            names += self.dice.choice(list(self.contract.types.values()))["properties"]
        values = ["", "0", "1", "2", "true", "-1", "1e3", "9" * 20, "update", "reject", "replace", "T2", "800",
                  self.datasource, *self.patients[-1:], *TEXTS]
        parts = []
        for _ in range(self.dice.choice((1, 1, 2, 3))):
            value = urllib.parse.quote(self.dice.choice(values), self.dice.choice(("", "/+")))
            odd = self.dice.random() < 0.03 and self.dice.choice(("x", "%zz=%", "=", "&", "%ff=%fe", "x=%00"))
            parts.append(odd or f"{self.dice.choice(names)}={value}")
        return "?" + "&".join(parts)

    def header(self):
        kinds = {"Accept": ["text/html", "*/*", JSON, LINES, "application/*;q=0.1", ";;q=,", "a" * 500, "*/*;q=nan"],
                 "Content-Type": [JSON, LINES, "text/plain", "application/json; charset=x", "", "/", JSON + "x"],
                 "Content-Encoding": ["gzip", "identity", "br", "GZIP", "x-gzip", ""],
                 "X-Request-Id": ["0123456789abcdef", "x" * 200, "<script>", ""],
                 "Authorization": ["Bearer x", "Basic Zm9v", "Bearer", ""], "Range": ["bytes=0-"], "Expect": ["x"],
                 "If-None-Match": ["*"], "X-HTTP-Method-Override": ["DELETE"], "Accept-Encoding": ["gzip"]}
        name = self.dice.choice(list(kinds))
        return {name: self.dice.choice(kinds[name])}

    def body(self, path):
        """Items that are nearly right, in a body that is nearly JSON."""
        if path.startswith("/v1/patients"):
            value = {"external_uid": f"p{self.dice.randrange(400)}", "datasource_id": self.datasource}
            value = self.values.beside(value) if self.dice.random() < 0.5 else value
            value = [value, value] if path.endswith("map") != (self.dice.random() < 0.1) else value
        else:
            value = [self.nearly() for _ in range(self.dice.choice((0, 1, 2, 5, 40)))]
        if self.dice.random() < 0.1:
            value = self.values.beside(value)
        lines = isinstance(value, list) and self.dice.random() < 0.3
        escaped = self.dice.random() < 0.5
        text = "\n".join(json.dumps(v) for v in value) if lines else json.dumps(value, ensure_ascii=escaped)
        data, headers = text.encode("utf-8", "surrogatepass"), {"Content-Type": LINES if lines else JSON}
        if self.dice.random() < 0.25:
            data = self.torn(data)
        if self.dice.random() < 0.1:
            data, headers["Content-Encoding"] = gzip.compress(data), "gzip"
            data = data if self.dice.random() < 0.7 else self.torn(data)
        return data, headers

    def nearly(self):
        kind = self.dice.choice(list(self.contract.types))
        item = self.values.make(self.contract.types[kind])
        if kind not in ("datasource", "patient"):
            item["identifier"] = f"{kind}/{self.tag}/{self.dice.randrange(300)}"
        elif self.dice.random() < 0.7:  # few with a name of their own: shorthands are scarce
            item["identifier"] = self.datasource if kind == "datasource" else self.dice.choice(self.patients)
        if self.dice.random() < 0.7:
            item["parent_identifier"] = self.dice.choice([self.datasource, *self.patients[-3:], *self.made[-5:]])
        if self.dice.random() < 0.5:
            item["derived_from"] = self.dice.sample(self.made, min(2, len(self.made)))
        return self.values.beside(item) if self.dice.random() < 0.4 else item

    def torn(self, data):
        """A byte or more of it lost, doubled, turned or put in."""
        at = self.dice.randrange(len(data) + 1)
        put = self.dice.choice([b"", b"\x00", b"\xff", b"[", b"}", b'"', b",", b"\\ud800", b"\xef\xbb\xbf", b"1e400",
                                b"[" * 70, data[:50]])
        return data[:at] + put + data[at + self.dice.randrange(4):]

    def judged(self):
        """Items beside the schema: what python3-jsonschema refuses is invalid here, too; what is invalid here and
        breaks no rule across fields or resources, it refuses."""
        items = [item for item in (self.nearly() for _ in range(10)) if isinstance(item, dict)]
        for item, result in zip(items, self.post(items, "?dry_run=1")):
            wrong = self.contract.item_errors(item)
            if wrong and result["status"] != "invalid":
                why = getattr(wrong, "message", wrong)
                raise Failure(f"{result} where the schema says {why!r:.200}: {item!r:.300}")
            unique = ("shorthand", "external_uid", "identifier")
            ruled = any("(rule" in e["reason"] or "NUL" in e["reason"] or e["field"] in unique for e in result.get("errors", []))
            if not wrong and result["status"] == "invalid" and not ruled:
                raise Failure(f"{result['errors']} where the schema says nothing: {item!r:.300}")

    def run(self, until, failures):
        try:
            self.begin()
            self.tour()
            while time.monotonic() < until and not failures:
                self.dice.choice((self.live, self.wrong, self.wrong, self.wrong, self.wrong, self.wrong, self.judged))()
                if self.dice.random() < 0.01:
                    self.patient()
        except Failure as e:
            method, target, headers, body = self.request
            failures.append(f"seed {self.options.seed}, client {self.number}, request {self.count}: {e}\n"
                            f"    {method.upper()} {target} {headers}\n    {(body or b'')[:1500]!r}")
        except Exception as e:  # the walk itself, not the server
            failures.append(f"client {self.number}: {e!r} at {self.request!r:.500}")
            raise
        finally:
            self.close()


def whole(client):
    """The export: each resource behind what it stands on, all unchanged when sent again, as many as the counts say.
    What was set aside (DELETE ?aside=1) is its identifier and nothing else: there to be named, not to be sent."""
    data = client.send("get", "/v1/export")[2].splitlines(keepends=True)  # numbers as they are, also beyond Python's
    rows, there = [json.loads(line) for line in data], set()
    data = [line for line, row in zip(data, rows) if len(row) > 1]
    for row in rows:
        above = [row.get("parent_identifier"), row.get("reference_mri"), *row.get("derived_from", [])]
        if len(row) > 1 and "derived_from" not in row:
            raise Failure(f"{row['identifier']} is neither whole nor set aside")
        for name in filter(None, above):
            if name not in there:
                raise Failure(f"{row['identifier']} stands in front of {name}, or that is missing")
        there.add(row["identifier"])
    for i in range(0, len(data), 1000):
        _, values = client.expect(200, "/v1/resources", "post", "/v1/resources", b"".join(data[i:i + 1000]),
                                  {"Content-Type": LINES})
        if {r["status"] for r in values[0]["results"]} - {"unchanged"}:
            raise Failure("the export is not unchanged when sent again")
    _, stats = client.expect(200, "/v1/stats", "get", "/v1/stats")
    if stats[0]["total"] != len(rows):
        raise Failure(f"{stats[0]['total']} counted, {len(rows)} exported")
    return len(rows)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("share")
    p.add_argument("url")
    p.add_argument("--seconds", type=float, default=10)
    p.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    p.add_argument("--threads", type=int, default=2)
    options = p.parse_args()
    # A contract each: jsonschema's resolver is one thread's.
    clients = [Client(Contract(options.share), options, i) for i in range(options.threads)]
    failures, started = [], time.monotonic()
    threads = [threading.Thread(target=c.run, args=(started + options.seconds, failures)) for c in clients]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    seconds, stored = time.monotonic() - started, 0
    try:
        stored = whole(clients[0])
    except Failure as e:
        failures.append(f"seed {options.seed}, at the end: {e}")
    seen = sum((c.seen for c in clients), collections.Counter())
    for path, method in clients[0].contract.operations:
        if not any(k.startswith(f"{method.upper()} {path} 2") for k in seen):
            failures.append(f"{method.upper()} {path} never succeeded: the walk does not reach it")
    total = sum(c.count for c in clients)
    by = collections.Counter(k.rsplit(" ", 1)[1] for k in seen.elements())
    print(f"{total} requests in {seconds:.1f} s ({total / seconds * 60:.0f} a minute), seed {options.seed}: " +
          ", ".join(f"{n} times {k}" for k, n in sorted(by.items())) + f"; {stored} resources stored")
    print("\n".join(failures) or "no failure")
    sys.exit(1 if failures else 0)


main()

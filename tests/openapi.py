#!/usr/bin/env python3
"""Holds share/openapi.yaml against running servers: every answer is declared, every declared answer is seen.
openapi.py SHARE OPEN_URL LOCKED_URL PRODUCTION_URL DB -> what differs on stdout, status 1 when anything does.
LOCKED_URL asks for the token "secret", or "a-token-that-reads" for what does not write; DB is the file of OPEN_URL, whose --max-body is 1 MiB.

SPDX-License-Identifier: MIT
"""
import gzip, hashlib, http.client, json, os, sqlite3, subprocess, sys, urllib.parse
import yaml
from jsonschema import Draft202012Validator, RefResolver

share, open_url, locked_url, production_url, database = sys.argv[1:6]
with open(os.path.join(share, "openapi.yaml"), encoding="utf-8") as f:
    spec = yaml.safe_load(f)
METHODS = ("get", "post", "delete", "put", "patch", "head", "options")
JSON, LINES, PROBLEM = "application/json", "application/x-ndjson", "application/problem+json"
resolver = RefResolver("file://" + os.path.abspath(os.path.join(share, "openapi.yaml")), spec)
resolver.store[resolver.base_uri] = spec
schemas = {}
# The schemas' own $id is a name, not an address: they are found beside openapi.yaml.
for name in os.listdir(os.path.join(share, "schema")):
    with open(os.path.join(share, "schema", name), encoding="utf-8") as f:
        schema = json.load(f)
    resolver.store["file://" + os.path.abspath(os.path.join(share, "schema", name))] = schema
    resolver.store[schema["$id"]] = schema
    schemas[name] = schema
failures, seen, headers_seen = [], set(), set()
# What an answer's headers say beside what any server sends.
SPEAKING = {"link", "retry-after", "allow", "www-authenticate", "etag", "location"}


def fail(text):
    failures.append(text)


def deref(node):
    while isinstance(node, dict) and "$ref" in node:
        node = resolver.resolve(node["$ref"])[1]
    return node


def check(schema, value, where):
    for e in Draft202012Validator(schema, resolver=resolver).iter_errors(value):
        fail(f"{where}: {list(e.absolute_path)}: {e.message[:200]}")


def send(url, method, target, body=None, headers=None):
    c = http.client.HTTPConnection(url.split("//")[1], timeout=30)
    c.request(method.upper(), target, body=body, headers=headers or {})
    r = c.getresponse()
    answer = r.status, {k.lower(): v for k, v in r.getheaders()}, r.read()
    c.close()
    return answer


def call(path, method, status, target=None, body=None, headers=None, url=open_url, expect=None):
    """One request whose answer must be declared for path and method, and have this status."""
    target = target or path
    got, got_headers, data = send(url, method, target, body, headers)
    where = f"{method.upper()} {target} {got}"
    if got != status:
        fail(f"{where}: expected {status}: {data[:300]!r}")
        return None
    declared = deref(spec["paths"][path].get(method, {}).get("responses", {}).get(str(got)))
    if declared is None:
        fail(f"{where}: is not declared")
        return None
    kind = got_headers.get("content-type", "")
    if kind not in declared["content"]:
        fail(f"{where}: media type {kind} is not declared")
        return None
    headers_declared = {k.lower(): v for k, v in declared.get("headers", {}).items()}
    for name, header in headers_declared.items():
        if header.get("required") and name not in got_headers:
            fail(f"{where}: has no {name}")
    for name in SPEAKING & set(got_headers) - set(headers_declared):
        fail(f"{where}: {name} is not declared")
    headers_seen.update((path, method, str(got), name) for name in headers_declared if name in got_headers)
    seen.add((path, method, str(got), kind))
    if kind == LINES:
        values = [json.loads(x) for x in data.splitlines()]
    else:
        values = [data.decode() if kind.startswith("text/") else json.loads(data)]
    for v in values:
        check(declared["content"][kind]["schema"], v, where)
    if kind == PROBLEM and values[0]["status"] != got:
        fail(f"{where}: the problem says {values[0]['status']}")
    if expect is not None and not expect(values):
        fail(f"{where}: unexpected answer {values}"[:600])
    return values


def statuses(values):
    return [r["status"] for r in values[0]["results"]]


def item(kind, name, parent=None, **fields):
    return dict(identifier=f"{kind}/{name}", **({"parent_identifier": parent} if parent else {}), **fields)


def creates(path, target):
    """What all three of POST /v1/resources and /v1/<collection> share; the collection is volumes."""
    j = {"Content-Type": JSON}
    v = item("volume", "w/" + target.strip("/").replace("/", "."), path_nii="s3://b/a.nii.gz")
    def post(status, body, query="", headers=j, **more):
        body = json.dumps(body) if not isinstance(body, (str, bytes)) else body
        return call(path, "post", status, target + query, body, headers, **more)
    post(200, [v], "?dry_run=1", expect=lambda a: statuses(a) == ["created"])
    post(200, [v], "?dry_run=0", expect=lambda a: statuses(a) == ["created"])
    post(200, v, expect=lambda a: statuses(a) == ["unchanged"])
    post(200, [dict(v, b_value=50)], "?on_conflict=reject", expect=lambda a: statuses(a) == ["conflict"] and
         a[0]["results"][0]["diff"] == {"b_value": {"old": None, "new": 50}})
    post(200, [dict(v, b_value=50)], "?on_conflict=update", expect=lambda a: statuses(a) == ["updated"])
    post(200, [dict(v, b_value="x"), 3, dict(v, identifier="volume/or", parent_identifier="study/none"), {}],
         expect=lambda a: statuses(a) == ["invalid", "invalid", "orphan", "invalid"])
    lines = json.dumps(v) + "\nnonsense\n\n" + json.dumps(dict(v, b_value=50)) + "\n"
    post(200, lines, headers={"Content-Type": LINES}, expect=lambda a: statuses(a) == ["conflict", "invalid", "unchanged"])
    post(200, gzip.compress(lines.encode()), headers={"Content-Type": LINES, "Content-Encoding": "gzip"},
         expect=lambda a: statuses(a) == ["conflict", "invalid", "unchanged"])
    post(200, lines, headers={}, expect=lambda a: len(a[0]["results"]) == 3)
    post(200, "[]", headers={}, expect=lambda a: a[0]["results"] == [])
    post(200, "", expect=lambda a: a[0]["results"] == [])
    for body in ("[1,]", "[{}", "[{}] x", '{"a":', "[{]}", "nul", "[1 2]", '["\x01"]', b"[\xff]"):
        post(400, body)
    post(400, "[]", "?dryrun=1")
    post(400, "[]", "?dry_run=yes")
    post(400, "[]", "?on_conflict=ask")
    post(200, [dict(v, b_value=60)], "?on_conflict=replace", expect=lambda a: statuses(a) == ["updated"])
    post(200, [dict(v, b_value=50)], "?on_conflict=replace", expect=lambda a: statuses(a) == ["updated"])
    post(403, "[]", "?on_conflict=replace", url=production_url)
    post(400, b"no gzip", headers=dict(j, **{"Content-Encoding": "gzip"}))
    post(400, gzip.compress(b"[]" * 1000)[:-9], headers=dict(j, **{"Content-Encoding": "gzip"}))
    post(406, "[]", headers=dict(j, Accept="text/html"))
    post(413, b" " * (2 << 20))
    post(413, b"[" + b"{}," * 100000 + b"{}]")
    post(413, gzip.compress(b" " * (64 << 20)), headers=dict(j, **{"Content-Encoding": "gzip"}))
    post(415, "[]", headers={"Content-Type": "text/csv"})
    post(415, "[]", headers=dict(j, **{"Content-Encoding": "br"}))
    post(401, "[]", url=locked_url)
    post(403, "[]", url=locked_url, headers=dict(j, Authorization="Bearer a-token-that-reads"))
    post(200, "[]", "?dry_run=1", url=locked_url, headers=dict(j, Authorization="Bearer a-token-that-reads"))
    busy(lambda: post(503, [dict(v, b_value=1)], "?on_conflict=update"))


def busy(request):
    if database.startswith("postgresql://"):
        # A layout that the server does not know keeps it from writing at once; a lock would only after a while.
        psql = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", database, "-c"]
        subprocess.run(psql + ["UPDATE layout SET version = version + 100"], check=True)
        request()
        subprocess.run(psql + ["UPDATE layout SET version = version - 100"], check=True)
        return
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    request()
    other.execute("ROLLBACK")
    other.close()


def patients():
    j = {"Content-Type": JSON}
    one = json.dumps({"external_uid": "p \u00e9 1", "datasource_id": "datasource/w"})
    reg, res, many = "/v1/patients/register", "/v1/patients/resolve", "/v1/patients/map"
    call(res, "post", 404, body=one, headers=j)
    call(reg, "post", 201, body=one, headers=j, expect=lambda a: a[0]["identifier"] == "patient/WW00001")
    call(reg, "post", 409, body=one, headers=j)
    call(res, "post", 200, body=one, headers=j, expect=lambda a: a[0]["identifier"] == "patient/WW00001")
    two = "[" + one + ',{"external_uid":"p2","datasource_id":"datasource/w"}]'
    call(many, "post", 200, many + "?register=0", two, j, expect=lambda a: statuses(a) == ["existing", "unknown"])
    call(many, "post", 200, body=two, headers=j, expect=lambda a: statuses(a) == ["existing", "created"])
    call(many, "post", 200, body=two, headers=j, expect=lambda a: statuses(a) == ["existing", "existing"])
    last = item("patient", "FU99999", "datasource/full", external_uid="the last")
    full = [item("datasource", "full", shorthand="FU"), last]
    call("/v1/resources", "post", 200, body=json.dumps(full), headers=j)
    call(many, "post", 409, body='[{"external_uid":"one more","datasource_id":"datasource/full"}]', headers=j)
    for path in (reg, res, many):
        wrap = "[%s]" if path == many else "%s"
        none = wrap % '{"external_uid":"p","datasource_id":"datasource/none"}'
        call(path, "post", 404, body=none, headers=j)
        for body in (none[:-1], wrap % "3", wrap % '{"external_uid":"p"}', wrap % '{"external_uid":"","datasource_id":"x"}',
                     wrap % '{"external_uid":"a\\u0000","datasource_id":"datasource/w"}',
                     wrap % '{"external_uid":"p","datasource_id":"datasource/w","sex":"M"}', ""):
            call(path, "post", 400, body=body, headers=j)
        call(path, "post", 400, path + "?x=1", none, j)
        call(path, "post", 406, body=none, headers=dict(j, Accept="application/x-ndjson, text/*"))
        call(path, "post", 413, body=b"[" + b" " * (2 << 20), headers=j)
        call(path, "post", 415, body=none, headers={"Content-Type": "application/x-www-form-urlencoded"})
        call(path, "post", 401, body=none, headers=j, url=locked_url)
        reader = dict(j, Authorization="Bearer a-token-that-reads")
        call(path, "post", 404 if path == res else 403, body=none, headers=reader, url=locked_url)
        busy(lambda: call(path, "post", 503, body=two if path == many else one, headers=j))


def instances():
    """The database's name: creating leaves it, changing and deleting renew it, a dry run does neither."""
    path, j = "/v1/resources", {"Content-Type": JSON}
    name = lambda: json.loads(send(open_url, "GET", "/v1/health")[2])
    before, told = name(), lambda a: (a[0]["was"], a[0]["instance"])
    call(path, "post", 200, path + "?instance=1", json.dumps([item("datasource", "i", shorthand="IN")]), j,
         expect=lambda a: told(a) == (before["instance"],) * 2 and a[0]["newest"] > before["newest"])
    changed = json.dumps([item("datasource", "i", shorthand="IN", description="new")])
    call(path, "post", 200, path + "?instance=1&on_conflict=update&dry_run=1", changed, j)
    if name()["instance"] != before["instance"]:
        fail("a dry run renews the instance")
    call(path, "post", 200, path + "?instance=1&on_conflict=update", changed, j,
         expect=lambda a: told(a) == (before["instance"], name()["instance"]) and a[0]["was"] != a[0]["instance"])
    before = name()
    call(path + "/{identifier}", "delete", 200, path + "/datasource/i")
    if name()["instance"] == before["instance"]:
        fail("the instance is the same after a deletion")
    call(path, "post", 200, path + "?instance=1", "[3]", j, expect=lambda a: "instance" not in a[0])


def reads():
    one, all_of = "/v1/resources/{identifier}", "/v1/{collection}"
    call("/v1/health", "get", 200, expect=lambda a: a[0]["environment"] == "dev")
    call("/v1/health", "get", 200, url=production_url, expect=lambda a: a[0]["environment"] == "production")
    call("/v1/health", "get", 200, url=locked_url)
    call("/v1/metrics", "get", 200, expect=lambda a: "\nvx_http_requests_total{" in a[0])
    call("/v1/stats", "get", 200, expect=lambda a: a[0]["total"] == sum(
        n for d in a[0]["datasources"] for n in d["collections"].values()))
    call("/v1/export", "get", 200, expect=lambda a: "created_at" not in a[0] and len(a) > 3)
    lines = send(open_url, "GET", "/v1/export")[2]
    call("/v1/export", "get", 200, "/v1/export?check=1", expect=lambda a: a[-1]["_end"] == {
        "count": len(a) - 1, "sha256": hashlib.sha256(lines).hexdigest()})
    call("/v1/export", "get", 200, "/v1/export?datasource=datasource/w",
         expect=lambda a: a[0]["identifier"] == "datasource/w")
    call("/v1/export", "get", 200, "/v1/export?check=1&datasource=datasource/w",
         expect=lambda a: a[-1]["_end"]["datasource"] == "datasource/w")
    call("/v1/export", "get", 404, "/v1/export?datasource=datasource/none")
    call("/v1/export", "get", 404, "/v1/export?datasource=volume/x")
    call(one, "get", 200, "/v1/resources/datasource/w", expect=lambda a: a[0]["shorthand"] == "WW")
    call(one, "get", 200, "/v1/resources/datasource%2Fw")
    call(one, "get", 404, "/v1/resources/datasource/none")
    call(one, "get", 404, "/v1/resources/datasource/w%00x")
    collections = spec["paths"][all_of]["parameters"][0]["schema"]["enum"]
    for c in collections:
        call(all_of, "get", 200, f"/v1/{c}")
        call(all_of, "post", 200, f"/v1/{c}", "[]", {"Content-Type": JSON})
    ids = [r["identifier"] for r in call(all_of, "get", 200, "/v1/patients?datasource=datasource/w")]
    if ids != sorted(ids) or len(ids) != 2:
        fail(f"/v1/patients: {ids}")
    call(all_of, "get", 200, "/v1/patients?parent=datasource/w&limit=1", expect=lambda a: a[0]["identifier"] == ids[0])
    call(all_of, "get", 200, "/v1/patients?limit=1&after=" + urllib.parse.quote(ids[0], ""),
         expect=lambda a: a[0]["identifier"] == ids[1])
    for query in ("limit=0", "limit=x", "limit=1&limit=2", "order=up", "limit", "datasource=w", "patient=w", "parent=w"):
        call(all_of, "get", 400, "/v1/patients?" + query)
    call(all_of, "get", 200, "/v1/patients?patient=" + ids[1], expect=lambda a: [r["identifier"] for r in a] == ids[1:])
    for c in collections:
        filters(c)
    for path, target in (("/v1/health", None), ("/v1/stats", None), ("/v1/metrics", None),
                         ("/v1/export", None),
                         (one, "/v1/resources/datasource/w"), (all_of, "/v1/volumes")):
        target = target or path
        call(path, "get", 400, target + "?nonsense=1")
        call(path, "get", 406, target, headers={"Accept": "text/html;q=0.9, application/*;q=0, */*;q=0"})
        if path != "/v1/health":
            call(path, "get", 401, target, url=locked_url)
            call(path, "get", 401, target, headers={"Authorization": "Bearer wrong"}, url=locked_url)
        got, headers, data = send(open_url, "HEAD", target)
        if got != 200 or data:
            fail(f"HEAD {target}: {got} {data[:50]!r}")
    got = send(locked_url, "GET", "/v1/stats", headers={"Authorization": "Bearer secret"})[0]
    if got != 200:
        fail(f"GET /v1/stats with its token: {got}")


def types_of(collection, field):
    """What a field of a type may be, also where its $ref says it."""
    kind, types = {v["x-vx"]["collection"]: v for v in schemas.values() if "x-vx" in v}[collection], set()
    for part in (field, resolver.resolve(kind["$id"].rsplit("/", 1)[0] + "/" + field["$ref"])[1] if "$ref" in field else {}):
        types |= {part["type"]} if isinstance(part.get("type"), str) else set(part.get("type", ()))
    return types


def filters(collection):
    """Every field that holds a single value is a filter, by what the schema lets it be; no other is."""
    path, kind = "/v1/{collection}", {v["x-vx"]["collection"]: v for v in schemas.values() if "x-vx" in v}[collection]
    single = {"string": "x-y z", "integer": "3", "number": "0.5", "boolean": "true"}
    for name, field in kind["properties"].items():
        types = types_of(collection, field)
        of = types & set(single)
        target = f"/v1/{collection}?{name}="
        call(path, "get", 200 if of else 400, target)
        if not of:
            continue
        value = [v for v in field.get("enum", ()) if v is not None][:1] or [single[t] for t in of]
        valid = not list(Draft202012Validator(field, resolver=RefResolver(kind["$id"], kind, store=resolver.store)).iter_errors(
            value[0] if of == {"string"} else json.loads(value[0])))
        call(path, "get", 200 if valid else 400, target + urllib.parse.quote(value[0]))
        if of != {"string"}:
            call(path, "get", 400, target + "x")


def deletes():
    path, j = "/v1/resources/{identifier}", {"Content-Type": JSON}
    body = [item("study", "w/1", "patient/WW00001"), item("volume", "w/1/t2", "study/w/1", path_nii="/a.nii"),
            item("voxelmap", "w/1/m", path_nii="/m.nii", task="prostate", reference_mri="volume/w/1/t2")]
    call("/v1/resources", "post", 200, body=json.dumps(body), headers=j,
         expect=lambda a: statuses(a) == ["created"] * 3 and [w["code"] for w in a[0]["results"][2]["warnings"]] ==
         ["no_parent", "local_path"])
    target = "/v1/resources/study/w/1"
    call(path, "delete", 409, target)
    call(path, "delete", 409, target + "?recursive=1")
    call(path, "delete", 200, "/v1/resources/voxelmap/w/1/m?aside=1", expect=lambda a: a[0]["deleted"] == [])
    call(path, "delete", 200, "/v1/resources/voxelmap/w/1/m", expect=lambda a: a[0]["deleted"] == ["voxelmap/w/1/m"])
    call(path, "delete", 400, target + "?recursive=all")
    call(path, "delete", 406, target, headers={"Accept": "image/png"})
    call(path, "delete", 401, target, url=locked_url)
    call(path, "delete", 403, target, url=production_url)
    busy(lambda: call(path, "delete", 503, target + "?recursive=1"))
    call(path, "delete", 200, target + "?recursive=1", expect=lambda a: a[0]["deleted"] == ["study/w/1", "volume/w/1/t2"])
    call(path, "delete", 404, target)


def parameters():
    """Each path takes the parameters that are declared, and no other: a refusal lists all that the server knows."""
    for path, node in spec["paths"].items():
        target = path.replace("{identifier}", "datasource/w").replace("{collection}", "volumes")
        for method in (m for m in METHODS if m in node):
            names = {deref(p)["name"] for p in node[method].get("parameters", []) if deref(p)["in"] == "query"}
            if "fields" in names:
                single = {"string", "number", "integer", "boolean"}
                names |= {name for name, f in schemas["volume.json"]["properties"].items() if types_of("volumes", f) & single}
                names.remove("fields")
            problem = call(path, method, 400, target + "?zzzzzzzzzz=1", body="[]" if method == "post" else None)
            known = problem[0]["detail"].partition("here: ")[2] if problem else ""
            if set(filter(None, known.split(", "))) != names:
                fail(f"{method.upper()} {path}: takes {known}, declared {sorted(names)}")


def methods():
    """Methods that are not declared are refused with the declared ones; other paths are not there."""
    for path, node in spec["paths"].items():
        target = path.replace("{identifier}", "datasource/w").replace("{collection}", "volumes")
        declared = {m.upper() for m in METHODS if m in node}
        if "GET" in declared:
            declared.add("HEAD")
        for m in METHODS:
            if m.upper() in declared:
                continue
            got, headers, data = send(open_url, m, target)
            if got != 405 or set(headers.get("allow", "").split(", ")) != declared:
                fail(f"{m.upper()} {target}: {got}, Allow {headers.get('allow')}, declared {sorted(declared)}")
            if m != "head":
                check(spec["components"]["schemas"]["Problem"], json.loads(data), f"{m.upper()} {target}")
    for target in ("/", "/v1", "/v1/", "/v2/health", "/v1/nonsense", "/v1/volumes/", "/v1/resources/", "/v1/health/x", "/%00"):
        got = send(open_url, "GET", target)[0]
        if got != (405 if target == "/v1/resources" else 404):
            fail(f"GET {target}: {got}")


call("/v1/resources", "post", 200, body=json.dumps([item("datasource", "w", shorthand="WW")]), headers={"Content-Type": JSON})
creates("/v1/resources", "/v1/resources")
creates("/v1/{collection}", "/v1/volumes")
patients()
instances()
reads()
deletes()
parameters()
methods()
for path, node in spec["paths"].items():
    for method in METHODS:
        for status, response in node.get(method, {}).get("responses", {}).items():
            for kind in deref(response)["content"]:
                if (path, method, status, kind) not in seen:
                    fail(f"{method.upper()} {path} {status} {kind}: declared, never seen")
            for name in deref(response).get("headers", {}):
                if (path, method, status, name.lower()) not in headers_seen:
                    fail(f"{method.upper()} {path} {status}: the header {name} is declared, never seen")
with open(os.path.join(share, "api", "routes.json"), encoding="utf-8") as f:
    routes = set(json.load(f).values())
if routes != set(spec["paths"]):
    fail(f"api/routes.json and openapi.yaml differ: {routes ^ set(spec['paths'])}")
print("\n".join(failures) or f"{len(seen)} declared answers seen")
sys.exit(1 if failures else 0)

"""Holds vx_schema against python3-jsonschema: generated records of every type, then generated schemas and values.
usage: schema_peer.py SCHEMA_PROBE SCHEMA_FOLDER RANDOM_RECORDS_A_TYPE SCHEMAS [SEED]
SPDX-License-Identifier: MIT"""
import copy, json, os, random, re, subprocess, sys, warnings

warnings.simplefilter("ignore")
import jsonschema  # noqa: E402

JUNK = [None, True, False, 0, 1, -1, 3.0, 2.5, -0.0, 1e300, 5e-324, 10**25, -(10**25), 9007199254740993, "", "x", "1",
        "\n", "\0", "é", "🧠" * 3, [], [1], [None], [[1, 0, 0, 0]] * 4, {}, {"a": 1}, {"0": "b"}, {"0": 1}, "0", "left",
        "patient/FD00001", "patient/FD00001\n", "volume/a", "volume//a", "volume/..", "study/" + "x" * 249,
        "study/" + "x" * 250, "2021-02-29", "2020-02-29", "2021-13-01", "2021-06-31", "2021-12-31", "2021-12-31\n",
        "2011-07-07T11:20:36.120000", "2011-07-07T24:20:36", "/", "/a", "s3://b/k", "s3://", "a.nii", "a" * 64, "A" * 64,
        "LPS", "LRS", "MR", "T2", "1.2.840", "1..2", "ng/mL", 100, 100.0001, 150, 151, 360, 5, 6]

# Values that fit, by definition in common.json or by property; where several are listed, one is drawn.
FIT = {
    "identifier": ["study/a", "volume/a/b", "session/x+20y"], "nullable_identifier": ["volume/a", None],
    "license": ["VIRDX", None], "access_level": ["dev"], "derived_from": [[], ["volume/a", "session/b"], None],
    "text": ["some text", "é🧠", None], "flag": [True, False, None], "date": ["2020-02-29", "1999-12-31", None],
    "datetime": ["2011-07-07T11:20:36.120000", "2011-07-07T11:20:36Z", None], "quantity": [0, 1.5, 2e3, None],
    "count": [0, 3, 4.0, None], "path": ["/a.nii", "s3://b/k", "file:///é"], "nullable_path": ["/a", None],
    "uid": ["1.2.840.113", None], "sha256": ["0a" * 32, None], "shape": [[1], [64, 64, 20.0], None],
    "spacing": [[0.5, 0.5, 3], None], "affine": [[[1, 0, 0, 0.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]], None],
    "gleason": [1, 5, 3.0, None], "other_data": [{}, {"a": [1, None]}, None],
}
BY_NAME = {
    "shorthand": ["FD", "ABCD"], "external_uid": ["x", "é"], "modality": ["MR", None], "patient_age": [63, 0.5, None],
    "b_values": [[0, 800.5], None], "orientation": ["LPS", "RAS", None], "datatype": ["int16", None],
    "image_type": [["ORIGINAL"], [], None], "flip_angle": [0, 360, 90.5, None], "labels": [{"0": "b", "-3": "x"}, {}, None],
    "label_counts": [{"0": 5, "7": 0}, None], "is_summary": [True, False], "is_event_root": [True, False],
    "isup": [0, 5, None], "percent_cancer": [0, 100, 12.5, None], "value": [4.5, 0],
}


def fit(schema, name, prop, draw):
    """A value that the schema of a property takes."""
    if prop == "identifier":
        return draw.choice(["patient/FD%05d" % draw.randrange(99999)] if name == "patient" else [name + "/a", name + "/a/..b"])
    if prop == "parent_identifier" and schema.get("type") == "null":
        return None
    if prop in BY_NAME:
        return draw.choice(BY_NAME[prop])
    if "enum" in schema:
        return draw.choice(schema["enum"])
    return draw.choice(FIT[schema["$ref"].rsplit("/", 1)[1]])


def mutate(value, draw):
    """One step away from value."""
    if isinstance(value, dict) and value and draw.random() < 0.8:
        key = draw.choice(list(value))
        way = draw.randrange(4)
        if way == 0:
            del value[key]
        elif way == 1:
            value[draw.choice(["x", "é", "_p", "Labels", key + "_"])] = draw.choice(JUNK)
        else:
            value[key] = mutate(value[key], draw) if way == 2 else draw.choice(JUNK)
        return value
    if isinstance(value, list) and value and draw.random() < 0.8:
        i, way = draw.randrange(len(value)), draw.randrange(4)
        if way == 0:
            del value[i]
        elif way == 1:
            value.insert(i, copy.deepcopy(value[i]))
        else:
            value[i] = mutate(value[i], draw)
        return value
    if isinstance(value, bool) or value is None:
        return draw.choice(JUNK)
    if isinstance(value, (int, float)):
        return draw.choice([-value, value + 1, value - 1, value * 1000, float(value), value + 0.5, str(value), None])
    if isinstance(value, str):
        return draw.choice([value + "\n", value + " ", " " + value, value.upper(), value[:-1], value * 40, value + "/..", None, "é" + value])
    return draw.choice(JUNK)


def limits(schema, schemas, found=None):
    """Numbers at and beside every limit that a property's schema sets, lists of those lengths, and its enum's neighbours."""
    found = [] if found is None else found
    for k, v in schema.items() if isinstance(schema, dict) else []:
        if k in ("minimum", "maximum"):
            found += [v, v - 1, v + 1, v - 0.5, v + 0.5]
        elif k in ("minItems", "maxItems", "minLength", "maxLength"):
            found += [[1] * n for n in (v - 1, v, v + 1) if n >= 0] + ["a" * n for n in (v - 1, v, v + 1) if n >= 0]
        elif k == "enum":
            found += [x for e in v if e for x in (e, e.swapcase(), e + " ")]
        elif k == "$ref":
            limits(schemas["common"]["$defs"][v.rsplit("/", 1)[1]], schemas, found)
        elif isinstance(v, dict):
            limits(v, schemas, found)
    return found


def one_by_one(schemas, draw):
    """Every property of every type with every odd value, in a record that is valid but for that."""
    for name, schema in sorted(schemas.items()):
        whole = {p: fit(s, name, p, draw) for p, s in schema.get("properties", {}).items() if p in schema["required"]}
        for prop, sub in schema.get("properties", {}).items():
            good = [fit(sub, name, prop, draw) for _ in range(6)]
            for odd in JUNK + limits(sub, schemas) + good + [mutate(copy.deepcopy(g), draw) for g in good * 3]:
                yield {"type": name, "value": {**whole, prop: odd}}
        for prop in whole:
            yield {"type": name, "value": {k: v for k, v in whole.items() if k != prop}}


def records(schemas, count, draw):
    for name, schema in sorted(schemas.items()):
        if "properties" not in schema:
            continue
        for i in range(count):
            record = {}
            for prop, sub in schema["properties"].items():
                if prop in schema["required"] or draw.random() < 0.5:
                    record[prop] = copy.deepcopy(fit(sub, name, prop, draw))
            if i % 20 == 19:
                record = draw.choice(JUNK + [{}])
            for _ in range(draw.choice([0, 0, 1, 1, 2, 4])):
                record = mutate(record, draw)
            yield {"type": name, "value": record}


def small(draw, depth=2):
    """A value for a random schema; no boolean within a list: Python takes True for 1 there."""
    way = draw.randrange(8 if depth else 6)
    if way < 6:
        return draw.choice([None, True, False, 0, 1, 2, 3, -1, 1.0, 2.5, 10**25, "", "a", "ab", "abc", "é", "🧠🧠", "b1"])
    if way == 6:
        return [v for v in (small(draw, depth - 1) for _ in range(draw.randrange(4))) if not isinstance(v, bool)]
    return {k: small(draw, depth - 1) for k in draw.sample(["a", "b", "ab", "é", "x1"], draw.randrange(4))}


def random_schema(draw, depth=3, top=False):
    if depth == 0 or draw.random() < 0.05:
        return draw.choice([True, True, False, {}, {"type": "string"}, {"type": "integer"}])
    sub = lambda: random_schema(draw, depth - 1)  # noqa: E731
    names = lambda: draw.sample(["a", "b", "ab", "é", "x1"], draw.randrange(1, 3))  # noqa: E731
    pattern = lambda: draw.choice(["^a", "b$", "^(a|b)+$", "[0-9]", "^[^a]", "^a{2,3}$", "^$", "é", "a?b"])  # noqa: E731
    types = ["null", "boolean", "integer", "number", "string", "array", "object"]
    make = {
        "type": lambda: draw.choice([draw.choice(types), draw.sample(types, draw.randrange(1, 4))]),
        "enum": lambda: [small(draw) for _ in range(draw.randrange(1, 5))], "const": lambda: small(draw),
        "minimum": lambda: draw.choice([0, 1.5, 2]), "maximum": lambda: draw.choice([0, 1.5, 2]),
        "exclusiveMinimum": lambda: draw.choice([0, 1, 1.5]), "exclusiveMaximum": lambda: draw.choice([2, 2.5, 3.0]),
        "multipleOf": lambda: draw.choice([1, 2, 0.5, 2.5]), "minLength": lambda: draw.randrange(4),
        "maxLength": lambda: draw.randrange(4), "pattern": pattern, "minItems": lambda: draw.randrange(3),
        "maxItems": lambda: draw.randrange(3), "uniqueItems": lambda: draw.random() < 0.8, "items": sub,
        "prefixItems": lambda: [sub() for _ in range(draw.randrange(1, 3))], "minProperties": lambda: draw.randrange(3),
        "maxProperties": lambda: draw.randrange(3), "properties": lambda: {n: sub() for n in names()},
        "patternProperties": lambda: {pattern(): sub()}, "additionalProperties": sub, "propertyNames": sub,
        "required": names, "dependentRequired": lambda: {n: names() for n in names()},
        "anyOf": lambda: [sub() for _ in range(2)], "allOf": lambda: [sub() for _ in range(2)],
        "oneOf": lambda: [sub() for _ in range(2)], "not": sub, "if": sub, "then": sub, "else": sub,
        "$ref": lambda: "#/$defs/" + draw.choice("de"), "title": lambda: "t", "format": lambda: "date",
    }
    schema = {k: make[k]() for k in draw.sample(sorted(make), draw.randrange(1, 5))}
    if top:
        used = schema.pop("$ref", None)
        schema["$defs"] = {"d": {"type": ["string", "object", "number"]}, "e": {"items": {"$ref": "#"}, "maxItems": 2}}
        if used:
            schema["allOf"] = [{"$ref": "#/$defs/d"}]
    return schema


def ecma(pattern):
    """Python's $ also matches before a final newline; ECMA 262's, which JSON Schema means, does not."""
    out, within, skip = "", False, False
    for c in pattern:
        out += "\\Z" if c == "$" and not within and not skip else c
        within = (within or c == "[") and not (c == "]" and not skip) if not skip else within
        skip = c == "\\" and not skip
    return out


def check_pattern(validator, pattern, instance, schema):
    if validator.is_type(instance, "string") and not re.search(ecma(pattern), instance):
        yield jsonschema.ValidationError("does not match")


def check_patterns(validator, patterns, instance, schema):
    if validator.is_type(instance, "object"):
        for pattern, sub in patterns.items():
            for k, v in instance.items():
                if re.search(ecma(pattern), k):
                    yield from validator.descend(v, sub, path=k, schema_path=pattern)


def check_additional(validator, additional, instance, schema):
    """One error a property, with the property as its path."""
    if not validator.is_type(instance, "object"):
        return
    for k, v in instance.items():
        if k in schema.get("properties", {}) or any(re.search(ecma(p), k) for p in schema.get("patternProperties", {})):
            continue
        yield from validator.descend(v, additional, path=k)


def check_required(validator, required, instance, schema):
    for k in required if validator.is_type(instance, "object") else []:
        if k not in instance:
            yield jsonschema.ValidationError("missing", path=[k])


def check_dependent(validator, dependent, instance, schema):
    for k, names in dependent.items() if validator.is_type(instance, "object") else []:
        if k in instance:
            yield from check_required(validator, names, instance, schema)


def check_names(validator, names, instance, schema):
    for k in instance if validator.is_type(instance, "object") else []:
        yield from validator.descend(k, names, path=k)


# The reference's own verdict comes first (Plain); Named says the same errors with the name of the field as path.
BASE = jsonschema.Draft202012Validator
Plain = jsonschema.validators.extend(BASE, {"pattern": check_pattern, "patternProperties": check_patterns})
Named = jsonschema.validators.extend(Plain, {"additionalProperties": check_additional, "required": check_required,
                                             "dependentRequired": check_dependent, "propertyNames": check_names})


def peer(case, schemas):
    schema = schemas[case["type"]] if "type" in case else case["schema"]
    store = {s["$id"]: s for s in schemas.values()}
    base = schema.get("$id", "") if isinstance(schema, dict) else ""
    resolver = jsonschema.RefResolver(base, schema, store=store)
    valid = next(Plain(schema, resolver=resolver).iter_errors(case["value"]), None) is None
    fields = {str(e.absolute_path[0]) if e.absolute_path else "" for e in Named(schema, resolver=resolver).iter_errors(case["value"])}
    assert valid == (not fields), case
    return valid, fields


def main():
    probe, folder, per_type, per_schema = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    draw = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else 2020)
    schemas = {n[:-5]: json.load(open(os.path.join(folder, n))) for n in sorted(os.listdir(folder)) if n.endswith(".json")}
    cases = list(one_by_one(schemas, draw)) + list(records(schemas, per_type, draw))
    for _ in range(per_schema):
        schema = random_schema(draw, top=True)
        cases += [{"schema": schema, "value": small(draw, 3)} for _ in range(3)]
    text = "".join(json.dumps(c, ensure_ascii=False) + "\n" for c in cases)
    out = subprocess.run([probe], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
    verdicts, differ = [0, 0], 0
    answers = out.split("\n")[:-1]
    assert len(answers) == len(cases), "%d answers to %d cases" % (len(answers), len(cases))
    for case, line in zip(cases, answers):
        got = json.loads(line)
        valid, fields = peer(case, schemas)
        verdicts[valid] += 1
        same = got.get("valid") is valid and (not isinstance(case["value"], dict) or set(got["fields"]) == fields)
        if not same:
            differ += 1
            if differ <= 10:
                print("differs: %s\n  vx: %s\n  jsonschema: %s %s" % (json.dumps(case, ensure_ascii=False), line, valid, sorted(fields)))
    print("%d cases: %d valid, %d not, %d differ" % (len(cases), verdicts[1], verdicts[0], differ))
    return differ != 0 or min(verdicts) < len(cases) // 10


sys.exit(main())

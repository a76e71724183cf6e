"""Values that a JSON Schema takes, values at its edges, and values one step beside it; drawn from a random.Random.

SPDX-License-Identifier: MIT
"""
import string

try:
    from re import _parser as sre
except ImportError:  # before Python 3.11
    import sre_parse as sre

TEXTS = ["x", " ", "t2 tra", "é", "🧠", "a\nb", "\u2028", "\"'\\", "%00%2e", "'; DROP TABLE resource; --",
         "null", "true", "1e3", "NaN", "-0", "x" * 300, "\ufeff", "e\u0301", "<&>", "../..", "__proto__", "{}", "$.a",
         "\u202e"]
NUMBERS = [0, 1, -1, 0.1, 1.0, 2.5, -0.0, 5e-324, 1e300, 2**53, 2**53 + 1, -2**63, 2**63, 2**64, 10**30, 1e-7, 360]
JUNK = TEXTS + NUMBERS + ["\u0000", "a\u0000b", {"a": ["\u0000"]}, None, True, False, [], {}, [None], {"a": 1}, [[[[]]]], [1, "1"], {"": None}, "", [{}] * 40]


class Values:
    def __init__(self, resolve, dice):
        self.resolve, self.dice = resolve, dice

    def flat(self, schema):
        """The schema with what its $ref says beneath its own words."""
        flat = {}
        while schema is not None:
            flat = {**schema, **flat}
            flat.pop("$ref", None)
            schema = self.resolve(schema["$ref"]) if "$ref" in schema else None
        return flat

    def make(self, schema, depth=0):
        """A value that fits, often one at the edge of what does."""
        s, dice = self.flat(schema), self.dice
        if "const" in s:
            return s["const"]
        if "enum" in s:
            return dice.choice(s["enum"])
        if "anyOf" in s or "oneOf" in s:
            return self.make(dice.choice(s.get("anyOf") or s["oneOf"]), depth)
        types = s.get("type", ["string", "integer", "null"])
        kind = dice.choice([types] if isinstance(types, str) else types)
        return getattr(self, "a_" + kind)(s, depth)

    def a_null(self, s, depth):
        return None

    def a_boolean(self, s, depth):
        return self.dice.random() < 0.5

    def a_integer(self, s, depth):
        low, high = s.get("minimum", -2**63), s.get("maximum", 2**63)
        value = self.dice.choice([low, high, low + 1, high - 1, self.dice.randint(low, high), min(max(7, low), high)])
        return float(value) if abs(value) < 2**53 and self.dice.random() < 0.1 else value

    def a_number(self, s, depth):
        low, high = s.get("minimum", -1e300), s.get("maximum", 1e300)
        some, few = self.dice.uniform(low, min(high, 1000)), self.dice.uniform(low, min(high, 99))
        return self.dice.choice([low, high, some, round(few, 1)])

    def a_string(self, s, depth):
        if "pattern" in s:
            return self.matching(s["pattern"])[: s.get("maxLength", 10**6)]
        text = self.dice.choice(TEXTS + ["".join(self.dice.choices(string.printable, k=self.dice.randint(1, 20)))])
        return text if len(text) >= s.get("minLength", 0) else "x" * s["minLength"]

    def a_array(self, s, depth):
        prefix = s.get("prefixItems", [])
        low = max(s.get("minItems", 0), len(prefix))
        n = self.dice.randint(low, max(low, min(s.get("maxItems", 4), 4)))
        items = [self.make(prefix[i] if i < len(prefix) else s.get("items", {}), depth + 1) for i in range(n)]
        return items if not s.get("uniqueItems") else [x for i, x in enumerate(items) if x not in items[:i]]

    def a_object(self, s, depth):
        value, required = {}, s.get("required", [])
        for name, prop in s.get("properties", {}).items():
            if name in required or self.dice.random() < 0.3:
                value[name] = self.make(prop, depth + 1)
        extra = s.get("additionalProperties", {"type": ["string", "integer", "null"]})
        if extra is not False and not s.get("properties"):
            for _ in range(self.dice.randint(0, 3) if depth < 4 else 0):
                name = self.make(s["propertyNames"]) if "propertyNames" in s else self.dice.choice(TEXTS)
                value[name] = self.make(extra, depth + 1)
        return value

    def matching(self, pattern):
        return "".join(self.part(op, arg) for op, arg in sre.parse(pattern)) or "x"

    def part(self, op, arg):
        dice, name = self.dice, str(op)
        if name == "LITERAL":
            return chr(arg)
        if name == "NOT_LITERAL" or (name == "IN" and str(arg[0][0]) == "NEGATE"):
            return dice.choice("abz09_")
        if name == "ANY":
            return dice.choice("abz 09é")
        if name == "IN":
            op, arg = dice.choice(arg)
            if str(op) == "CATEGORY":
                return dice.choice("059")
            return chr(dice.randint(*arg)) if str(op) == "RANGE" else chr(arg)
        if name == "BRANCH":
            return "".join(self.part(*x) for x in dice.choice(arg[1]))
        if name == "SUBPATTERN":
            return "".join(self.part(*x) for x in arg[-1])
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, inner = arg
            return "".join(self.part(*x) for _ in range(dice.randint(low, min(int(high), low + 6))) for x in inner)
        return ""  # where it begins and ends

    def beside(self, value):
        """One step away: a member gone, put in, or another thing in its place."""
        dice = self.dice
        if isinstance(value, dict) and value and dice.random() < 0.9:
            key, value = dice.choice(list(value)), dict(value)
            way = dice.randrange(4)
            if way == 0:
                del value[key]
            elif way == 1:
                value[dice.choice([*TEXTS, key + "_", key.upper()])] = dice.choice(JUNK)
            else:
                value[key] = self.beside(value[key]) if way == 2 else dice.choice(JUNK)
            return value
        if isinstance(value, list) and value and dice.random() < 0.7:
            i = dice.randrange(len(value))
            return value[:i] + ([self.beside(value[i])] if dice.random() < 0.6 else []) + value[i + 1:]
        if isinstance(value, str) and value and dice.random() < 0.6:
            i = dice.randrange(len(value))
            return value[:i] + dice.choice(["", "\u0000", " ", "é", value, "/", "x" * 260]) + value[i + 1:]
        return dice.choice(JUNK)

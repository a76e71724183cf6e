#!/usr/bin/env python3
"""Reads a page of metrics as strictly as Prometheus' text format 0.0.4 and promtool want it.

usage: metrics.py FILE -> what is wrong on stdout, status 1 when anything is.

SPDX-License-Identifier: MIT
"""
import math
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
TYPES = {"counter", "gauge", "histogram"}
faults, helps, types, samples, closed = [], {}, {}, {}, set()
family = None


def family_of(name):
    for end in ("_bucket", "_sum", "_count"):
        if name.endswith(end) and types.get(name[: -len(end)]) == "histogram":
            return name[: -len(end)]
    return name


def read(number, line):
    global family
    part = line.split(" ", 3)
    if part[:2] in (["#", "HELP"], ["#", "TYPE"]):
        if len(part) < 4 or not re.fullmatch(NAME, part[2]):
            faults.append(f"line {number}: no name or no text: {line}")
            return
        if part[2] != family:
            closed.add(family)
            family = part[2]
        table = helps if part[1] == "HELP" else types
        if family in closed or family in table or any(s[0] == family for s in samples):
            faults.append(f"line {number}: {family} comes twice or in pieces")
        table[family] = part[3]
        if part[1] == "TYPE" and part[3] not in TYPES:
            faults.append(f"line {number}: no type of ours: {part[3]}")
        return
    match = SAMPLE.fullmatch(line)
    if not match:
        faults.append(f"line {number}: no sample: {line!r}")
        return
    name, labels = match[1], re.findall(LABEL, match[2] or "")
    if family_of(name) != family or family not in types or family not in helps:
        faults.append(f"line {number}: {name} stands apart from its HELP and TYPE")
    if len({k for k, _ in labels}) != len(labels) or (name, tuple(labels)) in samples:
        faults.append(f"line {number}: a label or a sample comes twice")
    try:
        value = float(match[match.lastindex])
    except ValueError:
        faults.append(f"line {number}: no number: {line}")
        return
    if types.get(family) != "gauge" and (value < 0 or math.isnan(value)):
        faults.append(f"line {number}: a count below 0: {line}")
    samples[name, tuple(labels)] = value


def histograms():
    """Buckets rise, the last is +Inf and equals _count."""
    for name in [n for n, t in types.items() if t == "histogram"]:
        rows = {}
        for (sample, labels), value in samples.items():
            if sample == name + "_bucket":
                rest = tuple(kv for kv in labels if kv[0] != "le")
                rows.setdefault(rest, []).append((float(dict(labels)["le"]), value))
        for rest, buckets in rows.items():
            bounds, counts = zip(*buckets)
            if list(bounds) != sorted(set(bounds)) or list(counts) != sorted(counts) or bounds[-1] != math.inf:
                faults.append(f"{name}{rest}: buckets do not rise to +Inf")
            if counts[-1] != samples.get((name + "_count", rest)) or (name + "_sum", rest) not in samples:
                faults.append(f"{name}{rest}: no _sum, or a _count that is not the last bucket")
        if not rows:
            faults.append(f"{name}: no buckets")


with open(sys.argv[1], encoding="utf-8", newline="") as file:
    text = file.read()
if not text.endswith("\n") or "\r" in text:
    faults.append("the last line has no end, or a line has a CR")
for i, one in enumerate(text.split("\n")[:-1], 1):
    if one:
        read(i, one)
histograms()
for name, kind in types.items():
    if kind == "counter" and not name.endswith("_total"):
        faults.append(f"{name}: a counter whose name does not end in _total")
print("\n".join(faults) or f"{len(samples)} samples of {len(types)} families")
sys.exit(1 if faults or not samples else 0)

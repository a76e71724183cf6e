#!/usr/bin/env python3
"""The generated part of grades.tsv: spellings put together from grades that are known. It parses nothing.
stdout: the lines that stand behind the marker in grades.tsv.    SPDX-License-Identifier: MIT"""

# Pattern pairs and their grade group, written out from the ISUP 2014 table and its legacy rows; None: rejected.
GROUP = {
    (1, 1): 1, (1, 2): 1, (1, 3): 1, (1, 4): 1, (1, 5): 1,
    (2, 1): 1, (2, 2): 1, (2, 3): 1, (2, 4): 1, (2, 5): None,
    (3, 1): 1, (3, 2): 1, (3, 3): 1, (3, 4): 2, (3, 5): 4,
    (4, 1): 1, (4, 2): 1, (4, 3): 3, (4, 4): 4, (4, 5): 5,
    (5, 1): 1, (5, 2): None, (5, 3): 4, (5, 4): 5, (5, 5): 5,
}
UNUSUAL = {(1, 5), (5, 1)}
REPORTED = [(3, 3), (3, 4), (4, 3), (4, 4), (3, 5), (5, 3), (4, 5), (5, 4), (5, 5)]
ROMAN = ["", "I", "II", "III", "IV", "V"]
DERIVED = {2: ("~3", "~4"), 3: ("~4", "~3")}
ABOVE = "tertiary pattern above"

PAIRS = [  # {p} {s} the patterns, {n} their sum; \uXXXX as the table writes it
    "{p}+{s}", "{p} + {s}", "{p}+{s}={n}", "{n} ({p}+{s})", "Gleason {p}+{s}", "GS {n} ({p}+{s})",
    "Gleason {p} + {s} = {n}", "Gleason score: {p}+{s}", "Gleason-Score {p}+{s}={n}", "Gleasonscore {p}+{s}",
    "{p}.0+{s}.0", "{p}\\u00a0+\\u00a0{s}", "{p}\\uff0b{s}", "{p}+{s}={n}/10", "{p} plus {s}", "[{p}+{s}]",
    "primary {p}, secondary {s}", "GLEASON {p}+{s}", "Gl. {p}+{s}={n}",
]
WITH_GROUP = [  # {g} the group, {r} in Roman numerals
    "{p}+{s}={n} (GG{g})", "Gleason {p}+{s}, ISUP {g}", "GG {r} ({p}+{s})", "ISUP grade group {g}: {p}+{s}={n}",
    "Gleason {n} ({p}+{s}), WHO grade group {g}", "Gleason-Score {p}+{s}={n}, ISUP-Gradgruppe {r}",
]
GROUPS = [
    "GG {g}", "GG{g}", "ISUP {g}", "ISUP grade {g}", "ISUP grade group {g}", "Grade Group {g}", "GRADE GROUP {r}",
    "GGG {g}", "WHO grade group {g}", "ISUP {r}", "Gradgruppe {g}", "ISUP-Grad {g}", "ISUP-graad {g}", "graadgroep {r}",
    "GG {g}.0", "ISUP: {g}/5", "ISUP\\u00a0{g}",
]
TERTIARY = [
    "{p}+{s}, tertiary {t}", "{p}+{s} (tert. {t})", "{p}+{s}={n}, tertiary pattern {t}", "{p}+{s} terti\\u00e4r {t}",
    "{p}+{s} tertiair {t}", "{p}+{s}+{t}", "Gleason {n} ({p}+{s}), terti\\u00e4res Muster {t}",
]


def line(column, cell, state, isup="-", p="-", s="-", t="-", candidates="-", cancer="-", says="-"):
    print(column, cell, state, isup, p, s, t, candidates, cancer, says, sep="\t")


def graded(column, cell, group, p="-", s="-", t="-", says="-"):
    line(column, cell, "graded", group, p, s, t, cancer="tumor", says=says)


def rejected(column, cell, says):
    line(column, cell, "rejected", says=says)


def pairs():
    print("# Every pair of patterns in every spelling")
    for (p, s), group in GROUP.items():
        for spelling in PAIRS:
            cell = spelling.format(p=p, s=s, n=p + s)
            if group is None:
                rejected("gleason", cell, "no group is defined")
            else:
                graded("gleason", cell, group, p, s, says="pattern 5" if (p, s) in UNUSUAL else "-")


def impossible():
    print("# Pairs that are none")
    for p in range(0, 8):
        for s in range(0, 8):
            if (p, s) in GROUP or (p, s) == (0, 0):
                continue
            says = "one side is 0" if 0 in (p, s) else "a Gleason pattern is 1 to 5"
            rejected("any", f"{p}+{s}", says)


def groups():
    print("# Every group in every spelling")
    for g in range(1, 6):
        for spelling in GROUPS:
            graded("any", spelling.format(g=g, r=ROMAN[g]), g, *DERIVED.get(g, ()))


def both():
    print("# Patterns with their group, and with another")
    for p, s in REPORTED:
        for spelling in WITH_GROUP:
            for g in range(1, 6):
                cell = spelling.format(p=p, s=s, n=p + s, g=g, r=ROMAN[g])
                if g == GROUP[p, s]:
                    graded("gleason", cell, g, p, s)
                else:
                    rejected("gleason", cell, "contradictory")


def sums():
    print("# Patterns with another sum")
    for p, s in REPORTED:
        for n in range(2, 11):
            if n != p + s:
                rejected("gleason", f"{p}+{s}={n}", "contradictory")
            if n != p + s and n >= 6:  # a score below 6 is ambiguous by itself
                rejected("group", f"Gleason {n} ({p}+{s})", "contradictory")


def tertiary():
    print("# Tertiary patterns")
    for p, s in REPORTED:
        for t in (3, 4, 5):
            for spelling in TERTIARY:
                cell = spelling.format(p=p, s=s, t=t, n=p + s)
                if t in (p, s):
                    rejected("gleason", cell, "repeats")
                else:
                    graded("gleason", cell, GROUP[p, s], p, s, t, ABOVE if t > s else "-")


def several():
    print("# Two grades in one cell")
    for a in REPORTED:
        for b in REPORTED:
            for sign in (",", " / ", "; "):
                rejected("gleason", f"{a[0]}+{a[1]}{sign}{b[0]}+{b[1]}", "several")


for part in (pairs, impossible, groups, both, sums, tertiary, several):
    part()

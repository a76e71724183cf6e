"""The part of vx-pathology's work that a notebook does with pandas: read the table, grade each core, group by patient.
usage: pathology_pandas.py csv|ndjson FILE -> "N patients, N graded 2 or above" on stdout
SPDX-License-Identifier: MIT"""
import sys

import pandas

GROUPS = {"3+3": 1, "3+4": 2, "4+3": 3, "4+4": 4, "3+5": 4, "5+3": 4, "4+5": 5, "5+4": 5, "5+5": 5}

kind, path = sys.argv[1:]
if kind == "csv":
    table = pandas.read_csv(path, dtype=str, keep_default_na=False)
else:
    table = pandas.read_json(path, lines=True, dtype=False)
text = table["Primary Gleason"] + "+" + table["Secondary Gleason"]
patterns = text.str.extract(r"^([1-5])(?:\.0)?\+([1-5])(?:\.0)?$")
table["isup"] = (patterns[0] + "+" + patterns[1]).map(GROUPS).fillna(0)
place = table["Core Label"].str.extract(r"^(?P<side>LEFT|RIGHT) (?P<lateral>LATERAL )?(?P<level>BASE|MID|APEX)$")
table = table.join(place)
table["affected"] = table["isup"] > 0
worst = table.groupby("Patient Number").agg(isup=("isup", "max"), cores=("isup", "size"), affected=("affected", "sum"))
print(f"{len(worst)} patients, {(worst['isup'] >= 2).sum()} graded 2 or above")

#!/usr/bin/env python3
"""Reads what vx-dicom-meta wrote from stdin and says where pydicom reads a file otherwise.
dicom_against_pydicom.py LIST: records of vx-dicom-meta, the list of tags -> a line a difference, and how many files and
values were compared. Everything that the list names is compared, also that there is nothing.
SPDX-License-Identifier: MIT"""
import datetime
import decimal
import json
import sys
import warnings

import pydicom
from pydicom.datadict import tag_for_keyword


def frames_of(dataset):
    """The groups of each frame. Without NumberOfFrames, which such a file must have, nobody looks for them."""
    if "NumberOfFrames" not in dataset:
        return []
    return dataset.get("PerFrameFunctionalGroupsSequence") or []


def in_group(item, entry):
    sequence = item.get(int(entry["sequence"].replace(",", ""), 16))
    return sequence[0].get(tag_for_keyword(entry["keyword"])) if sequence else None


def of_frames(dataset, entry):
    """That of all frames, or the first one's; None where they have not all the same (but of what is counted)."""
    shared = dataset.get("SharedFunctionalGroupsSequence")
    if shared and "NumberOfFrames" in dataset and in_group(shared[0], entry) is not None:
        return in_group(shared[0], entry)
    elements = [in_group(frame, entry) for frame in frames_of(dataset)]
    same = all(e is not None and e.value == elements[0].value for e in elements) if elements and elements[0] else False
    return elements[0] if same or (elements and "distinct" in entry) else None


def element_of(dataset, entry):
    group, number = entry["tag"].split(",")
    if "sequence" in entry:
        return of_frames(dataset, entry)
    if "creator" not in entry:
        tag = tag_for_keyword(entry["keyword"])
        assert tag == int(group + number, 16), entry["keyword"]
        return dataset.get(tag)
    if entry.get("manufacturer") and not str(dataset.get("Manufacturer", "")).startswith(entry["manufacturer"]):
        return None
    try:
        return dataset.private_block(int(group, 16), entry["creator"])[int(number[2:], 16)]
    except KeyError:
        return None


def items_of(element):
    value = element.value
    if element.VR in ("UN", "OB") and isinstance(value, bytes):
        value = value.decode("latin-1").strip(" \0")
        return value.split("\\") if value else []
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (pydicom.multival.MultiValue, list)) else [value]


def number_of(item, entry):
    """The number as the file spells it, in the field's unit; None: it is none, or out of its range."""
    text = getattr(item, "original_string", None) or str(item)
    try:
        exact = decimal.Decimal(text.strip()) / decimal.Decimal(str(entry.get("per", 1)))
    except decimal.InvalidOperation:
        return None
    value = float(exact)
    if entry.get("modulo"):
        value %= entry["modulo"]
    return value if entry.get("min", value) <= value <= entry.get("max", value) else None


def date_of(text):
    return datetime.datetime.strptime(text.replace(".", ""), "%Y%m%d").strftime("%Y-%m-%d")


def datetime_of(dataset, entry, items):
    """A date and its time, or both in one (without a zone)."""
    day, time = str(items[0])[:8], str(items[0])[8:]
    if "time" in entry:
        element = dataset.get(int(entry["time"].replace(",", ""), 16))
        day, time = str(items[0]), str(element.value) if element and element.value else ""
    return f"{date_of(day)}T{time[0:2]}:{time[2:4]}:{time[4:]}" if len(time) >= 6 else None


def wanted(dataset, entry):
    element = element_of(dataset, entry)
    items = items_of(element) if element is not None else []
    if not items or set(entry.get("not_of", [])) & set(dataset.get("ImageType") or []):
        return None
    kind = entry["type"]
    if kind in ("number", "integer"):
        return number_of(items[0], entry)
    if kind == "numbers":
        return [number_of(item, entry) for item in items]
    if kind == "list":
        return [str(item).strip() for item in items]
    if kind == "date":
        return date_of(str(items[0]))
    if kind == "datetime":
        return datetime_of(dataset, entry, items)
    if kind == "age":
        assert items[0][3] == "Y"
        return float(items[0][:3]) if float(items[0][:3]) <= entry["max"] else None
    return "\\".join(str(item) for item in items).strip()


def main():
    tags = json.load(open(sys.argv[1], encoding="utf-8"))["tags"]
    files = values = 0
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        record = json.loads(line)
        path = record.get("path_dcm") or record["_file"]["path"]
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        files += 1
        theirs = {}
        for entry in tags:
            name = entry.get("field") or ("_dicom", entry.get("detail"))
            if name == ("_dicom", None):
                continue
            value = wanted(dataset, entry)
            if value is not None:
                theirs.setdefault(name, value)
        for entry in tags:
            found = [in_group(frame, entry) for frame in frames_of(dataset)] if "sequence" in entry else []
            if found and "distinct" in entry and any(found):
                theirs[("_dicom", entry["distinct"])] = len({str(e.value) for e in found if e})
            if "each" in entry and any(found) and not set(entry.get("not_of", [])) & set(dataset.get("ImageType") or []):
                theirs[("_dicom", entry["each"])] = sorted({float(e.value) for e in found if e})
        names = {entry.get("field") or ("_dicom", entry.get("detail")) for entry in tags} - {("_dicom", None)}
        names |= {("_dicom", entry[key]) for entry in tags for key in ("each", "distinct") if key in entry}
        for name in names:
            ours = record["_dicom"].get(name[1]) if isinstance(name, tuple) else record.get(name)
            values += theirs.get(name) is not None
            if ours != theirs.get(name):
                print(path, name, repr(ours), repr(theirs.get(name)))
    print(files, "files,", values, "values compared")


main()

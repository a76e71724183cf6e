#!/usr/bin/env python3
"""Reads what vx-nifti-meta wrote from stdin and says where nibabel reads an image otherwise.
records of vx-nifti-meta -> a line a difference, and the number of images compared.
--labels: the values too; --facts: statistics and voxel hash too; --mutants REJECTS: of broken images, with those that
vx-nifti-meta rejected: what the two may judge differently is listed below.
SPDX-License-Identifier: MIT"""
import hashlib
import json
import logging
import re
import sys
import warnings

import nibabel
import numpy

UNITS = {"sec": "s", "msec": "ms", "usec": "us", "meter": "m", "micron": "um", "hz": "Hz", "rads": "rad/s"}
FACTOR = {"m": 1000, "um": 0.001, "ms": 0.001, "us": 0.000001}
STRUCTURED = {3: "rgb24", 4: "rgba32"}  # bytes a voxel

# An image without voxels; more voxels than a file holds, which nibabel has not tried to read.
STRICTER = ("the number of axes must be 1 to 7", "there is no voxel", "the axes promise more voxels")
TOO_LARGE = re.compile(r"^truncated: \d+ of \d+ bytes$")
# A .hdr with the magic of a single file ends before that file's extension flag.
CUT_PAIR = re.compile(r"^truncated: (34[89]|35[01]) of 352 header bytes$")
# What nibabel gives up at and vx reads with a warning: an unknown data type, an offset that points nowhere, an
# extension that is longer than the file.
LENIENT = re.compile(r"data code|vox offset|infinity to integer|too large to convert|NaN to integer|"
                     r"memory mapped offset must be|failed to read extension|read length must be")


def units_of(header):
    try:
        space, time = header.get_xyzt_units()
    except (KeyError, AttributeError):  # a code that is none; Analyze has no units
        return None
    return [UNITS.get(space, space), UNITS.get(time, time)]


def same(ours, theirs, kind):
    """To the last bit as printed. What is no number cannot stand in JSON."""
    ours = numpy.array(ours, dtype=float)
    theirs = numpy.array(theirs, dtype=float)
    # Of a rotation's sines and cosines what is nearly 0 is rounding.
    theirs = numpy.where(numpy.abs(theirs) < 1e-11, numpy.where(ours == 0, 0, theirs), theirs)
    if ours.shape != theirs.shape:
        return False
    beyond = numpy.abs(theirs) > numpy.finfo(kind).max  # of float32: printed as what they are
    equal = numpy.where(beyond, ours == theirs, ours.astype(kind) == theirs.astype(kind))
    return bool(numpy.all(~numpy.isfinite(theirs) | equal))


def geometry(record, image, kind):
    header, details = image.header, record["_nifti"]
    shape = tuple(int(n) for n in header.get_data_shape())
    if tuple(record["shape"]) != shape:
        yield "shape", record["shape"], shape
        return
    space, time = details["units"]
    factors = [FACTOR.get(space, 1)] * 3 + [FACTOR.get(time, 1)] + [1] * 3
    zooms = [float(z) * f for z, f in zip(header.get_zooms(), factors)]
    if not same(record["spacing"][:3], zooms[:3], kind):
        yield "spacing", record["spacing"], zooms
    # Beyond the third axis nibabel keeps a negative or undefined spacing.
    if any(z >= 0 and numpy.isfinite(z) and kind(z) != kind(o) for z, o in zip(zooms[3:], record["spacing"][3:])):
        yield "spacing", record["spacing"], zooms
    affine = numpy.array(image.affine, dtype=float)
    affine[:3] *= factors[0]
    columns = [0, 1, 2, 3]
    if details.get("affine_from") == "spacing" and len(shape) < 3:
        columns = list(range(len(shape)))  # nibabel centres on axes that the image has not
    if "affine" not in record:
        if numpy.all(numpy.isfinite(affine)):
            yield "affine", None, affine.tolist()
    elif not same(numpy.array(record["affine"], dtype=float)[:, columns], affine[:, columns], kind):
        yield "affine", record["affine"], affine.tolist()
    elif details.get("orientation") and numpy.all(numpy.isfinite(affine)):
        axes = "".join(a or "-" for a in nibabel.aff2axcodes(affine))
        if details["orientation"] != axes or record.get("orientation", axes) != axes:
            yield "orientation", details["orientation"], axes


def rest_of_header(image, details, kind):
    header = image.header
    slope, inter = image.dataobj.slope, image.dataobj.inter
    ours = [details["scl"]["effective_slope"], details["scl"]["effective_inter"]]
    if not same(ours, [slope, inter], kind):
        yield "scaling", ours, [slope, inter]
    if "qform_code" in header:
        for form, code in ("qform", header["qform_code"]), ("sform", header["sform_code"]):
            if details[form]["code"] != int(code):
                yield form, details[form]["code"], int(code)
        theirs = [(e.get_code(), e.get_sizeondisk()) for e in header.extensions]
        ours = [(e["code"], (e["size"] + 15) // 16 * 16) for e in details["extensions"]]
        if ours != theirs:
            yield "extensions", ours, theirs
        for e in details["extensions"]:
            known = nibabel.nifti1.extension_codes
            if e.get("name") != (known.label[e["code"]] if e["code"] in known.value_set() else None):
                yield "extension's name", e, known
        units = units_of(header)
        if units and details["units"] != units:
            yield "units", details["units"], units
    dtype = header.get_data_dtype()
    name = STRUCTURED.get(dtype.itemsize) if dtype.fields else str(numpy.dtype(dtype).newbyteorder("="))
    if details["datatype"] != name:
        yield "datatype", details["datatype"], name


def labels(record, image):
    values, counts = numpy.unique(numpy.asanyarray(image.dataobj), return_counts=True)
    wanted = {str(int(v)): int(n) for v, n in zip(values, counts)}
    found = record.get("label_counts", record["_nifti"].get("label_counts"))
    if found != wanted:
        yield "labels", str(found)[:200], str(wanted)[:200]


def facts(record, image):
    details = record["_nifti"]
    stored = numpy.asanyarray(image.dataobj.get_unscaled())
    head = "%s %s\n" % (details["datatype"], "x".join(str(n) for n in record["shape"]))
    little = stored if numpy.little_endian == stored.dtype.isnative else stored.byteswap()
    wanted = hashlib.sha256(head.encode() + little.tobytes(order="F")).hexdigest()
    if details["voxel_hash"] != wanted:
        yield "voxel_hash", details["voxel_hash"], wanted
    if stored.dtype.kind not in "iuf" or stored.dtype.itemsize > 8:
        if "stats" in details:
            yield "stats", details["stats"], "none"
        return
    scl = details["scl"]
    values = stored.astype(float) * scl["effective_slope"] + scl["effective_inter"]
    numbers = values[~numpy.isnan(values)]
    ours, wanted = details["stats"], {"nan": int(values.size - numbers.size), "nonzero": int((numbers != 0).sum())}
    if any(ours[k] != n for k, n in wanted.items()):
        yield "stats", ours, wanted
    for k, x in ("min", numbers.min()), ("max", numbers.max()), ("mean", numbers.mean()) if numbers.size else ():
        if numpy.isfinite(x) and not numpy.isclose(ours[k], x, rtol=1e-12 if k == "mean" else 1e-15, atol=1e-12):
            yield k, ours[k], x


def differences(record, image, options):
    kind = numpy.float64 if isinstance(image.header, nibabel.Nifti2Header) else numpy.float32
    yield from geometry(record, image, kind)
    yield from rest_of_header(image, record["_nifti"], kind)
    if record["path_nii"].endswith(".hdr"):  # voxels need not be there
        return
    if "--labels" in options:
        yield from labels(record, image)
    if "--facts" in options:
        yield from facts(record, image)


def nibabel_reads(path):
    """The image and no reason, or the reason. Voxels are read where that takes no time."""
    try:
        image = nibabel.load(path)
        if numpy.prod([float(n) for n in image.shape]) < 1e6:
            numpy.asanyarray(image.dataobj)
        return image, None
    except Exception as e:  # whatever it raises, it does not read the file
        return None, "%s: %s" % (type(e).__name__, e)


def rejected(path, reason):
    image, _ = nibabel_reads(path)
    if image is None or any(s in reason for s in STRICTER) or CUT_PAIR.match(reason):
        return
    if TOO_LARGE.match(reason) and numpy.prod([float(n) for n in image.shape]) >= 1e6:
        return
    yield "rejected", reason, "nibabel reads it"


def main():
    compared, options = 0, sys.argv[1:]
    if "--mutants" in options:
        warnings.simplefilter("ignore")
        numpy.seterr(all="ignore")
        logging.disable(logging.CRITICAL)
        with open(options[options.index("--mutants") + 1], encoding="utf-8") as rejects:
            for line in rejects:
                reject = json.loads(line)
                compared += 1
                for what, ours, theirs in rejected(reject["record"]["path_nii"], reject["reason"]):
                    print(reject["record"]["path_nii"], what, ours, theirs)
    for line in sys.stdin:
        record = json.loads(line)
        compared += 1
        image, reason = nibabel_reads(record["path_nii"]) if "--mutants" in options else (
            nibabel.load(record["path_nii"]), None)
        if image is None:
            if not LENIENT.search(reason):
                print(record["path_nii"], "read, but nibabel does not:", reason)
            continue
        for what, ours, theirs in differences(record, image, options):
            print(record["path_nii"], what, ours, theirs)
    print(compared, "compared")


main()

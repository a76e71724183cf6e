#!/usr/bin/env python3
"""Writes MetaImages of every kind below a folder, or compares what vx-mha2nii made of them with what numpy wrote.
make DIR -> records with path_nii; check DIR <records -> a line a difference, and the number of images compared.
SPDX-License-Identifier: MIT"""
import itertools
import json
import os
import sys
import zlib

import numpy

TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
SHAPES = {2: (7, 5), 3: (7, 5, 3), 4: (7, 5, 3, 2)}


def rotation(rng):
    q, _ = numpy.linalg.qr(rng.normal(size=(3, 3)))
    return q


def voxels(name, kind, rank, rng):
    if kind[0] == "f":
        return rng.normal(size=SHAPES[rank]).astype(kind)
    info = numpy.iinfo(kind)
    return rng.integers(info.min, info.max, size=SHAPES[rank], dtype=kind, endpoint=True)


def cases():
    """name, everything about one image; the same at every call."""
    rng = numpy.random.default_rng(4)
    for n, (met, rank, big, place) in enumerate(
            itertools.product(TYPES, SHAPES, (False, True), ("local", "packed", "file", "packed file", "list", "pattern"))):
        direction = numpy.eye(4)
        direction[:3, :3] = rotation(rng)
        if rank == 2:
            direction[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
        yield f"{n:03d}_{met}_{rank}_{'big' if big else 'little'}_{place.replace(' ', '_')}", {
            "met": met, "rank": rank, "big": big, "place": place, "direction": direction,
            "spacing": rng.uniform(0.2, 4, size=4), "offset": rng.uniform(-200, 200, size=4),
            "voxels": voxels(met, TYPES[met], rank, rng),
        }


def words(values):
    return " ".join(repr(float(v)) for v in values)


def write_voxels(folder, name, case):
    """The value of ElementDataFile, what follows it, and further lines."""
    slices = case["voxels"]
    data = slices.astype(slices.dtype.newbyteorder(">" if case["big"] else "<")).tobytes(order="F")
    size = len(data) // slices.shape[-1]
    if case["place"] == "local":
        return "LOCAL\n", data, []
    if case["place"] == "packed":
        data = zlib.compress(data, 1)
        return "LOCAL\n", data, ["CompressedData = True", f"CompressedDataSize = {len(data)}"]
    if case["place"] == "packed file":
        with open(os.path.join(folder, name + ".zraw"), "wb") as f:
            f.write(zlib.compress(data))
        return name + ".zraw\n", b"", ["CompressedData = True"]
    if case["place"] == "file":
        with open(os.path.join(folder, name + ".raw"), "wb") as f:
            f.write(b"a header of its own" + data)
        return name + ".raw\n", b"", ["HeaderSize = -1"]
    for i in range(slices.shape[-1]):
        with open(os.path.join(folder, f"{name}_{i + 3:03d}.raw"), "wb") as f:
            f.write(data[i * size:(i + 1) * size])
    if case["place"] == "list":
        return "LIST\n" + "".join(f"{name}_{i + 3:03d}.raw\n" for i in range(slices.shape[-1])), b"", []
    return f"{name}_%03d.raw 3 {slices.shape[-1] + 2} 1\n", b"", []


def make(folder):
    for name, case in cases():
        rank = case["rank"]
        place, data, more = write_voxels(folder, name, case)
        # A row of TransformMatrix is the direction of an axis, a column of the direction matrix.
        lines = ["ObjectType = Image", f"NDims = {rank}", "BinaryData = True",
                 f"BinaryDataByteOrderMSB = {case['big']}", *more,
                 "TransformMatrix = " + words(case["direction"].T[:rank, :rank].ravel()),
                 "Offset = " + words(case["offset"][:rank]), "ElementSpacing = " + words(case["spacing"][:rank]),
                 "DimSize = " + " ".join(str(n) for n in SHAPES[rank]), "ElementType = " + case["met"]]
        path = os.path.join(folder, name + (".mha" if place.startswith("LOCAL") else ".mhd"))
        with open(path, "wb") as f:
            f.write("\n".join([*lines, "ElementDataFile = " + place]).encode() + data)
        print(json.dumps({"identifier": "volume/" + name, "path_nii": path}))


def differences(record, case):
    import nibabel
    image = nibabel.load(record["path_nii"])
    got = numpy.asanyarray(image.dataobj)
    if got.dtype != case["voxels"].dtype or not numpy.array_equal(got, case["voxels"]):
        yield "voxels", got.dtype, case["voxels"].dtype
    rank = case["rank"]
    affine = numpy.eye(4)
    spacing = [*case["spacing"][:rank], 1, 1][:3]
    for axis in range(3):
        affine[:3, axis] = case["direction"][:3, axis] * spacing[axis]
    affine[:min(rank, 3), 3] = case["offset"][:min(rank, 3)]
    affine = numpy.diag([-1, -1, 1, 1]) @ affine  # LPS to RAS
    if not numpy.array_equal(image.get_sform(), affine.astype("f4")):
        yield "sform", image.get_sform().tolist(), affine.tolist()
    if int(image.header["qform_code"]) != 1 or not numpy.allclose(image.get_qform(), affine, rtol=1e-5, atol=1e-4):
        yield "qform", image.get_qform().tolist(), affine.tolist()
    zooms = numpy.array(image.header.get_zooms())
    if not numpy.array_equal(zooms, case["spacing"][:rank].astype("f4")):
        yield "spacing", zooms.tolist(), case["spacing"][:rank].tolist()


def check():
    truth, compared = dict(cases()), 0
    for line in sys.stdin:
        record = json.loads(line)
        compared += 1
        for what, ours, theirs in differences(record, truth[record["identifier"][len("volume/"):]]):
            print(record["path_nii"], what, ours, theirs)
    print(compared, "compared")


make(sys.argv[2]) if sys.argv[1] == "make" else check()

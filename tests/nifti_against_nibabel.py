#!/usr/bin/env python3
"""Reads what vx-nifti-meta wrote from stdin and says where nibabel reads an image otherwise.
records of vx-nifti-meta (with --labels: values too) -> a line a difference, and the number of images compared.
SPDX-License-Identifier: MIT"""
import json
import sys

import nibabel
import numpy


def differences(record, with_labels):
    image = nibabel.load(record["path_nii"])
    if record["path_nii"].endswith(".hdr"):  # voxels are not there
        with_labels = False
    header, details = image.header, record["_nifti"]
    if tuple(record["shape"]) != tuple(int(n) for n in header.get_data_shape()):
        yield "shape", record["shape"], header.get_data_shape()
    kind = numpy.float64 if isinstance(header, nibabel.Nifti2Header) else numpy.float32
    zooms = [kind(z) for z in header.get_zooms()]
    if [kind(z) for z in record["spacing"]] != zooms:
        yield "spacing", record["spacing"], zooms
    affine = numpy.array(record["affine"], dtype=float)
    if not numpy.allclose(affine, image.affine, rtol=1e-6, atol=1e-5):
        yield "affine", affine.tolist(), image.affine.tolist()
    for form, code in ("qform", header["qform_code"]), ("sform", header["sform_code"]):
        if details[form]["code"] != int(code):
            yield form, details[form]["code"], int(code)
    axes = "".join(nibabel.aff2axcodes(image.affine))
    if details["orientation"] != axes or record.get("orientation", axes) != axes:
        yield "orientation", details["orientation"], axes
    if details["datatype"] != str(numpy.dtype(header.get_data_dtype()).newbyteorder("=")):
        yield "datatype", details["datatype"], str(header.get_data_dtype())
    if with_labels:
        values, counts = numpy.unique(numpy.asanyarray(image.dataobj), return_counts=True)
        wanted = {str(int(v)): int(n) for v, n in zip(values, counts)}
        found = record.get("label_counts", details.get("label_counts"))
        if found != wanted:
            yield "labels", str(found)[:200], str(wanted)[:200]


def main():
    compared = 0
    for line in sys.stdin:
        record = json.loads(line)
        compared += 1
        for what, ours, theirs in differences(record, "--labels" in sys.argv):
            print(record["path_nii"], what, ours, theirs)
    print(compared, "compared")


main()

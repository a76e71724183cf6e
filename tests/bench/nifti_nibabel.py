"""The same by nibabel: headers of the paths on stdin as JSON lines; with --labels by numpy.unique the values too.
SPDX-License-Identifier: MIT"""
import json
import sys

import nibabel
import numpy

for path in sys.stdin:
    image = nibabel.load(path.rstrip("\n"))
    record = {
        "shape": image.shape,
        "spacing": [float(z) for z in image.header.get_zooms()],
        "datatype": str(image.get_data_dtype()),
        "affine": image.affine.tolist(),
        "orientation": "".join(nibabel.aff2axcodes(image.affine)),
    }
    if "--labels" in sys.argv:
        values, counts = numpy.unique(numpy.asanyarray(image.dataobj), return_counts=True)
        record["label_counts"] = {str(int(v)): int(n) for v, n in zip(values, counts)}
    print(json.dumps(record))

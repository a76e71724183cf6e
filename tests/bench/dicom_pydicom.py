#!/usr/bin/env python3
"""What vx-dicom-meta does, by pydicom: paths on stdin -> a line of JSON a file with the public tags of LIST.
SPDX-License-Identifier: MIT"""
import json
import sys

import pydicom

keywords = [tag["keyword"] for tag in json.load(open(sys.argv[1], encoding="utf-8"))["tags"] if "creator" not in tag]
for path in sys.stdin:
    dataset = pydicom.dcmread(path.rstrip("\n"), stop_before_pixels=True, specific_tags=keywords)
    print(json.dumps({keyword: str(dataset.get(keyword)) for keyword in keywords}))

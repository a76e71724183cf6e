#!/usr/bin/env python3
"""A random deployment as NDJSON, valid against all rules: two of different seeds share most names, but patients have changed
places, trees are turned round, references lead elsewhere. clone_worlds.py SEED [SIZE] -> resources, parents first

SPDX-License-Identifier: MIT
"""
import json
import random
import sys

seed, size = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 12
rnd = random.Random(seed)


def some(names, share=0.85):
    return [n for n in names if rnd.random() < share]


def put(name, **fields):
    print(json.dumps({"identifier": name, **fields}))


put("datasource/t", shorthand="TT", description="world %d" % seed)
uids = ["u%d" % i for i in range(size + 3)]
rnd.shuffle(uids)
patients = some(["patient/TT%05d" % i for i in range(1, size + 1)]) or ["patient/TT00001"]
for p, uid in zip(patients, uids):
    split = rnd.choice([None, "train", "test"])
    put(p, parent_identifier="datasource/t", external_uid=uid, **({"default_split": split} if split else {}))
studies = some(["study/%d" % i for i in range(size)]) or ["study/0"]
for s in studies:
    put(s, parent_identifier=rnd.choice(patients), study_uid="s%d" % rnd.randrange(3))
volumes = some(["volume/%d" % i for i in range(size * 2)])
rnd.shuffle(volumes)
for i, v in enumerate(volumes):
    earlier = rnd.sample(volumes[:i], min(i, rnd.randrange(3)))
    put(v, parent_identifier=rnd.choice(studies + [None]), path_nii="s3://b/%d" % rnd.randrange(4), derived_from=earlier)
for m in some(["voxelmap/%d" % i for i in range(size)]):
    put(m, parent_identifier=rnd.choice(studies + volumes), path_nii="s3://b/m", task="prostate",
        **({"reference_mri": rnd.choice(volumes)} if volumes else {}))
specimens = some(["specimen/%d" % i for i in range(size * 2)])
rnd.shuffle(specimens)
rootless, placed = list(patients), []
for s in specimens:
    root = not placed or (rootless and rnd.random() < 0.3)
    if root and not rootless:
        break
    parent = rootless.pop(rnd.randrange(len(rootless))) if root else rnd.choice(placed)
    placed.append(s)
    put(s, parent_identifier=parent, type="BIOPSY", is_summary=True, is_event_root=bool(root))
for i in range(size):
    if placed and rnd.random() < 0.7:
        core = rnd.random() < 0.5
        put("specimen/core%d" % i, parent_identifier=rnd.choice(placed), type="BIOPSY", is_summary=not core,
            is_event_root=False)
        put("assessment/%d" % i, parent_identifier="specimen/core%d" % i, gleason_primary=rnd.choice([3, 4]),
            gleason_secondary=rnd.choice([3, 4]))

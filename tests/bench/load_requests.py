"""What a user would write in place of vx-post: load_requests.py URL FILE. Resources of FILE, parents first, in batches of 500
over one session; results as NDJSON on stdout."""
import json
import sys

import requests

BATCH = 500


def post(session, url, batch):
    answer = session.post(url + "/v1/resources", json=batch)
    answer.raise_for_status()
    for result in answer.json()["results"]:
        print(json.dumps(result))


def main(url, path):
    session, batch = requests.Session(), []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            batch.append({k: v for k, v in json.loads(line).items() if not k.startswith("_")})
            if len(batch) == BATCH:
                post(session, url, batch)
                batch = []
    if batch:
        post(session, url, batch)


main(*sys.argv[1:])

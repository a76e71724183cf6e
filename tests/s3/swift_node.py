#!/usr/bin/python3
"""OpenStack Swift with s3api in one process: swift_node.py DIR PORT. It keeps its objects below DIR, serves S3 on 127.0.0.1:PORT
and its three storage servers on the ports behind; key "vx:access", secret "vxsecret0123456789", region us-east-1.
The servers come from the library, since the packages with Swift's commands bring services along. There is no memcached:
all that is lost by that is speed.   SPDX-License-Identifier: MIT"""
import os
import sys

import eventlet

eventlet.monkey_patch()

from eventlet import greenpool, wsgi  # noqa: E402
from swift.common import ring, utils  # noqa: E402
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

DIR, PORT = os.path.abspath(sys.argv[1]), int(sys.argv[2])
PORTS = {"proxy": PORT, "object": PORT + 1, "container": PORT + 2, "account": PORT + 3}
SWIFT = "[swift-hash]\nswift_hash_path_suffix = vx\nswift_hash_path_prefix = vx\n[storage-policy:0]\nname = one\ndefault = yes\n"
DEFAULT = f"""[DEFAULT]
swift_dir = {DIR}
devices = {DIR}
mount_check = false
fallocate_reserve = 0
recon_cache_path = {DIR}
log_udp_host = 127.0.0.1
log_udp_port = 9
"""
FILTERS = "catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink"
SETTINGS = {
    "cache": "memcache_servers = 127.0.0.1:9",
    "s3api": "location = us-east-1\nmin_segment_size = 5242880\nmax_bucket_listing = 20\nmax_parts_listing = 2\ncheck_bucket_owner = false\nforce_swift_request_proxy_log = false",
    "tempauth": "user_vx_access = vxsecret0123456789 .admin",
    "versioned_writes": "allow_versioned_writes = true\nallow_object_versioning = true",
}


def write(name, text):
    with open(os.path.join(DIR, name), "w", encoding="ascii") as f:
        f.write(text)


def write_backend(name):
    write(f"{name}-server.conf", f"{DEFAULT}[pipeline:main]\npipeline = {name}-server\n"
          f"[app:{name}-server]\nuse = egg:swift#{name}\n")
    builder = ring.RingBuilder(4, 1, 1)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": PORTS[name], "device": "disk", "weight": 1,
                     "replication_ip": "127.0.0.1", "replication_port": PORTS[name]})
    builder.rebalance(seed=1)
    builder.get_ring().save(os.path.join(DIR, f"{name}.ring.gz"))


def write_proxy():
    text = f"{DEFAULT}[pipeline:main]\npipeline = {FILTERS} proxy-server\n[app:proxy-server]\nuse = egg:swift#proxy\n" \
        "account_autocreate = true\nallow_account_management = true\n"
    for name in FILTERS.split():
        egg = "memcache" if name == "cache" else name
        text += f"[filter:{name}]\nuse = egg:swift#{egg}\n{SETTINGS.get(name, '')}\n"
    write("proxy-server.conf", text)


def serve(name):
    app = loadapp(os.path.join(DIR, f"{name}-server.conf"), global_conf={"log_name": name})
    wsgi.server(eventlet.listen(("127.0.0.1", PORTS[name]), backlog=256), app, utils.NullLogger(),
                custom_pool=greenpool.GreenPool(256), protocol=SwiftHttpProtocol, capitalize_response_headers=False)


os.makedirs(os.path.join(DIR, "disk"), exist_ok=True)
write("swift.conf", SWIFT)
utils.set_swift_dir(DIR)
utils.disable_fallocate()
servers = greenpool.GreenPool()
for kind in ("object", "container", "account"):
    write_backend(kind)
write_proxy()
for kind in PORTS:
    servers.spawn(serve, kind)
servers.waitall()

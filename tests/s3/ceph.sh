#!/bin/bash
# A real S3 store to test against: one Ceph monitor, one OSD in memory, one radosgw, on 127.0.0.1, up in about two seconds.
# usage: ceph.sh start DIR PORT | ceph.sh throttled DIR PORT | ceph.sh tls DIR PORT | ceph.sh again DIR | ceph.sh stop DIR
#   start      S3 on http://127.0.0.1:PORT, and on http://BUCKET.localhost:PORT; key "vxaccess", secret
#              "vxsecret0123456789", region us-east-1, bucket "lab"; the monitor takes PORT+1 and PORT+2
#   throttled  a second radosgw on PORT that answers 503 SlowDown to more than two requests at once
#   tls        a third one on https://127.0.0.1:PORT, with key and certificate in DIR/tls.pem
#   again      the radosgw that "start" started was killed: it comes back, with what it had stored
#   stop       ends what was started in DIR, by process id
# STORE=bluestore keeps objects in a file below DIR, not in memory.     SPDX-License-Identifier: MIT
# needs: ceph-mon ceph-osd radosgw ceph-common curl (Debian)
set -eu
unset CEPH_ARGS
cmd=$1 dir=$2 port=${3:-0}
conf=$dir/ceph.conf

write_conf() {
	cat >"$conf" <<-END
		[global]
		fsid = $(cat /proc/sys/kernel/random/uuid)
		mon_initial_members = a
		mon_host = [v2:127.0.0.1:$((port + 1)),v1:127.0.0.1:$((port + 2))]
		public_addr = 127.0.0.1
		cluster_addr = 127.0.0.1
		ms_bind_ipv6 = false
		auth_cluster_required = none
		auth_service_required = none
		auth_client_required = none
		run_dir = $dir
		admin_socket = $dir/\$name.asok
		pid_file = $dir/\$name.pid
		log_file = $dir/\$name.log
		log_to_stderr = false
		osd_pool_default_size = 1
		osd_pool_default_min_size = 1
		osd_pool_default_pg_num = 4
		osd_pool_default_pgp_num = 4
		osd_pool_default_pg_autoscale_mode = off
		osd_crush_chooseleaf_type = 0
		mon_allow_pool_size_one = true
		mon_max_pg_per_osd = 2000
		paxos_propose_interval = 0.02
		paxos_min_wait = 0.01
		mon_tick_interval = 1
		mon_data_avail_crit = 1
		mon_data_avail_warn = 2
		mon_osd_full_ratio = 0.99
		mon_osd_nearfull_ratio = 0.97
		mon_osd_backfillfull_ratio = 0.98
		[mon.a]
		mon_data = $dir/mon
		[osd]
		osd_data = $dir/osd
		osd_objectstore = ${STORE:-memstore}
		memstore_device_bytes = 4294967296
		bluestore_block_size = 21474836480
		bluestore_fsck_on_mount = false
		osd_client_watch_timeout = 2
		osd_class_dir = $(echo /usr/lib/*/rados-classes)
		osd_class_load_list = *
		osd_class_default_list = *
		[client.rgw]
		ms_mon_client_mode = crc
		rgw_data = $dir/rgw
		rgw_dns_name = localhost
		rgw_frontends = beast endpoint=127.0.0.1:$port
		rgw_rados_pool_pg_num_min = 4
		rgw_enable_usage_log = false
		client_notify_timeout = 1
		rgw_thread_pool_size = 64
	END
}

# The reports that daemons write while they fork away go to a log.
quietly() {
	"$@" >>"$dir/start.log" 2>&1 </dev/null
}

# wait_for_gateway [SCHEME]
wait_for_gateway() {
	for _ in $(seq 150); do
		curl -sk -o /dev/null "${1:-http}://127.0.0.1:$port/" && return 0
		sleep 0.1
	done
	echo "radosgw did not start: see $dir" >&2
	return 1
}

start() {
	local fsid osd
	mkdir -p "$dir/mon" "$dir/osd" "$dir/rgw"
	write_conf
	fsid=$(sed -n 's/^fsid = //p' "$conf")
	osd=$(cat /proc/sys/kernel/random/uuid)
	quietly monmaptool --create --clobber --fsid "$fsid" \
		--addv a "[v2:127.0.0.1:$((port + 1)),v1:127.0.0.1:$((port + 2))]" "$dir/monmap"
	quietly ceph-mon -c "$conf" --mkfs -i a --monmap "$dir/monmap"
	quietly ceph-mon -c "$conf" -i a
	quietly ceph -c "$conf" --connect-timeout 20 osd new "$osd" 0
	quietly ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd"
	quietly ceph-osd -c "$conf" -i 0
	for _ in $(seq 100); do
		ceph -c "$conf" osd stat 2>>"$dir/start.log" | grep -q '1 up' && break
		sleep 0.1
	done
	quietly radosgw-admin -c "$conf" -n client.rgw user create --uid=vx --display-name=vx \
		--access-key=vxaccess --secret=vxsecret0123456789
	quietly radosgw -c "$conf" -n client.rgw
	wait_for_gateway
	curl -sf -o /dev/null --aws-sigv4 aws:amz:us-east-1:s3 -u vxaccess:vxsecret0123456789 \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X PUT "http://127.0.0.1:$port/lab"
}

# more NAME FRONTEND [OPTION...]: another radosgw before the same objects.
more() {
	local name=$1 frontend=$2
	shift 2
	quietly radosgw -c "$conf" -n client.rgw --rgw-frontends="beast $frontend" --pid-file="$dir/$name.pid" \
		--admin-socket="$dir/$name.asok" --log-file="$dir/$name.log" "$@"
}

throttled() {
	more throttled "endpoint=127.0.0.1:$port" --rgw-scheduler-type=throttler --rgw-max-concurrent-requests=2
	wait_for_gateway
}

tls() {
	more tls "ssl_endpoint=127.0.0.1:$port ssl_certificate=$dir/tls.pem"
	wait_for_gateway https
}

again() {
	port=$(sed -n 's/.*endpoint=127.0.0.1://p' "$conf")
	quietly radosgw -c "$conf" -n client.rgw
	wait_for_gateway
}

# What it holds is thrown away, so nobody is asked to save it first.
stop() {
	local name
	for name in tls throttled client.rgw osd.0 mon.a; do
		[ ! -f "$dir/$name.pid" ] || kill -9 "$(cat "$dir/$name.pid")" 2>/dev/null || true
	done
}

case $cmd in
start | throttled | tls | again | stop) "$cmd" ;;
*) echo "usage: ceph.sh start|throttled|tls|again|stop DIR [PORT]" >&2; exit 64 ;;
esac

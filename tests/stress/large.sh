#!/bin/bash
# Uploads a sparse file of 5 GiB and one byte (more than one PUT takes) in parts to Ceph's radosgw on a disk, kills the upload
# on the way (kill -9), runs it again, and holds size, hash and bytes of the object, as the AWS
# CLI and s3cmd read it, against the file.
# usage: tests/stress/large.sh [SIZE]     SIZE as truncate has it; default 5368709121. Needs as much room in TMPDIR.
# BUILD names the build folder. Exits with 0 when the object is right and parts of the killed run were kept.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/../.." || exit 74
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export PATH="$BUILD:$PATH" LC_ALL=C.UTF-8 STORE=bluestore
size=${1:-5368709121} root=$PWD
work=$(mktemp -d) || exit 74
trap '"$root/tests/s3/ceph.sh" stop "$work/ceph"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export BATS_TEST_DIRNAME=$root/tests BATS_FILE_TMPDIR=$work BATS_TEST_TMPDIR=$work
# shellcheck source=/dev/null
. tests/helper.bash
# shellcheck source=/dev/null
. tests/s3.bash
port=$(tests/s3/ports.sh 4)
"$root/tests/s3/ceph.sh" start "$work/ceph" "$port" || exit 69
export S3_KIND=ceph S3_PORT=$port
store_env
cd "$work" || exit 74
truncate -s "$size" large.nii
printf end | dd of=large.nii bs=1 seek=$(($(stat -c %s large.nii) - 3)) conv=notrunc status=none
echo '{"identifier":"volume/large","path_nii":"large.nii"}' >rec

parts() {
	grep -c 'beast: .*"PUT /lab/large/volume/large.nii?partNumber' "$work/ceph/client.rgw.log"
}

vx-upload -q --to s3://lab/large rec >/dev/null 2>&1 &
pid=$!
while [ "$(parts)" -lt 6 ] && kill -0 $pid 2>/dev/null; do sleep 0.1; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
/usr/bin/time -f '%e s, %M KiB' vx-upload --to s3://lab/large rec >out 2>err
status=$?
cat err
[ $status -eq 0 ] && ! grep -q ' 0 there from before' err && grep -q 'there from before' err || exit 1
sha256=$(sha256sum large.nii | cut -c1-64)
s3 -i HEAD /lab/large/volume/large.nii | grep -E "^(content-length: $(stat -c %s large.nii)|x-amz-meta-sha256: $sha256)\$" || exit 1
aws_cli s3 cp --quiet s3://lab/large/volume/large.nii - | cmp - large.nii || exit 1
s3cmd_cli get --quiet s3://lab/large/volume/large.nii - | cmp - large.nii || exit 1
echo "the object has the bytes of the file, by the AWS CLI and by s3cmd"

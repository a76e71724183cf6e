#!/bin/bash
# A sparse file of 5 GiB and one byte, which no single PUT takes, goes to Ceph (on disk) in parts and is read back by the AWS
# CLI and s3cmd, compared by SHA-256. usage: tests/stress/upload-5gib.sh [BYTES]
# BUILD names the build folder. Takes as much disk space as the file is long.     SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export PATH="$BUILD:$PATH" LC_ALL=C.UTF-8
bytes=${1:-5368709121}
work=$(mktemp -d)
trap 'tests/s3/ceph.sh stop "$work/ceph"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_REGION AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE
export HOME=$work AWS_ACCESS_KEY_ID=vxaccess AWS_SECRET_ACCESS_KEY=vxsecret0123456789 AWS_DEFAULT_REGION=us-east-1
port=0
while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || [ "$port" -eq 0 ]; do
	port=$((10000 + RANDOM % 22000))
done
export AWS_ENDPOINT_URL=http://127.0.0.1:$port
STORE=bluestore tests/s3/ceph.sh start "$work/ceph" "$port"

truncate -s "$bytes" "$work/image.nii"
# Something at its start, in the middle and at its end, so that no two parts of them are alike.
for at in 0 $((bytes / 2)) $((bytes - 9)); do
	printf 'image %03d' $((at % 1000)) | dd of="$work/image.nii" bs=1 seek="$at" conv=notrunc status=none
done
echo "{\"identifier\":\"volume/big\",\"path_nii\":\"$work/image.nii\"}" >"$work/record"
wrong=0
same() { # same WHAT GOT WANTED
	if [ "$2" = "$3" ]; then echo "$1: right"; else echo "$1: $2, expected $3"; wrong=1; fi
}
sum=$(sha256sum <"$work/image.nii" | cut -c1-64)
/usr/bin/time -f 'upload: %e s, CPU %U + %S s, %M KiB' vx-upload --to s3://lab "$work/record" >"$work/out"
same 'the record' "$(jq -r .sha256 "$work/out")" "$sum"
same 'by the AWS CLI' "$(/usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" s3 cp --quiet s3://lab/volume/big.nii - | sha256sum | cut -c1-64)" "$sum"
same 'by s3cmd' "$(/usr/bin/s3cmd --no-ssl --host="127.0.0.1:$port" --host-bucket= --access_key="$AWS_ACCESS_KEY_ID" \
	--secret_key="$AWS_SECRET_ACCESS_KEY" get --quiet s3://lab/volume/big.nii - | sha256sum | cut -c1-64)" "$sum"
/usr/bin/time -f 'again: %e s' vx-upload --to s3://lab "$work/record" 2>"$work/err" >/dev/null
cat "$work/err"
grep -q '1 unchanged' "$work/err" || wrong=1
same 'uploads left over' "$(tests/s3/request.py GET '/lab?uploads=' | grep -c '<UploadId>')" 0
exit "$wrong"

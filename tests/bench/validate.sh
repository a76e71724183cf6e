#!/bin/bash
# vx-validate against json-c's own parse and print (a bare C loop over getline), on the same resources.
# Goal: faster, although every record is checked against its schema.
set -eu
N=${N:-100000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jq -nc --argjson n "$N" 'range($n)|{identifier:"volume/FD00001/\(.)/t2",parent_identifier:"study/FD00001/\(.%1000)",
	license:"CC-BY-NC-4.0",path_nii:"s3://bucket/fd/volumes/\(.)/t2.nii.gz",path_json:"s3://bucket/fd/volumes/\(.)/t2.json",
	volume_type:"T2",shape:[640,640,24],spacing:[0.3,0.3,3],orientation:"LPS",manufacturer:"SIEMENS",model_name:"Skyra",
	echo_time:0.101,repetition_time:5.66,magnetic_field_strength:3,series_description:"t2_tse_tra",
	acquisition_datetime:"2011-07-07T11:20:36.120000"}' >"$work/in"
seq -f 'study/FD00001/%.0f' 0 999 >"$work/known"
cat >"$work/peer.c" <<-'X'
	#define _GNU_SOURCE
	#include <json.h>
	#include <stdio.h>
	int main(void)
	{
		char *line = NULL;
		size_t room = 0;
		ssize_t n;
		struct json_tokener *t = json_tokener_new();
		while ((n = getline(&line, &room, stdin)) > 0) {
			json_tokener_reset(t);
			struct json_object *o = json_tokener_parse_ex(t, line, (int)n);
			puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
			json_object_put(o);
		}
		return 0;
	}
X
# shellcheck disable=SC2046 # pkg-config speaks in words
cc -O2 -o "$work/peer" "$work/peer.c" $(pkg-config --cflags --libs json-c)

seconds() { # seconds COMMAND...: its wall time on the input
	local from=$EPOCHREALTIME to
	"$@" <"$work/in" >"$work/out"
	to=$EPOCHREALTIME
	echo $(((${to/./} - ${from/./}) / 1000))
}
compare() { # compare NAME GOAL COMMAND...: medians of five paired runs
	local name=$1 goal=$2 _
	shift 2
	: >"$work/pairs"
	for _ in 1 2 3 4 5; do
		echo "$(seconds "$@") $(seconds "$work/peer")" >>"$work/pairs"
	done
	cut -d' ' -f1 "$work/pairs" | sort -n | sed -n 3p >"$work/a"
	cut -d' ' -f2 "$work/pairs" | sort -n | sed -n 3p >"$work/b"
	awk -v n="$name" -v g="$goal" -v a="$(cat "$work/a")" -v b="$(cat "$work/b")" \
		'BEGIN { printf "%s: vx %.2f s, json-c parse + print %.2f s, ratio %.2f (goal %s)\n", n, a / 1000, b / 1000, a / b, g }'
}

vx-validate -q "$work/in" >"$work/out" 2>/dev/null
cmp "$work/in" "$work/out"
compare "vx-validate, $N records" 1.0 vx-validate -q
compare "vx-validate -j 1" 1.5 vx-validate -q -j 1
compare "vx-validate --refs" 2.0 vx-validate -q --known "$work/known"
for way in "-q" "-q -K $work/known"; do
	# shellcheck disable=SC2086 # options, a word each
	/usr/bin/env time -f "peak RSS: %M KiB" vx-validate $way <"$work/in" >/dev/null 2>"$work/err"
	echo "vx-validate $way, $N records: $(tail -1 "$work/err")"
done

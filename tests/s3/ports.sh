#!/bin/bash
# Prints the first of N ports in a row of 127.0.0.1 that nobody listens on. usage: ports.sh N     SPDX-License-Identifier: MIT
set -eu
while :; do
	first=$((10000 + $(od -An -N2 -tu2 /dev/urandom) % 22000)) # below those that the kernel gives to clients
	for ((port = first; port < first + $1; port++)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue 2
	done
	echo "$first"
	exit
done

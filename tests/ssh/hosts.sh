#!/bin/bash
# Hosts to log in to without a password: one sshd on 127.0.0.1, under the names hosta and hostb; nobody listens on hostc.
# usage: hosts.sh start DIR PORT | hosts.sh stop DIR
#   start   "ssh -F DIR/config hosta" works; keys, known hosts and logs are in DIR, nothing of the machine's own is read
#   stop    ends it by process id
# As root it needs the folder /run/sshd, which it makes.     SPDX-License-Identifier: MIT
# needs: openssh-server openssh-client (Debian)
set -eu
cmd=$1 dir=$2 port=${3:-0}
PATH=$PATH:/usr/sbin

start() {
	mkdir -p "$dir"
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/user_key"
	cp "$dir/user_key.pub" "$dir/authorized_keys"
	cat >"$dir/sshd_config" <<-END
		ListenAddress 127.0.0.1
		Port $port
		HostKey $dir/host_key
		PidFile $dir/pid
		AuthorizedKeysFile $dir/authorized_keys
		StrictModes no
		UsePAM no
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		MaxStartups 100
	END
	printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d ' ' -f 1,2 "$dir/host_key.pub")" >"$dir/known_hosts"
	cat >"$dir/config" <<-END
		Host hosta hostb
		Port $port
		Host hostc
		Port $((port + 1))
		Host *
		HostName 127.0.0.1
		User $(id -un)
		IdentityFile $dir/user_key
		IdentitiesOnly yes
		UserKnownHostsFile $dir/known_hosts
		GlobalKnownHostsFile /dev/null
		BatchMode yes
		LogLevel ERROR
	END
	"$(command -v sshd)" -f "$dir/sshd_config" -E "$dir/log" </dev/null >/dev/null 2>&1
	for _ in $(seq 200); do
		! ssh -F "$dir/config" hosta true 2>>"$dir/log" </dev/null || return 0
		sleep 0.05
	done
	tail -n 20 "$dir/log" >&2
	return 1
}

stop() {
	local pid
	[ -s "$dir/pid" ] || return 0
	pid=$(cat "$dir/pid")
	[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != sshd ] || kill "$pid"
}

case $cmd in
start) start ;;
stop) stop ;;
*) sed -n '3,5s/^# //p' "$0" >&2 && exit 64 ;;
esac

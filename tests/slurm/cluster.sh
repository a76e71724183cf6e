#!/bin/bash
# A real Slurm to test against: munged, slurmctld and one slurmd on 127.0.0.1, with four CPUs whatever the machine has.
# usage: cluster.sh start DIR PORT | cluster.sh stop DIR
#   start   up in some two seconds; SLURM_CONF=DIR/slurm.conf leads sbatch and its kin there; the daemons take PORT and PORT+1
#   stop    cancels what runs and ends what was started in DIR, by process id
# Nothing of the machine's own Slurm or MUNGE is read or touched. Works without cgroups and without systemd, as any user.
# SPDX-License-Identifier: MIT
# needs: slurm-wlm munge (Debian)
set -eu
cmd=$1 dir=$2 port=${3:-0}
export SLURM_CONF=$dir/slurm.conf
PATH=$PATH:/usr/sbin

write_conf() {
	cat >"$SLURM_CONF" <<-END
		ClusterName=vx
		SlurmctldHost=$(hostname -s)(127.0.0.1)
		SlurmUser=$(id -un)
		SlurmdUser=$(id -un)
		AuthType=auth/munge
		AuthInfo=socket=$dir/munge/socket
		CredType=cred/munge
		SlurmctldPort=$port
		SlurmdPort=$((port + 1))
		SlurmctldPidFile=$dir/slurmctld.pid
		SlurmdPidFile=$dir/slurmd.pid
		SlurmctldLogFile=$dir/slurmctld.log
		SlurmdLogFile=$dir/slurmd.log
		StateSaveLocation=$dir/state
		SlurmdSpoolDir=$dir/spool
		PlugStackConfig=/dev/null
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SwitchType=switch/none
		MpiDefault=none
		JobAcctGatherType=jobacct_gather/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		SlurmdParameters=config_overrides
		SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1
		KillWait=20
		MinJobAge=300
		ReturnToService=2
		NodeName=vxnode NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 CPUs=4 RealMemory=1000 State=UNKNOWN
		PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
	END
	# No plugin above uses cgroups; named, the version is not looked for, which fails where there are none.
	printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=%s\n' "$dir/cgroup" >"$dir/cgroup.conf"
}

# wait_for WHAT COMMAND...
wait_for() {
	local what=$1 i
	shift
	for ((i = 0; i < 300; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	echo "cluster.sh: $what did not start" >&2
	tail -n 5 "$dir"/*.log >&2
	return 1
}

idle() {
	sinfo -h -o %T | grep -qx idle
}

start() {
	local program
	for program in munged slurmctld slurmd sbatch; do
		command -v "$program" >/dev/null || { echo "cluster.sh: $program is not installed" >&2 && exit 69; }
	done
	mkdir -p "$dir"/{munge,state,spool}
	chmod 711 "$dir/munge"
	(umask 077 && head -c 1024 /dev/urandom >"$dir/munge/key")
	write_conf
	# --force: the folders above belong to whom they belong to.
	munged --force --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munge/pid" \
		--log-file="$dir/munge/log" --seed-file="$dir/munge/seed" --num-threads=2 >>"$dir/start.log" 2>&1 </dev/null
	wait_for munged test -S "$dir/munge/socket"
	slurmctld -c >>"$dir/start.log" 2>&1 </dev/null
	wait_for slurmctld scontrol ping
	slurmd -N vxnode >>"$dir/start.log" 2>&1 </dev/null
	wait_for slurmd idle
}

# Whether process $1 is still there and still the program $2.
is_running() {
	[ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]
}

# end PIDFILE NAME
end() {
	local pid i
	[ -s "$1" ] || return 0
	pid=$(cat "$1")
	is_running "$pid" "$2" || return 0
	kill "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 20; i++)); do # slurmctld takes five seconds to save what nobody will read
		is_running "$pid" "$2" || return 0
		sleep 0.05
	done
	kill -9 "$pid" 2>/dev/null || true
}

stop() {
	[ -e "$SLURM_CONF" ] || return 0
	timeout 5 scancel -u "$(id -un)" 2>/dev/null || true
	for ((i = 0; i < 100; i++)); do
		[ -n "$(timeout 5 squeue -h 2>/dev/null)" ] || break
		sleep 0.05
	done
	end "$dir/slurmd.pid" slurmd
	end "$dir/slurmctld.pid" slurmctld
	end "$dir/munge/pid" munged
}

case $cmd in
start) start ;;
stop) stop ;;
*) sed -n '3,5s/^# //p' "$0" >&2 && exit 64 ;;
esac

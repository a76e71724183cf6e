# shellcheck shell=bash
# launch.sh: what share/slurm/submit and share/parallel/run share: the dataset script, the reports, what may be handed on.
# SPDX-License-Identifier: MIT

VX_LAUNCHER=$(basename "$(dirname "$0")")/$(basename "$0")

say() {
	printf '%s: %s\n' "$VX_LAUNCHER" "$*" >&2
}

wrong() {
	say "$*; see --help"
	exit 64
}

launch_help() {
	sed -n '2,/^[^#]\|^$/{s/^# \{0,1\}//p;}' "$0" | grep -v SPDX
}

# launch_count OPTION VALUE MAX: a whole number from 1 on.
launch_count() {
	if [[ ! $2 =~ ^[1-9][0-9]{0,6}$ ]] || [ "$2" -gt "$3" ]; then wrong "$1: '$2' is no number from 1 to $3"; fi
}

# launch_script FILE: the dataset script, by its whole path.
launch_script() {
	[ -f "$1" ] || wrong "$1: no dataset script"
	[ -x "$1" ] || wrong "$1: cannot be run"
	# shellcheck disable=SC2034 # for who sources this
	SCRIPT=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
	NAME=$(basename "$1" .sh)
}

# launch_reports FOLDER: where the parts leave their reports; without a name a new folder here. Where it is no resumed run,
# what an earlier one left there goes, so that it is not taken for this one's.
launch_reports() {
	if [ -z "$1" ]; then
		REPORTS=$(mktemp -d "$PWD/vx-$NAME-$(date +%Y%m%d-%H%M%S)-XXX") || exit 74
	else
		(umask 077 && mkdir -p "$1") || exit 74
		REPORTS=$(cd "$1" && pwd)
	fi
	[ -w "$REPORTS" ] || { say "$REPORTS: cannot be written to" && exit 74; }
	[ -n "$RESUME" ] || find "$REPORTS" -maxdepth 1 -type f \
		\( -name prepare.ndjson -o -name '*-of-*.ndjson*' -o -name joblog -o -name summary -o -name '*.log' \) -exec rm {} +
}

# launch_done PART: whether its report says that it went through.
launch_done() {
	[ -f "$REPORTS/$1.ndjson" ] && tail -n 1 "$REPORTS/$1.ndjson" | grep -qx '{"end":{"status":[01]}}'
}

# launch_names: the variables of this environment that the parts get, one a line: names of files, never a secret, which would
# stand in command lines, or in the scheduler's own records. Without a file of keys the run ends here, not on some node.
launch_names() {
	local name
	[ -z "${VX_TOKEN:-}" ] || [ -n "${VX_TOKEN_FILE:-}" ] || {
		say 'VX_TOKEN is not handed on: others could read it; put it in a file that only you can read, and name that: VX_TOKEN_FILE'
		return 64
	}
	[ -z "${AWS_SECRET_ACCESS_KEY:-}" ] ||
		say 'warning: AWS_SECRET_ACCESS_KEY is not handed on; each host reads its own ~/.aws/credentials'
	for name in PATH HOME USER LOGNAME LANG LC_ALL TZ XDG_CACHE_HOME VX_API VX_STORE VX_SHARE VX_TOKEN_FILE VX_CA_FILE \
		AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_CONFIG_FILE \
		AWS_SHARED_CREDENTIALS_FILE AWS_CA_BUNDLE; do
		[ -z "${!name:-}" ] || echo "$name"
	done
}

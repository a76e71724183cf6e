# What the benchmarks of single commands share: how long one took, the middle of several. $work is a folder.
seconds() { # seconds INPUT COMMAND...
	local in=$1 begin end
	shift
	begin=$(date +%s%N)
	"$@" <"$in" >/dev/null 2>"$work/err"
	end=$(date +%s%N)
	awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.4f\n", (b - a) / 1e9 }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

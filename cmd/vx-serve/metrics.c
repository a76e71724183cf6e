/* metrics: what has happened so far, counted. events -> the text format of Prometheus, 0.0.4
 *
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "metrics.h"

#define BUCKETS 12

static const double bounds[BUCKETS] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10 };

struct histogram {
	const char *label;            /* the value of its one label; NULL: it has none */
	uint64_t bucket[BUCKETS + 1]; /* each alone; the last: longer than all bounds */
	double sum;
};

struct series {
	const char *route, *method;
	unsigned status;
	uint64_t count;
};

struct tally {
	const char *what;
	uint64_t count;
};

struct list { /* of one of the above */
	void *items;
	size_t count, size;
};

struct metrics {
	pthread_mutex_t lock;
	struct list requests, seconds, tallies[METRICS_FAMILIES];
	struct histogram waited, worked[2];
	uint64_t in, out;
	double started; /* seconds since the epoch */
};

struct metrics *metrics_new(void)
{
	struct metrics *m = vx_alloc(sizeof *m);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	m->started = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
	m->requests.size = sizeof(struct series);
	m->seconds.size = sizeof(struct histogram);
	for (int f = 0; f < METRICS_FAMILIES; f++)
		m->tallies[f].size = sizeof(struct tally);
	m->worked[0].label = "read";
	m->worked[1].label = "write";
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	free(m->requests.items);
	free(m->seconds.items);
	for (int f = 0; f < METRICS_FAMILIES; f++)
		free(m->tallies[f].items);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* list_add: a zeroed item more. The lists stay short: their keys are ours. */
static void *list_add(struct list *l)
{
	l->items = vx_realloc(l->items, (l->count + 1) * l->size);
	void *item = (char *)l->items + l->count++ * l->size;
	memset(item, 0, l->size);
	return item;
}

static struct series *series_of(struct metrics *m, const struct metrics_request *r)
{
	struct series *s = m->requests.items;
	for (size_t i = 0; i < m->requests.count; i++)
		if (s[i].status == r->status && !strcmp(s[i].route, r->route) && !strcmp(s[i].method, r->method))
			return &s[i];
	s = list_add(&m->requests);
	*s = (struct series){ .route = r->route, .method = r->method, .status = r->status };
	return s;
}

static struct histogram *histogram_of(struct metrics *m, const char *route)
{
	struct histogram *h = m->seconds.items;
	for (size_t i = 0; i < m->seconds.count; i++)
		if (!strcmp(h[i].label, route))
			return &h[i];
	h = list_add(&m->seconds);
	h->label = route;
	return h;
}

static void observe(struct histogram *h, double seconds)
{
	int i = 0;
	while (i < BUCKETS && seconds > bounds[i])
		i++;
	h->bucket[i]++;
	h->sum += seconds;
}

void metrics_request(struct metrics *m, const struct metrics_request *r)
{
	pthread_mutex_lock(&m->lock);
	series_of(m, r)->count++;
	observe(histogram_of(m, r->route), r->seconds);
	if (r->waited >= 0) {
		observe(&m->waited, r->waited);
		observe(&m->worked[r->change], r->worked);
	}
	m->in += r->in;
	m->out += r->out;
	pthread_mutex_unlock(&m->lock);
}

void metrics_count(struct metrics *m, enum metrics_family family, const char *what, uint64_t n)
{
	struct list *l = &m->tallies[family];
	struct tally *t = NULL;
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < l->count && !t; i++)
		if (!strcmp(((struct tally *)l->items)[i].what, what))
			t = (struct tally *)l->items + i;
	if (!t) {
		t = list_add(l);
		t->what = what;
	}
	t->count += n;
	pthread_mutex_unlock(&m->lock);
}

static void head(struct vx_buf *out, const char *name, const char *type, const char *help)
{
	vx_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void value(struct vx_buf *out, const char *name, const char *type, const char *help, double v)
{
	head(out, name, type, help);
	vx_buf_printf(out, "%s %.17g\n", name, v);
}

static void print_histogram(struct vx_buf *out, const char *name, const char *key, const struct histogram *h)
{
	char label[128] = "";
	uint64_t below = 0;
	if (h->label)
		snprintf(label, sizeof label, "%s=\"%s\"", key, h->label);
	for (int i = 0; i <= BUCKETS; i++) {
		below += h->bucket[i];
		vx_buf_printf(out, "%s_bucket{%s%sle=\"", name, label, h->label ? "," : "");
		if (i < BUCKETS)
			vx_buf_printf(out, "%g\"} %llu\n", bounds[i], (unsigned long long)below);
		else
			vx_buf_printf(out, "+Inf\"} %llu\n", (unsigned long long)below);
	}
	const char *open = h->label ? "{" : "", *close = h->label ? "}" : "";
	vx_buf_printf(out, "%s_sum%s%s%s %.9g\n%s_count%s%s%s %llu\n", name, open, label, close, h->sum, name, open,
		label, close, (unsigned long long)below);
}

static void print_requests(struct metrics *m, struct vx_buf *out)
{
	const struct series *s = m->requests.items;
	const struct histogram *h = m->seconds.items;
	head(out, "vx_http_requests_total", "counter", "Requests answered, by route, method and status.");
	for (size_t i = 0; i < m->requests.count; i++)
		vx_buf_printf(out, "vx_http_requests_total{route=\"%s\",method=\"%s\",status=\"%u\"} %llu\n",
			s[i].route, s[i].method, s[i].status, (unsigned long long)s[i].count);
	head(out, "vx_http_request_seconds", "histogram", "From the request line to the end of the answer.");
	for (size_t i = 0; i < m->seconds.count; i++)
		print_histogram(out, "vx_http_request_seconds", "route", &h[i]);
	head(out, "vx_http_queue_seconds", "histogram", "That a whole request waited for a worker.");
	print_histogram(out, "vx_http_queue_seconds", NULL, &m->waited);
	head(out, "vx_http_work_seconds", "histogram", "That a worker and the database took for a request.");
	for (int change = 0; change <= 1; change++)
		print_histogram(out, "vx_http_work_seconds", "kind", &m->worked[change]);
	value(out, "vx_http_received_bytes_total", "counter", "Bytes of request bodies, as sent.", (double)m->in);
	value(out, "vx_http_sent_bytes_total", "counter", "Bytes of the answers' bodies.", (double)m->out);
}

static void print_dropped(const struct metrics_now *now, struct vx_buf *out)
{
	static const char *const words[] = GUARD_WORDS;
	head(out, "vx_http_dropped_total", "counter", "Connections hung up on, by reason.");
	for (int i = 0; i < GUARD_REASONS; i++)
		vx_buf_printf(out, "vx_http_dropped_total{reason=\"%s\"} %llu\n", words[i],
			(unsigned long long)now->dropped[i]);
}

static void print_tallies(struct metrics *m, struct vx_buf *out)
{
	static const struct {
		const char *name, *label, *help;
	} families[] = { [METRICS_REFUSED] = { "vx_http_refused_total", "reason", "Requests refused, by reason." },
		[METRICS_RESOURCES] = { "vx_resources_total", "status", "Resources posted, by result." } };
	for (int f = 0; f < METRICS_FAMILIES; f++) {
		const struct tally *t = m->tallies[f].items;
		head(out, families[f].name, "counter", families[f].help);
		for (size_t i = 0; i < m->tallies[f].count; i++)
			vx_buf_printf(out, "%s{%s=\"%s\"} %llu\n", families[f].name, families[f].label, t[i].what,
				(unsigned long long)t[i].count);
	}
}

static double resident(void)
{
	unsigned long long size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &size, &pages) != 2)
		pages = 0;
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;
	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 3; /* ".", ".." and the one just closed */
}

static void print_process(const struct metrics *m, struct vx_buf *out)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	value(out, "process_cpu_seconds_total", "counter", "Processor time, user and system.",
		(double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
			(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
	value(out, "process_resident_memory_bytes", "gauge", "Resident memory.", resident());
	value(out, "process_open_fds", "gauge", "Open file descriptors.", open_files());
	value(out, "process_start_time_seconds", "gauge", "Start, in seconds since the epoch.", m->started);
	head(out, "vx_build_info", "gauge", "1, with the version.");
	vx_buf_printf(out, "vx_build_info{version=\"%s\"} 1\n", VX_VERSION);
}

void metrics_print(struct metrics *m, const struct metrics_now *now, struct vx_buf *out)
{
	pthread_mutex_lock(&m->lock);
	print_requests(m, out);
	print_tallies(m, out);
	pthread_mutex_unlock(&m->lock);
	print_dropped(now, out);
	value(out, "vx_http_in_flight", "gauge", "Requests under way.", (double)now->in_flight);
	value(out, "vx_http_queue_length", "gauge", "Requests that wait for a worker.", (double)now->waiting);
	value(out, "vx_http_streams", "gauge", "Answers under way that hold a snapshot of the database.",
		(double)now->streams);
	value(out, "vx_http_connections", "gauge", "Open connections.", (double)now->connections);
	value(out, "vx_http_body_bytes", "gauge", "Bytes of request bodies in memory.", (double)now->body_bytes);
	value(out, "vx_access_log_lost_total", "counter", "Lines that the access log could not take.",
		(double)now->log_lost);
	print_process(m, out);
}

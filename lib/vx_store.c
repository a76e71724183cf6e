/* vx_store: URLs and keys, one content a key, and the decision what to do with a file.
 * In: key and local file. Out: an object, unchanged, created or updated. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "vx_hash.h"
#include "vx_http.h"
#include "vx_journal.h"
#include "vx_store.h"
#include "vx_store_back.h"
#include "vx_transfer.h"
#include "vx_turns.h"

enum { KEY_MAX = 1024, TRIES = 7 };

/* Which content each key was given in this run: open addressing, key 0 is a free place. */
struct claims {
	pthread_mutex_t lock;
	struct claim {
		uint64_t key, content;
	} * slots;
	size_t size, used;
};

struct vx_store {
	struct vx_store_options o;
	char *url;    /* without a slash at its end */
	char *bucket; /* s3 */
	char *prefix; /* s3: "" or "picai/" */
	char *root;   /* file: path without a slash at its end */
	struct vx_store_file *file;
	struct vx_aws aws;
	struct vx_store_s3 s3; /* s3 */
	struct claims claims;
	struct vx_turns *turns;     /* at keys */
	struct vx_journal *journal; /* NULL: none */
};

struct vx_store_conn {
	struct vx_store *store;
	const struct vx_store_s3 *s3; /* NULL for file:// */
	bool has_listed;
	struct vx_store_listed listed; /* of the next key */
};

static struct claim *claim_slot(struct claim *slots, size_t size, uint64_t key)
{
	size_t i = (size_t)key & (size - 1);
	while (slots[i].key && slots[i].key != key)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static void claims_grow(struct claims *c)
{
	size_t size = c->size ? c->size * 2 : 1024;
	struct claim *slots = vx_alloc(size * sizeof(*slots));
	for (size_t i = 0; i < c->size; i++)
		if (c->slots[i].key)
			*claim_slot(slots, size, c->slots[i].key) = c->slots[i];
	free(c->slots);
	c->slots = slots;
	c->size = size;
}

/* False when the key was given another content earlier in this run. */
static bool claims_take(struct claims *c, const char *key, const char *sha256)
{
	uint64_t k = vx_hash64(key, strlen(key)), content = vx_hash64(sha256, 64);
	pthread_mutex_lock(&c->lock);
	if (c->used * 4 >= c->size * 3)
		claims_grow(c);
	struct claim *slot = claim_slot(c->slots, c->size, k ? k : 1);
	if (!slot->key) {
		*slot = (struct claim){ .key = k ? k : 1, .content = content };
		c->used++;
	}
	bool same = slot->content == content;
	pthread_mutex_unlock(&c->lock);
	return same;
}

char *vx_file_url_path(const char *url)
{
	if (strncasecmp(url, "file:", 5) != 0)
		return NULL;
	const char *s = url + 5;
	if (strncmp(s, "//", 2) == 0)
		s += strncasecmp(s, "//localhost/", 12) == 0 ? 11 : 2;
	if (*s != '/')
		return NULL;
	struct vx_buf path = VX_BUF_INIT;
	for (; *s; s++) {
		int high = 0, low = 0;
		if (*s == '%' &&
			((high = vx_hex_digit(s[1])) < 0 || (low = vx_hex_digit(s[2])) < 0 || high + low == 0)) {
			vx_buf_free(&path);
			return NULL;
		}
		vx_buf_putc(&path, (char)(*s == '%' ? high << 4 | low : *s));
		s += *s == '%' ? 2 : 0;
	}
	return path.data;
}

/* What is wrong with a key's segments. An object store takes "a//b" for a name like any other, a file system does not. */
static const char *segments_check(const char *key, bool empty_inside)
{
	for (const char *s = key;; s++) {
		size_t len = strcspn(s, "/");
		if (len == 0 && (!empty_inside || s == key || s[strspn(s, "/")] == '\0'))
			return "has an empty segment: a slash at an end, or two in a row";
		if ((len == 1 && *s == '.') || (len == 2 && strncmp(s, "..", 2) == 0))
			return "has a segment '.' or '..'";
		s += len;
		if (*s == '\0')
			return NULL;
	}
}

static const char *key_check(const char *key, bool empty_inside)
{
	size_t n = strlen(key);
	if (n == 0)
		return "is empty";
	if (n > KEY_MAX)
		return "is longer than 1024 bytes";
	if (strncmp(key, VX_STORE_TEMP, strlen(VX_STORE_TEMP)) == 0)
		return "begins with " VX_STORE_TEMP ", which is the store's own";
	for (const char *c = key; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return "holds a control character";
	return segments_check(key, empty_inside);
}

const char *vx_store_key_check(const char *key)
{
	return key_check(key, false);
}

/* The URL's parts; VX_EUSAGE when it is none of ours. */
static int take_url(struct vx_store *s, struct vx_error *err)
{
	size_t n = strlen(s->url);
	while (n && s->url[n - 1] == '/')
		s->url[--n] = '\0';
	if (strncasecmp(s->url, "file:", 5) == 0) {
		s->root = vx_file_url_path(s->url);
		if (!s->root)
			return vx_error_set(err, VX_EUSAGE, NULL,
				"%s: is no file:// URL of an absolute path on this machine", s->o.url);
		free(s->url);
		struct vx_buf url = VX_BUF_INIT;
		vx_buf_puts(&url, "file://");
		vx_url_escape(&url, s->root, strlen(s->root), true);
		s->url = url.data;
		return VX_OK;
	}
	if (strncasecmp(s->url, "s3://", 5) != 0)
		return vx_error_set(err, VX_EUSAGE, NULL, "%s: is no file:// or s3:// URL", s->o.url);
	const char *bucket = s->url + 5, *slash = strchr(bucket, '/');
	s->bucket = slash ? vx_strndup(bucket, (size_t)(slash - bucket)) : vx_strdup(bucket);
	s->prefix = slash ? vx_asprintf("%s/", slash + 1) : vx_strdup("");
	const char *why = slash ? vx_store_key_check(slash + 1) : NULL;
	if (why)
		return vx_error_set(err, VX_EUSAGE, NULL, "%s: what is behind the bucket %s", s->o.url, why);
	return VX_OK;
}

static int open_s3(struct vx_store *s, struct vx_error *err)
{
	int status = vx_aws_load(&s->aws, err);
	if (status == VX_OK && s->o.endpoint) {
		free(s->aws.endpoint);
		s->aws.endpoint = vx_strdup(s->o.endpoint);
	}
	if (status == VX_OK && s->o.ca_file) {
		free(s->aws.ca_bundle);
		s->aws.ca_bundle = vx_strdup(s->o.ca_file);
	}
	if (status != VX_OK)
		return status;
	s->s3.s3 = vx_s3_new(&(struct vx_s3_options){ .aws = &s->aws,
				     .bucket = s->bucket,
				     .retry_for = s->o.retry_for,
				     .insecure_http = s->o.insecure_http,
				     .connections = s->o.connections,
				     .limit_rate = s->o.limit_rate,
				     .stop = s->o.stop },
		err);
	if (!s->s3.s3)
		return VX_EUSAGE;
	s->s3.window = vx_s3_window_new(s->s3.s3, s->prefix);
	s->s3.part_size = s->o.part_size;
	s->s3.dry_run = s->o.dry_run;
	return VX_OK;
}

/* The journal of the store as a whole, whatever the prefix: keys in it begin below the bucket or the root. */
static int open_journal(struct vx_store *s, struct vx_error *err)
{
	const char *endpoint = s->aws.endpoint ? s->aws.endpoint : "https://s3.amazonaws.com";
	char *place = s->bucket ? vx_asprintf("%s/%s", endpoint, s->bucket) : vx_strdup(s->url);
	s->journal = vx_journal_open(s->o.journal, place, err);
	free(place);
	return s->journal ? VX_OK : err->status;
}

long vx_store_journal_damaged(const struct vx_store *s)
{
	return s->journal ? vx_journal_damaged(s->journal) : 0;
}

struct vx_store *vx_store_open(const struct vx_store_options *o, struct vx_error *err)
{
	struct vx_store *s = vx_alloc(sizeof(*s));
	s->o = *o;
	s->url = vx_strdup(o->url);
	pthread_mutex_init(&s->claims.lock, NULL);
	s->turns = vx_turns_new();
	int status = take_url(s, err);
	if (status == VX_OK && s->bucket)
		status = open_s3(s, err);
	else if (status == VX_OK) {
		s->file = vx_store_file_open(s->root, o->dry_run, err);
		status = s->file ? VX_OK : VX_EIO;
	}
	if (status == VX_OK && o->journal)
		status = open_journal(s, err);
	if (status == VX_OK)
		return s;
	vx_store_close(s);
	return NULL;
}

void vx_store_close(struct vx_store *s)
{
	if (!s)
		return;
	vx_store_file_close(s->file);
	vx_journal_close(s->journal);
	vx_s3_window_free(s->s3.window);
	vx_s3_free(s->s3.s3);
	vx_aws_free(&s->aws);
	pthread_mutex_destroy(&s->claims.lock);
	vx_turns_free(s->turns);
	free(s->claims.slots);
	free(s->url);
	free(s->bucket);
	free(s->prefix);
	free(s->root);
	free(s);
}

struct vx_store_place vx_store_place(const struct vx_store *s)
{
	return (struct vx_store_place){ s->s3.s3, s->prefix, s->root, s->file, s->journal, s->o.dry_run };
}

struct vx_store_conn *vx_store_connect(struct vx_store *s)
{
	struct vx_store_conn *c = vx_alloc(sizeof(*c));
	c->store = s;
	c->s3 = s->bucket ? &s->s3 : NULL;
	return c;
}

void vx_store_disconnect(struct vx_store_conn *c)
{
	free(c);
}

void vx_store_listed(struct vx_store_conn *c, const struct vx_store_listed *said)
{
	c->has_listed = said != NULL;
	if (said)
		c->listed = *said;
}

uint64_t vx_store_sent(const struct vx_store *s)
{
	return s->s3.s3 ? vx_transfer_stats(vx_s3_transfer(s->s3.s3)).sent : 0;
}

int vx_store_wanted(const char *sha256, const char *want, struct vx_error *err)
{
	if (!want || strcasecmp(sha256, want) == 0)
		return VX_OK;
	return vx_error_set(err, VX_EREJECT, "sha256", "the record says %.64s, the file is %s", want, sha256);
}

static int conflict(struct vx_error *err, const char *key, const char *why)
{
	return vx_error_set(err, VX_EREJECT, NULL, "conflict: %s: %s", key, why);
}

/* Two runs at one key end each other's uploads as long as none has a part; so one must come later than the other, by chance. */
static void step_aside(const struct vx_store *s, int tries)
{
	struct timespec now, pause = { 0 };
	if (tries < 2)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	const uint64_t seed = vx_hash64(&now, sizeof(now)) ^ (uint64_t)getpid();
	pause.tv_nsec = (long)(seed % (100000000ULL << (tries - 2 < 3 ? tries - 2 : 3)));
	if (!s->o.stop || !*s->o.stop)
		nanosleep(&pause, NULL);
}

/* Looks and, where needed, writes; again when somebody else was faster. */
static int place(struct vx_store_conn *c, const char *key, struct vx_source *src, const char *want,
	struct vx_stored *got, struct vx_error *err)
{
	const struct vx_store *s = c->store;
	const struct vx_store_listed *listed = c->has_listed ? &c->listed : NULL;
	for (int tries = 0; tries < TRIES; tries++) {
		enum vx_found found = VX_FOUND_NOTHING;
		bool made = true;
		step_aside(s, tries);
		int status = c->s3 ? vx_store_s3_look(c->s3, key, src, got->sha256, listed, tries > 0, &found, err)
				   : vx_store_file_look(s->file, key, src, got->sha256, &found, err);
		if (status != VX_OK)
			return status;
		got->how = found == VX_FOUND_SAME    ? VX_STORED_UNCHANGED
			   : found == VX_FOUND_OTHER ? VX_STORED_UPDATED
						     : VX_STORED_CREATED;
		if (found == VX_FOUND_OTHER && !s->o.update)
			return conflict(err, key, "the store has other content under this key");
		if (found == VX_FOUND_SAME)
			return vx_store_wanted(got->sha256, want, err);
		if (s->o.dry_run)
			return VX_OK;
		bool replace = found == VX_FOUND_OTHER;
		struct vx_s3_sent sent = { 0 };
		status = c->s3 ? vx_store_s3_write(c->s3, key, src, got->sha256, replace, &made, &sent, err)
			       : vx_store_file_write(s->file, key, src, got->sha256, want, replace, &made, err);
		got->parts_sent += sent.parts;
		got->parts_kept += sent.kept;
		if (status != VX_OK || made)
			return status;
	}
	return conflict(err, key, "other programs write to this key at the same time");
}

/* The file's hash: from the journal where its times may be trusted, else from its bytes. */
static int hash_source(
	struct vx_store *s, const char *key, struct vx_source *src, char sha256[65], struct vx_error *err)
{
	const bool remembered = s->journal && s->o.trust_times;
	if (remembered && vx_journal_seen(s->journal, &src->st, sha256))
		return VX_OK;
	const bool known = s->journal && vx_journal_has(s->journal, key, NULL);
	int status = s->s3.s3 && !s->o.dry_run && !known ? vx_store_s3_hash(&s->s3, key, src, sha256, err)
							 : vx_source_sha256(src, sha256, err);
	if (status == VX_OK && remembered && !s->o.dry_run)
		status = vx_journal_see(s->journal, &src->st, sha256, err);
	return status;
}

/* What the journal knows an object by. */
static void content_text(const struct vx_stored *got, char out[96])
{
	snprintf(out, 96, "%s-%" PRIu64, got->sha256, got->size);
}

/* Whether the journal may be right about a file of this size: a list that was made just now knows better. */
static bool journal_counts(const struct vx_store_conn *c, uint64_t size)
{
	return c->store->journal && (!c->has_listed || (c->listed.exists && c->listed.size == size));
}

/* Places the file, unless the journal knows that it is there; and tells the journal. */
static int place_noted(struct vx_store_conn *c, const char *key, struct vx_source *src, const char *want,
	struct vx_stored *got, struct vx_error *err)
{
	struct vx_store *s = c->store;
	char content[96];
	content_text(got, content);
	got->how = VX_STORED_UNCHANGED;
	if (journal_counts(c, got->size) && vx_journal_has(s->journal, key, content))
		return VX_OK;
	/* A run that ends between the replacing and the line about it must leave none about what was there before. */
	const bool replaces = s->journal && s->o.update && !s->o.dry_run && vx_journal_has(s->journal, key, NULL);
	int status = replaces ? vx_journal_put(s->journal, key, "unknown", err) : VX_OK;
	if (status == VX_OK)
		status = place(c, key, src, want, got, err);
	if (status != VX_OK || !s->journal || s->o.dry_run)
		return status;
	content_text(got, content);
	return vx_journal_put(s->journal, key, content, err);
}

/* Takes src over. */
static int put_source(struct vx_store_conn *c, const char *key, struct vx_source *src, const char *want,
	struct vx_stored *got, struct vx_error *err)
{
	struct vx_store *s = c->store;
	char *whole = vx_asprintf("%s%s", c->s3 ? s->prefix : "", key);
	int status = c->s3 ? vx_store_s3_size_check(src->size, err) : VX_OK;
	got->size = src->size;
	if (status == VX_OK && (c->s3 || s->o.update || s->o.dry_run || s->journal)) {
		status = hash_source(s, whole, src, got->sha256, err);
		if (status == VX_OK)
			status = vx_store_wanted(got->sha256, want, err);
	}
	if (status == VX_OK && (s->o.update || s->o.dry_run) && !claims_take(&s->claims, key, got->sha256))
		status = conflict(err, key, "an earlier record of this run has other content for this key");
	if (status == VX_OK) {
		/* Not every store sees to it that of two who put the same key at once only one does. */
		vx_turns_take(s->turns, whole);
		status = place_noted(c, whole, src, want, got, err);
		vx_turns_end(s->turns, whole);
	}
	c->has_listed = false;
	free(whole);
	vx_source_close(src);
	return status;
}

static int check_key(const struct vx_store *s, const char *key, struct vx_error *err)
{
	const char *why = key_check(key, s->bucket != NULL);
	if (!why && s->bucket && strlen(s->prefix) + strlen(key) > KEY_MAX)
		why = "and the prefix are longer than 1024 bytes";
	return why ? vx_error_set(err, VX_EREJECT, NULL, "the key '%.200s' %s", key, why) : VX_OK;
}

int vx_store_object(const struct vx_store_conn *c, const char *key, struct vx_store_object *p, struct vx_error *err)
{
	const struct vx_store *s = c->store;
	*p = (struct vx_store_object){ .s3 = c->s3, .file = s->file };
	int status = check_key(s, key, err);
	if (status == VX_OK)
		p->key = vx_asprintf("%s%s", c->s3 ? s->prefix : "", key);
	return status;
}

int vx_store_put(struct vx_store_conn *c, const char *key, const char *path, const char *want_sha256,
	struct vx_stored *got, struct vx_error *err)
{
	struct vx_source src;
	memset(got, 0, sizeof(*got));
	int status = check_key(c->store, key, err);
	if (status == VX_OK)
		status = vx_source_open(&src, path, err);
	return status == VX_OK ? put_source(c, key, &src, want_sha256, got, err) : status;
}

int vx_store_put_bytes(struct vx_store_conn *c, const char *key, const void *bytes, size_t n, const char *want_sha256,
	struct vx_stored *got, struct vx_error *err)
{
	struct vx_source src;
	memset(got, 0, sizeof(*got));
	int status = check_key(c->store, key, err);
	if (status == VX_OK)
		status = vx_source_open_bytes(&src, bytes, n, err);
	return status == VX_OK ? put_source(c, key, &src, want_sha256, got, err) : status;
}

int vx_store_abort_stale(struct vx_store *s, double age, vx_store_stale_fn *take, void *arg, struct vx_error *err)
{
	if (!s->bucket)
		return vx_error_set(err, VX_EUSAGE, NULL, "%s: a folder has no uploads in parts", s->url);
	return vx_store_s3_abort_stale(&s->s3, s->prefix, age, s->o.dry_run, take, arg, err);
}

void vx_store_object_url(const struct vx_store *s, const char *key, struct vx_buf *out)
{
	vx_buf_printf(out, "%s/", s->url);
	if (s->bucket)
		vx_buf_puts(out, key);
	else
		vx_url_escape(out, key, strlen(key), true);
}

char *vx_store_url_key(const struct vx_store *s, const char *url)
{
	char *path = s->bucket ? NULL : vx_file_url_path(url);
	const char *base = s->bucket ? s->url : s->root, *whole = s->bucket ? url : path;
	const size_t n = strlen(base);
	const bool below =
		whole && strncmp(whole, base, n) == 0 && whole[n] == '/' && (s->bucket || !strstr(whole + n, "/../"));
	char *key = below ? vx_strdup(whole + n + 1) : NULL;
	free(path);
	return key;
}

bool vx_store_has_url(const struct vx_store *s, const char *url)
{
	char *key = vx_store_url_key(s, url);
	free(key);
	return key != NULL;
}

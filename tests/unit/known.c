/* vx_known: what was put is known to the next run of the same place and instance, and nothing else is; XXH64 by its vectors.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tap.h"
#include "vx_hash.h"
#include "vx_known.h"

static char path[] = "/tmp/vx-known-XXXXXX";

static struct vx_known *open_at(const char *place, struct vx_error *err)
{
	*err = (struct vx_error)VX_ERROR_INIT;
	return vx_known_open(path, place, err);
}

static struct vx_known *open_it(void)
{
	struct vx_error err;
	struct vx_known *k = open_at("http://127.0.0.1:1", &err);
	if (!k)
		vx_die(err.status, "%s", err.reason);
	return k;
}

static void close_it(struct vx_known *k)
{
	struct vx_error err = VX_ERROR_INIT;
	if (vx_known_close(k, &err) != VX_OK)
		vx_die(err.status, "%s", err.reason);
}

static uint64_t keep(struct vx_known *k, const char *instance, int64_t newest)
{
	struct vx_error err = VX_ERROR_INIT;
	uint64_t kept = UINT64_MAX;
	struct vx_known_side side = { instance, newest, 77 };
	return vx_known_keep(k, &side, &kept, &err) == VX_OK ? kept : UINT64_MAX;
}

static void put(struct vx_known *k, uint64_t name, uint64_t content)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_fact f = { .name = name, .content = content, .more = ~content };
	if (vx_known_put(k, &f, &err) != VX_OK)
		vx_die(err.status, "%s", err.reason);
}

static bool is(struct vx_known *k, uint64_t name, uint64_t content)
{
	struct vx_fact f;
	return vx_known_get(k, name, &f) && f.content == content && f.more == ~content;
}

static uint64_t name_of(int i)
{
	return vx_hash64(&i, sizeof(i));
}

static void what_was_put(void)
{
	struct vx_known *k = open_it();
	struct vx_fact f;
	enum { N = 60000 };
	bool all = true;
	ok(keep(k, "one", 5) == 0 && !vx_known_get(k, 7, &f), "a new file knows nothing");
	put(k, 7, 70);
	put(k, 0, 1);
	ok(is(k, 7, 70) && is(k, 0, 1) && !vx_known_get(k, 8, &f), "a name, and the name 0");
	put(k, 7, 71);
	ok(is(k, 7, 71), "the newest content counts");
	for (int i = 0; i < N; i++)
		put(k, name_of(i), (uint64_t)i);
	close_it(k);
	k = open_it();
	ok(keep(k, "one", 5) == N + 2, "all are counted in the next run");
	for (int i = 0; i < N; i++)
		all = all && is(k, name_of(i), (uint64_t)i) && !vx_known_get(k, name_of(-i - 1), &f);
	ok(all && is(k, 7, 71) && is(k, 0, 1), "60,000 names through several sizes of the table");
	close_it(k);
}

static void whose_it_is(void)
{
	struct vx_error err;
	struct vx_known *k = open_it(), *other;
	other = open_at("http://127.0.0.1:1", &err);
	ok(!other && err.status == VX_EUNREACHABLE, "one run at a time");
	ok(keep(k, "one", 9) > 1000, "newer than it was: all is known still");
	ok(vx_known_mark(k, 12, 77, &err) == VX_OK && vx_known_mark(k, 3, 1, &err) == VX_OK &&
			keep(k, "one", 12) > 1000,
		"newest is marked, and never falls");
	ok(vx_known_move(k, "two", &err) == VX_OK, "the instance moves");
	ok_str(vx_known_instance(k), "two", "it is the other one now");
	close_it(k);
	k = open_it();
	ok(keep(k, "two", 12) > 1000, "in the next run, too");
	close_it(k);
	other = open_at("http://127.0.0.1:2", &err);
	ok(!other && err.status == VX_EUSAGE, "not the journal of another place");
	k = open_it();
	ok(keep(k, "two", 11) == 0 && !is(k, 7, 71), "a database put back to an earlier state: all is forgotten");
	put(k, 7, 71);
	ok(vx_known_mark(k, 12, 78, &err) == VX_OK && vx_known_newest(k) == 12 && keep(k, "two", 20) == 0 &&
			!is(k, 7, 71),
		"put back, and grown past it with other things: all is forgotten");
	put(k, 7, 71);
	ok(keep(k, "three", 11) == 0 && !is(k, 7, 71), "another instance: all is forgotten");
	close_it(k);
}

static void write_at(off_t at, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0 || pwrite(fd, bytes, n, at) != (ssize_t)n || close(fd) != 0)
		abort();
}

/* The head as a run left it that ended with its machine. */
static void under_another_boot(void)
{
	char head[513] = "", *end;
	int fd = open(path, O_RDWR);
	if (fd < 0 || pread(fd, head, 512, 0) != 512)
		abort();
	end = strstr(head, " - ");
	if (!end)
		abort();
	snprintf(end, 60, " 00000000-0000-0000-0000-000000000000");
	end += strlen(end);
	end += snprintf(end, 10, " %08lx", crc32(0, (const Bytef *)head, (uInt)(end - head)));
	memset(end, ' ', (size_t)(head + 511 - end));
	if (pwrite(fd, head, 512, 0) != 512 || close(fd) != 0)
		abort();
}

static void what_a_machine_lost(void)
{
	struct vx_known *k = open_it();
	keep(k, "boot", 1);
	put(k, 7, 71);
	close_it(k);
	k = open_it();
	ok(keep(k, "boot", 1) == 1 && is(k, 7, 71), "closed: it is on disk");
	close_it(k);
	under_another_boot();
	k = open_it();
	ok(keep(k, "boot", 1) == 0 && !is(k, 7, 71), "the machine went down while it was written: all is forgotten");
	put(k, 7, 72);
	close_it(k);
	k = open_it();
	ok(keep(k, "boot", 1) == 1 && is(k, 7, 72), "and begun anew");
	close_it(k);
}

static void what_is_no_journal(void)
{
	struct vx_error err;
	struct vx_known *k = open_it();
	struct stat st;
	keep(k, "one", 1);
	put(k, 7, 71);
	close_it(k);
	write_at(40, "?", 1);
	ok(!open_at("http://127.0.0.1:1", &err) && err.status == VX_EUSAGE, "a damaged head");
	if (truncate(path, 0) != 0)
		abort();
	write_at(0, "my thesis\n", 10);
	ok(!open_at("http://127.0.0.1:1", &err) && err.status == VX_EUSAGE && stat(path, &st) == 0 && st.st_size == 10,
		"another file, which stays as it is");
	if (truncate(path, 0) != 0)
		abort();
	k = open_it();
	keep(k, "one", 1);
	put(k, 7, 71);
	close_it(k);
	if (truncate(path, 600) != 0)
		abort();
	ok(!open_at("http://127.0.0.1:1", &err) && err.status == VX_EUSAGE, "one that lost its end");
}

static void hashes(void)
{
	char bytes[101];
	for (int i = 0; i < 101; i++)
		bytes[i] = (char)i;
	ok(vx_xxh64("", 0, 0) == 0xef46db3751d8e999u, "XXH64 of nothing");
	ok(vx_xxh64("a", 1, 0) == 0xd24ec4f1a98c6e5bu && vx_xxh64("abc", 3, 0) == 0x44bc2cf5ad770999u,
		"XXH64 of a, abc");
	ok(vx_xxh64("Nobody inspects the spammish repetition", 39, 0) == 0xfbcea83c8a378bf1u,
		"XXH64 of more than 32 bytes");
	ok(vx_xxh64(bytes, 101, 0) != vx_xxh64(bytes, 101, 1) && vx_xxh64(bytes, 100, 0) != vx_xxh64(bytes, 101, 0),
		"seed and length count");
	ok(vx_sha256_64("abc", 3) == 0xba7816bf8f01cfeau, "the first 64 bits of the SHA-256");
}

int main(void)
{
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	what_was_put();
	whose_it_is();
	what_a_machine_lost();
	what_is_no_journal();
	hashes();
	unlink(path);
	return tap_end();
}

/* vx_journal: what was put is known to the next run; torn, damaged and foreign lines are not believed.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "vx_io.h"
#include "vx_journal.h"

static char path[] = "/tmp/vx-journal-XXXXXX";
static const char sha256[] = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

static struct vx_journal *open_it(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_journal *j = vx_journal_open(path, "https://s3.example.org/lab", &err);
	if (!j)
		vx_message(&err);
	return j;
}

static void append(const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

static void what_was_put(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_journal *j = open_it();
	char key[64];
	bool all = true;
	ok(!vx_journal_has(j, "a b/ü", "1"), "an empty journal knows nothing");
	ok(vx_journal_put(j, "a b/ü", "1", &err) == VX_OK && vx_journal_has(j, "a b/ü", "1"), "a key");
	ok(!vx_journal_has(j, "a b/ü", "2"), "other content is not known");
	ok(vx_journal_put(j, "a b/ü", "2", &err) == VX_OK && vx_journal_has(j, "a b/ü", "2") &&
			!vx_journal_has(j, "a b/ü", "1"),
		"the newest line counts");
	ok(vx_journal_put(j, "", "", &err) == VX_OK && vx_journal_has(j, "", ""), "the empty key");
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key %d\n", i);
		all = all && vx_journal_put(j, key, key + 3, &err) == VX_OK;
	}
	vx_journal_close(j);
	j = open_it();
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key %d\n", i);
		all = all && vx_journal_has(j, key, key + 3) && !vx_journal_has(j, key, key);
	}
	ok(all, "5000 keys, in the next run");
	ok(vx_journal_has(j, "a b/ü", "2") && !vx_journal_has(j, "a b/ü", "1"), "the newest line, in the next run");
	ok(vx_journal_damaged(j) == 0, "nothing is damaged");
	vx_journal_close(j);
}

static void damage(void)
{
	struct vx_error err = VX_ERROR_INIT;
	append("put key%20x 1 00000000\nput torn");
	struct vx_journal *j = open_it();
	ok(vx_journal_damaged(j) == 2 && !vx_journal_has(j, "key x", "1"),
		"a wrong checksum and a torn line: not believed");
	ok(vx_journal_put(j, "behind", "1", &err) == VX_OK, "behind the torn line");
	vx_journal_close(j);
	j = open_it();
	ok(vx_journal_has(j, "behind", "1") && vx_journal_damaged(j) == 2, "a line of its own");
	vx_journal_close(j);
	ok(!vx_journal_open(path, "https://s3.example.org/other", &err) && err.status == VX_EUSAGE &&
			strstr(err.reason, "another place: https%3A//s3.example.org/lab"),
		"another place's journal is refused");
	ok(!vx_journal_open("/", "x", &err) && err.status == VX_EIO, "a folder cannot be opened");
	ok(!vx_journal_open("/dev/null", "x", &err) && err.status == VX_EUSAGE, "a device is no journal");
	ok(truncate(path, 0) == 0, "emptied");
	append("{\"a\":1}\n");
	ok(!vx_journal_open(path, "x", &err) && err.status == VX_EUSAGE && strstr(err.reason, "is no journal"),
		"a file of another kind is refused, and not written to");
	ok(truncate(path, 0) == 0, "emptied again");
}

static void sights(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_journal *j = open_it();
	struct stat st = { .st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim.tv_sec = 1000, .st_ctim.tv_sec = 1000 };
	char got[65] = "";
	ok(!vx_journal_seen(j, &st, got), "a file that was never seen");
	ok(vx_journal_see(j, &st, sha256, &err) == VX_OK && vx_journal_seen(j, &st, got), "seen");
	ok_str(got, sha256, "its hash");
	vx_journal_close(j);
	j = open_it();
	got[0] = '\0';
	ok(vx_journal_seen(j, &st, got) && strcmp(got, sha256) == 0, "seen, in the next run");
	st.st_mtim.tv_nsec++;
	ok(!vx_journal_seen(j, &st, got), "another time of the content");
	st.st_mtim.tv_nsec--;
	st.st_ctim.tv_sec++;
	ok(!vx_journal_seen(j, &st, got), "another time of the inode");
	st.st_ctim.tv_sec--;
	st.st_size++;
	ok(!vx_journal_seen(j, &st, got), "another size");
	st.st_size--;
	st.st_ino++;
	ok(!vx_journal_seen(j, &st, got), "another inode");
	st.st_ctim.tv_sec = time(NULL);
	ok(vx_journal_see(j, &st, sha256, &err) == VX_OK && !vx_journal_seen(j, &st, got),
		"a file so young that it may change unseen is not remembered");
	vx_journal_close(j);
}

int main(void)
{
	close(mkstemp(path));
	what_was_put();
	damage();
	sights();
	unlink(path);
	return tap_end();
}

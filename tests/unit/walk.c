/* Unit tests of vx_walk: order, pieces, what vanishes on the way. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "vx_walk.h"

static char root[] = "/tmp/vx-walk-XXXXXX";

static char *at(const char *rel)
{
	static char path[8192];

	snprintf(path, sizeof path, "%s/%s", root, rel);
	return path;
}

static void touch(const char *rel)
{
	close(open(at(rel), O_CREAT | O_WRONLY, 0666));
}

/* What a walk gave, as text: a line a file; a note as "level path: reason". */
struct seen {
	struct vx_buf text;
	const char *vanish; /* this one is deleted once its folder was read */
	size_t stop_after;  /* pieces; 0: never */
	size_t pieces;
};

static struct seen *now; /* the walk's workers are given nothing of ours but this */

static int mark(void *worker, const char *rel, size_t rel_len, const char *name, size_t len, enum vx_entry_type type)
{
	(void)worker, (void)rel, (void)rel_len, (void)type;
	if (now->vanish && strlen(now->vanish) == len && memcmp(name, now->vanish, len) == 0) {
		unlink(at(now->vanish));
		if (rmdir(at(now->vanish)) == 0)
			return 0;
	}
	return len == 4 && memcmp(name, "skip", 4) == 0 ? -1 : 0;
}

static void files(
	void *worker, const struct vx_folder *f, int dirfd, size_t first, size_t last, struct vx_walk_out *out)
{
	struct stat st;

	(void)worker;
	for (size_t i = first; i < last; i++) {
		const char *name = vx_entry_name(f, &f->entries[i]);
		if (fstatat(dirfd, name, &st, f->stat_flags) == 0)
			vx_buf_printf(&out->text, "%s%s\n", f->rel, name);
		else
			vx_walk_note(out, 'r', name, "gone");
	}
}

static bool take(void *arg, const struct vx_walk_out *out)
{
	struct seen *s = arg;
	const char *rel, *reason;
	char level;

	if (out->text.len)
		vx_buf_add(&s->text, out->text.data, out->text.len);
	for (size_t i = 0; vx_walk_notes(out, &i, &level, &rel, &reason);)
		vx_buf_printf(&s->text, "%c %s: %s\n", level, rel, reason);
	return ++s->pieces != s->stop_after;
}

static char *walk(struct seen *s, bool follow, int jobs, const char *const *only)
{
	struct vx_walk w = { .mark = mark, .files = files, .write = take, .arg = s, .follow = follow, .jobs = jobs };
	struct vx_error err = VX_ERROR_INIT;

	now = s;
	vx_buf_clear(&s->text);
	vx_buf_puts(&s->text, "");
	if (vx_walk(&w, root, only, &err) != VX_OK)
		return err.reason[0] ? strdup(err.reason) : strdup("failed");
	return s->text.data;
}

static void test_order(void)
{
	struct seen s = { .text = VX_BUF_INIT };

	mkdir(at("a"), 0777);
	mkdir(at("a/b"), 0777);
	mkdir(at("empty"), 0777);
	mkdir(at("skip"), 0777);
	touch("a.txt");
	touch("a-x");
	touch("a/z");
	touch("a/b/c");
	touch("a0");
	touch("skip/never");
	ok_str(walk(&s, false, 1, NULL), "a-x\na.txt\na/b/c\na/z\na0\n",
		"byte order of whole paths, a folder as with a slash");
	ok_str(walk(&s, false, 4, NULL), "a-x\na.txt\na/b/c\na/z\na0\n", "the same by four threads");
	s.stop_after = 1;
	s.pieces = 0;
	ok_str(walk(&s, false, 4, NULL), "a-x\na.txt\n", "the walk ends when the writer says so");
	vx_buf_free(&s.text);
}

static int has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void test_links(void)
{
	struct seen s = { .text = VX_BUF_INIT };
	char *text;

	ok(symlink(".", at("a/loop")) == 0 && symlink("nowhere", at("a/none")) == 0 && symlink("z", at("a/zz")) == 0 &&
			symlink("self", at("a/self")) == 0,
		"links were made");
	text = walk(&s, false, 2, NULL);
	ok(has(text, "w a/loop: a symbolic link, not followed") && has(text, "w a/none: ") && has(text, "w a/zz: "),
		"links are named, not followed");
	ok(!has(text, "\na/zz\n"), "and not listed");
	text = walk(&s, true, 2, NULL);
	ok(has(text, "r a/loop/: a symbolic link that leads back to a folder above it"), "a loop is told and left");
	ok(has(text, "r a/none: vanished, or a link to nothing"), "a link to nothing is told");
	ok(has(text, "r a/self: a symbolic link that leads back to itself"), "a link to itself is told");
	ok(has(text, "\na/z\na/zz\n"), "a link to a file is a file");
	vx_buf_free(&s.text);
}

static void test_vanishing(void)
{
	struct seen s = { .text = VX_BUF_INIT, .vanish = "a0" };
	char *text = walk(&s, false, 1, NULL);

	ok(has(text, "r a0: gone"), "a file that vanishes between reading and looking");
	mkdir(at("b"), 0777);
	touch("c");
	s.vanish = "b";
	text = walk(&s, false, 1, NULL);
	ok(has(text, "r b/: vanished during the scan"), "a folder that vanishes");
	ok(has(text, "\nc\n"), "what is behind it is listed");
	vx_buf_free(&s.text);
}

static void test_only(void)
{
	struct seen s = { .text = VX_BUF_INIT };
	const char *const only[] = { "c", "not-there", "a.txt", NULL };

	ok_str(walk(&s, false, 1, only), "a.txt\nc\n", "only the files asked for");
	vx_buf_free(&s.text);
}

/* More files than a piece holds, more pieces than may wait, a chain of folders deeper than descriptors would reach. */
static void test_large(void)
{
	enum { FILES = 12000, DEPTH = 1500 };
	struct seen s = { .text = VX_BUF_INIT };
	char path[2 * DEPTH + 64], *text;
	size_t lines = 0;
	int sorted = 1;

	mkdir(at("many"), 0777);
	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof path, "many/%05d", i);
		touch(path);
	}
	strcpy(path, "many");
	for (int i = 0; i < DEPTH; i++) {
		strcat(path, "/d");
		mkdir(at(path), 0777);
	}
	strcat(path, "/end");
	touch(path);
	text = walk(&s, false, 3, NULL);
	text = strstr(text, "many/00000");
	for (const char *p = text, *prev = NULL; p && *p; prev = p, p = strchr(p, '\n') + 1) {
		lines++;
		sorted &= !prev || strcmp(prev, p) < 0;
	}
	ok(lines == FILES + 1, "every file of a large folder, and the deepest one: %zu", lines);
	ok(sorted, "in order");
	vx_buf_free(&s.text);
}

int main(void)
{
	char *clean;
	int status;

	if (!mkdtemp(root))
		return 1;
	test_order();
	test_links();
	test_vanishing();
	test_only();
	test_large();
	clean = vx_asprintf("rm -rf %s", root);
	ok(system(clean) == 0, "cleaned up");
	free(clean);
	status = tap_end();
	return status;
}

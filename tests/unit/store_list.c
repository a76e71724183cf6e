/* The list of a file:// store: order, parts of it, what is no object. In: none. Out: TAP. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "vx_io.h"
#include "vx_store_list.h"
#include "vx_tree.h"

static char root[] = "/tmp/vx-store-list-XXXXXX";

static void put(const char *key, size_t size)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", root, key);
	for (char *s = path + strlen(root) + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = '\0';
		mkdir(path, 0777);
	}
	int fd = open(path, O_CREAT | O_WRONLY, 0666);
	ok(fd >= 0 && ftruncate(fd, (off_t)size) == 0, "file %s", key);
	close(fd);
}

/* All keys with their sizes, as one text; "!" at its end when the list failed. */
static void list_is(const char *below, const char *after, const char *wanted, const char *what)
{
	struct vx_error err = VX_ERROR_INIT;
	char *url = vx_asprintf("file://%s", root);
	struct vx_store *s = vx_store_open(&(struct vx_store_options){ .url = url }, &err);
	struct vx_store_list *l = vx_store_list_new(s, below, after);
	struct vx_store_entry e;
	struct vx_buf text = VX_BUF_INIT;
	int status;
	vx_buf_puts(&text, "");
	while ((status = vx_store_list_next(l, &e, &err)) > 0)
		vx_buf_printf(&text, "%s=%" PRIu64 "%s ", e.key, e.size, e.etag);
	vx_buf_puts(&text, status < 0 ? "!" : "");
	ok_str(text.data, wanted, "%s", what);
	vx_buf_free(&text);
	vx_store_list_free(l);
	vx_store_close(s);
	free(url);
}

static void check_keys(void)
{
	put("b/z", 3);
	put("b.txt", 1);
	put("b-/k", 2);
	put("b/a/deep", 4);
	put("c", 0);
	put(".hidden", 5);
	put(".vx-upload/1.0", 6);
	put("b/.vx-upload/kept", 7);
	char link[4096];
	snprintf(link, sizeof(link), "%s/d", root);
	ok(symlink("c", link) == 0, "a link");
	list_is(NULL, NULL, ".hidden=5 b-/k=2 b.txt=1 b/.vx-upload/kept=7 b/a/deep=4 b/z=3 c=0 ", "all, in byte order");
	list_is("b", NULL, "b/.vx-upload/kept=7 b/a/deep=4 b/z=3 ", "below a group");
	list_is(NULL, "b/a/deep", "b/z=3 c=0 ", "behind a key");
	list_is("b", "b/a/deep", "b/z=3 ", "behind a key, below a group");
	list_is(NULL, "b", "b-/k=2 b.txt=1 b/.vx-upload/kept=7 b/a/deep=4 b/z=3 c=0 ", "behind a folder's name");
	list_is(NULL, "c", "", "behind the last");
	list_is("none", NULL, "", "below what is not there");
	list_is("c", NULL, "!", "below what is no folder");
}

/* Many more than may wait; and a list that is left in the middle. */
static void check_many(void)
{
	enum { MANY = 20000 };
	struct vx_error err = VX_ERROR_INIT;
	struct vx_tree_entry e;
	long n = 0;
	char path[4096];
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%s/b/%d", root, i);
		close(open(path, O_CREAT | O_WRONLY, 0666));
	}
	struct vx_tree *t = vx_tree_new(&(struct vx_tree_options){ .path = root });
	char last[4096] = "";
	bool rises = true;
	while (vx_tree_next(t, &e, &err) > 0) {
		if (e.problem)
			continue;
		n++;
		rises = rises && strcmp(e.rel, last) > 0;
		snprintf(last, sizeof(last), "%s", e.rel);
	}
	vx_tree_free(t);
	ok(n == MANY + 8, "all of %d files, %ld", MANY + 8, n);
	ok(rises, "in order");
	t = vx_tree_new(&(struct vx_tree_options){ .path = root });
	ok(vx_tree_next(t, &e, &err) == 1, "the first of many");
	vx_tree_free(t);
	t = vx_tree_new(&(struct vx_tree_options){ .path = "/nowhere" });
	ok(vx_tree_next(t, &e, &err) == VX_EIO && strstr(err.reason, "cannot be opened"), "no folder");
	vx_tree_free(t);
}

int main(void)
{
	if (!mkdtemp(root))
		return 1;
	check_keys();
	check_many();
	char *command = vx_asprintf("rm -r %s", root);
	ok(system(command) == 0, "cleaned up");
	free(command);
	return tap_end();
}

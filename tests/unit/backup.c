/* vx_backup: the end record against the lines, a part of an export, lines of any file, gzip or not, cut or whole.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"
#include "vx_backup.h"
#include "vx_hash.h"

static const char *const lines[] = { "{\"identifier\":\"datasource/a\"}", "{\"identifier\":\"datasource/b\"}",
	"{\"identifier\":\"patient/A\",\"parent_identifier\":\"datasource/a\"}",
	"{\"identifier\":\"patient/B\",\"parent_identifier\":\"datasource/b\"}", "no json" };
#define LINES (sizeof lines / sizeof lines[0])

static int line(struct vx_backup *b, const char *text, struct vx_error *err)
{
	return vx_backup_line(b, text, strlen(text), err);
}

static void end(char *out, size_t size, int count, const char *more)
{
	struct vx_sha256 *h = vx_sha256_new();
	char hex[65];

	for (size_t i = 0; i < LINES; i++) {
		vx_sha256_add(h, lines[i], strlen(lines[i]));
		vx_sha256_add(h, "\n", 1);
	}
	vx_sha256_end(h, hex);
	snprintf(out, size, "{\"_end\":{\"count\":%d,\"sha256\":\"%s\"%s}}", count, hex, more);
}

static void ends(void)
{
	struct vx_error err = VX_ERROR_INIT;
	char record[160];

	for (int wrong = 0; wrong < 2; wrong++) {
		struct vx_backup *b = vx_backup_new(NULL, &err);
		for (size_t i = 0; i < LINES; i++)
			ok(line(b, lines[i], &err) == VX_BACKUP_TAKE, "line %zu is taken", i);
		ok(vx_backup_state(b) == VX_BACKUP_UNKNOWN, "nobody knows yet whether it is whole");
		end(record, sizeof record, (int)LINES + wrong, "");
		ok(line(b, record, &err) == (wrong ? VX_EDATA : VX_BACKUP_SKIP), "the end record is judged: %s",
			err.reason);
		ok(vx_backup_state(b) == (wrong ? VX_BACKUP_BROKEN : VX_BACKUP_WHOLE), "and the state follows");
		ok(line(b, lines[0], &err) == VX_EDATA && vx_backup_state(b) == VX_BACKUP_BROKEN,
			"nothing may follow it");
		vx_backup_free(b);
	}
	static const char *const damaged[] = { "{\"_end\":", "{\"_end\":7}", "{\"_end\":{\"count\":0}}",
		"{\"_end\":{\"count\":0,\"sha256\":\"00\"}}" };
	for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
		struct vx_backup *b = vx_backup_new(NULL, &err);
		ok(line(b, damaged[i], &err) == VX_EDATA, "%s: %s", damaged[i], err.reason);
		vx_backup_free(b);
	}
}

/* What the end record says the export is of. */
static void named(void)
{
	static const struct {
		const char *more, *only;
		int verdict;
	} cases[] = {
		{ "", NULL, VX_BACKUP_SKIP },
		{ ",\"datasource\":\"datasource/a\"", "datasource/a", VX_BACKUP_SKIP },
		{ ",\"datasource\":\"\"", NULL, VX_EDATA },
		{ ",\"datasource\":\"datasource/a\\n\"", NULL, VX_EDATA },
		{ ",\"datasource\":7", NULL, VX_EDATA },
	};
	struct vx_error err = VX_ERROR_INIT;
	char record[256];

	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		struct vx_backup *b = vx_backup_new(NULL, &err);
		for (size_t i = 0; i < LINES; i++)
			if (line(b, lines[i], &err) != VX_BACKUP_TAKE)
				abort();
		ok(!vx_backup_only(b), "before its end an export is of nobody knows what");
		end(record, sizeof record, (int)LINES, cases[c].more);
		ok(line(b, record, &err) == cases[c].verdict, "%s is judged", record);
		ok(cases[c].only ? vx_backup_only(b) && strcmp(vx_backup_only(b), cases[c].only) == 0
				 : !vx_backup_only(b),
			"and named");
		vx_backup_free(b);
	}
}

static void parts(void)
{
	static const int wanted[LINES] = { VX_BACKUP_TAKE, VX_BACKUP_SKIP, VX_BACKUP_TAKE, VX_BACKUP_SKIP,
		VX_BACKUP_TAKE };
	struct vx_error err = VX_ERROR_INIT;
	struct vx_backup *b = vx_backup_new("datasource/a", &err);

	for (size_t i = 0; i < LINES; i++)
		ok(line(b, lines[i], &err) == wanted[i], "of a part, line %zu", i);
	ok(vx_backup_skipped(b) == 2, "two are outside");
	ok(line(b, "{\"identifier\":\"study/1\",\"parent_identifier\":\"patient/Z\"}", &err) == VX_EREJECT &&
			strstr(err.reason, "patient/Z has not come before"),
		"a parent that has not come is told");
	vx_backup_free(b);
}

/* The lines of a file with this content, joined by "|"; or what is wrong with it. */
static void reads(const char *how, const char *wanted)
{
	char path[] = "/tmp/vx-backup-XXXXXX", command[256];
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf got = VX_BUF_INIT;
	const char *text;
	size_t len;
	int more = 0, fd = mkstemp(path);

	close(fd);
	snprintf(command, sizeof command, "%s >%s", how, path);
	if (system(command) != 0)
		abort();
	struct vx_backup_file *f = vx_backup_open(path, &err);
	for (int again = 0; again < 2; again++) {
		vx_buf_clear(&got);
		vx_buf_puts(&got, "");
		while ((more = vx_backup_read(f, &text, &len, &err)) == 1) {
			vx_buf_add(&got, text, len < 20 ? len : 20);
			vx_buf_putc(&got, '|');
		}
		if (more < 0)
			vx_buf_puts(&got, err.reason);
		ok_str(got.data, wanted, "%s", how);
		ok(vx_backup_again(f), "once more");
	}
	vx_backup_close(f);
	vx_buf_free(&got);
	unlink(path);
}

int main(void)
{
	struct vx_error err = VX_ERROR_INIT;

	ends();
	named();
	parts();
	reads("printf ''", "");
	reads("printf 'a\\n\\nb'", "a||b|");
	reads("printf 'a\\nb\\n' | gzip", "a|b|");
	reads("{ printf 'a\\nb' | gzip; printf 'c\\n' | gzip; }", "a|bc|");
	reads("{ head -c 700000 /dev/zero | tr '\\0' x; printf '\\ny\\n'; } | gzip", "xxxxxxxxxxxxxxxxxxxx|y|");
	reads("seq 3 | gzip | head -c 21", "1|2|3|the gzip is cut off");
	reads("seq 3 | gzip | head -c 11", "the gzip is cut off");
	ok(!vx_backup_open("/nowhere/at/all", &err) && err.status == VX_EIO, "a file that is not there");
	return tap_end();
}

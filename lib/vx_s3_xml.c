/* vx_s3_xml: S3's XML answers by expat. In: bytes. Out: the entries and marks that a client needs.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <expat.h>

#include "vx_hash.h"
#include "vx_io.h"
#include "vx_s3_xml.h"

/* S3 answers with at most 1,000 entries of keys of at most 1,024 bytes; other stores with a little more. */
enum { DEPTH_MAX = 16, TEXT_MAX = 32 << 10, ENTRIES_MAX = 100000 };

struct parse {
	XML_Parser parser;
	struct vx_s3_answer *a;
	struct vx_buf text;
	size_t cap;
	int depth;
	bool in_entry, url_encoded;
	const char *why; /* of a stop */
};

struct field {
	const char *name;
	size_t at;
};

static const struct field root_texts[] = { { "NextContinuationToken", offsetof(struct vx_s3_answer, token) },
	{ "NextKeyMarker", offsetof(struct vx_s3_answer, key_marker) },
	{ "NextUploadIdMarker", offsetof(struct vx_s3_answer, upload_marker) },
	{ "NextPartNumberMarker", offsetof(struct vx_s3_answer, part_marker) },
	{ "UploadId", offsetof(struct vx_s3_answer, upload_id) }, { "ETag", offsetof(struct vx_s3_answer, etag) },
	{ "Code", offsetof(struct vx_s3_answer, code) }, { "Message", offsetof(struct vx_s3_answer, message) },
	{ NULL, 0 } };

static const struct field entry_texts[] = { { "Key", offsetof(struct vx_s3_entry, key) },
	{ "UploadId", offsetof(struct vx_s3_entry, upload_id) }, { "ETag", offsetof(struct vx_s3_entry, etag) },
	{ "Code", offsetof(struct vx_s3_entry, code) }, { "Message", offsetof(struct vx_s3_entry, message) },
	{ NULL, 0 } };

static void stop(struct parse *p, const char *why)
{
	if (!p->why)
		p->why = why;
	XML_StopParser(p->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');
	return colon ? colon + 1 : name;
}

static bool is_entry(const char *name, const char *root)
{
	return strcmp(name, "Contents") == 0 || strcmp(name, "Part") == 0 || strcmp(name, "Upload") == 0 ||
	       strcmp(name, "Deleted") == 0 || (strcmp(name, "Error") == 0 && strcmp(root, "DeleteResult") == 0);
}

static void add_entry(struct parse *p)
{
	struct vx_s3_answer *a = p->a;
	if (a->n == ENTRIES_MAX) {
		stop(p, "too many entries");
		return;
	}
	if (a->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		a->entries = vx_realloc(a->entries, p->cap * sizeof(*a->entries));
	}
	memset(&a->entries[a->n++], 0, sizeof(*a->entries));
	p->in_entry = true;
}

static void XMLCALL start(void *arg, const char *name, const char **attributes)
{
	struct parse *p = arg;
	(void)attributes;
	name = local_name(name);
	if (++p->depth > DEPTH_MAX)
		stop(p, "nested too deep");
	else if (p->depth == 1)
		snprintf(p->a->root, sizeof(p->a->root), "%s", name);
	else if (p->depth == 2 && is_entry(name, p->a->root))
		add_entry(p);
	vx_buf_clear(&p->text);
}

static void XMLCALL take_text(void *arg, const char *bytes, int n)
{
	struct parse *p = arg;
	if (p->text.len + (size_t)n > TEXT_MAX)
		stop(p, "a text of more than 32 KiB");
	else
		vx_buf_add(&p->text, bytes, (size_t)n);
}

/* The member of a struct that an element fills; false when it fills none. */
static bool set_text(const struct field *fields, void *owner, const char *name, const char *text)
{
	for (; fields->name; fields++) {
		if (strcmp(fields->name, name) != 0)
			continue;
		char **to = (char **)(void *)((char *)owner + fields->at);
		free(*to);
		*to = vx_strdup(text);
		return true;
	}
	return false;
}

static uint64_t number(struct parse *p, const char *text)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno)
		stop(p, "a size or number that is none");
	return value;
}

static void end_of_entry_field(struct parse *p, const char *name, const char *text)
{
	struct vx_s3_entry *e = &p->a->entries[p->a->n - 1];
	if (set_text(entry_texts, e, name, text))
		return;
	if (strcmp(name, "Size") == 0)
		e->size = number(p, text);
	else if (strcmp(name, "PartNumber") == 0)
		e->part = number(p, text);
	else if (strcmp(name, "LastModified") == 0 || strcmp(name, "Initiated") == 0)
		e->modified = vx_s3_xml_time(text);
}

static void end_of_field(struct parse *p, const char *name, const char *text)
{
	if (set_text(root_texts, p->a, name, text))
		return;
	if (strcmp(name, "IsTruncated") == 0)
		p->a->truncated = strcmp(text, "true") == 0;
	else if (strcmp(name, "EncodingType") == 0)
		p->url_encoded = strcmp(text, "url") == 0;
}

static void XMLCALL end(void *arg, const char *name)
{
	struct parse *p = arg;
	const char *text = p->text.len ? p->text.data : "";
	name = local_name(name);
	if (p->depth == 3 && p->in_entry)
		end_of_entry_field(p, name, text);
	else if (p->depth == 2 && !p->in_entry)
		end_of_field(p, name, text);
	if (p->depth == 2)
		p->in_entry = false;
	p->depth--;
	vx_buf_clear(&p->text);
}

static void XMLCALL doctype(void *arg, const char *name, const char *system_id, const char *public_id, int internal)
{
	(void)name, (void)system_id, (void)public_id, (void)internal;
	stop(arg, "a document type declaration");
}

/* In place. "+" is a blank: a plus sign itself comes as %2B. */
static void decode(char *s)
{
	if (!s)
		return;
	char *to = s;
	for (; *s; s++) {
		int high = *s == '%' ? vx_hex_digit(s[1]) : -1, low = high >= 0 ? vx_hex_digit(s[2]) : -1;
		if (low >= 0 && high + low > 0) {
			*to++ = (char)(high << 4 | low);
			s += 2;
		} else
			*to++ = *s == '+' ? ' ' : *s;
	}
	*to = '\0';
}

static void fill_empty(char **text)
{
	if (!*text)
		*text = vx_strdup("");
}

static void unquote(char *etag)
{
	size_t n = strlen(etag);
	if (n >= 2 && etag[0] == '"' && etag[n - 1] == '"') {
		memmove(etag, etag + 1, n - 2);
		etag[n - 2] = '\0';
	}
}

static void finish(struct parse *p)
{
	struct vx_s3_answer *a = p->a;
	for (const struct field *f = root_texts; f->name; f++)
		fill_empty((char **)(void *)((char *)a + f->at));
	unquote(a->etag);
	if (p->url_encoded)
		decode(a->key_marker);
	for (size_t i = 0; i < a->n; i++) {
		for (const struct field *f = entry_texts; f->name; f++)
			fill_empty((char **)(void *)((char *)&a->entries[i] + f->at));
		unquote(a->entries[i].etag);
		if (p->url_encoded)
			decode(a->entries[i].key);
	}
}

int vx_s3_xml_parse(const void *bytes, size_t n, struct vx_s3_answer *a, struct vx_error *err)
{
	const char *s = bytes;
	struct parse p = { .a = a, .text = VX_BUF_INIT, .parser = XML_ParserCreate("UTF-8") };
	memset(a, 0, sizeof(*a));
	if (!p.parser)
		vx_die(VX_EMEM, "out of memory");
	/* Blanks keep a connection alive while an upload is put together; XML does not allow them at its start. */
	while (n > 0 && (*s == ' ' || *s == '\n' || *s == '\r' || *s == '\t')) {
		s++;
		n--;
	}
	XML_SetUserData(p.parser, &p);
	XML_SetElementHandler(p.parser, start, end);
	XML_SetCharacterDataHandler(p.parser, take_text);
	XML_SetStartDoctypeDeclHandler(p.parser, doctype);
	bool parsed = n <= 64 << 20 && XML_Parse(p.parser, s, (int)n, 1) == XML_STATUS_OK && !p.why;
	if (!parsed && !p.why)
		p.why = n > 64 << 20 ? "too long" : XML_ErrorString(XML_GetErrorCode(p.parser));
	finish(&p);
	XML_ParserFree(p.parser);
	vx_buf_free(&p.text);
	return parsed ? VX_OK : vx_error_set(err, VX_EDATA, NULL, "the store's answer is no XML of S3: %s", p.why);
}

void vx_s3_answer_clear(struct vx_s3_answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		for (const struct field *f = entry_texts; f->name; f++)
			free(*(char **)(void *)((char *)&a->entries[i] + f->at));
	for (const struct field *f = root_texts; f->name; f++)
		free(*(char **)(void *)((char *)a + f->at));
	free(a->entries);
	memset(a, 0, sizeof(*a));
}

void vx_s3_xml_escape(struct vx_buf *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			vx_buf_puts(out, "&amp;");
			break;
		case '<':
			vx_buf_puts(out, "&lt;");
			break;
		case '>':
			vx_buf_puts(out, "&gt;");
			break;
		case '"':
			vx_buf_puts(out, "&quot;");
			break;
		default:
			vx_buf_putc(out, *text);
		}
}

int64_t vx_s3_xml_time(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	return rest && (*rest == '.' || *rest == 'Z') ? (int64_t)timegm(&tm) : 0;
}

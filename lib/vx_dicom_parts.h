/* vx_dicom_parts: what the parts of vx_dicom share among themselves; nobody else includes it.
 * SPDX-License-Identifier: MIT */
#ifndef VX_DICOM_PARTS_H
#define VX_DICOM_PARTS_H

#include <zlib.h>

#include "vx_dicom.h"

/* ---- the bytes, inflated where the transfer syntax says so (vx_dicom_stream.c) ---- */

#define DICOM_BLOCK 4096

struct dicom_stream {
	const struct vx_dicom_input *in;
	uint8_t window[4 * DICOM_BLOCK], packed[4 * DICOM_BLOCK];
	size_t at, end;  /* what is at hand of the window */
	uint64_t offset; /* of window[at] in the stream */
	uint64_t walked; /* bytes that were read, against VX_DICOM_MAX */
	bool ended, inflating;
	z_stream z;
};

void dicom_stream_start(struct dicom_stream *s, const struct vx_dicom_input *in);
void dicom_stream_stop(struct dicom_stream *s);

/* At least n bytes at hand (n at most 2 * DICOM_BLOCK); *bytes points to them, *got < n at the end. */
int dicom_stream_need(
	struct dicom_stream *s, size_t n, const uint8_t **bytes, size_t *got, struct vx_error *err) VX_MUST_USE;
void dicom_stream_take(struct dicom_stream *s, size_t n); /* n of those at hand are done with */
int dicom_stream_skip(struct dicom_stream *s, uint64_t n, uint64_t *got, struct vx_error *err) VX_MUST_USE;

/* What follows is deflated (RFC 1951, without a header). */
int dicom_stream_inflate(struct dicom_stream *s, struct vx_error *err) VX_MUST_USE;

/* ---- how elements are written (vx_dicom_sniff.c) ---- */

struct dicom_encoding {
	bool implicit, big;
};
struct dicom_element {
	uint32_t tag; /* group << 16 | element */
	char vr[3];   /* "" where the file does not say */
	uint32_t length, header;
};
#define DICOM_UNDEFINED 0xffffffffu

/* Parses the head of an element out of n bytes (12 are always enough); false: too few.
 * *mixed: an element without VR among those with one. */
bool dicom_element_parse(const uint8_t *p, size_t n, struct dicom_encoding enc, struct dicom_element *e, bool *mixed);
/* Whether an element begins here with a VR that there is. */
bool dicom_has_vr(const uint8_t *p, size_t n);
uint32_t dicom_get(const uint8_t *p, int size, bool big);

/* ---- the list (vx_dicom_list.c) ---- */

enum dicom_type { D_TEXT, D_UID, D_INTEGER, D_NUMBER, D_NUMBERS, D_LIST, D_DATE, D_DATETIME, D_AGE };

struct dicom_entry {
	uint32_t tag;       /* of a private one the block is 0: 0019000C */
	char *creator;      /* of a private one */
	char *manufacturer; /* of one that is looked for in this manufacturer's files only */
	char *keyword, *name;
	bool detail; /* a member of _dicom, else a field */
	char vr[3];
	enum dicom_type type;
	int64_t time;  /* index of the entry that holds the time of this date; -1: none */
	bool helper;   /* only the time of another one */
	size_t count;  /* how many numbers; 0: any */
	double per;    /* so many of the tag's unit are one of the field's */
	double modulo; /* what lies above is no part of the value; 0: all is */
	double min, max;
	uint32_t sequence; /* which functional group of a frame it stands in; 0: none */
	char *each;        /* the member of _dicom that lists its values over all frames */
	char *distinct;    /* the one that counts them */
	char **not_of;     /* values of ImageType whose files it says nothing about */
	size_t n_not_of;
};

struct dicom_charset {
	char *term, *codec; /* "ISO_IR 100", "ISO-8859-1" */
};
struct dicom_escape {
	char *sequence, *codec; /* "\033-A", "ISO-8859-1" */
	bool keep;              /* the codec wants to see the sequence */
};

struct vx_dicom_list {
	struct dicom_entry *entries; /* in the order of the file */
	size_t n;
	bool has_frames; /* some entries stand in functional groups */
	uint32_t *order; /* indices, sorted by tag, equal tags in order */
	uint32_t last;   /* the largest tag that every file is searched for */
	struct dicom_charset *charsets;
	size_t n_charsets;
	struct dicom_escape *escapes;
	size_t n_escapes;
};

/* ---- text (vx_dicom_text.c) ---- */

struct dicom_text {
	const struct vx_dicom_list *list;
	char terms[256];        /* SpecificCharacterSet as it stands in the file */
	const char *codec;      /* of its first value; NULL: ASCII, as where there is none */
	bool unknown, extended; /* a term that is not listed; code extensions by escape sequences */
	struct {
		const char *codec;
		void *iconv;
	} open[8];
	size_t n_open;
};
void dicom_text_begin(struct dicom_text *t, const char *terms, size_t len);
/* s as UTF-8, appended to out; *guessed: not as the file says, or not all of it. */
void dicom_text_decode(struct dicom_text *t, const char *s, size_t n, struct vx_buf *out, bool *guessed);
void dicom_text_free(struct dicom_text *t);

/* ---- what was read (vx_dicom.c) and its values (vx_dicom_value.c) ---- */

struct dicom_value {
	bool have;
	bool big, too_long;
	bool shared;     /* of all frames: it stands once for them */
	bool varies;     /* not of all frames */
	uint32_t frames; /* of how many it is */
	char vr[3];
	size_t at, len; /* of bytes */
};

/* The values that frames have of one entry. */
struct dicom_distinct {
	uint64_t *hashes; /* ascending */
	double *numbers;  /* ascending */
	size_t n, n_numbers;
};

#define DICOM_CREATORS 64
struct vx_dicom {
	const struct vx_dicom_list *list;
	struct dicom_stream stream;
	struct vx_buf bytes, text;
	struct dicom_value *values;      /* one an entry */
	struct dicom_distinct *distinct; /* one an entry */
	uint32_t frames_read;            /* functional groups of single frames */
	bool frames_cut;                 /* there are more than were read */
	struct dicom_text charset;
	struct {
		uint32_t block; /* group << 16 | block << 8 */
		const char *creator;
	} creators[DICOM_CREATORS];
	size_t n_creators;
	uint32_t last; /* the largest tag that this file is searched for */
	struct dicom_encoding enc;
	bool preamble, deflated, mixed, wrong_vr;
	char syntax[68];
};

/* ---- from element to element (vx_dicom_walk.c) ---- */

int dicom_cut_off(uint32_t tag, uint64_t want, uint64_t got, struct vx_error *err);
int dicom_no_such_place(const struct dicom_element *e, struct vx_error *err);
/* The head of the next element, left in the stream. 1, 0 at the end, or a status. */
int dicom_peek(
	struct vx_dicom *d, struct dicom_encoding enc, struct dicom_element *e, struct vx_error *err) VX_MUST_USE;
/* What is behind the head, which was taken. */
int dicom_skip(struct vx_dicom *d, const struct dicom_element *e, struct vx_error *err) VX_MUST_USE;
int dicom_skip_undefined(
	struct vx_dicom *d, const struct dicom_element *e, bool implicit, struct vx_error *err) VX_MUST_USE;
/* The first entry of that tag in the sorted order; list->n: none. */
size_t dicom_find(const struct vx_dicom_list *list, uint32_t tag);

/* ---- functional groups (vx_dicom_frames.c) ---- */

#define DICOM_SHARED 0x52009229u
#define DICOM_FRAMES 0x52009230u
bool dicom_is_frames(const struct vx_dicom *d, const struct dicom_element *e);
/* The values that stand in one of the two, whose head was taken. */
int dicom_frames(struct vx_dicom *d, const struct dicom_element *e, struct vx_error *err) VX_MUST_USE;
/* What the frames do not agree on is no value of the file; to be called when all of it was read. */
void dicom_frames_end(struct vx_dicom *d);
/* The members of details that tell of all frames. */
void dicom_frames_details(struct vx_dicom *d, struct vx_json *details);

/* ---- dates and times (vx_dicom_time.c) ---- */

bool dicom_digits(const char *s, size_t n);
int dicom_two_digits(const char *s); /* both are digits */
/* How many of the n bytes are a date or a time; 0: none. */
size_t dicom_put_date(const char *s, size_t n, char out[11]);
size_t dicom_put_time(const char *s, size_t n, char out[20]);

/* Of an ADC map, a b-value in the header is that of the images it was made from. */
bool dicom_says_nothing(struct vx_dicom *d, const struct dicom_entry *e);

/* The value of entry i as JSON; NULL: none. *wrong (static) says why there is none although the file has one, *note what
 * is odd about the one that there is. */
struct vx_json *dicom_value_json(struct vx_dicom *d, size_t i, const char **wrong, const char **note);

#endif

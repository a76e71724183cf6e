/* Unit tests of vx_sniff. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>

#include "tap.h"
#include "vx_sniff.h"

static const char *kind(const void *bytes, size_t n)
{
	return vx_kind_name(vx_sniff(bytes, n));
}

static const char *kind_of_text(const char *text)
{
	return kind(text, strlen(text));
}

static void put32(unsigned char *p, unsigned v, int big)
{
	for (int i = 0; i < 4; i++)
		p[big ? 3 - i : i] = (unsigned char)(v >> 8 * i);
}

static void put16(unsigned char *p, unsigned v, int big)
{
	p[big ? 1 : 0] = (unsigned char)v;
	p[big ? 0 : 1] = (unsigned char)(v >> 8);
}

/* A header of 348 bytes with three axes of two voxels. */
static void header(unsigned char *p, const char *magic, int big)
{
	memset(p, 0, 348);
	put32(p, 348, big);
	put16(p + 40, 3, big);
	for (int i = 1; i <= 3; i++)
		put16(p + 40 + 2 * i, 2, big);
	if (magic)
		memcpy(p + 344, magic, strlen(magic) + 1);
}

static void test_images(void)
{
	unsigned char h[540], packed[1024];
	uLongf n = sizeof packed - 18;

	for (int big = 0; big < 2; big++) {
		const char *end = big ? "big" : "little";
		header(h, "n+1", big);
		ok_str(kind(h, 348), "nifti", "NIfTI-1, %s-endian", end);
		header(h, "ni1", big);
		ok_str(kind(h, 348), "nifti", "NIfTI-1 pair, %s-endian", end);
		ok_str(kind(h, 347), "other", "a header that is cut off, %s-endian", end);
		header(h, NULL, big);
		ok_str(kind(h, 348), "analyze", "Analyze, %s-endian", end);
		put16(h + 42, 0, big);
		ok_str(kind(h, 348), "other", "348 and an axis of nothing, %s-endian", end);
		memset(h, 0, sizeof h);
		put32(h, 540, big);
		memcpy(h + 4, "n+2\0\r\n\032\n", 8);
		ok_str(kind(h, 540), "nifti", "NIfTI-2, %s-endian", end);
	}
	header(h, "n+1", 0);
	z_stream z = { .next_in = h, .avail_in = 348, .next_out = packed, .avail_out = sizeof packed };
	deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	n = sizeof packed - z.avail_out;
	deflateEnd(&z);
	ok_str(kind(packed, n), "nifti", "gzip is looked into");
	ok_str(kind(packed, 12), "other", "gzip cut off in its header");
	packed[14] ^= 0x55;
	packed[16] ^= 0x55;
	ok_str(kind(packed, n), "other", "gzip that is damaged");
}

static void test_others(void)
{
	unsigned char dicom[200] = { 0 };
	static const char utf16[] = "\xff\xfe{\0\"\0a\0\"\0:\0";

	memcpy(dicom + 128, "DICM", 4);
	ok_str(kind(dicom, sizeof dicom), "dicom", "DICM at 128");
	ok_str(kind(dicom, 131), "other", "DICM cut off");
	ok_str(kind("\10\0\5\0CS\2\0 x\10\0\10\0CS\2\0 x", 20), "dicom", "a data set without preamble");
	ok_str(kind("\0\10\0\5CS\0\2 x\0\10\0\10CS\0\2 x", 20), "dicom", "a big-endian one");
	ok_str(kind("\10\0\5\0\2\0\0\0 x\10\0\10\0\2\0\0\0 x", 20), "dicom", "one without VR");
	ok_str(kind("\10\0\5\0CS\2\0 x\10\0\4\0CS\2\0 x", 20), "other", "tags that do not ascend");
	ok_str(kind("\10\0\5\0XX\2\0 x\10\0\10\0XX\2\0 x", 20), "other", "a VR that there is not");
	ok_str(kind_of_text(" {\"a\": 1}"), "json", "a JSON object");
	ok_str(kind_of_text("[1,2]"), "json", "a JSON array");
	ok_str(kind_of_text("{hello}"), "other", "a brace alone is no JSON");
	ok_str(kind_of_text("\xef\xbb\xbf{}"), "json", "JSON behind a BOM");
	ok_str(kind(utf16, sizeof utf16 - 1), "json", "JSON in UTF-16");
	ok_str(kind_of_text("a,b\n1,2\n"), "csv", "CSV");
	ok_str(kind_of_text("a;b;c\r\n1;\"2;\n3\";4\r\n"), "csv", "CSV with a semicolon and a newline in quotes");
	ok_str(kind_of_text("a\tb\n1\t2\n"), "csv", "TSV");
	ok_str(kind_of_text("Dear all,\nthe data is here.\n"), "other", "prose is no table");
	ok_str(kind_of_text("a,b\n"), "other", "one line is no table");
	ok_str(kind_of_text("ObjectType = Image\nNDims = 3\n"), "mha", "MetaImage");
	ok_str(kind_of_text("NDims=3\n"), "mha", "MetaImage that begins with NDims");
	ok_str(kind("PK\3\4....................[Content_Types].xml", 43), "xlsx", "XLSX");
	ok_str(kind("PK\3\4other.zip", 13), "other", "another ZIP");
	ok_str(kind("", 0), "other", "an empty file");
	ok_str(kind("a,b\n1,\0002\n", 9), "other", "NUL makes it no text");
}

static const char *suffix(const char *name)
{
	const struct vx_suffix *s = vx_suffix_of(name, strlen(name));

	return s ? s->text : "none";
}

static void test_names(void)
{
	ok_str(suffix("t2.nii.gz"), ".nii.gz", "two-part suffix");
	ok_str(suffix("T2.NII.GZ"), ".nii.gz", "any case");
	ok_str(suffix("t2.nii"), ".nii", "one-part suffix");
	ok_str(suffix(".nii.gz"), "none", "a suffix alone is a name");
	ok_str(suffix("x.gz"), "none", "what a .gz holds, its name does not say");
	ok_str(suffix("nii"), "none", "no dot");
	ok_str(suffix(""), "none", "no name");
	ok_str(suffix("a\xff.json"), ".json", "bytes over 127");
	ok(vx_suffix_of("a.nii", 5)->settles && !vx_suffix_of("a.hdr", 5)->settles, "a .hdr has to be looked into");
	ok(vx_suffix_at(vx_suffix_index(NULL)) == NULL, "no suffix is number 0");
	ok_str(vx_suffix_at(vx_suffix_index(vx_suffix_of("a.bvec", 6)))->text, ".bvec", "numbers lead back");
	ok(vx_kind_find("dicom", 5) == VX_KIND_DICOM && vx_kind_find("dico", 4) == -1, "kinds by name");
}

static void test_files(void)
{
	char path[] = "/tmp/vx-sniff-XXXXXX";
	struct vx_error err = VX_ERROR_INIT;
	enum vx_kind k;
	int fd = mkstemp(path);

	ok(write(fd, "a,b\n1,2\n", 8) == 8, "a file was made");
	close(fd);
	ok(vx_sniff_at(AT_FDCWD, path, &k, &err) == VX_OK && k == VX_KIND_CSV, "the kind of a file");
	unlink(path);
	ok(vx_sniff_at(AT_FDCWD, path, &k, &err) == VX_EREJECT, "a file that is gone");
	ok_str(err.reason, "cannot be opened: No such file or directory", "and why");
}

int main(void)
{
	test_images();
	test_others();
	test_names();
	test_files();
	return tap_end();
}

/* Unit tests of vx_s3_xml. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tap.h"
#include "vx_io.h"
#include "vx_s3_xml.h"

static struct vx_s3_answer a;
static struct vx_error err;

static int parse(const char *text)
{
	vx_s3_answer_clear(&a);
	vx_error_clear(&err);
	return vx_s3_xml_parse(text, strlen(text), &a, &err);
}

static void test_objects(void)
{
	ok(parse("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<ListBucketResult "
		 "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>lab</Name><Prefix>v/</Prefix>"
		 "<MaxKeys>2</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
		 "<NextContinuationToken>a+b%2F=</NextContinuationToken>"
		 "<Contents><Key>v/a%20b+c%2Bd%C3%BC%00%zz</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
		 "<ETag>&quot;900150983cd24fb0d6963f7d28e17f72&quot;</ETag><Size>3</Size>"
		 "<Owner><ID>x</ID><Key>not a key</Key></Owner></Contents>"
		 "<Contents><Key>v/&#x26;</Key><ETag>e</ETag><Size>18446744073709551615</Size></Contents>"
		 "</ListBucketResult>") == VX_OK,
		"a list of objects");
	ok_str(a.root, "ListBucketResult", "its name");
	ok(a.truncated && a.n == 2, "two, and more to come");
	ok_str(a.token, "a+b%2F=", "the token is taken as it is");
	ok_str(a.entries[0].key, "v/a b c+d\xc3\xbc%00%zz", "an encoded key, but for %%00 and what is no escape");
	ok_str(a.entries[0].etag, "900150983cd24fb0d6963f7d28e17f72", "a tag without quotes");
	ok(a.entries[0].size == 3 && a.entries[0].modified == 1767323045, "size and time");
	ok_str(a.entries[1].key, "v/&", "a character reference");
	ok(a.entries[1].size == UINT64_MAX, "the largest size");
	ok_str(a.entries[1].upload_id, "", "what is not there is empty");
	ok(parse("<s3:ListBucketResult xmlns:s3='x'><s3:Contents><s3:Key>a+b%20</s3:Key></s3:Contents>"
		 "</s3:ListBucketResult>") == VX_OK &&
			a.n == 1 && !a.truncated,
		"a prefix of names, no encoding");
	ok_str(a.entries[0].key, "a+b%20", "then keys are taken as they are");
}

static void test_uploads(void)
{
	ok(parse("<ListMultipartUploadsResult><NextKeyMarker>k%2F1</NextKeyMarker><NextUploadIdMarker>u2</"
		 "NextUploadIdMarker>"
		 "<IsTruncated>true</IsTruncated><Upload><Key>k%2F1</Key><UploadId>u1</UploadId><Initiator><ID>me</ID>"
		 "</Initiator><Initiated>2026-01-02T03:04:05.123Z</Initiated></Upload><EncodingType>url</EncodingType>"
		 "</ListMultipartUploadsResult>") == VX_OK,
		"a list of uploads");
	ok_str(a.entries[0].key, "k/1", "the encoding is known from behind too");
	ok_str(a.entries[0].upload_id, "u1", "upload id");
	ok_str(a.key_marker, "k/1", "marker of the key");
	ok_str(a.upload_marker, "u2", "marker of the upload");
	ok(a.entries[0].modified == 1767323045, "beginning");
	ok(parse("<ListPartsResult><UploadId>u</UploadId><NextPartNumberMarker>7</NextPartNumberMarker><Part>"
		 "<PartNumber>7</PartNumber><ETag>\"e\"</ETag><Size>1024</Size></Part></ListPartsResult>") == VX_OK &&
			a.n == 1 && a.entries[0].part == 7 && a.entries[0].size == 1024,
		"a list of parts");
	ok_str(a.part_marker, "7", "marker of the part");
	ok(parse("<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>2~x</UploadId>"
		 "</InitiateMultipartUploadResult>") == VX_OK,
		"an upload that began");
	ok_str(a.upload_id, "2~x", "its id");
}

static void test_ends(void)
{
	ok(parse("\n  \n<?xml version='1.0'?><CompleteMultipartUploadResult><ETag>&#34;x-2&#34;</ETag>"
		 "</CompleteMultipartUploadResult>") == VX_OK,
		"blanks before an answer");
	ok_str(a.etag, "x-2", "its tag");
	ok(parse("<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>") == VX_OK, "no tag");
	ok_str(a.etag, "", "is an empty one");
	ok(parse("<Error><Code>InternalError</Code><Message>a &lt; b</Message></Error>") == VX_OK, "an error");
	ok_str(a.root, "Error", "is told from its name");
	ok_str(a.code, "InternalError", "code");
	ok_str(a.message, "a < b", "message");
	ok(parse("<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code>"
		 "<Message>no</Message></Error></DeleteResult>") == VX_OK &&
			a.n == 2,
		"deleted and not deleted");
	ok_str(a.entries[0].code, "", "one was");
	ok_str(a.entries[1].code, "AccessDenied", "one was not");
}

static void test_refused(void)
{
	ok(parse("") == VX_EDATA && parse("   ") == VX_EDATA && parse("<html><p></html>") == VX_EDATA, "no XML");
	ok(parse("<ListBucketResult><Contents><Key>a</Key>") == VX_EDATA, "cut off");
	ok(parse("<ListBucketResult><Contents><Size>-1</Size></Contents></ListBucketResult>") == VX_EDATA &&
			parse("<ListBucketResult><Contents><Size>1x</Size></Contents></ListBucketResult>") == VX_EDATA,
		"a size that is none");
	ok(parse("<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>"
		 "<ListBucketResult><Name>&b;&b;&b;&b;</Name></ListBucketResult>") == VX_EDATA,
		"entities of the document's own");
	ok(strstr(err.reason, "a document type declaration") != NULL, "and why");
	ok(parse("<a>&x;</a>") == VX_EDATA, "an entity that nobody declared");
	struct vx_buf b = VX_BUF_INIT;
	for (int i = 0; i < 1000000; i++)
		vx_buf_puts(&b, "<a>");
	ok(parse(b.data) == VX_EDATA && strstr(err.reason, "nested too deep") != NULL, "a million levels");
	vx_buf_clear(&b);
	vx_buf_puts(&b, "<a><Code>");
	for (int i = 0; i < 40000; i++)
		vx_buf_putc(&b, 'x');
	vx_buf_puts(&b, "</Code></a>");
	ok(parse(b.data) == VX_EDATA, "a text without end");
	vx_buf_clear(&b);
	vx_s3_xml_escape(&b, "\"a\" <&> b");
	ok_str(b.data, "&quot;a&quot; &lt;&amp;&gt; b", "escaped");
	vx_buf_free(&b);
	ok(vx_s3_xml_time("2026-01-02T03:04:05Z") == 1767323045 && vx_s3_xml_time("yesterday") == 0, "times");
}

int main(void)
{
	test_objects();
	test_uploads();
	test_ends();
	test_refused();
	vx_s3_answer_clear(&a);
	return tap_end();
}

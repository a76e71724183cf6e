/* make-dataset: writes a small, deliberately messy imaging dataset of made-up patients, the same bytes every time.
 * nothing -> DIR/images, DIR/masks, DIR/clinical.csv; what is broken in it is listed in share/datasets/demo.md.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum datatype { UINT8 = 2, INT16 = 4, FLOAT32 = 16 }; /* NIfTI's own codes */

/* What is odd about a study's images. */
enum quirk {
	PLAIN,
	BIG_ENDIAN_FILES,
	NIFTI2,
	QFORM_ONLY,
	TRUNCATED_ADC,
	HTML_DWI,
	NOT_GZIPPED_T2,
	BROKEN_SIDECAR,
	EMPTY_ADC,
	BLANK_IN_NAME,
	UMLAUT_IN_NAME,
	UNCOMPRESSED,
};

struct study {
	const char *patient, *date;
	enum quirk quirk;
	enum { NO_MASK = 0, PROSTATE = 1, LESION = 2, LESION_CUT = 4, LESION_STRAY = 8 } masks;
};

static const struct study studies[] = {
	{ "DEMO-001", "2019-03-14", PLAIN, PROSTATE | LESION },
	{ "DEMO-002", "2019-04-02", BIG_ENDIAN_FILES, PROSTATE | LESION },
	{ "DEMO-003", "2019-05-20", NIFTI2, PROSTATE },
	{ "DEMO-004", "2019-06-11", QFORM_ONLY, PROSTATE | LESION },
	{ "DEMO-004", "2020-07-08", PLAIN, PROSTATE | LESION },
	{ "DEMO-005", "2019-07-01", TRUNCATED_ADC, PROSTATE | LESION },
	{ "DEMO-006", "2019-08-19", HTML_DWI, PROSTATE },
	{ "DEMO-007", "2019-09-05", NOT_GZIPPED_T2, PROSTATE | LESION },
	{ "DEMO-008", "2019-10-23", BROKEN_SIDECAR, PROSTATE | LESION_CUT },
	{ "DEMO-009", "2019-11-12", EMPTY_ADC, PROSTATE | LESION_STRAY },
	{ "DEMO-010", "2019-12-03", BLANK_IN_NAME, PROSTATE },
	{ "DEMO-011", "2020-01-15", UMLAUT_IN_NAME, PROSTATE },
	{ "DEMO-012", "2020-02-27", UNCOMPRESSED, NO_MASK },
};

static const char clinical_csv[] = "Patient ID,Study Date,Age,PSA (ng/mL),Prostate volume (mL),Comment\r\n"
				   "DEMO-001,2019-03-14,64,6.8,52,\r\n"
				   "DEMO-002,2019-04-02,58,4.1,,\r\n"
				   "DEMO-003,2019-05-20,71,N/A,38,\"MRI only, PSA measured elsewhere\"\r\n"
				   "DEMO-004,2019-06-11,66,9.7,61,\r\n"
				   "DEMO-004,2020-07-08,67,11.2,63,follow-up\r\n"
				   "DEMO-004,2020-07-08,67,11.2,63,follow-up\r\n"
				   "DEMO-005,2019-07-01,N/A,7.3,45,\r\n"
				   "DEMO-006,2019-08-19,69,,47,\r\n"
				   "DEMO-007 ,2019-09-05,62,5.50,40,\r\n"
				   "DEMO-008,2019-10-23,73,\"12,5 ?\",80,\r\n"
				   "DEMO-009,2019-11-12,60,0.9,33,\"said \"\"no\"\" to a biopsy\"\r\n"
				   "DEMO-010,2019-12-03,65,15,n/a,\r\n"
				   "DEMO-011,2020-01-15,70,8.1,41,\r\n"
				   "DEMO-012,2020-02-27,68,22.4,55,\r\n"
				   "Exported 2020-03-02\r\n";

enum series { T2, ADC, DWI };

struct series_kind {
	const char *name, *description, *protocol, *image_type;
	enum datatype datatype;
	int64_t dim[4];
	double spacing[4];
	double echo_time, repetition_time;
};

static const struct series_kind series_kinds[] = {
	[T2] = { "t2", "t2_tse_tra", "t2_tse_tra_p2", "\"ORIGINAL\", \"PRIMARY\", \"M\", \"ND\"", INT16,
		{ 16, 16, 6, 1 }, { 0.5, 0.5, 3, 0 }, 0.101, 5.66 },
	[ADC] = { "adc", "ep2d_diff_tra_ADC", "ep2d_diff_tra", "\"DERIVED\", \"PRIMARY\", \"DIFFUSION\", \"ADC\"",
		FLOAT32, { 12, 10, 6, 1 }, { 2, 2, 3.6, 0 }, 0.063, 2.7 },
	[DWI] = { "dwi", "ep2d_diff_tra", "ep2d_diff_tra", "\"ORIGINAL\", \"PRIMARY\", \"DIFFUSION\", \"NONE\"", INT16,
		{ 12, 10, 6, 4 }, { 2, 2, 3.6, 2.7 }, 0.063, 2.7 },
};

struct image {
	bool nifti2, big, qform, sform, gzip;
	enum datatype datatype;
	int64_t dim[4];    /* x y z t */
	double spacing[4]; /* mm mm mm s */
	double slope;      /* scl_slope; 0 = not set */
	double (*voxel)(const struct image *image, int64_t x, int64_t y, int64_t z, int64_t t);
	unsigned seed;
	size_t keep; /* bytes of the finished file to write; 0 = all */
};

struct bytes {
	unsigned char *data;
	size_t size;
};

static void die(const char *path)
{
	fprintf(stderr, "vx-demo-dataset: %s: %s\n", path, strerror(errno));
	exit(74);
}

static void *must_alloc(size_t size)
{
	void *memory = calloc(1, size);
	if (!memory) {
		fprintf(stderr, "vx-demo-dataset: out of memory\n");
		exit(71);
	}
	return memory;
}

static char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *pattern, ...)
{
	va_list args;
	va_start(args, pattern);
	char *text = NULL;
	if (vasprintf(&text, pattern, args) < 0) {
		fprintf(stderr, "vx-demo-dataset: out of memory\n");
		exit(71);
	}
	va_end(args);
	return text;
}

/* Makes every folder on the way to PATH. */
static void make_parents(const char *path)
{
	char *copy = format("%s", path);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0777) != 0 && errno != EEXIST)
			die(copy);
		*slash = '/';
	}
	free(copy);
}

/* Takes PATH: frees it. */
static void write_file(char *path, const void *data, size_t size)
{
	make_parents(path);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
		die(path);
	free(path);
}

static void write_text(char *path, char *text)
{
	write_file(path, text, strlen(text));
	free(text);
}

/* Puts the low SIZE bytes of VALUE at P in the wanted byte order. */
static void put_int(unsigned char *p, size_t size, int64_t value, bool big)
{
	for (size_t i = 0; i < size; i++)
		p[big ? size - 1 - i : i] = (unsigned char)((uint64_t)value >> (8 * i) & 0xff);
}

static void put_float(unsigned char *p, double value, bool big)
{
	float single = (float)value;
	int32_t bits;
	memcpy(&bits, &single, sizeof(bits));
	put_int(p, 4, bits, big);
}

static void put_double(unsigned char *p, double value, bool big)
{
	int64_t bits;
	memcpy(&bits, &value, sizeof(bits));
	put_int(p, 8, bits, big);
}

/* Rows of the voxel-to-world matrix: x runs to the left, y to the back, z up (LPS), centre at the origin. */
static double affine_at(const struct image *image, int row, int column)
{
	double sign = row < 2 ? -1 : 1;
	if (column < 3)
		return row == column ? sign * image->spacing[row] : 0;
	return -sign * image->spacing[row] * (double)(image->dim[row] - 1) / 2;
}

static int rank_of(const struct image *image)
{
	return image->dim[3] > 1 ? 4 : 3;
}

static void fill_nifti1(unsigned char *h, const struct image *image)
{
	bool big = image->big;
	put_int(h, 4, 348, big);
	put_int(h + 40, 2, rank_of(image), big);
	put_float(h + 76, 1, big);
	for (int i = 0; i < 7; i++)
		put_int(h + 42 + 2 * i, 2, i < 4 ? image->dim[i] : 1, big);
	for (int i = 0; i < 4; i++)
		put_float(h + 80 + 4 * i, image->spacing[i], big);
	put_int(h + 70, 2, image->datatype, big);
	put_int(h + 72, 2, image->datatype == UINT8 ? 8 : image->datatype == INT16 ? 16 : 32, big);
	put_float(h + 108, 352, big);
	put_float(h + 112, image->slope, big);
	h[123] = 2 | 8; /* mm, s */
	memcpy(h + 148, "made by vx-demo-dataset", 23);
	put_int(h + 252, 2, image->qform, big);
	put_int(h + 254, 2, image->sform, big);
	put_float(h + 264, image->qform ? 1 : 0, big); /* quatern_d = 1: half a turn about z */
	for (int row = 0; row < 3; row++) {
		put_float(h + 268 + 4 * row, image->qform ? affine_at(image, row, 3) : 0, big);
		for (int column = 0; column < 4 && image->sform; column++)
			put_float(h + 280 + 16 * row + 4 * column, affine_at(image, row, column), big);
	}
	memcpy(h + 344, "n+1", 4);
}

static void fill_nifti2(unsigned char *h, const struct image *image)
{
	bool big = image->big;
	put_int(h, 4, 540, big);
	memcpy(h + 4, "n+2\0\r\n\032\n", 8);
	put_int(h + 12, 2, image->datatype, big);
	put_int(h + 14, 2, image->datatype == UINT8 ? 8 : image->datatype == INT16 ? 16 : 32, big);
	put_int(h + 16, 8, rank_of(image), big);
	put_double(h + 104, 1, big);
	for (int i = 0; i < 7; i++)
		put_int(h + 24 + 8 * i, 8, i < 4 ? image->dim[i] : 1, big);
	for (int i = 0; i < 4; i++)
		put_double(h + 112 + 8 * i, image->spacing[i], big);
	put_int(h + 168, 8, 544, big);
	put_double(h + 176, image->slope, big);
	memcpy(h + 240, "made by vx-demo-dataset", 23);
	put_int(h + 344, 4, image->qform, big);
	put_int(h + 348, 4, image->sform, big);
	put_double(h + 368, image->qform ? 1 : 0, big);
	for (int row = 0; row < 3; row++) {
		put_double(h + 376 + 8 * row, image->qform ? affine_at(image, row, 3) : 0, big);
		for (int column = 0; column < 4 && image->sform; column++)
			put_double(h + 400 + 32 * row + 8 * column, affine_at(image, row, column), big);
	}
	put_int(h + 500, 4, 2 | 8, big);
}

/* The whole uncompressed file. */
static struct bytes make_nifti(const struct image *image)
{
	size_t width = image->datatype == UINT8 ? 1 : image->datatype == INT16 ? 2 : 4;
	size_t offset = image->nifti2 ? 544 : 352;
	const int64_t *dim = image->dim;
	struct bytes file = { .size = offset + width * (size_t)(dim[0] * dim[1] * dim[2] * dim[3]) };
	file.data = must_alloc(file.size);
	if (image->nifti2)
		fill_nifti2(file.data, image);
	else
		fill_nifti1(file.data, image);
	unsigned char *p = file.data + offset;
	for (int64_t i = 0; i < dim[0] * dim[1] * dim[2] * dim[3]; i++, p += width) {
		int64_t x = i % dim[0], y = i / dim[0] % dim[1], z = i / (dim[0] * dim[1]) % dim[2];
		double value = image->voxel(image, x, y, z, i / (dim[0] * dim[1] * dim[2]));
		if (image->datatype == FLOAT32)
			put_float(p, value, image->big);
		else
			put_int(p, width, (int64_t)value, image->big);
	}
	return file;
}

/* Gzip without name and time, so that the same voxels give the same file. Frees FILE's bytes. */
static struct bytes gzipped(struct bytes file)
{
	z_stream z = { 0 };
	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		fprintf(stderr, "vx-demo-dataset: out of memory\n");
		exit(71);
	}
	struct bytes out = { .size = deflateBound(&z, (uLong)file.size) };
	out.data = must_alloc(out.size);
	z.next_in = file.data;
	z.avail_in = (uInt)file.size;
	z.next_out = out.data;
	z.avail_out = (uInt)out.size;
	deflate(&z, Z_FINISH);
	out.size = z.total_out;
	deflateEnd(&z);
	free(file.data);
	return out;
}

static void write_image(char *path, const struct image *image)
{
	struct bytes file = make_nifti(image);
	if (image->gzip)
		file = gzipped(file);
	write_file(path, file.data, image->keep && image->keep < file.size ? image->keep : file.size);
	free(file.data);
}

/* Distance from the centre, 1 at the edge of the field of view. */
static double radius(const struct image *image, int64_t x, int64_t y, int64_t z)
{
	double sum = 0;
	const int64_t at[3] = { x, y, z };
	for (int i = 0; i < 3; i++) {
		double half = (double)image->dim[i] / 2;
		double d = ((double)at[i] + 0.5 - half) / half;
		sum += d * d;
	}
	return sqrt(sum);
}

static double noise(const struct image *image, int64_t x, int64_t y, int64_t z, int64_t t)
{
	uint32_t n = image->seed * 2654435761U + (uint32_t)(x + 31 * y + 977 * z + 7919 * t) * 2246822519U;
	n ^= n >> 15;
	n *= 3266489917U;
	return (double)(n >> 27);
}

static double scan_voxel(const struct image *image, int64_t x, int64_t y, int64_t z, int64_t t)
{
	double r = radius(image, x, y, z);
	return floor((r < 0.6 ? 400 : 150) / (double)(t + 1)) + noise(image, x, y, z, t);
}

static double prostate_voxel(const struct image *image, int64_t x, int64_t y, int64_t z, int64_t t)
{
	(void)t;
	return radius(image, x, y, z) < 0.6;
}

static double lesion_voxel(const struct image *image, int64_t x, int64_t y, int64_t z, int64_t t)
{
	return t == 0 && z == image->dim[2] / 2 && x >= 9 && x < 11 + image->seed % 2 && y >= 8 && y < 10;
}

/* A lesion mask with one voxel of 7 that nobody declared. */
static double stray_voxel(const struct image *image, int64_t x, int64_t y, int64_t z, int64_t t)
{
	return x == 3 && y == 3 && z == 1 ? 7 : lesion_voxel(image, x, y, z, t);
}

static struct image image_of(size_t number, enum series series)
{
	enum quirk quirk = studies[number].quirk;
	struct image image = {
		.nifti2 = quirk == NIFTI2,
		.big = quirk == BIG_ENDIAN_FILES,
		.qform = quirk != UNCOMPRESSED,
		.sform = quirk != QFORM_ONLY,
		.gzip = quirk != UNCOMPRESSED && !(quirk == NOT_GZIPPED_T2 && series == T2),
		.datatype = series_kinds[series].datatype,
		.slope = series == ADC  ? 0.3
			 : series == T2 ? 1
					: 0,
		.voxel = scan_voxel,
		.seed = (unsigned)(3 * number + series),
	};
	memcpy(image.dim, series_kinds[series].dim, sizeof(image.dim));
	memcpy(image.spacing, series_kinds[series].spacing, sizeof(image.spacing));
	/* 90 compressed bytes hold less than a header of 348. */
	if (quirk == TRUNCATED_ADC && series == ADC)
		image.keep = 90;
	return image;
}

/* As dcm2niix writes it, with what must never leave the house: name, birth date, institution. */
static char *make_sidecar(size_t number, enum series series)
{
	static const char *const makers[] = { "Siemens", "Philips", "GE" };
	static const char *const models[] = { "Skyra", "Ingenia", "SIGNA Premier" };
	static const char *const fields[] = { "3", "1.5", "3" };
	const struct study *study = &studies[number];
	const struct series_kind *kind = &series_kinds[series];
	int digits = (int)(number + 1);
	return format(
		"{\n\t\"Modality\": \"MR\",\n\t\"MagneticFieldStrength\": %s,\n\t\"Manufacturer\": \"%s\",\n"
		"\t\"ManufacturersModelName\": \"%s\",\n\t\"InstitutionName\": \"Klinikum Musterstadt\",\n"
		"\t\"InstitutionAddress\": \"Musterweg 1, Musterstadt\",\n\t\"DeviceSerialNumber\": \"4711%02d\",\n"
		"\t\"PatientName\": \"Mustermann^Max%02d\",\n\t\"PatientID\": \"%s\",\n"
		"\t\"PatientBirthDate\": \"19%d-01-%02d\",\n\t\"PatientSex\": \"M\",\n"
		"\t\"StudyInstanceUID\": \"1.2.826.0.1.3680043.8.498.%d\",\n"
		"\t\"SeriesInstanceUID\": \"1.2.826.0.1.3680043.8.498.%d.%d\",\n"
		"\t\"BodyPartExamined\": \"PROSTATE\",\n\t\"SoftwareVersions\": \"demo 1.%d\",\n"
		"\t\"MRAcquisitionType\": \"2D\",\n\t\"SeriesDescription\": \"%s\",\n\t\"ProtocolName\": \"%s\",\n"
		"\t\"ImageType\": [%s],\n\t\"SeriesNumber\": %d,\n\t\"AcquisitionTime\": \"10:%02d:30.250000\",\n"
		"\t\"AcquisitionDateTime\": \"%sT10:%02d:30.250000\",\n\t\"SliceThickness\": %g,\n"
		"\t\"EchoTime\": %g,\n\t\"RepetitionTime\": %g,\n\t\"FlipAngle\": %d,\n"
		"\t\"ConversionSoftware\": \"dcm2niix\",\n\t\"ConversionSoftwareVersion\": \"v1.0.20220720\"\n}\n",
		fields[number % 3], makers[number % 3], models[number % 3], digits, digits, study->patient, 45 + digits,
		digits, digits, digits, series + 1, digits, kind->description, kind->protocol, kind->image_type,
		(int)series + 4, digits + (int)series, study->date, digits + (int)series, kind->spacing[2],
		kind->echo_time, kind->repetition_time, series == T2 ? 160 : 90);
}

static void write_gradients(const char *stem)
{
	write_text(format("%s.bval", stem), format("0 50 400 800\n"));
	write_text(format("%s.bvec", stem), format("0 1 0 0\n0 0 1 0\n0 0 0 1\n"));
}

static void write_series(const char *root, size_t number, enum series series)
{
	const struct study *study = &studies[number];
	enum quirk quirk = study->quirk;
	const char *name = series_kinds[series].name;
	if (series == T2 && quirk == BLANK_IN_NAME)
		name = "t2 axial";
	if (series == T2 && quirk == UMLAUT_IN_NAME)
		name = "t2 schr\xc3\xa4g";
	char *stem = format("%s/images/%s/%s/%s", root, study->patient, study->date, name);
	struct image image = image_of(number, series);
	char *path = format("%s.nii%s", stem, quirk == UNCOMPRESSED ? "" : ".gz");
	if (quirk == HTML_DWI && series == DWI)
		write_text(path, format("<!DOCTYPE html>\n<title>503 Service Unavailable</title>\n"
					"<p>The download could not be completed.</p>\n"));
	else if (quirk == EMPTY_ADC && series == ADC)
		write_text(path, format("%s", ""));
	else
		write_image(path, &image);
	char *sidecar = make_sidecar(number, series);
	if (quirk == BROKEN_SIDECAR && series == T2)
		sidecar[strlen(sidecar) / 2] = '\0';
	write_text(format("%s.json", stem), sidecar);
	if (series == DWI)
		write_gradients(stem);
	free(stem);
}

static void write_masks(const char *root, size_t number)
{
	const struct study *study = &studies[number];
	struct image mask = image_of(number, T2);
	mask.datatype = UINT8;
	mask.slope = 0;
	mask.gzip = true;
	mask.voxel = prostate_voxel;
	if (study->masks & PROSTATE)
		write_image(format("%s/masks/prostate/%s_%s.nii.gz", root, study->patient, study->date), &mask);
	if (!(study->masks & (LESION | LESION_CUT | LESION_STRAY)))
		return;
	mask.voxel = study->masks & LESION_STRAY ? stray_voxel : lesion_voxel;
	/* The header is whole, the voxels are not: only who counts values can notice. */
	if (study->masks & LESION_CUT) {
		struct bytes whole = gzipped(make_nifti(&mask));
		mask.keep = whole.size - 20;
		free(whole.data);
	}
	write_image(format("%s/masks/lesion/%s_%s.nii.gz", root, study->patient, study->date), &mask);
}

int main(int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		puts("usage: vx-demo-dataset DIR\nWrites a small, messy dataset of twelve made-up patients into DIR.");
		return fflush(stdout) == 0 ? 0 : 74;
	}
	if (argc != 2 || argv[1][0] == '-' || argv[1][0] == '\0') {
		fputs("usage: vx-demo-dataset DIR\n", stderr);
		return 64;
	}
	const char *root = argv[1];
	for (size_t i = 0; i < sizeof(studies) / sizeof(studies[0]); i++) {
		for (enum series series = T2; series <= DWI; series++)
			write_series(root, i, series);
		write_masks(root, i);
	}
	write_text(format("%s/clinical.csv", root), format("%s", clinical_csv));
	write_text(format("%s/README - Copy.md", root), format("# demo (old)\n\nAsk Anna before you use this.\n"));
	write_file(format("%s/images/.DS_Store", root), "\0\0\0\1Bud1\0\0\20\0", 12);
	return 0;
}

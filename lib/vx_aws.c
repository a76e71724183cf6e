/* vx_aws: keys, region and endpoint from environment, ~/.aws/credentials and ~/.aws/config.
 * In: environment and two files. Out: struct vx_aws. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "vx_aws.h"
#include "vx_ini.h"
#include "vx_io.h"
#include "vx_opt.h"

enum { FILE_MAX = 1 << 20 };

/* What a profile says; each a string or NULL. */
enum key { ACCESS, SECRET, TOKEN, REGION, ENDPOINT, S3_ENDPOINT, IGNORE, STYLE, BUNDLE, SERVICES, INDIRECT, KEYS };

static const struct {
	const char *name;
	enum key key;
} names[] = {
	{ "aws_access_key_id", ACCESS },
	{ "aws_secret_access_key", SECRET },
	{ "aws_session_token", TOKEN },
	{ "region", REGION },
	{ "endpoint_url", ENDPOINT },
	{ "ignore_configured_endpoint_urls", IGNORE },
	{ "s3.addressing_style", STYLE },
	{ "ca_bundle", BUNDLE },
	{ "services", SERVICES },
	{ "role_arn", INDIRECT },
	{ "credential_process", INDIRECT },
	{ "sso_session", INDIRECT },
	{ "sso_start_url", INDIRECT },
};

struct profile {
	const char *name;
	bool config; /* sections of the config file are "profile NAME", except default */
	bool found;
	char *v[KEYS];
};

static void keep(char **slot, const char *value)
{
	vx_secret_free(slot);
	*slot = vx_strdup(value);
}

static bool is_profile(const struct profile *p, const char *section)
{
	if (p->config && strncmp(section, "profile", 7) == 0 && (section[7] == ' ' || section[7] == '\t'))
		return strcmp(section + 7 + strspn(section + 7, " \t"), p->name) == 0;
	return (!p->config || strcmp(p->name, "default") == 0) && strcmp(section, p->name) == 0;
}

static void take_value(void *arg, const char *section, const char *key, const char *value)
{
	struct profile *p = arg;
	if (!is_profile(p, section))
		return;
	p->found = true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, key) == 0)
			keep(&p->v[names[i].key], names[i].key == INDIRECT ? names[i].name : value);
}

/* The second look at the config file: [services NAME] with s3 = endpoint_url. */
static void take_service(void *arg, const char *section, const char *key, const char *value)
{
	struct profile *p = arg;
	if (strncmp(section, "services", 8) != 0 || strcmp(key, "s3.endpoint_url") != 0)
		return;
	if (strcmp(section + 8 + strspn(section + 8, " \t"), p->v[SERVICES]) == 0)
		keep(&p->v[S3_ENDPOINT], value);
}

/* The path of one of the two files, to be freed; NULL without a home. */
static char *file_path(const char *variable, const char *name)
{
	const char *path = getenv(variable), *home = getenv("HOME");
	if (path && strncmp(path, "~/", 2) == 0 && home)
		return vx_asprintf("%s/%s", home, path + 2);
	if (path && *path)
		return vx_strdup(path);
	return home && *home ? vx_asprintf("%s/.aws/%s", home, name) : NULL;
}

/* Reads one file into p; a file that is not there says nothing. */
static int read_profile(struct profile *p, const char *variable, const char *name, struct vx_error *err)
{
	char *path = file_path(variable, name);
	struct vx_buf text = VX_BUF_INIT;
	int status = VX_OK;
	if (path && (access(path, F_OK) == 0 || errno != ENOENT)) {
		status = vx_read_file(path, FILE_MAX, &text, err);
		if (status == VX_OK && text.len)
			status = vx_ini_parse(text.data, text.len, take_value, p, err);
		if (status == VX_OK && text.len && p->v[SERVICES])
			status = vx_ini_parse(text.data, text.len, take_service, p, err);
		if (status != VX_OK)
			vx_error_at(err, path, err ? err->row : 0);
		if (text.data)
			explicit_bzero(text.data, text.len);
	}
	vx_buf_free(&text);
	free(path);
	return status == VX_EREJECT ? VX_EDATA : status;
}

/* The first of the environment variables that is set and not empty. */
static const char *env_first(const char *a, const char *b)
{
	const char *value = getenv(a);
	if (value && *value)
		return value;
	value = b ? getenv(b) : NULL;
	return value && *value ? value : NULL;
}

static int take_keys(struct vx_aws *a, const struct profile *p, struct vx_error *err)
{
	const char *id = env_first("AWS_ACCESS_KEY_ID", NULL), *secret = env_first("AWS_SECRET_ACCESS_KEY", NULL);
	const char *token = env_first("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN");
	if ((id == NULL) != (secret == NULL))
		return vx_error_set(err, VX_EUSAGE, NULL,
			"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: %s is not set",
			id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	if (!id) {
		id = p->v[ACCESS];
		secret = p->v[SECRET];
		token = p->v[TOKEN];
	}
	if (!id && !secret && p->v[INDIRECT])
		return vx_error_set(err, VX_EUSAGE, NULL,
			"profile %s gets its keys by %s, which is not supported: run "
			"'eval \"$(aws configure export-credentials --format env)\"' first",
			p->name, p->v[INDIRECT]);
	if (!id && !secret)
		return vx_error_set(err, VX_EUSAGE, NULL,
			"no keys for the store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add profile %s to "
			"~/.aws/credentials",
			p->name);
	if (!id || !secret)
		return vx_error_set(err, VX_EUSAGE, NULL, "profile %s has no %s", p->name,
			id ? "aws_secret_access_key" : "aws_access_key_id");
	a->access_key = vx_strdup(id);
	a->secret_key = vx_strdup(secret);
	a->session_token = token ? vx_strdup(token) : NULL;
	return VX_OK;
}

static bool is_true(const char *s)
{
	return s && strcasecmp(s, "true") == 0;
}

static const char *pick_endpoint(const struct profile *p)
{
	const char *ignore = env_first("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", NULL);
	if (is_true(ignore ? ignore : p->v[IGNORE]))
		return NULL;
	const char *env = env_first("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
	if (env)
		return env;
	return p->v[S3_ENDPOINT] ? p->v[S3_ENDPOINT] : p->v[ENDPOINT];
}

static char *dup_or_null(const char *s)
{
	return s ? vx_strdup(s) : NULL;
}

static int fill(struct vx_aws *a, const struct profile *p, struct vx_error *err)
{
	const char *region = env_first("AWS_REGION", "AWS_DEFAULT_REGION");
	const char *bundle = env_first("AWS_CA_BUNDLE", NULL);
	if (!region)
		region = p->v[REGION] ? p->v[REGION] : "us-east-1";
	int status = take_keys(a, p, err);
	if (status != VX_OK)
		return status;
	a->region = vx_strdup(region);
	a->endpoint = dup_or_null(pick_endpoint(p));
	a->addressing_style = dup_or_null(p->v[STYLE]);
	a->ca_bundle = dup_or_null(bundle ? bundle : p->v[BUNDLE]);
	return VX_OK;
}

int vx_aws_load(struct vx_aws *a, struct vx_error *err)
{
	const char *named = env_first("AWS_PROFILE", "AWS_DEFAULT_PROFILE");
	struct profile p = { .name = named ? named : "default", .config = true };
	memset(a, 0, sizeof(*a));
	int status = read_profile(&p, "AWS_CONFIG_FILE", "config", err);
	p.config = false; /* what the credentials file says of keys replaces what the config file said */
	if (status == VX_OK)
		status = read_profile(&p, "AWS_SHARED_CREDENTIALS_FILE", "credentials", err);
	if (status == VX_OK && named && !p.found)
		status = vx_error_set(err, VX_EUSAGE, NULL, "there is no profile %s in ~/.aws", named);
	if (status == VX_OK)
		status = fill(a, &p, err);
	for (size_t i = 0; i < KEYS; i++)
		vx_secret_free(&p.v[i]);
	if (status != VX_OK)
		vx_aws_free(a);
	return status;
}

void vx_aws_free(struct vx_aws *a)
{
	vx_secret_free(&a->access_key);
	vx_secret_free(&a->secret_key);
	vx_secret_free(&a->session_token);
	free(a->region);
	free(a->endpoint);
	free(a->addressing_style);
	free(a->ca_bundle);
	memset(a, 0, sizeof(*a));
}

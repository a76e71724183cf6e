/* vx_aws: keys, region and endpoint from environment, ~/.aws/credentials and ~/.aws/config.
 * In: environment and two files. Out: struct vx_aws. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "vx_aws.h"
#include "vx_ini.h"
#include "vx_io.h"
#include "vx_opt.h"

enum { FILE_MAX = 1 << 20 };

/* What a profile says; each a string or NULL. */
enum key {
	ACCESS,
	SECRET,
	TOKEN,
	REGION,
	ENDPOINT,
	S3_ENDPOINT,
	IGNORE,
	STYLE,
	BUNDLE,
	SERVICES,
	FOREIGN,
	PROCESS,
	KEYS
};

static const struct {
	const char *name;
	enum key key;
} names[] = {
	{ "aws_access_key_id", ACCESS },
	{ "aws_secret_access_key", SECRET },
	{ "aws_session_token", TOKEN },
	{ "aws_security_token", TOKEN },
	{ "region", REGION },
	{ "endpoint_url", ENDPOINT },
	{ "ignore_configured_endpoint_urls", IGNORE },
	{ "s3.addressing_style", STYLE },
	{ "ca_bundle", BUNDLE },
	{ "services", SERVICES },
	/* Ways to get keys that come before those in the files; the process only before those in the config file. */
	{ "role_arn", FOREIGN },
	{ "sso_session", FOREIGN },
	{ "sso_start_url", FOREIGN },
	{ "login_session", FOREIGN },
	{ "credential_process", PROCESS },
};

struct profile {
	const char *name;
	bool config; /* the config file is being read: its sections are "profile NAME", except default */
	bool found;
	bool shared; /* the keys are those of the credentials file */
	char *v[KEYS];
};

static void keep(char **slot, const char *value)
{
	vx_secret_free(slot);
	*slot = vx_strdup(value);
}

/* Whether what is left of a section's title behind its kind is this name, which may stand in quotes. */
static bool is_named(const char *title, const char *name)
{
	size_t n = strlen(name);
	title += strspn(title, " \t");
	if (*title == '"' || *title == '\'')
		return strncmp(title + 1, name, n) == 0 && title[n + 1] == *title && !title[n + 2];
	return strcmp(title, name) == 0;
}

static bool is_profile(const struct profile *p, const char *section)
{
	if (p->config && strncmp(section, "profile", 7) == 0 && (section[7] == ' ' || section[7] == '\t'))
		return is_named(section + 7, p->name);
	return (!p->config || strcmp(p->name, "default") == 0) && strcmp(section, p->name) == 0;
}

static bool is_pair(enum key key)
{
	return key == ACCESS || key == SECRET || key == TOKEN;
}

static void take_value(void *arg, const char *section, const char *key, const char *value)
{
	struct profile *p = arg;
	if (!is_profile(p, section))
		return;
	p->found = true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		enum key k = names[i].key;
		if (strcmp(names[i].name, key) != 0)
			continue;
		/* Keys are of one file: a token of the config file has nothing to do with the other's pair. */
		if (is_pair(k) && !p->config && !p->shared) {
			p->shared = true;
			for (enum key old = ACCESS; old <= TOKEN; old++)
				vx_secret_free(&p->v[old]);
		}
		keep(&p->v[k], k == FOREIGN || k == PROCESS ? names[i].name : value);
	}
}

/* The second look at the config file: [services NAME] with s3 = endpoint_url. */
static void take_service(void *arg, const char *section, const char *key, const char *value)
{
	struct profile *p = arg;
	if (strncmp(section, "services", 8) != 0 || strcmp(key, "s3.endpoint_url") != 0)
		return;
	if (is_named(section + 8, p->v[SERVICES]))
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

static int not_supported(const char *who, const char *way, struct vx_error *err)
{
	return vx_error_set(err, VX_EUSAGE, NULL,
		"%s gets its keys by %s, which is not supported: run "
		"'eval \"$(aws configure export-credentials --format env)\"' first",
		who, way);
}

/* AWS_CREDENTIAL_EXPIRATION goes with the keys of the environment: "2026-11-22T16:00:00Z", or with "+00:00". */
static int check_expiry(struct vx_error *err)
{
	const char *text = env_first("AWS_CREDENTIAL_EXPIRATION", NULL);
	struct tm tm = { 0 };
	long hours = 0, minutes = 0;
	if (!text)
		return VX_OK;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	bool offset = rest && (*rest == '+' || *rest == '-') && strlen(rest) == 6 && rest[3] == ':';
	if (!rest || (strcmp(rest, "Z") != 0 && !offset))
		return vx_error_set(
			err, VX_EUSAGE, NULL, "AWS_CREDENTIAL_EXPIRATION is no time like 2026-11-22T16:00:00Z");
	if (offset) {
		hours = strtol(rest, NULL, 10);
		minutes = (*rest == '-' ? -1 : 1) * strtol(rest + 4, NULL, 10);
	}
	if (timegm(&tm) - hours * 3600 - minutes * 60 > time(NULL))
		return VX_OK;
	return vx_error_set(err, VX_EREFUSED, NULL, "the keys of the environment expired at %s", text);
}

/* What goes into the headers of a request must not begin a new one. */
static int check_text(const char *what, const char *value, struct vx_error *err)
{
	for (const char *c = value ? value : ""; *c; c++)
		if ((unsigned char)*c <= 0x20 || *c == 0x7f)
			return vx_error_set(err, VX_EUSAGE, NULL,
				"the %s holds a blank, a line end or another control character", what);
	return VX_OK;
}

/* Where the keys are when neither environment nor profile has them: other ways, that the environment names. */
static int no_keys(const struct profile *p, struct vx_error *err)
{
	static const char *const ways[] = { "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI" };
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (env_first(ways[i], NULL))
			return not_supported("this machine", ways[i], err);
	return vx_error_set(err, VX_EUSAGE, NULL,
		"no keys for the store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add profile %s to "
		"~/.aws/credentials",
		p->name);
}

/* The keys of the profile, in the order in which the AWS tools look for them. */
static int profile_keys(const struct profile *p, struct vx_error *err)
{
	const char *way = p->v[FOREIGN] ? p->v[FOREIGN] : p->v[ACCESS] && p->shared ? NULL : p->v[PROCESS];
	if (way) {
		char *who = vx_asprintf("profile %s", p->name);
		int status = not_supported(who, way, err);
		free(who);
		return status;
	}
	if (!p->v[ACCESS] && !p->v[SECRET])
		return no_keys(p, err);
	if (!p->v[ACCESS] || !p->v[SECRET])
		return vx_error_set(err, VX_EUSAGE, NULL, "profile %s has no %s", p->name,
			p->v[ACCESS] ? "aws_secret_access_key" : "aws_access_key_id");
	return VX_OK;
}

static int take_keys(struct vx_aws *a, const struct profile *p, struct vx_error *err)
{
	const char *id = env_first("AWS_ACCESS_KEY_ID", NULL), *secret = env_first("AWS_SECRET_ACCESS_KEY", NULL);
	const char *token = env_first("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN");
	if ((id == NULL) != (secret == NULL))
		return vx_error_set(err, VX_EUSAGE, NULL,
			"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: %s is not set",
			id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	int status = id ? check_expiry(err) : profile_keys(p, err);
	if (!id) {
		id = p->v[ACCESS];
		secret = p->v[SECRET];
		token = p->v[TOKEN];
	}
	if (status == VX_OK)
		status = check_text("access key", id, err);
	if (status == VX_OK)
		status = check_text("secret key", secret, err);
	if (status == VX_OK)
		status = check_text("session token", token, err);
	if (status != VX_OK)
		return status;
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
	int status = check_text("region", region, err);
	if (status == VX_OK)
		status = take_keys(a, p, err);
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

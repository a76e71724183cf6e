/* Which of the AWS settings wins. In: environment and files made here. Out: TAP. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "vx_aws.h"
#include "vx_io.h"

static char folder[] = "/tmp/vx-aws.XXXXXX";

static void write_file(const char *variable, const char *name, const char *text)
{
	char *path = vx_asprintf("%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		vx_die(VX_EIO, "cannot write %s", path);
	setenv(variable, path, 1);
	free(path);
}

static void clear(void)
{
	static const char *const names[] = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_CA_BUNDLE",
		"AWS_CREDENTIAL_EXPIRATION", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	write_file("AWS_SHARED_CREDENTIALS_FILE", "credentials",
		"[default]\naws_access_key_id=A\naws_secret_access_key=B\n[lab]\naws_access_key_id=C\n"
		"aws_secret_access_key=D\naws_session_token=T\n[half]\naws_access_key_id=E\n");
	write_file("AWS_CONFIG_FILE", "config",
		"[default]\nregion=eu-west-1\nendpoint_url=http://127.0.0.1:1\n"
		"[profile lab]\nservices=x\nca_bundle=/ca\ns3=\n addressing_style=virtual\n"
		"[profile own]\naws_access_key_id=F\naws_secret_access_key=G\n"
		"[profile sso]\nsso_session=corp\n[services y]\ns3=\n endpoint_url=http://127.0.0.1:9\n"
		"[services x]\ns3=\n endpoint_url=http://127.0.0.1:2\n");
}

/* "key secret token region endpoint style bundle", "-" for what is not set; or the reason of the refusal. */
static void loads(const char *wanted, const char *what)
{
	struct vx_aws a;
	struct vx_error err = VX_ERROR_INIT;
	char *got;
	if (vx_aws_load(&a, &err) == VX_OK)
		got = vx_asprintf("%s %s %s %s %s %s %s", a.access_key, a.secret_key,
			a.session_token ? a.session_token : "-", a.region, a.endpoint ? a.endpoint : "-",
			a.addressing_style ? a.addressing_style : "-", a.ca_bundle ? a.ca_bundle : "-");
	else
		got = vx_asprintf("%d %s", vx_exit_status(err.status), err.reason);
	ok_str(got, wanted, "%s", what);
	free(got);
	vx_aws_free(&a);
}

static void check_profiles(void)
{
	clear();
	loads("A B - eu-west-1 http://127.0.0.1:1 - -", "default profile");
	setenv("AWS_DEFAULT_PROFILE", "half", 1);
	loads("64 profile half has no aws_secret_access_key", "half a pair");
	setenv("AWS_PROFILE", "lab", 1);
	loads("C D T us-east-1 http://127.0.0.1:2 virtual /ca",
		"AWS_PROFILE before AWS_DEFAULT_PROFILE, services, s3.*");
	setenv("AWS_PROFILE", "own", 1);
	loads("F G - us-east-1 - - -", "keys in the config file");
	setenv("AWS_PROFILE", "nobody", 1);
	loads("64 there is no profile nobody in ~/.aws", "no such profile");
	setenv("AWS_PROFILE", "sso", 1);
	loads("64 profile sso gets its keys by sso_session, which is not supported: run "
	      "'eval \"$(aws configure export-credentials --format env)\"' first",
		"keys that come another way");
}

static void check_environment(void)
{
	clear();
	setenv("AWS_ACCESS_KEY_ID", "X", 1);
	loads("64 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: AWS_SECRET_ACCESS_KEY is not set",
		"half a pair");
	setenv("AWS_SECRET_ACCESS_KEY", "Y", 1);
	setenv("AWS_PROFILE", "lab", 1);
	loads("X Y - us-east-1 http://127.0.0.1:2 virtual /ca", "keys of the environment, the rest of the profile");
	setenv("AWS_SESSION_TOKEN", "Z", 1);
	setenv("AWS_DEFAULT_REGION", "r1", 1);
	setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:3", 1);
	setenv("AWS_CA_BUNDLE", "/other", 1);
	loads("X Y Z r1 http://127.0.0.1:3 virtual /other", "the environment before the profile");
	setenv("AWS_REGION", "r2", 1);
	setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4", 1);
	loads("X Y Z r2 http://127.0.0.1:4 virtual /other", "AWS_REGION and the endpoint of S3 first");
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	loads("X Y Z r2 - virtual /other", "configured endpoints ignored");
}

#define EVAL "which is not supported: run 'eval \"$(aws configure export-credentials --format env)\"' first"

/* The AWS tools ask for assumed roles and SSO before they look at static keys, and at the credentials file before they run
 * a process; the keys of one file are one thing. */
static void check_order(void)
{
	clear();
	write_file("AWS_SHARED_CREDENTIALS_FILE", "credentials",
		"[mix]\naws_access_key_id=A\naws_secret_access_key=B\n"
		"[role]\naws_access_key_id=A\naws_secret_access_key=B\n"
		"[cred]\naws_access_key_id=A\naws_secret_access_key=B\nx_security_token_expires = "
		"2001-01-01T00:00:00Z\n"
		"[half]\naws_access_key_id=A\n");
	write_file("AWS_CONFIG_FILE", "config",
		"[profile mix]\naws_access_key_id=C\naws_secret_access_key=D\naws_session_token=T\n"
		"[profile role]\nrole_arn=arn\nsource_profile=mix\n[profile cred]\ncredential_process=/bin/false\n"
		"[profile proc]\ncredential_process=/bin/false\naws_access_key_id=C\naws_secret_access_key=D\n"
		"[profile half]\naws_access_key_id=C\naws_secret_access_key=D\n[profile login]\nlogin_session=x\n");
	setenv("AWS_PROFILE", "mix", 1);
	loads("A B - us-east-1 - - -", "the token of the other file is not this pair's");
	setenv("AWS_PROFILE", "half", 1);
	loads("64 profile half has no aws_secret_access_key", "a pair is not made of two files");
	setenv("AWS_PROFILE", "role", 1);
	loads("64 profile role gets its keys by role_arn, " EVAL, "an assumed role before static keys");
	setenv("AWS_PROFILE", "login", 1);
	loads("64 profile login gets its keys by login_session, " EVAL, "a login session");
	setenv("AWS_PROFILE", "proc", 1);
	loads("64 profile proc gets its keys by credential_process, " EVAL, "a process before the config file's keys");
	setenv("AWS_PROFILE", "cred", 1);
	loads("A B - us-east-1 - - -", "the credentials file before a process; tools' own notes are not read");
	setenv("AWS_PROFILE", "role", 1);
	setenv("AWS_ACCESS_KEY_ID", "X", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "Y", 1);
	loads("X Y - us-east-1 - - -", "the environment before all");
}

static void check_expiry(void)
{
	clear();
	setenv("AWS_CREDENTIAL_EXPIRATION", "2001-01-01T00:00:00Z", 1);
	loads("A B - eu-west-1 http://127.0.0.1:1 - -", "an expiry belongs to keys of the environment only");
	setenv("AWS_ACCESS_KEY_ID", "X", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "Y", 1);
	loads("69 the keys of the environment expired at 2001-01-01T00:00:00Z", "expired");
	setenv("AWS_CREDENTIAL_EXPIRATION", "2999-12-31T23:59:59.123+01:00", 1);
	loads("X Y - eu-west-1 http://127.0.0.1:1 - -", "not yet expired");
	setenv("AWS_CREDENTIAL_EXPIRATION", "2001-01-01T00:00:00-11:30", 1);
	loads("69 the keys of the environment expired at 2001-01-01T00:00:00-11:30", "expired elsewhere");
	static const char *const bad[] = { "tomorrow", "2999-01-01", "2999-01-01T00:00:00", "2999-01-01T00:00:00ZZ",
		"2999-01-01T00:00:00+1" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("AWS_CREDENTIAL_EXPIRATION", bad[i], 1);
		loads("64 AWS_CREDENTIAL_EXPIRATION is no time like 2026-11-22T16:00:00Z", bad[i]);
	}
	setenv("AWS_CREDENTIAL_EXPIRATION", "", 1);
	loads("X Y - eu-west-1 http://127.0.0.1:1 - -", "an empty variable is none");
}

static void check_texts(void)
{
	clear();
	write_file("AWS_SHARED_CREDENTIALS_FILE", "credentials",
		"\xef\xbb\xbf# keys\r\n\r\n[default]\r\n  ; of the lab\r\naws_access_key_id   =  A\t \r\n"
		"AWS_Secret_Access_Key: B=/+;#c\r\naws_session_token =\r\n");
	write_file("AWS_CONFIG_FILE", "config",
		"[profile \"my lab\"]\nregion=r\naws_access_key_id=C\naws_secret_access_key=D\n"
		"services = 'his'\n[services his]\ns3 =\n  endpoint_url = http://127.0.0.1:1\n");
	loads("A B=/+;#c - us-east-1 - - -", "carriage returns, a byte order mark, comments, blanks, capitals");
	setenv("AWS_PROFILE", "my lab", 1);
	loads("C D - r - - -", "a name in quotes, and a name of services that is none");
	clear();
	setenv("AWS_ACCESS_KEY_ID", "X\r\nX-Evil: 1", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "Y", 1);
	loads("64 the access key holds a blank, a line end or another control character", "no header through a key");
	setenv("AWS_ACCESS_KEY_ID", "X", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "Y\n", 1);
	loads("64 the secret key holds a blank, a line end or another control character", "a line end behind a secret");
	setenv("AWS_SECRET_ACCESS_KEY", "Y", 1);
	setenv("AWS_SESSION_TOKEN", "a b", 1);
	loads("64 the session token holds a blank, a line end or another control character", "a blank in a token");
	unsetenv("AWS_SESSION_TOKEN");
	setenv("AWS_REGION", "r\n", 1);
	loads("64 the region holds a blank, a line end or another control character", "a line end behind a region");
}

static void check_machines(void)
{
	clear();
	write_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", "");
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/token", 1);
	loads("64 this machine gets its keys by AWS_WEB_IDENTITY_TOKEN_FILE, " EVAL, "a cluster's token");
}

static void check_files(void)
{
	clear();
	setenv("AWS_CONFIG_FILE", "/nonexistent/config", 1);
	loads("A B - us-east-1 - - -", "a file that is not there says nothing");
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
	loads("64 no keys for the store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add profile default to "
	      "~/.aws/credentials",
		"no keys anywhere");
	write_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", "[default]\nB\n");
	loads("65 neither a section nor key = value", "a file that cannot be parsed");
	setenv("AWS_SHARED_CREDENTIALS_FILE", folder, 1);
	struct vx_aws a;
	struct vx_error err = VX_ERROR_INIT;
	ok(vx_aws_load(&a, &err) == VX_EIO, "a folder is no file");
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	check_profiles();
	check_environment();
	check_order();
	check_expiry();
	check_texts();
	check_machines();
	check_files();
	char *command = vx_asprintf("%s/credentials", folder);
	unlink(command);
	free(command);
	command = vx_asprintf("%s/config", folder);
	unlink(command);
	free(command);
	rmdir(folder);
	return tap_end();
}

/* vx_aws: who one is to an S3 store and where it is, as the AWS tools read it from environment and ~/.aws.
 *
 *	struct vx_aws aws;
 *	if (vx_aws_load(&aws, &err) != VX_OK) ...
 *	vx_aws_free(&aws);
 *
 * What is read, the earlier of each winning:
 *	keys      AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (AWS_CREDENTIAL_EXPIRATION: until when);
 *	          the profile in ~/.aws/credentials; in ~/.aws/config
 *	profile   AWS_PROFILE, AWS_DEFAULT_PROFILE, "default"
 *	region    AWS_REGION, AWS_DEFAULT_REGION, the profile's region, us-east-1
 *	endpoint  AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's [services] s3 endpoint_url, the profile's endpoint_url;
 *	          none of them when AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or the profile's ignore_configured_endpoint_urls is true
 *	files     AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE; AWS_CA_BUNDLE, the profile's ca_bundle
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_AWS_H
#define VX_AWS_H

#include "vx_err.h"

struct vx_aws {
	char *access_key, *secret_key; /* never printed */
	char *session_token;           /* NULL: none */
	char *region;
	char *endpoint;         /* NULL: Amazon's own */
	char *addressing_style; /* "path", "virtual", "auto"; NULL: not said */
	char *ca_bundle;        /* NULL: the system's certificates */
};

/* vx_aws_load: fills in a.
 * Errors: VX_EUSAGE: no keys anywhere, half a pair, a blank or control character in one, a profile that does not exist or
 * that gets its keys in a way that is not supported (SSO, assumed roles, processes), also where static keys stand beside;
 * VX_EREFUSED: the keys of the environment have expired; VX_EDATA: a file that cannot be parsed; VX_EIO. Then a is empty. */
int vx_aws_load(struct vx_aws *a, struct vx_error *err) VX_MUST_USE;
void vx_aws_free(struct vx_aws *a);

#endif

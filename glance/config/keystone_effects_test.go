package config

import "strings"

func effectsOfKeystone() map[string]string {
	all := map[string]string{}
	for test, names := range map[string]string{
		"config TestKeystone":                      "auth_section",
		"auth/keystone TestChallenge":              "www_authenticate_uri",
		"auth/keystone TestOptions":                "auth_version certfile keyfile",
		"auth/keystone TestDiscovery":              "interface region_name auth_url",
		"auth/keystone TestDelay":                  "delay_auth_decision service_token_roles service_token_roles_required",
		"auth/keystone TestWithoutCatalog":         "include_service_catalog",
		"auth/keystone TestBind":                   "enforce_token_bind",
		"auth/keystone TestHang":                   "http_connect_timeout timeout",
		"auth/keystone TestKilledUnderLoad":        "http_request_max_retries",
		"auth/keystone TestSecOutboundTLSHostname": "cafile insecure",
		"auth/keystone TestCache":                  "token_cache_time",
		"auth/keystone TestShared":                 "memcached_servers memcache_security_strategy memcache_secret_key",
		"auth/keystone TestSharedDown":             "memcache_pool_dead_retry memcache_pool_socket_timeout",
		"auth/keystone TestSharedBusy":             "memcache_pool_maxsize memcache_pool_conn_get_timeout",
		"auth/keystone TestLoginForms": "auth_type domain_id username password trust_id user_id user_domain_id user_domain_name project_id " +
			"project_name system_scope project_domain_id default_domain_id project_domain_name " +
			"default_domain_name domain_name token application_credential_id application_credential_name " +
			"application_credential_secret",
		"auth/keystone TestAdminToken": "endpoint",
		"auth/keystone TestLegacyLogin": "identity_uri auth_host auth_port auth_protocol auth_admin_prefix admin_tenant_name admin_token " +
			"admin_user admin_password",
	} {
		for name := range strings.FieldsSeq(names) {
			all["keystone_authtoken/"+name] = test
		}
	}
	return all
}

package config

import (
	"path"
	"slices"
	"strings"

	"goglance/glance/option"
)

// gap is options of the reference that have no effect here. A name may end in *, and so may a group.
type gap struct {
	group, names string // names are separated by blanks
	why          string // after "[group] name has no effect:"
	harmless     string // values, separated by blanks, that ask for what we do anyway; besides nothing at all
	safety       bool   // it restricts who may do what, or protects data
}

// gapList is rows with their names apart.
type gapList []struct {
	gap
	patterns []string
}

// of returns the first row that has the option. Rows of single options stand before those of many.
func (l gapList) of(k option.Name) (gap, bool) {
	for _, g := range l {
		if match(g.group, k.Group) && slices.ContainsFunc(g.patterns, func(name string) bool { return match(name, k.Name) }) {
			return g.gap, true
		}
	}
	return gap{}, false
}

func match(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// permits reports whether these values ask for nothing that we do not do.
func (g gap) permits(texts []string) bool {
	for _, text := range texts {
		if text != "" && !slices.Contains(strings.Fields(g.harmless), strings.ToLower(text)) {
			return false
		}
	}
	return true
}

const off = "false 0 off no"

// gaps is the list. Whoever gives an option its effect adds it to Options and takes it off here; until then an option
// may be in both.
func gaps() gapList {
	rows := slices.Concat(guards(), pending(), never(), later())
	list := make(gapList, len(rows))
	for i, row := range rows {
		list[i].gap, list[i].patterns = row, strings.Fields(row.names)
	}
	return list
}

// guards are the options that keep a service safe.
func guards() []gap {
	return []gap{
		{"keystone_authtoken", "check_revocations_for_cached", "there are no lists of revoked tokens", off, true},
		{"DEFAULT", "enabled_backends", "several stores of one type are not available yet, and data would go elsewhere", "", true},
		{"glance_store", "default_backend", "several stores of one type are not available yet, and data would go elsewhere", "", true},
		{"DEFAULT", "use_keystone_limits", "limits in Keystone are not available yet", off, true},
		{"DEFAULT", "enforce_secure_rbac", "the policy of later releases is not built in", off, true},
		{"oslo_policy", "enforce_scope enforce_new_defaults", "the policy of later releases is not built in", off, true},
		{"image_format", "require_image_format_match vmdk_allowed_types", "data that is imported must be what it was declared, VMDK streamOptimized or monolithicSparse", off, true},
		{"healthcheck", "allowed_source_ranges ignore_proxied_requests", "the health check answers everyone", off, true},
	}
}

// pending are options whose part of the service is not there yet.
func pending() []gap {
	const (
		notify = "notifications are not sent yet"
		store  = "this store is not available yet"
		v1     = "the Images API v1 is not available yet"
	)
	return []gap{
		{"DEFAULT", "enable_v1_api", v1, off, false},
		{"DEFAULT", "image_cache_*", "the image cache is not available yet", "", false},
		{"DEFAULT", "scrub_time scrub_pool_size wakeup_time daemon", "the scrubber is not available yet", "", false},
		{"DEFAULT", "default_publisher_id disabled_notifications transport_url control_exchange notification_*", notify, "", false},
		{"oslo_messaging_notifications", "*", notify, "", false},
		{"oslo_messaging_rabbit", "*", notify, "", false},
		{"glance_store", "swift_* rbd_* rados_* cinder_* os_region_name rootwrap_config vmware_* sheepdog_* s3_* default_swift_reference", store, "", false},
		{"barbican", "*", "image signatures are not verified yet", "", false},
		{"key_manager", "*", "image signatures are not verified yet", "", false},
	}
}

// never are options of things that this service does not have and will not.
func never() []gap {
	const (
		registry = "there is no registry, the service works on the database itself"
		messages = "messages are sent over RabbitMQ or not at all"
	)
	return []gap{
		{"DEFAULT", "workers", "one process serves with all processors", "", false},
		{"DEFAULT", "log_config_append log_config", "it configures Python's logging package", "", false},
		{"DEFAULT", "data_api", "the data is in the database of [database] connection", "glance.db.sqlalchemy.api", false},
		{"DEFAULT", "enable_v1_registry enable_v2_registry registry_* use_user_token admin_user admin_password admin_tenant_name auth_url auth_region auth_strategy send_identity_headers allowed_rpc_exception_modules", registry, "", false},
		{"DEFAULT", "pydev_worker_debug_host pydev_worker_debug_port", "there is no Python to debug", "", false},
		{"DEFAULT", "digest_algorithm", "whether key and certificate match is seen without", "", false},
		{"DEFAULT", "publish_errors instance_format instance_uuid_format rate_limit_* fatal_deprecations", "the log does not do this", "", false},
		{"DEFAULT", "rpc_* conn_pool_* executor_thread_pool_size zmq_* use_pub_sub use_router_proxy use_dynamic_connections subscribe_on", messages, "", false},
		{"oslo_messaging_amqp", "*", messages, "", false},
		{"oslo_messaging_kafka", "*", messages, "", false},
		{"oslo_messaging_zmq", "*", messages, "", false},
		{"matchmaker_redis", "*", messages, "", false},
		{"database", "backend slave_connection mysql_enable_ndb connection_debug connection_trace use_tpool", "the way to the database has no such thing", "", false},
		{"DEFAULT", "db_backend dbapi_use_tpool", "the way to the database has no such thing", "", false},
		{"glance_store", "store_capabilities_update_min_interval", "what a store can do does not change", "", false},
		{"oslo_concurrency", "disable_process_locking lock_path", "processes do not wait for each other by lock files", "", false},
		{"DEFAULT", "disable_process_locking lock_path", "processes do not wait for each other by lock files", "", false},
		{"keystone_authtoken", "cache", "tokens are kept in this process and in memcached, not in what another filter has made", "", false},
		{"keystone_authtoken", "signing_dir revocation_cache_time hash_algorithms", "there are no PKI tokens any more", "", false},
		{"keystone_authtoken", "memcache_use_advanced_pool memcache_pool_unused_timeout", "there is one kind of connections to memcached, and they are kept", "", false},
		{"profiler", "enabled profiler_enabled trace_*", "there is no profiler", off, false},
		{"profiler", "*", "there is no profiler", "", false},
	}
}

// later are options of releases after Pike that an operator may already have.
func later() []gap {
	const why = "it belongs to a later release"
	return []gap{
		{"DEFAULT", "enabled_import_methods hashing_algorithm worker_self_reference_url cache_prefetcher_interval http_retries do_secure_hash log_rotat* max_logfile_* pipe_handle use_eventlog restore", why, "", false},
		{"keystone_authtoken", "service_type", "it goes with access rules of application credentials, and tokens that have some are refused by Keystone", "", false},
		{"glance_store", "filesystem_store_chunk_size filesystem_thin_provisioning rbd_thin_provisioning", why, "", false},
		{"oslo_policy", "remote_*", why, "", false},
		{"database", "connection_parameters", why, "", false},
		{"image_import_opts", "*", why, "", false},
		{"inject_metadata_properties", "*", why, "", false},
		{"image_conversion", "*", why, "", false},
		{"glance_download_*", "*", why, "", false},
		{"wsgi", "*", why, "", false},
		{"oslo_limit", "*", why, "", false},
		{"oslo_reports", "*", why, "", false},
		{"os_brick", "*", why, "", false},
		{"vault", "*", why, "", false},
		{"barbican_service_user", "*", why, "", false},
	}
}

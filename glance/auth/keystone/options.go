package keystone

import (
	"time"

	"github.com/sirupsen/logrus"
)

// Options is the section [keystone_authtoken] (spec operations 4).
type Options struct {
	Public           string   `name:"www_authenticate_uri" group:"keystone_authtoken" deprecated:"keystone_authtoken/auth_uri" help:"Identity endpoint that clients without a valid token are told of"`
	Version          string   `name:"auth_version" group:"keystone_authtoken" help:"version of the Identity API: v3, the only one that is supported"`
	Interface        string   `name:"interface" group:"keystone_authtoken" default:"admin" choices:"admin,internal,public" help:"which Identity endpoint of the catalog tokens are checked at"`
	Region           string   `name:"region_name" group:"keystone_authtoken" help:"region of that endpoint"`
	Delay            bool     `name:"delay_auth_decision" group:"keystone_authtoken" default:"false" help:"leave it to the service what to do with a request without a valid token: allow_anonymous_access counts then"`
	Catalog          bool     `name:"include_service_catalog" group:"keystone_authtoken" default:"true" help:"ask for the service catalog, which stores that act as the user need"`
	Bind             string   `name:"enforce_token_bind" group:"keystone_authtoken" default:"permissive" help:"what is required of tokens that are bound to a way of authentication: disabled, permissive, strict, required, or the name of one"`
	ServiceRoles     []string `name:"service_token_roles" group:"keystone_authtoken" default:"service" help:"roles of which a service token needs one, so that users' tokens that have expired are taken"`
	ServiceRolesMust bool     `name:"service_token_roles_required" group:"keystone_authtoken" default:"false" help:"a service token without such a role is not valid"`

	HTTP     HTTPOptions
	Cache    CacheOptions
	Memcache MemcacheOptions

	AuthSection string `name:"auth_section" group:"keystone_authtoken" help:"section with auth_type and the options that belong to it; empty: this one"`
	Login       Login
	Legacy      Legacy

	Log   logrus.FieldLogger // optional: nothing is logged
	Clock func() time.Time   // optional: the system's
}

// HTTPOptions says how Keystone is reached.
type HTTPOptions struct {
	ConnectTimeout time.Duration `name:"http_connect_timeout" group:"keystone_authtoken" min:"0" help:"seconds that a request to Keystone may take; 0: as timeout"`
	Timeout        time.Duration `name:"timeout" group:"keystone_authtoken" min:"0" help:"seconds that a request to Keystone may take; 0: 30"`
	Retries        int           `name:"http_request_max_retries" group:"keystone_authtoken" default:"3" min:"0" max:"20" help:"how often a request is tried again when there is no connection"`
	CAFile         string        `name:"cafile" group:"keystone_authtoken" help:"PEM file of the authorities that Keystone is verified against; empty: those of the system"`
	CertFile       string        `name:"certfile" group:"keystone_authtoken" help:"PEM file of a client certificate"`
	KeyFile        string        `name:"keyfile" group:"keystone_authtoken" help:"PEM file of its key"`
	Insecure       bool          `name:"insecure" group:"keystone_authtoken" default:"false" help:"do not verify Keystone's certificate"`
}

// CacheOptions says how long tokens are remembered.
type CacheOptions struct {
	Time time.Duration `name:"token_cache_time" group:"keystone_authtoken" default:"300" help:"seconds that a valid token is believed without asking again; 0 or less: never"`
}

// MemcacheOptions says where tokens are shared.
type MemcacheOptions struct {
	Servers       []string      `name:"memcached_servers" group:"keystone_authtoken" deprecated:"keystone_authtoken/memcache_servers" help:"host:port of the memcached servers that share tokens; empty: each process has its own cache"`
	Strategy      string        `name:"memcache_security_strategy" group:"keystone_authtoken" default:"None" help:"protection of tokens in memcached: None, MAC, ENCRYPT"`
	Secret        string        `name:"memcache_secret_key" group:"keystone_authtoken" secret:"true" help:"key of that protection"`
	DeadRetry     time.Duration `name:"memcache_pool_dead_retry" group:"keystone_authtoken" default:"300" min:"0" help:"seconds after which a server that did not answer is tried again"`
	PoolMax       int           `name:"memcache_pool_maxsize" group:"keystone_authtoken" default:"10" min:"1" help:"most connections to a server"`
	SocketTimeout time.Duration `name:"memcache_pool_socket_timeout" group:"keystone_authtoken" default:"3" min:"0" help:"seconds that a server may take; 0: 3"`
	GetTimeout    time.Duration `name:"memcache_pool_conn_get_timeout" group:"keystone_authtoken" default:"10" min:"0" help:"seconds to wait for a connection"`
}

// Login is who the service is at Keystone: the options of an authentication plugin.
type Login struct {
	Type              string `name:"auth_type" group:"keystone_authtoken" deprecated:"keystone_authtoken/auth_plugin" help:"how the service authenticates: password, v3password, token, v3token, v3applicationcredential, admin_token"`
	URL               string `name:"auth_url" group:"keystone_authtoken" help:"Identity endpoint where the service authenticates"`
	Username          string `name:"username" group:"keystone_authtoken" deprecated:"keystone_authtoken/user_name" help:"the service's user"`
	UserID            string `name:"user_id" group:"keystone_authtoken" help:"the same by id"`
	Password          string `name:"password" group:"keystone_authtoken" secret:"true" help:"password of the user"`
	UserDomainID      string `name:"user_domain_id" group:"keystone_authtoken" help:"domain of the user"`
	UserDomainName    string `name:"user_domain_name" group:"keystone_authtoken" help:"the same by name"`
	ProjectID         string `name:"project_id" group:"keystone_authtoken" deprecated:"keystone_authtoken/tenant_id" help:"project to authenticate for"`
	ProjectName       string `name:"project_name" group:"keystone_authtoken" deprecated:"keystone_authtoken/tenant_name" help:"the same by name"`
	ProjectDomainID   string `name:"project_domain_id" group:"keystone_authtoken" help:"domain of the project"`
	ProjectDomainName string `name:"project_domain_name" group:"keystone_authtoken" help:"the same by name"`
	DomainID          string `name:"domain_id" group:"keystone_authtoken" help:"domain to authenticate for, in place of a project"`
	DomainName        string `name:"domain_name" group:"keystone_authtoken" help:"the same by name"`
	DefaultDomainID   string `name:"default_domain_id" group:"keystone_authtoken" help:"domain of user and project where no other is named"`
	DefaultDomainName string `name:"default_domain_name" group:"keystone_authtoken" help:"the same by name"`
	SystemScope       string `name:"system_scope" group:"keystone_authtoken" choices:"all" help:"all: authenticate for the whole cloud"`
	TrustID           string `name:"trust_id" group:"keystone_authtoken" secret:"true" help:"trust to authenticate with, in place of a project"`
	Token             string `name:"token" group:"keystone_authtoken" secret:"true" help:"token of auth_type token and admin_token"`
	Endpoint          string `name:"endpoint" group:"keystone_authtoken" help:"Identity endpoint of auth_type admin_token"`
	AppCredID         string `name:"application_credential_id" group:"keystone_authtoken" help:"id of an application credential"`
	AppCredName       string `name:"application_credential_name" group:"keystone_authtoken" help:"its name, beside a user"`
	AppCredSecret     string `name:"application_credential_secret" group:"keystone_authtoken" secret:"true" help:"its secret"`
}

// Legacy is the form of Login before there were plugins. It counts where auth_type is not set.
type Legacy struct {
	URL        string `name:"identity_uri" group:"keystone_authtoken" help:"old form of auth_url" removal:"use auth_type and auth_url"`
	Host       string `name:"auth_host" group:"keystone_authtoken" default:"127.0.0.1" help:"old form of a part of auth_url" removal:"use auth_type and auth_url"`
	Port       int    `name:"auth_port" group:"keystone_authtoken" kind:"port" default:"35357" help:"old form of a part of auth_url" removal:"use auth_type and auth_url"`
	Protocol   string `name:"auth_protocol" group:"keystone_authtoken" default:"https" choices:"http,https" help:"old form of a part of auth_url" removal:"use auth_type and auth_url"`
	Prefix     string `name:"auth_admin_prefix" group:"keystone_authtoken" help:"old form of a part of auth_url" removal:"use auth_type and auth_url"`
	AdminToken string `name:"admin_token" group:"keystone_authtoken" secret:"true" help:"old form of auth_type admin_token" removal:"use auth_type and password"`
	User       string `name:"admin_user" group:"keystone_authtoken" help:"old form of username" removal:"use auth_type and username"`
	Password   string `name:"admin_password" group:"keystone_authtoken" secret:"true" help:"old form of password" removal:"use auth_type and password"`
	Project    string `name:"admin_tenant_name" group:"keystone_authtoken" default:"admin" help:"old form of project_name" removal:"use auth_type and project_name"`
}

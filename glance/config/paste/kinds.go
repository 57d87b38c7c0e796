package paste

import "strings"

// Kind is what a filter or an application is, whatever a file calls it.
type Kind string

// The filters.
const (
	CORS            Kind = "cors"
	Healthcheck     Kind = "healthcheck"
	ProxyHeaders    Kind = "http_proxy_to_wsgi"
	RequestID       Kind = "request_id"
	SizeLimit       Kind = "sizelimit"
	Negotiation     Kind = "versionnegotiation"
	Profiler        Kind = "osprofiler"
	AuthToken       Kind = "authtoken"
	Context         Kind = "context"
	Unauthenticated Kind = "unauthenticated-context"
	FakeAuth        Kind = "fakeauth" // believes what a token says of itself; for development
	Cache           Kind = "cache"
	CacheManage     Kind = "cachemanage"
	Gzip            Kind = "gzip"
)

// The applications.
const (
	Root     Kind = "rootapp" // the paths that lead to the others
	Versions Kind = "versions"
	V1       Kind = "v1"
	V2       Kind = "v2"
	Registry Kind = "registryapp"
)

// Kinds returns what each factory of the reference, by its name in a paste file, stands for.
func Kinds() map[string]Kind {
	return map[string]Kind{
		"oslo_middleware.cors:filter_factory": CORS,
		"oslo_middleware.cors:CORS.factory":   CORS,
		"oslo_middleware:CORS.factory":        CORS,
		"egg:oslo.middleware#cors":            CORS,

		"oslo_middleware:Healthcheck.factory":             Healthcheck,
		"oslo_middleware.healthcheck:Healthcheck.factory": Healthcheck,
		"egg:oslo.middleware#healthcheck":                 Healthcheck,

		"oslo_middleware:HTTPProxyToWSGI.factory":                    ProxyHeaders,
		"oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory": ProxyHeaders,
		"egg:oslo.middleware#http_proxy_to_wsgi":                     ProxyHeaders,

		"oslo_middleware:RequestId.factory":              RequestID,
		"oslo_middleware.request_id:RequestId.factory":   RequestID,
		"egg:oslo.middleware#request_id":                 RequestID,
		"oslo_middleware:RequestBodySizeLimiter.factory": SizeLimit,
		"egg:oslo.middleware#sizelimit":                  SizeLimit,

		"glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory": Negotiation,
		"osprofiler.web:WsgiMiddleware.factory":                                      Profiler,
		"keystonemiddleware.auth_token:filter_factory":                               AuthToken,
		"egg:keystonemiddleware#auth_token":                                          AuthToken,
		"glance.api.middleware.context:ContextMiddleware.factory":                    Context,
		"glance.api.middleware.context:UnauthenticatedContextMiddleware.factory":     Unauthenticated,
		"glance.api.middleware.cache:CacheFilter.factory":                            Cache,
		"glance.api.middleware.cache_manage:CacheManageFilter.factory":               CacheManage,
		"glance.api.middleware.gzip:GzipMiddleware.factory":                          Gzip,

		"glance.api:root_app_factory":            Root,
		"egg:Paste#urlmap":                       Root,
		"glance.api.versions:create_resource":    Versions,
		"glance.api.v1.router:API.factory":       V1,
		"glance.api.v2.router:API.factory":       V2,
		"glance.registry.api:API.factory":        Registry,
		"glance.registry.api.v1:API.factory":     Registry,
		"glance.registry.api.v1.app:API.factory": Registry,
	}
}

// isApp reports whether k ends a pipeline.
func (k Kind) isApp() bool {
	switch k {
	case Root, Versions, V1, V2, Registry:
		return true
	default:
		return false
	}
}

// kindOf returns what a factory stands for; "" is not known.
func kindOf(factory string) Kind {
	if strings.HasSuffix(factory, ":FakeAuthMiddleware.factory") {
		return FakeAuth // sites that have it keep it in modules of their own (spec operations 2.10)
	}
	return Kinds()[factory]
}

package settings

import "time"

// CORS is the options of the filter cors. Those in its section of the paste file win.
type CORS struct {
	AllowedOrigin    []string      `name:"allowed_origin" group:"cors" help:"origins whose web pages may call the service: scheme://host[:port], or * for all; unset: none"`
	AllowCredentials bool          `name:"allow_credentials" group:"cors" default:"true" help:"such pages may send cookies and the like"`
	ExposeHeaders    []string      `name:"expose_headers" group:"cors" default:"X-Image-Meta-Checksum,X-Auth-Token,X-Subject-Token,X-Service-Token,X-OpenStack-Request-ID" help:"headers of an answer that such a page may read"`
	MaxAge           time.Duration `name:"max_age" group:"cors" default:"3600" min:"0" help:"seconds that a browser may remember what it was told"`
	AllowMethods     []string      `name:"allow_methods" group:"cors" default:"GET,PUT,POST,DELETE,PATCH" help:"methods that such a page may use"`
	AllowHeaders     []string      `name:"allow_headers" group:"cors" default:"Content-MD5,X-Image-Meta-Checksum,X-Storage-Token,Accept-Encoding,X-Auth-Token,X-Identity-Status,X-Roles,X-Service-Catalog,X-User-Id,X-Tenant-Id,X-OpenStack-Request-ID" help:"headers that such a page may send"`
}

// Healthcheck is the options of the filter healthcheck. Those in its section of the paste file win.
type Healthcheck struct {
	Path     string   `name:"path" group:"healthcheck" default:"/healthcheck" help:"path that is answered, and no other"`
	Detailed bool     `name:"detailed" group:"healthcheck" default:"false" help:"tell more, to everyone who asks"`
	Backends []string `name:"backends" group:"healthcheck" choices:"disable_by_file,disable_by_files_ports" help:"what is looked at, disable_by_file and disable_by_files_ports; unset: nothing, which is healthy"`
	Disable  string   `name:"disable_by_file_path" group:"healthcheck" help:"for disable_by_file: unhealthy while this file is there"`
	Disables []string `name:"disable_by_file_paths" group:"healthcheck" help:"for disable_by_files_ports: port:path, each for the server on that port"`
}

// What a health check may look at.
const (
	DisableByFile       = "disable_by_file"
	DisableByFilesPorts = "disable_by_files_ports"
)

// SizeLimit is the option of the filter sizelimit. One in its section of the paste file wins.
type SizeLimit struct {
	BodyMax int `name:"max_request_body_size" group:"oslo_middleware" default:"114688" min:"0" deprecated:"DEFAULT/osapi_max_request_body_size,DEFAULT/max_request_body_size" help:"for the filter sizelimit: most bytes of a request's body, image data included"`
}

// Package settings is the operator's options of the service, each described beside the field that holds it (package
// option reads the tags). Names and defaults are the reference's; an option of our own says so.
package settings

import "time"

// API is the options of the HTTP layer.
type API struct {
	AllowAnonymous     bool          `name:"allow_anonymous_access" default:"false" help:"let callers without identity read what is open to all"`
	MaxRequestIDLength int           `name:"max_request_id_length" default:"64" min:"0" help:"longest request id taken from a client; 0: any length"`
	PublicEndpoint     string        `name:"public_endpoint" help:"base URL in the version list; unset: what the request was sent to"`
	EnableV1           bool          `name:"enable_v1_api" default:"true" help:"serve the Images API v1"`
	EnableV2           bool          `name:"enable_v2_api" default:"true" help:"serve the Images API v2"`
	EnableImport       bool          `name:"enable_image_import" default:"false" help:"serve image import, the Images API v2.6"`
	CustomProperties   bool          `name:"allow_additional_image_properties" default:"true" help:"let images have properties that the schema does not name"`
	ContainerFormats   []string      `name:"container_formats" group:"image_format" deprecated:"DEFAULT/container_formats" default:"ami,ari,aki,bare,ovf,ova,docker" help:"values that container_format may have"`
	DiskFormats        []string      `name:"disk_formats" group:"image_format" deprecated:"DEFAULT/disk_formats" default:"ami,ari,aki,vhd,vhdx,vmdk,raw,qcow2,vdi,iso,ploop" help:"values that disk_format may have"`
	ProxyHeaders       bool          `name:"enable_proxy_headers_parsing" group:"oslo_middleware" default:"false" help:"believe Forwarded and X-Forwarded-* headers"`
	SSLHeader          string        `name:"secure_proxy_ssl_header" help:"variable of the header in which a front end says http or https: HTTP_X_FORWARDED_PROTO for X-Forwarded-Proto; unset: none" removal:"enable_proxy_headers_parsing does the same and more"`
	Stall              time.Duration `name:"client_socket_timeout" default:"900" min:"0" help:"seconds that a client may neither send nor take a byte; 0: for ever"`
	BodyMax            int           `name:"max_json_body_size" default:"16777216" min:"1" help:"most bytes of a JSON body; not in the reference"`

	Sendfile // of downloads
}

// Images is the options of owners, quotas and pages.
type Images struct {
	AdminRole        string `name:"admin_role" default:"admin" help:"the role that makes a caller an administrator"`
	OwnerIsTenant    bool   `name:"owner_is_tenant" default:"true" help:"the owner of a new image is the project, not the user"`
	PropertyQuota    int    `name:"image_property_quota" default:"128" help:"custom properties an image may have; negative: any number"`
	MemberQuota      int    `name:"image_member_quota" default:"128" help:"members an image may have; negative: any number"`
	LocationQuota    int    `name:"image_location_quota" default:"10" help:"locations an image may have; negative: any number"`
	TagQuota         int    `name:"image_tag_quota" default:"128" help:"tags an image may have; negative: any number"`
	PageSize         int    `name:"limit_param_default" default:"25" min:"1" help:"images on a page when the request does not say"`
	PageMax          int    `name:"api_limit_max" default:"1000" min:"1" help:"most images on a page"`
	SizeCap          int64  `name:"image_size_cap" default:"1099511627776" min:"1" max:"9223372036854775808" help:"most bytes of an image's data"`
	UserStorageQuota string `name:"user_storage_quota" default:"0" help:"most bytes of all images of an owner: digits and B, KB, MB, GB or TB; 0: any"`

	ShowDirectURL bool `name:"show_image_direct_url" default:"false" help:"show where an image's data is stored, to everyone who sees the image"`
	ShowLocations bool `name:"show_multiple_locations" default:"false" removal:"the reference has deprecated it" help:"show all locations of an image, and let them be changed; a caller who may change them can replace the data of an active image"`
	DelayedDelete bool `name:"delayed_delete" default:"false" help:"keep the data of deleted images until the scrubber takes it"`

	LocationStrategy    string   `name:"location_strategy" default:"location_order" choices:"location_order,store_type" help:"the order in which locations are shown and read"`
	StoreTypePreference []string `name:"store_type_preference" group:"store_type_location_strategy" help:"the order of stores for the strategy store_type: file, http, rbd, swift, sheepdog, cinder, vmware"`
}

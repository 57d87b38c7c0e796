// Package paste reads the paste file: the INI file that says through which filters a request goes on its way to the API
// (spec operations 1.1).
//
//	[pipeline:glance-api-keystone]
//	pipeline = cors healthcheck http_proxy_to_wsgi versionnegotiation authtoken context rootapp
//
//	[composite:rootapp]
//	paste.composite_factory = glance.api:root_app_factory
//	/: apiversions
//	/v2: apiv2app
//
//	[app:apiversions]
//	paste.app_factory = glance.api.versions:create_resource
//
//	[app:apiv2app]
//	paste.app_factory = glance.api.v2.router:API.factory
//
//	[filter:authtoken]
//	paste.filter_factory = keystonemiddleware.auth_token:filter_factory
//	delay_auth_decision = true
//
// The application is called glance-api, and with a flavor ([paste_deploy] flavor) glance-api-FLAVOR. Its pipeline names
// filters, the outermost first, and last the application. The names are free: what a filter is, its factory says, and
// the factories known here are those in [Kinds]. An unknown one is an error, but only where the chosen pipeline leads to
// it; the rest of the file is not looked at.
//
// # Lines
//
// A key ends at the first = or :, so that "/v2: apiv2app" is the key /v2. A value goes on in the lines below that are
// indented deeper than their key. A line whose first character is # or ; is a comment; further right these are part of
// the value. The same section, or the same key of a section, twice is an error.
//
// %(name)s in a value stands for another key of the section or of [DEFAULT], %(here)s for the folder of the file,
// %(__file__)s for its path, and %% for a per cent sign.
//
// # Settings
//
// A filter gets the keys of its section, and those of [DEFAULT]. Where both have a key, [DEFAULT] wins, unless the
// section writes "set x = v"; in a pipeline or a composite that is said for all that it leads to. "get a = x" gives the
// filter the setting x as a. "use = NAME" begins with the settings and the factory of another filter of this file.
//
// Sections of type filter-app, the keys filter-with and require, and other forms of use are refused where the chosen
// pipeline has them.
package paste

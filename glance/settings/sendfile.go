package settings

// Sendfile is the options of downloads that the front end takes from the disk itself; none is in the reference.
type Sendfile struct {
	FileHeader   string `name:"header" group:"sendfile" choices:"X-Accel-Redirect,X-Sendfile" help:"have the front end send whole images that are local files: X-Accel-Redirect for nginx, X-Sendfile for Apache with mod_xsendfile; unset: the service sends them; nobody may reach the service but through that front end; not in the reference"`
	FileRoot     string `name:"root" group:"sendfile" help:"folder of the files that the front end may send, and no others; not in the reference"`
	FileLocation string `name:"location" group:"sendfile" default:"/image-data/" help:"for X-Accel-Redirect: the internal location of nginx that stands for the folder; not in the reference"`
}

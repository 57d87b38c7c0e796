package settings

// Import is the options of the import of staged image data.
type Import struct {
	StagingURI string `name:"node_staging_uri" default:"file:///tmp/staging/" help:"folder for image data that was staged and is not imported yet, as file:// and an absolute path; processes that share a database should share it"`
}

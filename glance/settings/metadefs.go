package settings

// Metadefs is the option of the files of metadata definitions (spec metadefs 15).
type Metadefs struct {
	SourcePath string `name:"metadata_source_path" default:"/etc/glance/metadefs/" help:"file or folder of metadata definitions that glance-manage loads, and folder that it exports to, when the command line does not say"`
}

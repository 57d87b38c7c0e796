-- Glare is a service of its own (spec storage-db 1.11). The reference stops at a table that is not there.
DROP TABLE IF EXISTS artifact_blob_locations;
DROP TABLE IF EXISTS artifact_properties;
DROP TABLE IF EXISTS artifact_blobs;
DROP TABLE IF EXISTS artifact_dependencies;
DROP TABLE IF EXISTS artifact_tags;
DROP TABLE IF EXISTS artifacts;

-- What revision liberty has on SQLite besides the tables in tables.sql: images with is_public, and those of Glare
-- (spec storage-db 3.2).

CREATE TABLE images (
	id VARCHAR(36) NOT NULL,
	name VARCHAR(255),
	size BIGINT,
	status VARCHAR(30) NOT NULL,
	is_public BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	deleted_at DATETIME,
	deleted BOOLEAN NOT NULL,
	disk_format VARCHAR(20),
	container_format VARCHAR(20),
	checksum VARCHAR(32),
	owner VARCHAR(255),
	min_disk INTEGER NOT NULL,
	min_ram INTEGER NOT NULL,
	protected BOOLEAN DEFAULT 0 NOT NULL,
	virtual_size BIGINT,
	PRIMARY KEY (id),
	CHECK (is_public IN (0, 1)),
	CHECK (deleted IN (0, 1)),
	CHECK (protected IN (0, 1))
);
CREATE INDEX checksum_image_idx ON images (checksum);
CREATE INDEX ix_images_deleted ON images (deleted);
CREATE INDEX ix_images_is_public ON images (is_public);
CREATE INDEX owner_image_idx ON images (owner);

CREATE TABLE artifacts (
	id VARCHAR(36) NOT NULL,
	name VARCHAR(255) NOT NULL,
	type_name VARCHAR(255) NOT NULL,
	type_version_prefix BIGINT NOT NULL,
	type_version_suffix VARCHAR(255),
	type_version_meta VARCHAR(255),
	version_prefix BIGINT NOT NULL,
	version_suffix VARCHAR(255),
	version_meta VARCHAR(255),
	description TEXT,
	visibility VARCHAR(32) NOT NULL,
	state VARCHAR(32) NOT NULL,
	owner VARCHAR(255) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	deleted_at DATETIME,
	published_at DATETIME,
	PRIMARY KEY (id)
);
CREATE INDEX ix_artifact_name_and_version ON artifacts (name, version_prefix, version_suffix);
CREATE INDEX ix_artifact_type ON artifacts (type_name, type_version_prefix, type_version_suffix);
CREATE INDEX ix_artifact_state ON artifacts (state);
CREATE INDEX ix_artifact_owner ON artifacts (owner);
CREATE INDEX ix_artifact_visibility ON artifacts (visibility);

CREATE TABLE artifact_tags (
	id VARCHAR(36) NOT NULL,
	artifact_id VARCHAR(36) NOT NULL,
	value VARCHAR(255) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(artifact_id) REFERENCES artifacts (id)
);
CREATE INDEX ix_artifact_tags_artifact_id ON artifact_tags (artifact_id);
CREATE INDEX ix_artifact_tags_artifact_id_tag_value ON artifact_tags (artifact_id, value);

CREATE TABLE artifact_dependencies (
	id VARCHAR(36) NOT NULL,
	artifact_source VARCHAR(36) NOT NULL,
	artifact_dest VARCHAR(36) NOT NULL,
	artifact_origin VARCHAR(36) NOT NULL,
	is_direct BOOLEAN NOT NULL,
	position INTEGER,
	name VARCHAR(36),
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(artifact_dest) REFERENCES artifacts (id),
	FOREIGN KEY(artifact_origin) REFERENCES artifacts (id),
	FOREIGN KEY(artifact_source) REFERENCES artifacts (id),
	CHECK (is_direct IN (0, 1))
);
CREATE INDEX ix_artifact_dependencies_source_id ON artifact_dependencies (artifact_source);
CREATE INDEX ix_artifact_dependencies_dest_id ON artifact_dependencies (artifact_dest);
CREATE INDEX ix_artifact_dependencies_origin_id ON artifact_dependencies (artifact_origin);
CREATE INDEX ix_artifact_dependencies_direct_dependencies ON artifact_dependencies (artifact_source, is_direct);

CREATE TABLE artifact_blobs (
	id VARCHAR(36) NOT NULL,
	artifact_id VARCHAR(36) NOT NULL,
	size BIGINT NOT NULL,
	checksum VARCHAR(32),
	name VARCHAR(255) NOT NULL,
	item_key VARCHAR(329),
	position INTEGER,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(artifact_id) REFERENCES artifacts (id)
);
CREATE INDEX ix_artifact_blobs_artifact_id ON artifact_blobs (artifact_id);
CREATE INDEX ix_artifact_blobs_name ON artifact_blobs (name);

CREATE TABLE artifact_properties (
	id VARCHAR(36) NOT NULL,
	artifact_id VARCHAR(36) NOT NULL,
	name VARCHAR(255) NOT NULL,
	string_value VARCHAR(255),
	int_value INTEGER,
	numeric_value NUMERIC,
	bool_value BOOLEAN,
	text_value TEXT,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	position INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(artifact_id) REFERENCES artifacts (id),
	CHECK (bool_value IN (0, 1))
);
CREATE INDEX ix_artifact_properties_artifact_id ON artifact_properties (artifact_id);
CREATE INDEX ix_artifact_properties_name ON artifact_properties (name);

CREATE TABLE artifact_blob_locations (
	id VARCHAR(36) NOT NULL,
	blob_id VARCHAR(36) NOT NULL,
	value TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	position INTEGER,
	status VARCHAR(36),
	PRIMARY KEY (id),
	FOREIGN KEY(blob_id) REFERENCES artifact_blobs (id)
);
CREATE INDEX ix_artifact_blob_locations_blob_id ON artifact_blob_locations (blob_id);

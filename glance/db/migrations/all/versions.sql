-- The two tables that say which revision a database is at: Alembic's, and the one of the tool before it, which the
-- reference makes too (spec storage-db 1.10). A database that holds nothing but these two counts as empty.

CREATE TABLE IF NOT EXISTS migrate_version (
	repository_id VARCHAR(250) NOT NULL,
	repository_path TEXT,
	version INTEGER,
	PRIMARY KEY (repository_id)
);
INSERT INTO migrate_version (repository_id, version) SELECT 'Glance Migrations', 0 FROM (SELECT 1 AS one) once
	WHERE NOT EXISTS (SELECT 1 FROM migrate_version WHERE repository_id = 'Glance Migrations');
CREATE TABLE IF NOT EXISTS alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

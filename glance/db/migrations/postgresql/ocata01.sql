-- From is_public to visibility (spec storage-db 2.1), while no service runs.
DO $$
	BEGIN
		CREATE TYPE image_visibility AS ENUM ('private', 'public', 'shared', 'community');
	EXCEPTION WHEN duplicate_object THEN NULL; -- tables that were dropped leave it
	END
$$;
ALTER TABLE images ADD COLUMN visibility image_visibility;
UPDATE images SET visibility = CAST(CASE WHEN is_public THEN 'public'
	WHEN EXISTS (SELECT 1 FROM image_members m WHERE m.image_id = images.id AND NOT m.deleted) THEN 'shared'
	ELSE 'private' END AS image_visibility);
ALTER TABLE images DROP COLUMN is_public, ALTER COLUMN visibility SET DEFAULT 'shared', ALTER COLUMN visibility SET NOT NULL;
CREATE INDEX visibility_image_idx ON images (visibility);

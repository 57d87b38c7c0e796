-- From is_public to visibility (spec storage-db 2.1), while no service runs. Every statement may have been run before,
-- by an upgrade that was cut short, that of ocata_expand01 too: visibility stays as it is where it is known.

-- unless images.visibility
ALTER TABLE images ADD COLUMN visibility ENUM('private', 'public', 'shared', 'community') NULL,
	ADD INDEX visibility_image_idx (visibility);
DROP TRIGGER IF EXISTS insert_visibility;
DROP TRIGGER IF EXISTS update_visibility;
-- if images.is_public
UPDATE images SET visibility = CASE WHEN is_public THEN 'public'
	WHEN EXISTS (SELECT 1 FROM image_members m WHERE m.image_id = images.id AND NOT m.deleted) THEN 'shared' ELSE 'private' END
	WHERE visibility IS NULL;
-- if images.is_public
ALTER TABLE images DROP COLUMN is_public,
	MODIFY visibility ENUM('private', 'public', 'shared', 'community') DEFAULT 'shared' NOT NULL;

-- is_public goes, and with it what has kept it in step with visibility; the triggers first, as they name it.
DROP TRIGGER IF EXISTS insert_visibility;
DROP TRIGGER IF EXISTS update_visibility;
-- if images.is_public
ALTER TABLE images DROP COLUMN is_public,
	MODIFY visibility ENUM('private', 'public', 'shared', 'community') DEFAULT 'shared' NOT NULL;

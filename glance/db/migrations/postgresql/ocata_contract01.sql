-- is_public goes, and with it what has kept it in step with visibility.
DROP TRIGGER IF EXISTS insert_visibility ON images;
DROP TRIGGER IF EXISTS update_visibility ON images;
DROP FUNCTION IF EXISTS insert_visibility();
DROP FUNCTION IF EXISTS update_visibility();
ALTER TABLE images DROP COLUMN is_public, ALTER COLUMN visibility SET DEFAULT 'shared', ALTER COLUMN visibility SET NOT NULL;

-- visibility beside is_public: services of both kinds may run, and triggers have what one of them writes known to the
-- other, by the rules that the reference has for MySQL alone (spec storage-db 3.4). The index comes outside of the transaction, which keeps writers waiting (DB.Expand).
DO $$
	BEGIN
		CREATE TYPE image_visibility AS ENUM ('private', 'public', 'shared', 'community');
	EXCEPTION WHEN duplicate_object THEN NULL; -- tables that were dropped leave it
	END
$$;
ALTER TABLE images ADD COLUMN visibility image_visibility, ALTER COLUMN is_public DROP NOT NULL;

CREATE FUNCTION insert_visibility() RETURNS trigger AS $$
	BEGIN
		IF (NEW.is_public IS NULL) = (NEW.visibility IS NULL) THEN
			RAISE EXCEPTION SQLSTATE '45000' USING MESSAGE = 'Invalid visibility value';
		END IF;
		IF NEW.visibility IS NULL THEN
			NEW.visibility := CASE WHEN NEW.is_public THEN 'public' ELSE 'shared' END;
		ELSE
			NEW.is_public := NEW.visibility = 'public';
		END IF;
		RETURN NEW;
	END
$$ LANGUAGE plpgsql;
CREATE TRIGGER insert_visibility BEFORE INSERT ON images FOR EACH ROW EXECUTE PROCEDURE insert_visibility();

CREATE FUNCTION update_visibility() RETURNS trigger AS $$
	DECLARE
		old_service BOOLEAN := NEW.is_public IS DISTINCT FROM OLD.is_public;
		new_service BOOLEAN := NEW.visibility IS DISTINCT FROM OLD.visibility;
	BEGIN
		IF old_service AND (new_service OR NEW.is_public IS NULL) OR new_service AND NEW.visibility IS NULL THEN
			RAISE EXCEPTION SQLSTATE '45000' USING MESSAGE = 'Invalid visibility value';
		END IF;
		IF old_service THEN
			NEW.visibility := CASE WHEN NEW.is_public THEN 'public' ELSE 'shared' END;
		ELSIF new_service THEN
			NEW.is_public := NEW.visibility = 'public';
		END IF;
		RETURN NEW;
	END
$$ LANGUAGE plpgsql;
-- That it names the columns keeps a tool that does not know of it from dropping one.
CREATE TRIGGER update_visibility BEFORE UPDATE OF is_public, visibility ON images FOR EACH ROW EXECUTE PROCEDURE update_visibility();

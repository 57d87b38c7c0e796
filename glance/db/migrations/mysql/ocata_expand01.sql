-- visibility beside is_public: services of both kinds may run, and triggers have what one of them writes known to the
-- other (spec storage-db 3.4). Every statement may have been run before, by an upgrade that was cut short.

-- unless images.visibility
ALTER TABLE images ADD COLUMN visibility ENUM('private', 'public', 'shared', 'community') NULL,
	ADD INDEX visibility_image_idx (visibility);
ALTER TABLE images MODIFY is_public BOOLEAN NULL;
-- First the one without which, were this cut short here, what an old service publishes later would not be public.
-- unless update_visibility
CREATE TRIGGER update_visibility BEFORE UPDATE ON images FOR EACH ROW
	BEGIN
		DECLARE old_service BOOLEAN DEFAULT NOT NEW.is_public <=> OLD.is_public;
		DECLARE new_service BOOLEAN DEFAULT NOT NEW.visibility <=> OLD.visibility;
		IF old_service AND (new_service OR NEW.is_public IS NULL) OR new_service AND NEW.visibility IS NULL THEN
			SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Invalid visibility value';
		END IF;
		IF old_service THEN
			SET NEW.visibility = IF(NEW.is_public = 1, 'public', 'shared');
		ELSEIF new_service THEN
			SET NEW.is_public = NEW.visibility = 'public';
		END IF;
	END;
-- unless insert_visibility
CREATE TRIGGER insert_visibility BEFORE INSERT ON images FOR EACH ROW
	BEGIN
		IF (NEW.is_public IS NULL) = (NEW.visibility IS NULL) THEN
			SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Invalid visibility value';
		END IF;
		IF NEW.visibility IS NULL THEN
			SET NEW.visibility = IF(NEW.is_public = 1, 'public', 'shared');
		ELSE
			SET NEW.is_public = NEW.visibility = 'public';
		END IF;
	END;

-- unless images.created_at_image_idx
ALTER TABLE images ADD INDEX created_at_image_idx (created_at);
-- unless images.updated_at_image_idx
ALTER TABLE images ADD INDEX updated_at_image_idx (updated_at);

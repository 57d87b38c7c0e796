-- From is_public to visibility (spec storage-db 2.1), by making the table anew.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE images_backup AS SELECT * FROM images;
DROP TABLE images;
-- include images
INSERT INTO images (id, name, size, status, created_at, updated_at, deleted_at, deleted, disk_format, container_format, checksum,
	owner, min_disk, min_ram, protected, virtual_size, visibility)
	SELECT id, name, size, status, created_at, updated_at, deleted_at, deleted, disk_format, container_format, checksum, owner,
	min_disk, min_ram, protected, virtual_size, CASE WHEN is_public THEN 'public'
	WHEN EXISTS (SELECT 1 FROM image_members m WHERE m.image_id = b.id AND NOT m.deleted) THEN 'shared' ELSE 'private' END
	FROM images_backup b;
DROP TABLE images_backup;

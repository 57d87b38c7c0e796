-- Nova's resource type has its present name. Where both names are there, definitions have been loaded that know the new
-- one; then the old one is the site's own.
UPDATE metadef_resource_types SET name = 'OS::Nova::Server' WHERE name = 'OS::Nova::Instance' AND NOT EXISTS
	(SELECT 1 FROM (SELECT name FROM metadef_resource_types) known WHERE known.name = 'OS::Nova::Server');

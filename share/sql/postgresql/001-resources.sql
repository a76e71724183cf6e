-- Every column but body can be had from body and its ancestors; they are there to be looked up by. body is text, not
-- jsonb, which would spell numbers and order keys in its own way. Names compare byte by byte, as in SQLite and in C.
CREATE TABLE resource (
	identifier text COLLATE "C" PRIMARY KEY,
	type text COLLATE "C" NOT NULL,
	parent_identifier text COLLATE "C",
	datasource text COLLATE "C",
	patient text COLLATE "C",
	level bigint NOT NULL,
	created_at bigint NOT NULL,
	updated_at bigint NOT NULL,
	body text NOT NULL,
	shorthand text COLLATE "C",
	external_uid text COLLATE "C"
);
CREATE INDEX resource_parent ON resource (parent_identifier);
CREATE INDEX resource_level ON resource (level, identifier);

-- What derived_from, reference_mri and the like name.
CREATE TABLE reference (
	source text COLLATE "C" NOT NULL,
	target text COLLATE "C" NOT NULL,
	PRIMARY KEY (source, target)
);
CREATE INDEX reference_target ON reference (target);

-- The model's own keys, each also the way to look it up.
CREATE UNIQUE INDEX datasource_shorthand ON resource (shorthand) WHERE type = 'datasource';
CREATE UNIQUE INDEX patient_external_uid ON resource (datasource, external_uid) WHERE type = 'patient';
CREATE UNIQUE INDEX specimen_event_root ON resource (patient) WHERE type = 'specimen' AND parent_identifier = patient;

-- vx-serve proves that what a resource refers to exists, under a lock that keeps it there; a foreign key would ask again
-- for every row, and lock the parent's. What is deleted by hand is held against the same rule here, once a statement.
CREATE FUNCTION resource_guard() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	other text;
BEGIN
	SELECT r.identifier INTO other FROM gone g JOIN resource r ON r.parent_identifier = g.identifier LIMIT 1;
	IF other IS NULL THEN
		SELECT f.source INTO other FROM gone g JOIN reference f ON f.target = g.identifier LIMIT 1;
	END IF;
	IF other IS NULL THEN
		SELECT f.source INTO other FROM gone g JOIN reference f ON f.source = g.identifier LIMIT 1;
	END IF;
	IF other IS NOT NULL THEN
		RAISE EXCEPTION '% stands on what would be deleted', other USING ERRCODE = 'foreign_key_violation';
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER resource_guard AFTER DELETE ON resource REFERENCING OLD TABLE AS gone
	FOR EACH STATEMENT EXECUTE FUNCTION resource_guard();

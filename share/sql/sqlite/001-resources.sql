-- Every column but body can be had from body and its ancestors; they are there to be looked up by. Rows lie in the order
-- they came (rowid), so that a large body never moves.
CREATE TABLE resource (
	identifier TEXT NOT NULL PRIMARY KEY,
	type TEXT NOT NULL,
	parent_identifier TEXT REFERENCES resource (identifier),
	datasource TEXT,
	patient TEXT,
	level INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	body TEXT NOT NULL
);
CREATE INDEX resource_parent ON resource (parent_identifier);
CREATE INDEX resource_level ON resource (level, identifier);

-- What derived_from, reference_mri and the like name.
CREATE TABLE reference (
	source TEXT NOT NULL REFERENCES resource (identifier),
	target TEXT NOT NULL REFERENCES resource (identifier),
	PRIMARY KEY (source, target)
) WITHOUT ROWID;
CREATE INDEX reference_target ON reference (target);

-- The model's own keys, each also the way to look it up.
CREATE UNIQUE INDEX datasource_shorthand ON resource (json_extract(body, '$.shorthand'))
	WHERE type = 'datasource';
CREATE UNIQUE INDEX patient_external_uid ON resource (datasource, json_extract(body, '$.external_uid'))
	WHERE type = 'patient';
CREATE UNIQUE INDEX specimen_event_root ON resource (patient)
	WHERE type = 'specimen' AND parent_identifier = patient;

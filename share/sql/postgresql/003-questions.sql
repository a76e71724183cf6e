-- What people ask for, as columns of their own: an index on an expression would take the whole body apart again for every
-- row that comes in. vx-serve fills them in; each is NULL for other types. Texts longer than 1,000 bytes are cut, with
-- their SHA-256 behind, since an entry of an index is bounded; U+FFFD stands for U+0000.
ALTER TABLE resource
	ADD COLUMN series_description text COLLATE "C",
	ADD COLUMN manufacturer text COLLATE "C",
	ADD COLUMN b_value double precision,
	ADD COLUMN task text COLLATE "C",
	ADD COLUMN isup smallint;

CREATE FUNCTION resource_key(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	bytes bytea := convert_to(value, 'UTF8');
	n int := 930;
BEGIN
	IF value IS NULL OR length(bytes) <= 1000 THEN
		RETURN value;
	END IF;
	WHILE get_byte(bytes, n) & 192 = 128 LOOP
		n := n - 1;
	END LOOP;
	RETURN convert_from(substring(bytes FOR n), 'UTF8') || '...' || encode(sha256(bytes), 'hex');
END
$$;
UPDATE resource r SET
	series_description = CASE type WHEN 'volume' THEN resource_key(j ->> 'series_description') END,
	manufacturer = CASE type WHEN 'volume' THEN resource_key(j ->> 'manufacturer') END,
	b_value = CASE type WHEN 'volume' THEN (j ->> 'b_value')::double precision END,
	task = CASE type WHEN 'voxelmap' THEN resource_key(j ->> 'task') END,
	isup = CASE type WHEN 'assessment' THEN (j ->> 'isup')::smallint END
	FROM (SELECT identifier AS i, regexp_replace(body, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::json AS j
		FROM resource WHERE type IN ('volume', 'voxelmap', 'assessment')) b
	WHERE r.identifier = b.i;
DROP FUNCTION resource_key(text);

CREATE INDEX resource_datasource ON resource (datasource, type);
CREATE INDEX resource_patient ON resource (patient, type);
CREATE INDEX volume_series_description ON resource (series_description) WHERE series_description IS NOT NULL;
CREATE INDEX volume_manufacturer ON resource (manufacturer) WHERE manufacturer IS NOT NULL;
CREATE INDEX volume_b_value ON resource (b_value) WHERE b_value IS NOT NULL;
CREATE INDEX voxelmap_task ON resource (task) WHERE task IS NOT NULL;
CREATE INDEX assessment_isup ON resource (isup) WHERE isup IS NOT NULL;

-- A patient's grade: what the assessment below its event root says.
CREATE VIEW patient_grade AS SELECT s.patient, s.datasource, s.identifier AS event_root, a.identifier AS assessment, a.isup
	FROM resource a JOIN resource s ON s.identifier = a.parent_identifier
	WHERE a.type = 'assessment' AND s.type = 'specimen' AND s.parent_identifier = s.patient;

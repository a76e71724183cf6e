-- A patient's grade: what the assessment below its event root says. And what is asked of types that are few: their
-- indexes cost the many nothing. (A volume's fields would cost each volume that comes in as much as the volume.)
CREATE INDEX voxelmap_task ON resource (json_extract(body, '$."task"')) WHERE type = 'voxelmap';
CREATE INDEX assessment_isup ON resource (json_extract(body, '$."isup"')) WHERE type = 'assessment';
CREATE VIEW patient_grade AS SELECT s.patient, s.datasource, s.identifier AS event_root, a.identifier AS assessment,
	json_extract(a.body, '$."isup"') AS isup
	FROM resource a JOIN resource s ON s.identifier = a.parent_identifier
	WHERE a.type = 'assessment' AND s.type = 'specimen' AND s.parent_identifier = s.patient;

#!/usr/bin/env bats
# The data model in share/schema: what it covers, and that vx reads it as another validator does.
load helper

peer() { /usr/bin/python3 -W ignore -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null || skip "python3-jsonschema is not here"; }

@test "thousands of records and schemas: the same verdicts and fields as python3-jsonschema" {
	peer
	run3 /usr/bin/python3 "$ROOT/tests/schema_peer.py" schema_probe "$ROOT/share/schema" 300 1000
	expect 0
	has "$out" ", 0 differ"
	[ "$(cut -d' ' -f1 <<<"$out")" -ge 15000 ]
}

@test "that test sees a limit that is off by one" {
	peer
	mkdir "$BATS_TEST_TMPDIR/share"
	cp -r "$ROOT/share/schema" "$BATS_TEST_TMPDIR/share"
	sed -i 's/"maximum": 5/"maximum": 6/' "$BATS_TEST_TMPDIR/share/schema/assessment.json"
	VX_SHARE=$BATS_TEST_TMPDIR/share run3 /usr/bin/python3 "$ROOT/tests/schema_peer.py" schema_probe "$ROOT/share/schema" 1 1
	expect 1
	has "$out" '"isup": 6'
}

@test "the schemas are JSON Schema 2020-12 themselves, and every field says what it is" {
	peer
	run3 /usr/bin/python3 -W ignore - "$ROOT"/share/schema/*.json <<-'X'
	import json, jsonschema, sys
	for path in sys.argv[1:]:
	    schema = json.load(open(path))
	    jsonschema.Draft202012Validator.check_schema(schema)
	    for name, field in schema.get("properties", {}).items():
	        assert field.get("description"), (path, name)
	X
	expect 0
}

@test "every type has its collection, model, rank and parents; ranks are in order" {
	run3 jq -rs 'map(select(.["x-vx"].collection))|sort_by(.["x-vx"].rank)[]|.["x-vx"]|[.collection,.model,(.parents|join("|"))]|join(" ")' \
		"$ROOT"/share/schema/*.json
	expect 0
	same "$out" 'datasources DataSourceCreate 
patients PatientCreate datasource
imaging_studies ImagingStudyCreate patient
volumes VolumeCreate study
annotation_sessions AnnotationSessionCreate datasource|patient|study
voxel_maps VoxelMapCreate study|volume|session
pathology_specimens PathologySpecimenCreate patient|specimen
pathology_assessments PathologyAssessmentCreate specimen
psa_values PsaCreate patient'
}

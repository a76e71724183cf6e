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

@test "the schema of mappings is JSON Schema 2020-12, describes each field, and python3-jsonschema takes every mapping" {
	peer
	run3 /usr/bin/python3 -W ignore - "$ROOT"/share/pathology/mapping.schema.json "$ROOT"/share/pathology/[!m]*.json <<-'X'
	import json, jsonschema, sys
	schema = json.load(open(sys.argv[1]))
	jsonschema.Draft202012Validator.check_schema(schema)
	fields = 0
	def described(node):
	    global fields
	    for name, field in node.get("properties", {}).items() if isinstance(node, dict) else []:
	        assert field is False or "const" in field or list(field) == ["enum"] or field.get("description"), name
	        fields += 1
	    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
	        described(child)
	described(schema)
	check = jsonschema.Draft202012Validator(schema)
	for path in sys.argv[2:]:
	    mapping = json.load(open(path))
	    assert mapping["$schema"] == "mapping.schema.json", path
	    errors = [(list(e.absolute_path), e.message) for e in check.iter_errors(mapping)]
	    assert not errors, (path, errors)
	    mapping["rows"] = "rows"
	    assert not check.is_valid(mapping), path
	print(fields >= 100, len(sys.argv[2:]) >= 3)
	X
	expect 0
	same "$out" "True True"
}

@test "a mapping may set what the fields of a specimen take" {
	run3 jq -n --slurpfile m "$ROOT/share/pathology/mapping.schema.json" --slurpfile s "$ROOT/share/schema/specimen.json" '
		[["type", "side", "level", "zone", "ap_position", "laterality", "tissue_location"][] as $f
			| $m[0]["$defs"][$f].enum == ($s[0].properties[$f].enum - [null])]'
	expect 0
	same "$(tr -d ' \n' <<<"$out")" '[true,true,true,true,true,true,true]'
}

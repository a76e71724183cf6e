# A datasource, 200 volumes a patient in two studies, all that a converted series has to say, with what a pipe leaves on a
# record. usage: awk -v n=VOLUMES -f volumes.awk
BEGIN {
	print "{\"identifier\":\"datasource/bench\",\"shorthand\":\"BE\"}"
	for (i = 0; i < n; i++) {
		p = sprintf("BE%05d", int(i / 200) + 1); s = p "/" (i % 2 + 1); v = sprintf("%s/t2-%07d", s, i)
		if (i % 200 == 0)
			printf "{\"identifier\":\"patient/%s\",\"parent_identifier\":\"datasource/bench\",\"external_uid\":\"%s\"}\n", p, p
		if (i % 200 < 2)
			printf "{\"identifier\":\"study/%s\",\"parent_identifier\":\"patient/%s\",\"modality\":\"MR\"}\n", s, p
		printf "{\"identifier\":\"volume/%s\",\"parent_identifier\":\"study/%s\",\"volume_uid\":\"sub-%s\",", v, s, v
		printf "\"path_nii\":\"s3://bucket/bench/%s.nii.gz\",\"path_json\":\"s3://bucket/bench/%s.json\",", v, v
		printf "\"volume_type\":\"T2\",\"shape\":[384,384,24],\"spacing\":[0.5,0.5,3.0],\"orientation\":\"LPS\","
		printf "\"affine\":[[-0.5,0,0,96.2],[0,-0.5,0,83.1],[0,0,3.0,-40.25],[0,0,0,1]],\"datatype\":\"int16\","
		printf "\"series_description\":\"t2_tse_tra\",\"manufacturer\":\"Siemens\",\"model_name\":\"Skyra\","
		printf "\"magnetic_field_strength\":3,\"echo_time\":0.101,\"repetition_time\":5.2,\"flip_angle\":160,"
		printf "\"slice_thickness\":3,\"license\":\"CC-BY-NC-4.0\",\"_match\":{\"patient\":\"%s\"}}\n", p
	}
}

# Bash completion of the vx tools. It asks a tool's own --help, so that it never tells of options that are gone.
# Use: source share/vx/completion/vx.bash
# Tools: vx-scan vx-csv vx-dicom-meta vx-mha2nii vx-nifti-meta vx-pathology vx-patient-map vx-upload vx-validate vx-post vx-serve

_vx() {
	local word=${COMP_WORDS[COMP_CWORD]} tool=${COMP_WORDS[0]}
	COMPREPLY=()
	case $word in
	-*)
		local options
		options=$("$tool" --help 2>/dev/null | grep -oE '^ +(-[a-zA-Z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+')
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		;;
	*) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	esac
}
complete -o filenames -F _vx vx-scan vx-csv vx-dicom-meta vx-mha2nii vx-nifti-meta vx-pathology vx-patient-map vx-upload vx-validate vx-post vx-serve

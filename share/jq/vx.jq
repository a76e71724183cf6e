# vx.jq: from a table row or a file record to a vxData resource.
#	jq -c -L share/jq 'include "vx"; psa({value: .psa | number("psa"), date: .mri_date | date("mri_date")})'
# Each constructor takes the record as its input and the fields that the dataset script knows as its argument; it keeps
# the record's private keys (_source, _file, _patient ...), so that an error at the far end still names file and row.
# What cannot be read is an error with field, value and reason; attempt(f) turns it into a reject.
# For jq 1.6. SPDX-License-Identifier: MIT

# --- what is blank, a number, a date --------------------------------------------------------------------------------

# refuse: the error that attempt understands. field names the source's column, value is what stands there.
def refuse($field; $value; $reason): {vx_reject: true, $field, $value, $reason} | error;

def trimmed: if type == "string" then sub("^\\s+"; "") | sub("\\s+$"; "") else . end;

# blank: null where the cell says nothing ("", "N/A", "-", "NaN" ...), else the cell without blanks around it.
def blank:
  if type != "string" then .
  else trimmed | if ascii_downcase | IN("", "-", "--", "n/a", "na", "#n/a", "nan", "null") then null else . end
  end;

# number: a cell as a number, null when blank; anything but a plain decimal number is refused, also "12,5", "> 100", "1e5 ?".
def number($field):
  blank
  | if . == null or type == "number" then .
    elif type == "string" and test("^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?$")
    then ltrimstr("+") | tonumber | if fabs > 1e300 then refuse($field; .; "out of range") else . end
    else refuse($field; .; "no number") end;

# number_comma: as number, for sources that are known to write a decimal comma. 1.234,5 is refused: it is a guess.
def number_comma($field):
  blank | if type == "string" and test("^[-+]?[0-9]+,[0-9]+$") then sub(","; ".") else . end | number($field);

# integer: as number, without a fraction.
def integer($field):
  number($field) | if . == null or . == floor then . else refuse($field; .; "no whole number") end;

def days_of($year; $month):
  if $month == 2 then (if $year % 4 == 0 and ($year % 100 != 0 or $year % 400 == 0) then 29 else 28 end)
  elif $month | IN(4, 6, 9, 11) then 30
  else 31 end;

# date: a calendar date as YYYY-MM-DD from YYYY-MM-DD, YYYY/MM/DD or DICOM's YYYYMMDD, a time behind it dropped; null when
# blank. Orders of day and month that the text does not settle (03/04/2019) are refused.
def date($field):
  blank
  | if . == null then .
    else . as $cell
      | (tostring
         | capture("^(?<y>[0-9]{4})(?<s>[-/]?)(?<m>[0-9]{2})\\k<s>(?<d>[0-9]{2})([T ][0-9:.]+(Z|[-+][0-9:]+)?)?$")
         // refuse($field; $cell; "no date of the form YYYY-MM-DD"))
      | (.y | tonumber) as $y | (.m | tonumber) as $m | (.d | tonumber) as $d
      | if $m >= 1 and $m <= 12 and $d >= 1 and $d <= days_of($y; $m) then "\(.y)-\(.m)-\(.d)"
        else refuse($field; $cell; "no such day") end
    end;

# required: the value, refused when null.
def required($field): if . == null then refuse($field; .; "missing") else . end;

# --- identifiers ----------------------------------------------------------------------------------------------------

# segment: any text as one segment of an identifier: bytes outside A-Za-z0-9._- become +XX (as vx_identifier_encode).
# @uri leaves ~ alone, and some jq also !*'().
def segment:
  tostring | @uri
  | reduce (["~", "%7E"], ["!", "%21"], ["*", "%2A"], ["'", "%27"], ["(", "%28"], [")", "%29"]) as [$from, $to]
      (.; if contains($from) then split($from) | join($to) else . end)
  | split("%") | join("+")
  | if . == "." or . == ".." then "+2E" + .[1:] else . end;

# identifier("psa"; ["PC00001", "2012-08-13"]): the segments below the type.
def identifier($kind; $segments):
  if any($segments[]; . == null or . == "") then refuse("identifier"; $segments; "a segment is missing")
  else [$kind, ($segments[] | segment)] | join("/")
    | if length > 255 then refuse("identifier"; .; "longer than 255 bytes") else . end
  end;

def type_of: split("/")[0];

# short: the patient's name in other identifiers: "PC00001" of "patient/PC00001".
def short: ltrimstr("patient/");

# patient: the vxData patient of a record that went through vx-patient-map.
def patient: ._patient | required("_patient");

# --- resources ------------------------------------------------------------------------------------------------------

# without_nulls: an absent field and null mean the same; leave it out. Empty other_data says nothing either.
def without_nulls: with_entries(select(.value != null and .value != {}));

# public, private: a record's own fields, and what the tools noted about it; nothing where there is no record (jq -n).
def public: (. // {}) | with_entries(select(.key | startswith("_") | not));
def private: (. // {}) | with_entries(select(.key | startswith("_")));

def resource($kind; $fields):
  if ($fields.identifier | type) != "string" then refuse("identifier"; $fields.identifier; "missing")
  elif ($fields.identifier | type_of) != $kind then refuse("identifier"; $fields.identifier; "no \($kind)/...")
  else ($fields | without_nulls) + private end;

# datasource({identifier, description, shorthand, license})
def datasource($fields):
  ($fields.shorthand | required("shorthand")) as $_ | resource("datasource"; $fields);

# imaging_study({study_uid, ...}): named study/<patient>/<study_uid> below the record's patient unless said otherwise.
def imaging_study($fields):
  ($fields.study_uid | required("study_uid")) as $uid
  | resource("study";
      {identifier: identifier("study"; [(patient | short), $uid]), parent_identifier: patient} + $fields);

# volume({...}): identifier, path_nii ... may be in the record already (vx-scan, vx-patient-map); $fields wins.
def volume($fields):
  (public + $fields) as $all | resource("volume"; $all);

# voxel_map({task, labels, ...}): as volume; labels may be an object or a list of names by value (["background", "lesion"]).
def voxel_map($fields):
  (public + $fields
   | if .labels | type == "array" then .labels |= (to_entries | map({key: (.key | tostring), value}) | from_entries) else . end
   | .task |= required("task") | .labels |= required("labels")) as $all
  | resource("voxelmap"; $all);

# psa({value, date, ...}): nothing at all where the value is blank. Named psa/<patient>/<date>.
def psa($fields):
  if $fields.value == null then empty
  elif $fields.value < 0 then refuse("value"; $fields.value; "a PSA value below 0")
  else resource("psa";
      {identifier: identifier("psa"; [(patient | short), $fields.date]), parent_identifier: patient, unit: "ng/mL"} + $fields)
  end;

# annotation_session({identifier, annotator, tool, ...})
def annotation_session($fields): resource("session"; $fields);

# --- rejects --------------------------------------------------------------------------------------------------------

# attempt(f): what f gives, or the record as a reject: {"_reject": {field, value, reason}, "record": ...}; map in
# share/sh/vx.sh takes these out of the stream. All or nothing: when f refuses late, what it gave before is not let
# through either; attempts within f stand for themselves: attempt(imaging_study(..)), attempt(psa(..)).
def attempt(f):
  . as $record
  | [try [f]
     catch [{_reject: (if type == "object" and .vx_reject then del(.vx_reject) else {reason: tostring} end), $record}]]
  | .[0][];

# reject_line: a record of a dead-letter file as people read it: where: field: value: reason.
def reject_line:
  (.record | ._source.file // ._file.rel // .path_nii // .identifier // "-")
  + (if .record._source.row then ":\(.record._source.row)" else "" end)
  + (if .field then ": \(.field)" else "" end)
  + (if .value != null then ": \(.value | tojson)" else "" end)
  + ": \(.reason)";

# The outer join of the ProstateX tables, rows of both in (an array), a record a finding out. A finding that stands in one
# table alone goes on with what that one says. Nothing is chosen: where a grade could belong to several positions, or a
# finding has several grades, all rows of it are refused; so is the repeat of a row. SPDX-License-Identifier: MIT

def told: with_entries(select(.key | startswith("_") | not));
def where: "\(._source.file | split("/") | last):\(._source.row)";
def places: map(where) | join(", ");
def graded: ."Gleason Grade Group" | blank | . != null and . != "No biopsy information";
def table($name): map(select(._table == $name));
def distinct: reduce .[] as $row ([]; if any(.[]; told == ($row | told)) then . else . + [$row] end);
def refuse_all($reason): .[] | attempt(refuse("Gleason Grade Group"; ."Gleason Grade Group"; $reason));
def refuse_repeats:
  . as $rows
  | range(1; length) as $i
  | $rows[$i]
  | . as $row
  | first($rows[:$i][] | select(told == ($row | told)) | where) as $where
  | attempt(refuse("ProxID"; .ProxID // .ID; "the same row as \($where)"));

def join_finding($positions; $grades):
  if $grades | length > 1 then $positions + $grades | refuse_all("graded differently: \($grades | places)")
  elif ($positions | length > 1) and any($grades[]; graded) then
    $positions + $grades
    | refuse_all("one grade, \($grades | places), for \($positions | length) positions, \($positions | places)")
  else
    (if $positions == [] then {} else $positions[] end) as $position
    | {ProxID: (._finding[0]), fid: (._finding[1])}
      + ({pos: "", zone: "", ClinSig: "", ID: "", "Clinically Significant": "", "Gleason Grade Group": ""}
         + $position + {_position: $position._source} + ($grades[0] // {})
         | del(._table, ._finding) | without_nulls)
  end;

group_by(._finding)[]
| (table("positions") | refuse_repeats),
  (table("grades") | refuse_repeats),
  ({_finding: .[0]._finding} + {p: (table("positions") | distinct), g: (table("grades") | distinct)}
   | join_finding(.p; .g))

"""What vx-pathology should make of three public tables, computed a second time from the CSV alone, with tables of its own;
then held against what was made: every difference is printed.

usage: pathology_expected.py picai|ucla TABLE.csv RESOURCES.ndjson [option...]
       pathology_expected.py prostatex POSITIONS.csv GRADES.csv RESOURCES.ndjson [option...]
  --patients FILE   names and numbers of patients ({"external_uid", "identifier"} a line), where RESOURCES has none
  --findings FILE   the findings, held against those that are expected
  --counts          print what was counted on the way, a line each
RESOURCES is what vx-pathology prints, or an export of the server. Exit status 1 on any difference.

Standard library only. SPDX-License-Identifier: MIT"""
import argparse
import collections
import csv
import json
import re
import sys

# Pattern pair -> grade group: ISUP 2014; a sum of 6 or less is group 1; 2+5 and 5+2 have none.
GROUP_OF = {
    (1, 1): 1, (1, 2): 1, (1, 3): 1, (1, 4): 1, (1, 5): 1,
    (2, 1): 1, (2, 2): 1, (2, 3): 1, (2, 4): 1,
    (3, 1): 1, (3, 2): 1, (3, 3): 1, (3, 4): 2, (3, 5): 4,
    (4, 1): 1, (4, 2): 1, (4, 3): 3, (4, 4): 4, (4, 5): 5,
    (5, 1): 1, (5, 3): 4, (5, 4): 5, (5, 5): 5,
}
GRADE_FIELDS = ("isup", "gleason_primary", "gleason_secondary", "gleason_tertiary", "cancer_type")
PLACE_FIELDS = ("side", "level", "laterality", "zone", "ap_position", "tissue_location")


class Grade:
    """What one piece of tissue showed: graded, benign (isup 0) or not assessed (isup None)."""

    def __init__(self, isup=None, primary=None, secondary=None):
        self.isup, self.primary, self.secondary = isup, primary, secondary
        self.type = None if isup is None else "tumor" if isup else "none"

    def fields(self):
        return {"isup": self.isup, "gleason_primary": self.primary, "gleason_secondary": self.secondary,
                "gleason_tertiary": None, "cancer_type": self.type}

    def rank(self):
        return (self.isup, (self.primary or 0) + (self.secondary or 0), self.primary or 0)

    @staticmethod
    def of_patterns(primary, secondary):
        if primary == 0 and secondary == 0:
            return Grade(0)
        return Grade(GROUP_OF[primary, secondary], primary, secondary)

    @staticmethod
    def worst(grades):
        known = [grade for grade in grades if grade.isup is not None]
        return max(known, key=Grade.rank, default=Grade())


def read_table(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def by_patient(rows, column):
    """Name -> rows, in the table's order."""
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups.items()


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


class Report:
    def __init__(self):
        self.differences = 0
        self.counts = collections.Counter()

    def differ(self, where, what, got, expected):
        self.differences += 1
        print(f"{where}: {what}: got {got!r}, expected {expected!r}")

    def same(self, where, what, got, expected):
        if got != expected:
            self.differ(where, what, got, expected)


class Tree:
    """What was made, by patient: specimens with their children and their assessment."""

    def __init__(self, resources, report):
        self.report = report
        self.by_id = {}
        self.children = collections.defaultdict(list)
        for resource in resources:
            if resource["identifier"] in self.by_id:
                report.differ(resource["identifier"], "made", "twice", "once")
            self.by_id[resource["identifier"]] = resource
            self.children[resource.get("parent_identifier")].append(resource)
        self.seen = set()

    def below(self, identifier, kind):
        return [child for child in self.children[identifier] if child["identifier"].startswith(kind + "/")]

    def roots(self, patient):
        return self.below(patient, "specimen")

    def assessment(self, specimen):
        found = self.below(specimen["identifier"], "assessment")
        if len(found) != 1:
            self.report.differ(specimen["identifier"], "assessments", len(found), 1)
            return {}
        self.seen.update((specimen["identifier"], found[0]["identifier"]))
        return found[0]

    def check_fields(self, resource, expected):
        for field, value in expected.items():
            self.report.same(resource.get("identifier"), field, resource.get(field), value)

    def check_aggregate(self, specimen, grades, summed_up, counts=None):
        """A summary's assessment: the worst of its parts, and which parts these are."""
        assessment = self.assessment(specimen)
        self.check_fields(assessment, Grade.worst(grades).fields())
        self.report.same(assessment.get("identifier"), "derived_from", sorted(assessment.get("derived_from") or []),
                         sorted(part["identifier"] for part in summed_up))
        total, affected = counts or (None, None)
        self.report.same(specimen["identifier"], "total_cores", specimen.get("total_cores"), total)
        self.report.same(assessment.get("identifier"), "affected_cores", assessment.get("affected_cores"), affected)
        return assessment

    def check_rest(self):
        """Nothing was made beside what is expected."""
        for identifier in self.by_id:
            if identifier.split("/")[0] in ("specimen", "assessment") and identifier not in self.seen:
                self.report.differ(identifier, "made", "a resource", "none")


def findings_of(path):
    return collections.Counter((f["rule"], f["severity"], f["patient"]) for f in read_lines(path))


def compare_findings(report, path, expected):
    got = findings_of(path)
    for key in sorted(set(got) | set(expected), key=str):
        report.same("findings", " ".join(map(str, key)), got[key], expected[key])


# ---- PI-CAI ----

PICAI_PROCEDURES = {"SysBx": ("BIOPSY", True, False), "MRBx": ("BIOPSY", False, True), "SysBx+MRBx": ("BIOPSY", True, True),
                    "RP": ("RPE", None, None)}
PICAI_FOLDERS = {"BIOPSY": "biopsy", "RPE": "rpe"}


def picai_tissue(row):
    """Whether any was taken: the table says how, or what was found."""
    return bool(row["lesion_GS"].strip() or row["histopath_type"].strip())


def picai_lesions(row):
    """A lesion each: its own Gleason cell decides, whatever stands in the list of grade groups."""
    cells = [cell.strip() for cell in row["lesion_GS"].split(",")]
    pirads = [cell.strip() for cell in row["lesion_PIRADS"].split(",")]
    assert len(cells) == len(pirads), row
    for cell, score in zip(cells, pirads):
        grade = Grade() if cell == "N/A" else Grade.of_patterns(*map(int, cell.split("+")))
        yield cell, grade, None if score == "N/A" else int(score)


def picai_workup(tree, specimen, short, row):
    kind, systematic, targeted = PICAI_PROCEDURES[row["histopath_type"]]
    lesions = list(picai_lesions(row))
    tree.report.counts["workups"] += 1
    tree.report.counts["shorter ISUP lists"] += len(row["lesion_ISUP"].split(",")) < len(lesions)
    tree.check_fields(specimen, {"type": kind, "is_summary": True, "is_systematic": systematic, "is_targeted": targeted,
                                 "license": "CC-BY-NC-4.0"})
    other = specimen.get("other_data", {})
    tree.report.same(specimen["identifier"], "study", other.get("study_id"), row["study_id"])
    tree.report.same(specimen["identifier"], "procedure", other.get("procedure"), row["histopath_type"])
    parts = []
    for number, (cell, grade, pirads) in enumerate(lesions, 1):
        name = f"specimen/{short}/{PICAI_FOLDERS[kind]}/{row['study_id']}/lesion/{number}"
        lesion = tree.by_id.get(name)
        if lesion is None:
            tree.report.differ(name, "made", "nothing", cell)
            continue
        tree.check_fields(lesion, {"parent_identifier": specimen["identifier"], "type": kind, "is_summary": False,
                                   "is_event_root": False})
        tree.report.same(name, "PI-RADS", lesion.get("other_data", {}).get("pirads"), pirads)
        parts.append(picai_lesion(tree, lesion, number, cell, grade))
    tree.report.same(specimen["identifier"], "parts", len(tree.below(specimen["identifier"], "specimen")) -
                     len([c for c in tree.below(specimen["identifier"], "specimen") if c["is_summary"]]), len(lesions))
    grades = [grade for _, grade, _ in lesions]
    # The table's own words on the whole case, which nothing above has looked at.
    worst = Grade.worst(grades).isup
    tree.report.same(row["study_id"], "case_ISUP", str(worst or 0), row["case_ISUP"])
    tree.report.same(row["study_id"], "case_csPCa", "YES" if (worst or 0) >= 2 else "NO", row["case_csPCa"])
    return grades, parts


def picai_lesion(tree, lesion, number, cell, grade):
    counts = tree.report.counts
    counts["lesions"] += 1
    counts["not assessed" if grade.isup is None else "graded" if grade.isup else "benign"] += 1
    assessment = tree.assessment(lesion)
    tree.check_fields(assessment, {**grade.fields(), "derived_from": assessment.get("derived_from") and []})
    source = assessment.get("other_data", {}).get("source", {})
    tree.report.same(lesion["identifier"], "cell", source.get("cells", {}).get("lesion_GS", "").split(",")[number - 1], cell)
    tree.report.same(lesion["identifier"], "item", source.get("item"), number)
    return assessment


def picai_patient(tree, patient, rows):
    short = patient.split("/")[1]
    rows = [row for row in rows if picai_tissue(row)]
    roots = tree.roots(patient)
    tree.report.same(patient, "event roots", len(roots), 1 if rows else 0)
    if not rows or not roots:
        return
    tree.report.counts["patients with pathology"] += 1
    tree.report.counts["event roots"] += 1
    root = roots[0]
    tree.check_fields(root, {"identifier": f"specimen/{short}/summary", "is_event_root": True, "is_summary": True})
    if len(rows) == 1:
        grades, parts = picai_workup(tree, root, short, rows[0])
        tree.check_aggregate(root, grades, parts)
        return
    grades, summaries = [], []
    for row in rows:
        kind = PICAI_FOLDERS[PICAI_PROCEDURES[row["histopath_type"]][0]]
        summary = tree.by_id.get(f"specimen/{short}/{kind}/{row['study_id']}")
        if summary is None:
            tree.report.differ(patient, "workup", None, row["study_id"])
            continue
        tree.check_fields(summary, {"parent_identifier": root["identifier"], "is_event_root": False})
        below, parts = picai_workup(tree, summary, short, row)
        summaries.append(tree.check_aggregate(summary, below, parts))
        grades += below
    tree.check_aggregate(root, grades, summaries)


def ratio_off(value, numerator, denominator):
    """Whether all three say something and value is more than a fifth off."""
    if "" in (value, numerator, denominator):
        return False
    expected = float(numerator) / float(denominator)
    return abs(float(value) - expected) > 0.2 * expected


def picai_psa(tree, table, patients):
    """A value a row, with tissue or without, of the day of the examination; only where they were asked for."""
    made = [resource for resource in tree.by_id.values() if resource["identifier"].startswith("psa/")]
    if not made:
        return
    got = sorted((psa["parent_identifier"], psa["date"], psa["value"], str(psa.get("density"))) for psa in made)
    expected = sorted((patients[row["patient_id"]], row["mri_date"], float(row["psa"]),
                       str(float(row["psad"]) if row["psad"] else None)) for row in table if row["psa"])
    tree.report.counts["PSA values"] = len(made)
    for only in sorted(set(got) ^ set(expected)):
        tree.report.differ(only[0], "PSA value", only in got and only, only in expected and only)


def picai(tree, options, patients):
    table = read_table(options.tables[0])
    picai_psa(tree, table, patients)
    tree.report.counts["studies"] = len(table)
    expected = collections.Counter()
    for row in table:
        patient = patients[row["patient_id"]]
        if not picai_tissue(row):
            # Nothing was sampled, and yet the table says 0 and NO.
            expected["worst_isup", "info", patient] += row["case_ISUP"] == "0"
            expected["cspca", "info", patient] += row["case_csPCa"] == "NO"
        expected["psa_density", "warning", patient] += ratio_off(row["psad"], row["psa"], row["prostate_volume"])
    for name, rows in by_patient(table, "patient_id"):
        picai_patient(tree, patients[name], rows)
    return +expected


# ---- UCLA ----

UCLA_LABEL = re.compile(r"(LEFT|RIGHT) (LATERAL )?(BASE|MID|APEX)")


def number_of(cell):
    return float(cell) if cell.strip() else None


def point(row, what, space):
    """Three numbers, or None where the cells are blank."""
    numbers = [number_of(row[f"Bx {what} {axis} ({space} Coord)"]) for axis in "XYZ"]
    return None if numbers == [None] * 3 else numbers


def ucla_core(row):
    """One row as everything that should be found in a specimen and its assessment."""
    label = row["Core Label"].strip()
    place = UCLA_LABEL.fullmatch(label)
    patterns = [number_of(row[f"{which} Gleason"]) for which in ("Primary", "Secondary")]
    grade = Grade(0) if patterns == [None, None] else Grade.of_patterns(*map(int, patterns))
    lengths = [number_of(row[f"Core Fragment #{i} Tissue Length (mm)"]) for i in (1, 2, 3)]
    known = [length for length in lengths if length is not None]
    core = {field: None for field in PLACE_FIELDS}
    if place:
        core.update(side=place[1].lower(), level=place[3].lower(), laterality="lateral" if place[2] else "medial")
    core.update(grade.fields())
    systematic, targeted = {"TARGET OR PRIOR POSITIVE": (False, True), "EXTRA": (False, None)}.get(label, (None, None))
    core.update(is_systematic=True if place else systematic, is_targeted=False if place else targeted, type="BIOPSY",
                region=label or None, core_length=sum(known) if known else None,
                cancer_length=number_of(row["Cancer Length (mm)"]), percent_cancer=number_of(row["% Cancer in Core"]),
                points=[point(row, what, space) for what in ("Tip", "Base") for space in ("MRI", "US")],
                uids=[row[f"Series Instance UID ({space})"].strip() or None for space in ("MRI", "US")])
    return core, grade


def ucla_made(specimen, assessment):
    other = specimen.get("other_data", {})
    core = {field: specimen.get(field) for field in PLACE_FIELDS + ("is_systematic", "is_targeted", "type", "core_length")}
    core.update({field: assessment.get(field) for field in GRADE_FIELDS + ("cancer_length", "percent_cancer")})
    core.update(region=other.get("region"),
                points=[other.get(space, {}).get(what) for what in ("tip", "base") for space in ("mri", "us")],
                uids=[other.get(space, {}).get("series_instance_uid") for space in ("mri", "us")])
    return core


def by_content(core):
    """As text that compares; 3.0 and 3 are one number, and JSON has both."""
    return json.dumps(json.loads(json.dumps(core), parse_float=lambda text: int(float(text)) if float(text).is_integer()
                                 else float(text)), sort_keys=True)


def ucla_patient(tree, patient, rows):
    counts = tree.report.counts
    expected = [ucla_core(row) for row in rows]
    roots = tree.roots(patient)
    tree.report.same(patient, "event roots", len(roots), 1)
    if not roots:
        return
    root = roots[0]
    counts["event roots"] += 1
    tree.check_fields(root, {"identifier": "specimen/" + patient.split("/")[1] + "/summary", "type": "BIOPSY",
                             "is_event_root": True, "is_summary": True, "license": "CC-BY-4.0"})
    volumes = {number_of(row["Prostate Volume (CC)"]) for row in rows}
    if len(volumes) == 1:
        tree.report.same(root["identifier"], "volume", root.get("other_data", {}).get("prostate_volume_ml"), volumes.pop())
    made, parts = [], []
    for specimen in tree.below(root["identifier"], "specimen"):
        tree.check_fields(specimen, {"is_summary": False, "is_event_root": False})
        parts.append(tree.assessment(specimen))
        made.append(ucla_made(specimen, parts[-1]))
    got, wanted = sorted(map(by_content, made)), sorted(by_content(core) for core, _ in expected)
    for line in (collections.Counter(got) - collections.Counter(wanted)).elements():
        tree.report.differ(patient, "core", line, "no such core")
    for line in (collections.Counter(wanted) - collections.Counter(got)).elements():
        tree.report.differ(patient, "core", "none", line)
    grades = [grade for _, grade in expected]
    affected = sum(grade.isup > 0 for grade in grades)
    counts.update(cores=len(made), systematic=sum(core["is_systematic"] is True for core in made),
                  targeted=sum(core["is_targeted"] is True for core in made), affected=affected)
    tree.check_aggregate(root, grades, parts, (len(rows), affected))
    counts["worst " + "{gleason_primary}+{gleason_secondary} -> {isup}".format(**Grade.worst(grades).fields())] += 1


def ucla_psa(tree, patient, rows):
    """The value stands on every row; it is one measurement."""
    values = {number_of(row["PSA (ng/mL)"]) for row in rows} - {None}
    made = tree.below(patient, "psa")
    tree.report.same(patient, "PSA values", sorted(psa["value"] for psa in made), sorted(values))
    tree.report.counts["PSA values"] += len(made)


def ucla_doubts(rows):
    """How often a row measures what cannot be: more cancer than tissue, nothing of a cancer that is graded."""
    doubts = 0
    for core, grade in map(ucla_core, rows):
        length, share, tissue = core["cancer_length"], core["percent_cancer"], core["core_length"]
        doubts += length is not None and tissue is not None and length > tissue
        doubts += grade.isup > 0 and 0 in (length, share)
    return doubts


def ucla(tree, options, patients):
    table = read_table(options.tables[0])
    expected = collections.Counter()
    for name, rows in by_patient(table, "Patient Number"):
        ucla_patient(tree, patients[name], rows)
        ucla_psa(tree, patients[name], rows)
        expected["measure", "warning", patients[name]] += ucla_doubts(rows)
    return expected


# ---- ProstateX ----

def prostatex_findings(positions, grades):
    """(patient, number) -> rows: (position row or None, grade row or None)."""
    found = collections.defaultdict(lambda: ([], []))
    for row in positions:
        found[row["ProxID"].strip(), row["fid"].strip()][0].append(row)
    for row in grades:
        patient, number = row["ID"].strip().rsplit("_Finding", 1)
        found[patient, number][1].append(row)
    for key, (here, there) in sorted(found.items()):
        for position in here or [None]:
            assert len(there) < 2, "the tables that this script knows have one grade a finding"
            yield key, position, there[0] if there else None


def prostatex_expected(number, position, graded):
    cell = graded["Gleason Grade Group"].strip() if graded else ""
    group = int(cell) if cell.isdigit() else None
    grade = Grade(group, *{2: (3, 4), 3: (4, 3)}.get(group, ()))
    finding = grade.fields()
    zone = position["zone"].strip() if position else ""
    finding.update(number=int(number), position=[float(cell) for cell in position["pos"].split()] if position else None,
                   zone=zone or None, significant=graded["Clinically Significant"] if graded else None,
                   ClinSig=position["ClinSig"] if position else None)
    return finding, grade


def prostatex_made(specimen, assessment):
    other, said = specimen.get("other_data", {}), assessment.get("other_data", {})
    finding = {field: assessment.get(field) for field in GRADE_FIELDS}
    finding.update(number=other.get("finding"), position=other.get("position_mm"), zone=specimen.get("zone"),
                   significant=said.get("clinically_significant"), ClinSig=said.get("ClinSig"))
    return finding


def prostatex(tree, options, patients):
    positions, grades = map(read_table, options.tables)
    rows = list(prostatex_findings(positions, grades))
    counts = tree.report.counts
    contradictions = collections.Counter()
    for name in sorted({key[0] for key, _, _ in rows}):
        patient = patients[name]
        roots = tree.roots(patient)
        tree.report.same(patient, "event roots", len(roots), 1)
        if not roots:
            continue
        counts["event roots"] += 1
        expected = [prostatex_expected(key[1], position, graded) for key, position, graded in rows if key[0] == name]
        made, parts = [], []
        for specimen in tree.below(roots[0]["identifier"], "specimen"):
            parts.append(tree.assessment(specimen))
            made.append(prostatex_made(specimen, parts[-1]))
        tree.report.same(patient, "findings", sorted(map(by_content, made)),
                         sorted(by_content(finding) for finding, _ in expected))
        counts["findings"] += len(made)
        counts["not assessed"] += sum(finding["isup"] is None for finding in made)
        tree.check_aggregate(roots[0], [grade for _, grade in expected], parts)
        for finding, grade in expected:
            for said in (finding["significant"], finding["ClinSig"]):
                if said is None:
                    continue
                if grade.isup is None:
                    contradictions["cspca", "info" if said.upper() == "FALSE" else "error", patient] += 1
                elif (said.upper() == "TRUE") != (grade.isup >= 2):
                    contradictions["cspca", "error", patient] += 1
    return contradictions


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dataset", choices=("picai", "ucla", "prostatex"))
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--patients")
    parser.add_argument("--findings")
    parser.add_argument("--counts", action="store_true")
    options = parser.parse_args()
    resources = read_lines(options.tables.pop())
    report = Report()
    tree = Tree(resources, report)
    named = read_lines(options.patients) if options.patients else [r for r in resources if "external_uid" in r]
    patients = {patient["external_uid"]: patient["identifier"] for patient in named}
    expected = globals()[options.dataset](tree, options, patients)
    tree.check_rest()
    if options.findings:
        compare_findings(report, options.findings, expected)
    if options.counts:
        for what, number in sorted(report.counts.items()):
            print(number, what)
    return 1 if report.differences else 0


sys.exit(main())

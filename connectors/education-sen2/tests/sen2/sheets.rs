//! Exports as people save them.

use super::*;

#[test]
fn the_sheets_of_the_guidance_saved_as_csv_are_read_and_a_workbook_is_told_what_to_do() {
    let spaced = |name: &str| match name.rsplit_once('_').map_or(name, |(_, table)| table) {
        "namedplan.csv" => "Named Plan.csv".to_owned(),
        "plandetail.csv" => "Plan Detail.csv".to_owned(),
        "activeplans.csv" => "Active Plan.csv".to_owned(),
        "placementdetail.csv" => "Placement Detail.csv".to_owned(),
        "senneed.csv" => "SEN Need.csv".to_owned(),
        other => other.to_owned(),
    };
    let files = export(MADE, &clean(), 7);
    let sheets: Vec<(String, String)> = files
        .iter()
        .map(|(name, text)| (spaced(&name.to_ascii_lowercase()), text.replace("requestsource", "rquestsource")))
        .collect();
    assert!(
        sheets.iter().any(|(name, _)| name == "Named Plan.csv"),
        "{:?}",
        sheets.iter().map(|(n, _)| n).collect::<Vec<_>>()
    );
    let names: Vec<String> = sheets.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(Sen2.submissions(&names).len(), 1);
    let sayings = |files: &[(String, String)]| {
        let mut said = sayings(&translate(files));
        // Findings call a field as the file does.
        said.iter_mut().flat_map(|draft| &mut draft.findings).for_each(|finding| {
            finding.field = finding.field.replace("rquestsource", "requestsource");
        });
        said
    };
    assert_eq!(sayings(&sheets), sayings(&files));
    assert_eq!(Sen2.submissions(&["SEN2.xlsx".to_owned()]), [["SEN2.xlsx".to_owned()]]);
    let workbook = Collected::of(&Sen2, &[("SEN2.xlsx", b"PK")]);
    assert!(workbook.rejections[0].message.contains("save each sheet as CSV"));
}

#[test]
fn the_sex_of_a_return_of_2024_is_read_in_either_form() {
    let made = Made { year: 2024, ..MADE };
    for sex in ["F", "2"] {
        let mut persons = clean();
        for person in &mut persons {
            person.fields.retain(|(name, _)| *name != "Sex");
            person.fields.push(("Sex", sex.to_owned()));
        }
        let told = findings(&message(made, &persons));
        assert!(!told.iter().any(|finding| finding.to_lowercase().contains("sex")), "{sex}: {told:?}");
    }
}

/// In the return of 2023 the plan says what its placement says in later ones.
#[test]
fn whether_a_placement_is_residential_is_told_where_the_plan_says_it() {
    let made = Made { year: 2023, ..MADE };
    let placement = |urn: &str, rank: &str, left: &str, res: &str| {
        let fields = [("URN", urn), ("PlacementRank", rank), ("EntryDate", "2022-09-01"), ("LeavingDate", left)];
        let own = [("Res", res)].into_iter().filter(|(_, res)| !res.is_empty());
        rec("PlacementDetail", &fields.into_iter().chain(own).collect::<Vec<_>>(), vec![])
    };
    let said = |placements: Vec<Rec>| {
        let plan = rec("ActivePlans", &[("Res", "A"), ("WBP", "0")], placements);
        let request = rec("Requests", &[("RequestOutcome", "H")], vec![plan]);
        let person =
            [("Surname", "Invented"), ("Forename", "Ada"), ("PersonBirthDate", "2012-01-02"), ("GenderCurrent", "2")];
        let said = message(made, &[rec("Person", &person, vec![request])]);
        let each = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
            Some(Kind::EhcPlacementStarted(started)) => {
                let kind = started.residential_kind.as_ref().map_or("-", |kind| kind.code.as_str());
                Some(format!("{} {kind} {:?}", started.setting(), started.work_based))
            }
            Some(Kind::SourceRecordKept(kept)) => kept.content.clone(),
            _ => None,
        });
        each.collect::<Vec<_>>()
    };
    assert_eq!(said(vec![placement("900001", "1", "", "")]), ["900001 A Some(false)"]);
    // Of several it is the one of the highest rank that is not left.
    let two = vec![placement("900001", "1", "", ""), placement("900002", "2", "", "")];
    assert_eq!(said(two), ["900001 A Some(false)", "900002 - None"]);
    let moved = vec![placement("900001", "1", "2022-10-01", ""), placement("900002", "1", "", "")];
    assert_eq!(said(moved), ["900001 - None", "900002 A Some(false)"]);
    // Where that is not clear, or the placement says otherwise, it is kept.
    let unclear = vec![placement("900001", "1", "", ""), placement("900002", "1", "", "")];
    assert_eq!(said(unclear), ["res,wbp\nA,0\n", "900001 - None", "900002 - None"]);
    assert_eq!(said(vec![placement("900001", "1", "", "B")]), ["res\nA\n", "900001 B Some(false)"]);
}

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

//! Exports as people save them.

use rust_xlsxwriter::Workbook;

use super::*;

#[test]
fn the_sheets_of_the_guidance_saved_as_csv_are_read_and_what_is_no_workbook_is_told() {
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
    for (bytes, told) in [(&b"PK"[..], "no workbook"), (&[0xd0, 0xcf, 0x11, 0xe0, 0, 0], "before 2007")] {
        let workbook = Collected::of(&Sen2, &[("SEN2.xlsx", bytes)]);
        assert!(workbook.rejections[0].message.contains(told), "{:?}", workbook.rejections);
    }
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

/// The tables of an export, each with the cells of its rows, the header first.
fn tables(first_key: u32) -> Vec<(String, Vec<Vec<String>>)> {
    let cells = |text: &str| text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let module = |name: &str| name.rsplit(['_', '.']).nth(1).unwrap().to_owned();
    export(MADE, &clean(), first_key).iter().map(|(name, text)| (module(name), cells(text))).collect()
}

fn workbook(write: impl FnOnce(&mut Workbook)) -> Collected {
    let mut book = Workbook::new();
    write(&mut book);
    let bytes = book.save_to_buffer().unwrap();
    Collected::of(&Sen2, &[("SEN2 2025.xlsx", &bytes)])
}

#[test]
fn a_workbook_with_a_sheet_a_module_says_what_its_tables_say() {
    let expected = sayings(&translate(&export(MADE, &clean(), 7)));
    let said = workbook(|book| {
        book.add_worksheet().set_name("Guidance").unwrap().write(0, 0, "How to fill this in").unwrap();
        for (module, rows) in tables(7) {
            let sheet = book.add_worksheet().set_name(&module).unwrap();
            // Below a title.
            sheet.write(0, 0, "An invented return").unwrap();
            for (row, cells) in rows.iter().enumerate() {
                for (column, cell) in cells.iter().enumerate() {
                    sheet.write(row as u32 + 2, column as u16, cell).unwrap();
                }
            }
        }
    });
    assert_eq!((said.rejections.as_slice(), sayings(&said)), (&[][..], expected));
    assert!(said.whole.contains("878/sen2/2025"));
    assert_eq!(said.drafts.iter().map(|draft| draft.place.line).min(), Some(4), "its row of the sheet");
}

/// What the template calls a column; it has none of the numbers of rows but a person's and a request's.
fn words(column: &str) -> Option<&str> {
    Some(match column {
        "persontableid" => "Person ID\n\n(This must be a unique ID for each Person record)",
        "requeststableid" => "Requests record ID\n\n(This must match the relevant ID in the Requests table)",
        "personbirthdate" => "Date of Birth \n(ccyy-mm-dd)",
        "lea" => "LA Number",
        "nativeid" => return None,
        "startdate" => "EHC Plan Start Date",
        "reviewmeeting" => "Annual Review Meeting Date",
        "entrydate" => "Placement Start Date",
        "urn" => "URN - Unique Reference Number",
        "sentype" => "SEN Type of Need",
        "sentyperank" => "SEN Type of Need rank  (1=Primary, 2=Secondary)",
        "res" => "Residential Settings",
        column if column.ends_with("tableid") || column.ends_with("orderseqcolumn") => return None,
        column => column,
    })
}

#[test]
fn the_template_with_its_modules_below_each_other_says_the_same() {
    let expected = sayings(&translate(&export(MADE, &clean(), 7)));
    // Below a request each module knows the request alone.
    let all = tables(7);
    let mut request_of = std::collections::BTreeMap::new();
    for (module, rows) in &all {
        let at = |column: &str| rows[0].iter().position(|name| name == column);
        for row in rows.iter().skip(1) {
            let of = |column: &str| at(column).map(|at| row[at].clone());
            let parent = ["assessmenttableid", "namedplantableid", "activeplanstableid"]
                .into_iter()
                .filter(|column| *column != format!("{module}tableid"))
                .find_map(|column| request_of.get(&(column, of(column)?)).cloned());
            let request = of("requeststableid").or(parent);
            if let (Some(request), Some(own)) = (request, of(&format!("{module}tableid"))) {
                for column in ["assessmenttableid", "namedplantableid", "activeplanstableid"] {
                    if column == format!("{module}tableid") {
                        request_of.insert((column, own.clone()), request.clone());
                    }
                }
            }
        }
    }
    let said = workbook(|book| {
        let sheet = book.add_worksheet().set_name("Data Entry Template").unwrap();
        let mut at = 0;
        for (module, rows) in &all {
            let title = match module.as_str() {
                "sen2" => "Header Record",
                "person" => "Person Record",
                "requests" => "Requests Records",
                "assessment" => "Assessments Records",
                "namedplan" => "Named Plan Records",
                "plandetail" => "Plan Detail Records",
                "activeplans" => "Active Plan Records",
                "placementdetail" => "Placement Detail Records",
                _ => "SEN Need Records",
            };
            sheet.write(at, 0, title).unwrap();
            let (header, rows) = rows.split_first().unwrap();
            let has_request = header.iter().any(|name| name == "requeststableid");
            for (row, cells) in std::iter::once(header).chain(rows).enumerate() {
                let line = at + 1 + row as u32;
                sheet.write(line, 0, if row == 0 { "Record Type" } else { module }).unwrap();
                let mut column = 1;
                for (name, cell) in header.iter().zip(cells) {
                    let Some(words) = words(name) else { continue };
                    sheet.write(line, column, if row == 0 { words } else { cell }).unwrap();
                    column += 1;
                }
                if !has_request && !matches!(module.as_str(), "sen2" | "person") {
                    let of = |column: &str| Some(&cells[header.iter().position(|name| name == column)?]);
                    let of_parent = ["assessmenttableid", "namedplantableid", "activeplanstableid"]
                        .into_iter()
                        .filter(|column| *column != format!("{module}tableid"))
                        .find_map(|column| request_of.get(&(column, of(column)?.clone())));
                    let text = if row == 0 { words("requeststableid") } else { of_parent.map(String::as_str) };
                    sheet.write(line, column, text.unwrap_or_default()).unwrap();
                }
            }
            // Rows that nobody filled in.
            at += 1 + rows.len() as u32 + 1;
            sheet.write(at, 0, module).unwrap();
            at += 3;
        }
    });
    assert_eq!((said.rejections.as_slice(), sayings(&said)), (&[][..], expected));
    assert!(said.whole.contains("878/sen2/2025"));
}

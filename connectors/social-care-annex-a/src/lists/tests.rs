use super::*;

#[test]
fn headers_are_known_however_they_are_worded() {
    for (header, list) in [
        (&["Child Unique ID", "Gender", "Date of Contact", "Contact Source"][..], Some(1)),
        (&["CHILD ID", "date of referral", "Source of Referral", "Referral - NFA?"], Some(3)),
        (
            &[
                "Child Unique ID",
                "Assessment start date",
                "Assessment completion date",
                "Organisation completing assessment",
            ],
            Some(2),
        ),
        (
            &["Child Unique ID", "Continuous Assessment Start Date", "Continuous Assessment Date of Authorisation"],
            Some(4),
        ),
        (&["Individual adopter identifier", "Family identifier"], Some(11)),
        (&["Child Unique ID", "LA in Touch", "Latest Date of Contact"], Some(9)),
        (&["ChildUniqueID", "DateOfContact", "ContactSource"], Some(1)),
        (&["Child identifier", "Referral received date", "Source"], Some(3)),
        (&["Person ID", "S47 Start Date", "ICPC Date"], Some(5)),
        (&["Child ID", "CP Start Date", "Initial Category"], Some(7)),
        (&["ID", "LAC Start Date", "Legal Status", "Gender"], Some(8)),
        (&["Child ID", "Early Help Assessment Start Date", "Completed", "Lead agency"], Some(2)),
        (&["Child ID", "Assessment start", "Assessment completed"], Some(4)),
        (
            &["Child ID", "Early Help Assessment Start Date", "Early Help Assessment End Date", "Team", "Worker"],
            Some(2),
        ),
        (
            &[
                "Child ID",
                "Disability",
                "Assessment start date",
                "Assessment completion date",
                "Organisation completing assessment",
                "Allocated Team",
                "Allocated Worker",
            ],
            Some(2),
        ),
        (&["Child ID", "CIN Plan Start Date", "CIN Plan End Date"], None),
        (&["Child ID", "CIN Plan Start Date", "Primary Need Code", "CIN Plan End Date"], Some(6)),
        (&["Child ID", "EHA Start Date", "EHA End Date", "Organisation"], Some(2)),
        (&["Child ID", "CAF Start Date", "CAF Completion Date", "Organisation completing CAF"], Some(2)),
        (&["Child ID", "C&F Start Date", "Child Seen", "C&F Authorised Date"], Some(4)),
        (&["Child ID", "CP Plan Start", "Category of Abuse (Initial)", "Category of Abuse (Latest)"], Some(7)),
        (&["Prospective Adopter Unique ID", "Family ID"], Some(11)),
        (&["LCS ID", "Date Contact Received", "Contact Received From"], Some(1)),
        (&["Name", "Colour"], None),
        (&[], None),
    ] {
        assert_eq!(Columns::of_header(header).map(|columns| columns.list.number), list, "{header:?}");
    }
    let header = [
        "Child Unique ID",
        "Start date of current legal status",
        "Child's Legal Status",
        "URN of Placement",
        "Was the child offered a Return Interview",
        "Date Started to be Looked After",
    ];
    let columns = Columns::of_header(&header).unwrap();
    assert_eq!(
        (columns.list.number, columns.place("legal_from"), columns.place("legal"), columns.place("urn")),
        (8, Some(1), Some(2), Some(3))
    );
    assert_eq!(columns.further, [("Was the child offered a Return Interview".to_owned(), 4)]);
    // The days of a plan are not those of the case.
    for header in [
        ["Child ID", "CIN Plan Start Date", "CIN Plan End Date", "CIN Start Date"],
        ["Child ID", "CIN Plan Start Date", "CIN Plan Closure Date", "Child in need start"],
    ] {
        let columns = Columns::of_header(&header).unwrap();
        assert_eq!(
            (columns.list.number, columns.place("opened_on"), columns.place("closed_on")),
            (6, Some(3), None),
            "{header:?}"
        );
    }
}

#[test]
fn who_completed_an_assessment_is_not_the_day_of_it() {
    for (header, organisation, done_on) in [
        (&["Child ID", "EHA start date", "Organisation completing EHA"][..], Some(2), None),
        (
            &[
                "Child Unique ID",
                "Organisation completing assessment",
                "Assessment start date",
                "Assessment completion date",
            ],
            Some(1),
            Some(3),
        ),
        (&["Child ID", "Agency completing assessment", "Assessment started", "Assessment ended"], Some(1), Some(3)),
        (&["Child ID", "Early help assessment start", "Organisation completing early help assessment"], Some(2), None),
        (&["Child ID", "CAF start", "Agency completing CAF", "CAF completed"], Some(2), Some(3)),
    ] {
        let columns = Columns::of_header(header).unwrap();
        assert_eq!(
            (columns.list.number, columns.place("organisation"), columns.place("done_on")),
            (2, organisation, done_on),
            "{header:?}"
        );
    }
}

#[test]
fn a_header_that_is_none_is_told_what_it_lacks() {
    for (header, near) in [
        (
            &["Child ID", "Start Date", "Primary Need Code", "Case Status"][..],
            Some("it is nearest to list 6, and lacks `cin start`"),
        ),
        (&["Child ID", "Date of Contact"], Some("it is nearest to list 1, and lacks `contact source`")),
        (&["Name", "Colour"], None),
    ] {
        assert_eq!(Columns::nearest(header).map(|(_, lacks)| lacks).as_deref(), near, "{header:?}");
    }
}

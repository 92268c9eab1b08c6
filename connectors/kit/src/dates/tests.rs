use super::*;

fn day(year: i32, month: u32, day: u32) -> Option<Date> {
    Some(Date { year, month: Some(month), day: Some(day), estimated: false })
}

fn partial(year: i32, month: Option<u32>) -> Option<Date> {
    Some(Date { year, month, day: None, estimated: false })
}

/// An instant as RFC 3339.
fn at(text: &str) -> Option<When> {
    Some(when_at(text.parse::<Timestamp>().unwrap().as_microsecond()))
}

#[test]
fn iso_dates() {
    for (text, expected) in [
        ("2022-10-06", day(2022, 10, 6)),
        (" 2022-10-06T00:00:00 ", day(2022, 10, 6)),
        ("2022-10-06 00:00:00", day(2022, 10, 6)),
        ("2022-10-06Z", day(2022, 10, 6)),
        ("2022-10-06+01:00", day(2022, 10, 6)),
        ("2022-10", partial(2022, Some(10))),
        ("2022", partial(2022, None)),
        ("2024-02-29", day(2024, 2, 29)),
    ] {
        assert_eq!(iso(text, "f"), Read { value: expected, finding: None }, "{text}");
    }
    for text in [
        "2023-02-29",
        "2022-13-01",
        "06/10/2022",
        "22-10-06",
        "2022-10-06-01",
        "2022--06",
        "rubbish",
        "é022-10-06",
        "2022-10-06 cancelled",
        "2022-10-06Tuesday",
        "2022 or 2023",
    ] {
        let read = iso(text, "f");
        assert_eq!(read.value, None, "{text}");
        assert_eq!(read.finding.unwrap().code(), FindingCode::DateUnreadable, "{text}");
    }
}

#[test]
fn english_dates_and_what_they_leave_out() {
    for (text, expected) in [
        ("06/10/2022", day(2022, 10, 6)),
        ("6/10/2022", day(2022, 10, 6)),
        ("06/10/2022 00:00", day(2022, 10, 6)),
        ("zz/05/2020", partial(2020, Some(5))),
        ("ZZ/zz/2021", partial(2021, None)),
        ("zz/zz/zzzz", None),
        ("", None),
    ] {
        assert_eq!(dd_mm_yyyy(text, "f"), Read { value: expected, finding: None }, "{text}");
    }
    for text in [
        "10/22/2022",
        "06/10/22",
        "2022-10-06",
        "06/zz/2022",
        "06/10/2022/1",
        "31/04/2022",
        "zz/05/zzzz",
        "06/10/2022 cancelled",
        "zz/zz/zzzz or later",
    ] {
        assert_eq!(dd_mm_yyyy(text, "f").finding.unwrap().code(), FindingCode::DateUnreadable, "{text}");
    }
}

#[test]
fn days_and_how_they_compare() {
    let second = day(2024, 3, 2).unwrap();
    let on = super::day(&second).unwrap();
    assert_eq!((on, date_on(on)), (civil::date(2024, 3, 2), second));
    let month = partial(2024, Some(3)).unwrap();
    assert_eq!(super::day(&month), None);
    assert!(rank(&month) < rank(&second) && rank(&partial(2024, None).unwrap()) < rank(&month));
}

#[test]
fn times_behind_a_day_however_it_is_written() {
    let at = |text: &str| written_at(text, "f").value;
    let expected = iso_at("2025-01-31T14:22:05", "f").value;
    assert_eq!([at("2025-Jan-31 14:22:05"), at("2025-01-31T14:22:05")], [expected; 2]);
    assert_eq!([at("2025-Jan-31"), at("2025-Jan-31 late")], [iso_at("2025-01-31", "f").value; 2]);
    assert_eq!(written_at("soon", "f").finding.unwrap().code(), FindingCode::DateUnreadable);
    assert_eq!(written_at(" ", "f"), Read::blank());
}

#[test]
fn blade_dates() {
    for text in ["2025-Feb-16 00:00:00", "2025-FEB-16", "2025-02-16 00:00:00", "2025-02-16"] {
        assert_eq!(blade(text, "f"), Read::of(day(2025, 2, 16).unwrap()), "{text}");
    }
    assert_eq!(blade("  ", "f"), Read::blank());
    assert_eq!(blade("2025-Foo-16 00:00:00", "f").value, None);
    assert_eq!(blade("2025-Feb-16 cancelled", "f").value, None);
    assert_eq!(blade("2025-Feb-30 00:00:00", "f").finding.unwrap().code(), FindingCode::DateUnreadable);
}

#[test]
fn years_that_cannot_be_are_told() {
    for (text, kept) in [("0001-01-01", false), ("1899-12-31", false), ("2150-01-01", true), ("2201-01-01", false)] {
        let read = iso(text, "dob");
        assert_eq!(read.value.is_some(), kept, "{text}");
        assert_eq!(read.finding.unwrap().code(), FindingCode::DateImplausible, "{text}");
    }
    assert_eq!(hl7_ts("00010101000000", "f").finding.unwrap().code(), FindingCode::DateImplausible);
}

#[test]
fn hl7_times_to_the_precision_given() {
    for (text, expected) in [
        ("2013", partial(2013, None).map(on)),
        ("201302", partial(2013, Some(2)).map(on)),
        ("20130211", day(2013, 2, 11).map(on)),
        ("2013021117", at("2013-02-11T17:00:00Z")),
        ("201302111707", at("2013-02-11T17:07:00Z")),
        ("20130211170700", at("2013-02-11T17:07:00Z")),
        // Summer time in England.
        ("20130711170700", at("2013-07-11T16:07:00Z")),
        ("20130711170700+0000", at("2013-07-11T17:07:00Z")),
        ("20130711170700-0500", at("2013-07-11T22:07:00Z")),
        ("20130711170700.1234+01:00", at("2013-07-11T16:07:00.1234Z")),
        // The hour that is not there, and the hour that is there twice: the later clock, the first time round.
        ("20240331013000", at("2024-03-31T01:30:00Z")),
        ("20241027013000", at("2024-10-27T00:30:00Z")),
    ] {
        assert_eq!(hl7_ts(text, "EVN-2"), Read { value: expected, finding: None }, "{text}");
    }
    for text in [
        "20131302",
        "2013021",
        "201302111",
        "20130211 1707",
        "20130211170700.",
        "20130211250000",
        "2013-02-11",
        "abc",
        "+0100",
    ] {
        assert_eq!(hl7_ts(text, "f").value, None, "{text}");
        assert_eq!(hl7_ts(text, "f").finding.unwrap().code(), FindingCode::DateUnreadable, "{text}");
    }
}

#[test]
fn what_vendors_write_with_slashes_is_read_where_it_is_one_day_only() {
    for text in ["01/15/2025 14:30:00", "15/01/2025 14:30:00"] {
        let read = hl7_ts(text, "f");
        assert_eq!(read.value, at("2025-01-15T14:30:00Z"));
        assert_eq!(read.finding.unwrap().code(), FindingCode::ValueMalformed);
    }
    // March or January: whichever it is, a birth on the other day would be another child's.
    let read = hl7_ts("01/03/2025 14:30:00", "f");
    assert_eq!((read.value, read.finding.unwrap().code()), (None, FindingCode::DateUnreadable));
    assert_eq!(hl7_date("01/15/2025", "f").value, day(2025, 1, 15));
    assert_eq!(hl7_date("15/01/2025", "f").value, day(2025, 1, 15));
    assert_eq!(hl7_date("03/03/2025", "f").value, day(2025, 3, 3));
    assert_eq!(hl7_date("01/03/2025", "f").value, None);
}

#[test]
fn a_birth_day_is_the_day_as_written() {
    for (text, expected) in [
        ("19990909", day(1999, 9, 9)),
        ("199909090300", day(1999, 9, 9)),
        ("19990909003000-0500", day(1999, 9, 9)),
        ("199909", partial(1999, Some(9))),
    ] {
        assert_eq!(hl7_date(text, "PID-7"), Read { value: expected, finding: None }, "{text}");
    }
    assert_eq!(hl7_date("1999-09-09", "PID-7").value, None);
    assert_eq!(hl7_date("19991309", "PID-7").value, None);
}

#[test]
fn instants_of_file_headers() {
    for (text, expected) in [
        ("2022-05-23T11:14:05", "2022-05-23T10:14:05Z"),
        ("2022-05-23T11:14:05Z", "2022-05-23T11:14:05Z"),
        ("2022-01-23T11:14:05+01:00", "2022-01-23T10:14:05Z"),
        ("2022-01-23", "2022-01-23T00:00:00Z"),
    ] {
        let expected = expected.parse::<Timestamp>().unwrap().as_microsecond();
        assert_eq!(iso_at(text, "DateTime"), Read::of(expected), "{text}");
    }
    assert_eq!(iso_at("yesterday", "DateTime").finding.unwrap().code(), FindingCode::DateUnreadable);
}

#[test]
fn days_become_instants_at_their_start_in_england() {
    let start = |text: &str| start_of_day_us(&iso(text, "f").value.unwrap()).unwrap();
    assert_eq!(start("2022-07-01"), "2022-06-30T23:00:00Z".parse::<Timestamp>().unwrap().as_microsecond());
    assert_eq!(start("2022"), "2022-01-01T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond());
}

#[test]
fn timestamps_before_1970() {
    assert_eq!(timestamp(-1), prost_types::Timestamp { seconds: -1, nanos: 999_999_000 });
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,30}") {
        for read in [iso, dd_mm_yyyy, blade, hl7_date] {
            read(&text, "f");
        }
        hl7_ts(&text, "f");
        iso_at(&text, "f");
    }

    #[test]
    fn every_day_reads_back_in_every_shape(year in 1900i16..2100, ordinal in 1i16..365) {
        let civil = civil::Date::new(year, 1, 1).unwrap().saturating_add(jiff::Span::new().days(i64::from(ordinal)));
        let expected = day(civil.year().into(), civil.month().try_into().unwrap(), civil.day().try_into().unwrap());
        for (format, read) in [
            ("%Y-%m-%d", iso as fn(&str, &str) -> Read<Date>),
            ("%d/%m/%Y", dd_mm_yyyy),
            ("%Y-%b-%d 00:00:00", blade),
            ("%Y%m%d", hl7_date),
        ] {
            proptest::prop_assert_eq!(read(&civil.strftime(format).to_string(), "f").value, expected);
        }
        proptest::prop_assert_eq!(key(&expected.unwrap()), civil.to_string());
    }
}

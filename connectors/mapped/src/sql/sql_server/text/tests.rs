use std::borrow::Cow;

use super::*;
use tiberius::Uuid;
use tiberius::time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime};
use tiberius::xml::XmlData;

fn written(data: &ColumnData<'_>, kind: ColumnType) -> String {
    let mut out = String::new();
    write(data, kind, &mut out);
    out
}

/// Days from the first of the year one to the 1st of January 2026, and from 1900.
const DAYS_2026: u32 = 739_616;
const DAYS_2026_OF_1900: i32 = 46_021;

fn at(hours: u64, minutes: u64, seconds: u64, sevenths: u64) -> time::Time {
    time::Time::new(((hours * 60 + minutes) * 60 + seconds) * 10_000_000 + sevenths, 7)
}

#[test]
fn every_type_is_the_text_that_postgresql_gives() {
    use ColumnData as D;
    use ColumnType as T;
    let text = |text: &'static str| D::String(Some(Cow::Borrowed(text)));
    let decimal = |value: i128, scale: u8| D::Numeric(Some(Numeric::new_with_scale(value, scale)));
    let datetime2 = |time| DateTime2::new(Date::new(DAYS_2026), time);
    let id = Uuid::parse_str("6F9619FF-8B86-D011-B42D-00C04FC964FF").unwrap();
    let rows: Vec<(D<'_>, T, &str)> = vec![
        (D::U8(Some(255)), T::Int1, "255"),
        (D::I16(Some(-7)), T::Int2, "-7"),
        (D::I32(Some(i32::MIN)), T::Int4, "-2147483648"),
        (D::I64(Some(i64::MAX)), T::Intn, "9223372036854775807"),
        (D::Bit(Some(true)), T::Bitn, "true"),
        (D::Bit(Some(false)), T::Bit, "false"),
        (decimal(1250, 2), T::Decimaln, "12.50"),
        (decimal(-5, 3), T::Numericn, "-0.005"),
        (decimal(7, 0), T::Numericn, "7"),
        (
            decimal(-99_999_999_999_999_999_999_999_999_999_999_999_999, 0),
            T::Decimaln,
            "-99999999999999999999999999999999999999",
        ),
        (D::F64(Some(1234.5)), T::Money, "1234.5000"),
        (D::F64(Some(-0.1)), T::Money4, "-0.1000"),
        (D::F64(Some(0.1)), T::Float8, "0.1"),
        (D::F32(Some(0.1)), T::Float4, "0.1"),
        (text("Zoë, \"x\""), T::NVarchar, "Zoë, \"x\""),
        (text(" kept "), T::BigVarChar, " kept "),
        (text(" padded   "), T::NChar, " padded"),
        (text("A  "), T::BigChar, "A"),
        (D::Guid(Some(id)), T::Guid, "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        (D::Binary(Some(Cow::Borrowed(&[0, 0x1f, 0xff]))), T::BigVarBin, "0x001FFF"),
        (D::Xml(Some(Cow::Owned(XmlData::new("<a/>")))), T::Xml, "<a/>"),
        (D::Date(Some(Date::new(DAYS_2026))), T::Daten, "2026-01-01"),
        (D::Date(Some(Date::new(0))), T::Daten, "0001-01-01"),
        (D::Time(Some(at(9, 5, 0, 0))), T::Timen, "09:05:00"),
        (D::Time(Some(time::Time::new(86_399, 0))), T::Timen, "23:59:59"),
        (D::DateTime2(Some(datetime2(at(10, 0, 0, 0)))), T::Datetime2, "2026-01-01 10:00:00"),
        (D::DateTime2(Some(datetime2(at(10, 0, 0, 1)))), T::Datetime2, "2026-01-01 10:00:00.0000001"),
        // Three hundredths of a second, as the server shows them: .000, .003, .007, .997.
        (D::DateTime(Some(DateTime::new(DAYS_2026_OF_1900, 300 * 60))), T::Datetimen, "2026-01-01 00:01:00"),
        (D::DateTime(Some(DateTime::new(DAYS_2026_OF_1900, 1))), T::Datetime, "2026-01-01 00:00:00.003"),
        (D::DateTime(Some(DateTime::new(DAYS_2026_OF_1900, 2))), T::Datetime, "2026-01-01 00:00:00.007"),
        (D::DateTime(Some(DateTime::new(DAYS_2026_OF_1900, 299))), T::Datetime, "2026-01-01 00:00:00.997"),
        (D::DateTime(Some(DateTime::new(-53_690, 0))), T::Datetime, "1753-01-01 00:00:00"),
        (D::SmallDateTime(Some(SmallDateTime::new(46_021, 61))), T::Datetime4, "2026-01-01 01:01:00"),
        // Half past midnight in British Summer Time is still the day before in Greenwich.
        (
            D::DateTimeOffset(Some(DateTimeOffset::new(
                DateTime2::new(Date::new(DAYS_2026 + 154), at(23, 30, 0, 0)),
                60,
            ))),
            T::DatetimeOffsetn,
            "2026-06-05 00:30:00+01:00",
        ),
        (
            D::DateTimeOffset(Some(DateTimeOffset::new(datetime2(at(1, 0, 0, 5_000_000)), -210))),
            T::DatetimeOffsetn,
            "2025-12-31 21:30:00.5-03:30",
        ),
    ];
    for (data, kind, expected) in rows {
        assert_eq!(written(&data, kind), expected, "{kind:?}");
    }
}

#[test]
fn a_null_is_nothing_whatever_its_type() {
    use ColumnData as D;
    let nulls = [
        D::U8(None),
        D::I16(None),
        D::I32(None),
        D::I64(None),
        D::F32(None),
        D::F64(None),
        D::Bit(None),
        D::String(None),
        D::Guid(None),
        D::Binary(None),
        D::Numeric(None),
        D::Xml(None),
        D::DateTime(None),
        D::SmallDateTime(None),
        D::Time(None),
        D::Date(None),
        D::DateTime2(None),
        D::DateTimeOffset(None),
    ];
    for null in &nulls {
        assert_eq!(written(null, ColumnType::Null), "", "{null:?}");
    }
}

/// What no server sends, and a broken one might: some text, and no panic.
#[test]
fn values_that_no_calendar_has_are_written_as_what_they_are() {
    let far = DateTime2::new(Date::new(0x00ff_ffff), time::Time::new(u64::MAX, 0));
    assert_eq!(written(&ColumnData::DateTime2(Some(far)), ColumnType::Datetime2), "day 16777215");
    assert_eq!(
        written(&ColumnData::DateTime(Some(DateTime::new(i32::MAX, u32::MAX))), ColumnType::Datetime),
        "day 2147483647"
    );
    let offset = DateTimeOffset::new(DateTime2::new(Date::new(0), time::Time::new(0, 7)), -840);
    assert_eq!(
        written(&ColumnData::DateTimeOffset(Some(offset)), ColumnType::DatetimeOffsetn),
        "0000-12-31 10:00:00-14:00"
    );
    let scale = time::Time::new(u64::MAX, 250);
    assert!(!written(&ColumnData::Time(Some(scale)), ColumnType::Timen).is_empty());
}

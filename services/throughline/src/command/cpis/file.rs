//! The upload as a file: one row for each plan or time in care.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use connector_kit::identifier::{Verdict, nhs_number};
use jiff::ToSpan as _;
use jiff::civil::Date;
use proto::admin::ProtectionRow;
use proto::admin::protection_row::Plan;

/// The columns, in their order.
const COLUMNS: [&str; 9] = [
    "nhs_number",
    "birth_date",
    "plan_type",
    "start_date",
    "end_date",
    "delete_date",
    "local_authority",
    "office_hours_telephone",
    "emergency_duty_telephone",
];

/// Child protection plan, unborn child's protection plan, looked after: the codes of the national service.
const PLANS: [&str; 3] = ["CPPI", "UCPI", "LACI"];

/// What ended so long ago, or longer, is told no more.
const MONTHS_AFTER_END: i32 = 12;

/// Days stand as in the national messages.
const DAY: &str = "%Y%m%d";

/// Whom to ring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Contact {
    /// The authority's three digits.
    pub(super) authority: String,
    pub(super) office_hours: String,
    pub(super) emergency: String,
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) nhs_number: String,
    pub(super) birth: Option<Date>,
    pub(super) plan: String,
    pub(super) start: Date,
    pub(super) end: Option<Date>,
    pub(super) deleted: Option<Date>,
    pub(super) contact: Contact,
}

/// A file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Upload {
    pub(super) rows: Vec<Row>,
}

/// What is other than in the last upload.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Changes {
    pub(super) started: u64,
    pub(super) changed: u64,
    pub(super) unchanged: u64,
    /// Told before, and stands no more.
    pub(super) deleted: u64,
    /// Ended more than twelve months ago.
    pub(super) aged: u64,
}

impl Row {
    /// What makes it the same plan in two uploads.
    fn key(&self) -> (&str, &str, Date) {
        (&self.nhs_number, &self.plan, self.start)
    }
}

impl Upload {
    /// What the service told of. `None` where it told of something that this build does not know.
    pub(super) fn of(told: &[ProtectionRow], contact: &Contact) -> Option<Self> {
        let row = |row: &ProtectionRow| {
            let plan = match row.plan() {
                Plan::Unspecified => return None,
                Plan::ChildProtection => "CPPI",
                Plan::UnbornChildProtection => "UCPI",
                Plan::LookedAfter => "LACI",
            };
            Some(Row {
                nhs_number: row.nhs_number.clone(),
                birth: row.birth_on.and_then(day),
                plan: plan.to_owned(),
                start: row.start_on.and_then(day)?,
                end: row.end_on.and_then(day),
                deleted: None,
                contact: contact.clone(),
            })
        };
        Some(Self { rows: told.iter().map(row).collect::<Option<_>>()? })
    }

    /// Those that it does not delete.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.deleted.is_none())
    }

    /// Compares it with the last one, and deletes what that told and this does not.
    pub(super) fn changed_since(&mut self, last: Option<&Self>, on: Date) -> Changes {
        let before: BTreeMap<_, &Row> = last.into_iter().flat_map(Self::standing).map(|row| (row.key(), row)).collect();
        let mut changes = Changes::default();
        for row in &self.rows {
            match before.get(&row.key()) {
                None => changes.started += 1,
                Some(same) if (same.birth, same.end, &same.contact) == (row.birth, row.end, &row.contact) => {
                    changes.unchanged += 1;
                }
                Some(_) => changes.changed += 1,
            }
        }
        let now: Vec<_> = self.rows.iter().map(Row::key).collect();
        let oldest = on.checked_sub(MONTHS_AFTER_END.months()).unwrap_or(Date::MIN);
        let mut gone = Vec::new();
        for (key, row) in before {
            if now.contains(&key) {
                continue;
            }
            if row.end.is_some_and(|end| end < oldest) {
                changes.aged += 1;
            } else {
                changes.deleted += 1;
                gone.push(Row { deleted: Some(on), ..row.clone() });
            }
        }
        self.rows.extend(gone);
        self.rows.sort_by(|one, other| one.key().cmp(&other.key()));
        changes
    }

    /// The file, lines ended as RFC 4180 has them.
    pub(super) fn written(&self) -> anyhow::Result<String> {
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        csv.write_record(COLUMNS)?;
        for row in &self.rows {
            let day = |day: Option<Date>| day.map(|day| day.strftime(DAY).to_string()).unwrap_or_default();
            let Contact { authority, office_hours, emergency } = &row.contact;
            csv.write_record([
                &row.nhs_number,
                &day(row.birth),
                &row.plan,
                &day(Some(row.start)),
                &day(row.end),
                &day(row.deleted),
                authority,
                office_hours,
                emergency,
            ])?;
        }
        Ok(String::from_utf8(csv.into_inner()?)?)
    }

    /// # Errors
    /// Where it has other columns, or a day that is none. Says the line and the column, never what stands there.
    pub(super) fn read(text: &str) -> anyhow::Result<Self> {
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        ensure!(csv.headers()?.iter().eq(COLUMNS), "its columns must be {}", COLUMNS.join(", "));
        let mut rows = Vec::new();
        for (line, record) in (2..).zip(csv.records()) {
            let record = record.map_err(|_| anyhow::anyhow!("line {line} has another number of columns"))?;
            let Ok([nhs_number, birth, plan, start, end, deleted, authority, office_hours, emergency]) =
                <[&str; 9]>::try_from(record.iter().collect::<Vec<_>>())
            else {
                bail!("line {line} has another number of columns");
            };
            let day = |column: &str, text: &str| -> anyhow::Result<Option<Date>> {
                if text.is_empty() {
                    return Ok(None);
                }
                let read = Date::strptime(DAY, text).ok().filter(|_| text.len() == 8);
                read.map(Some).with_context(|| format!("line {line}: `{column}` is no day"))
            };
            rows.push(Row {
                nhs_number: nhs_number.to_owned(),
                birth: day("birth_date", birth)?,
                plan: plan.to_owned(),
                start: day("start_date", start)?.with_context(|| format!("line {line}: `start_date` is missing"))?,
                end: day("end_date", end)?,
                deleted: day("delete_date", deleted)?,
                contact: Contact {
                    authority: authority.to_owned(),
                    office_hours: office_hours.to_owned(),
                    emergency: emergency.to_owned(),
                },
            });
        }
        Ok(Self { rows })
    }

    /// What breaks the rules of the format, by line: never what stands there.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for (line, row) in (2..).zip(&self.rows) {
            let unborn = row.plan == "UCPI";
            let telephone = |number: &str| number.bytes().filter(u8::is_ascii_digit).count() >= 10;
            let rules = [
                (
                    nhs_number::check(&row.nhs_number).verdict == Verdict::Valid && row.nhs_number.len() == 10,
                    "nhs_number: ten digits, the last of which checks the others",
                ),
                (PLANS.contains(&row.plan.as_str()), "plan_type: CPPI, UCPI or LACI"),
                (unborn == row.birth.is_none(), "birth_date: the child's, and none of a child who is not born"),
                (row.birth.is_none_or(|birth| birth <= row.start), "start_date: not before the birth"),
                (row.end.is_none_or(|end| end >= row.start), "end_date: not before start_date"),
                (row.deleted.is_none_or(|deleted| deleted >= row.start), "delete_date: not before start_date"),
                (
                    row.contact.authority.len() == 3 && row.contact.authority.bytes().all(|b| b.is_ascii_digit()),
                    "local_authority: three digits",
                ),
                (telephone(&row.contact.office_hours), "office_hours_telephone: a number that can be rung"),
                (telephone(&row.contact.emergency), "emergency_duty_telephone: a number that can be rung"),
                (seen.insert(row.key()), "one row for each number, plan and start"),
            ];
            found.extend(rules.iter().filter(|(holds, _)| !holds).map(|(_, rule)| format!("line {line}: {rule}")));
        }
        found
    }
}

/// A whole day.
pub(super) fn day(date: proto::events::Date) -> Option<Date> {
    let part = |part: Option<u32>| i8::try_from(part?).ok();
    Date::new(i16::try_from(date.year).ok()?, part(date.month)?, part(date.day)?).ok()
}

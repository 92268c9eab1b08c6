//! A connector for the kit's own tests: a table of enrolments, `id,name,start,end`.

use proto::events::{EnrolmentEnded, EnrolmentStarted, Family, Scheme, Version};
use proto::quarantine::Reason;

use crate::collected::Collected;
use crate::connector::{Connector, Delivery, Descriptor, Draft, Output, Rejection, Scope, SourceFile};
use crate::csv_source::{Row, Table};
use crate::{dates, identifier};

pub(crate) const SCHOOL: &str = "school-8784001";
pub(crate) const SCOPE: &str = "8784001/toy";

/// What it gets wrong, for tests of the conformance suite.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    /// Puts a name in a message.
    Leaks,
    /// Calls everything whole.
    AlwaysWhole,
    /// Gives nothing of a table that is not whole.
    AllOrNothing,
    /// Says nothing of a file that it cannot read.
    SwallowsGarbage,
    /// Says of every file that its source stood so on one day.
    OneDay,
    /// Says everything of a feed, and always at one version.
    OneVersion,
}

#[derive(Clone, Copy)]
pub(crate) struct Toy(pub(crate) Fault, pub(crate) &'static str);

impl Default for Toy {
    fn default() -> Self {
        Self::of(SCHOOL)
    }
}

impl Toy {
    pub(crate) fn of(school: &'static str) -> Self {
        Self(Fault::None, school)
    }

    pub(crate) fn with(fault: Fault) -> Self {
        Self(fault, SCHOOL)
    }
}

impl Connector for Toy {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "education-toy",
            about: "Enrolments of an invented school.",
            family: Family::Education,
            delivery: Delivery::Snapshot,
            mapping_revision: 1,
        }
    }

    fn is_header(&self, columns: &[String]) -> bool {
        ["id", "start"].iter().all(|wanted| columns.iter().any(|column| column == wanted))
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        for file in files {
            let day = file.name.trim_start_matches("toy-").trim_end_matches(".csv").to_owned();
            let as_of_us = dates::iso(&day, "name").value.and_then(|date| dates::start_of_day_us(&date));
            let as_of_us = if self.0 == Fault::OneDay { Some(0) } else { as_of_us };
            out.scope(Scope { key: SCOPE.to_owned(), as_of_us, sequence: 0 });
            let mut table = match Table::open(file, &["id", "start"]) {
                Ok(table) => table,
                Err(_) if self.0 == Fault::SwallowsGarbage => {
                    out.record();
                    continue;
                }
                Err(rejection) => {
                    out.reject(Rejection { scope_key: Some(SCOPE.to_owned()), ..*rejection });
                    continue;
                }
            };
            let mut said = Collected::default();
            while let Some(row) = table.next_row() {
                out.record();
                match row {
                    Ok(row) => self.row(&row, &mut said),
                    Err(rejection) => said.reject(Rejection { scope_key: Some(SCOPE.to_owned()), ..*rejection }),
                }
            }
            said.rejections.into_iter().for_each(|rejection| out.reject(rejection));
            if table.whole() || self.0 != Fault::AllOrNothing {
                said.drafts.into_iter().for_each(|draft| out.draft(draft));
            }
            if table.whole() || self.0 == Fault::AlwaysWhole {
                out.whole(SCOPE);
            }
        }
    }
}

impl Toy {
    fn row(&self, row: &Row<'_>, out: &mut dyn Output) {
        let reject = |reason, field, message: &str| Rejection {
            scope_key: Some(SCOPE.to_owned()),
            ..row.reject(reason, field, message)
        };
        let Some(id) = row.get("id") else {
            let leak = if self.0 == Fault::Leaks { row.get("name").unwrap_or_default() } else { "" };
            out.reject(reject(Reason::SubjectMissing, "id", &format!("the row has no id{leak}")));
            return;
        };
        let subject = identifier::subject(Scheme::SchoolPupil, "8784001", id);
        let mut findings = Vec::new();
        let Some(start_on) = row.read("start", dates::iso).keep(&mut findings) else {
            let rejection = reject(Reason::DateMissing, "start", "the row has no start date that can be read");
            out.reject(Rejection { subject: Some(subject), ..rejection });
            return;
        };
        let end_on = row.read("end", dates::iso).keep(&mut findings);
        let draft = Draft {
            record_key: format!("{}/{}", subject.value, dates::key(&start_on)),
            subject,
            controller: self.1.to_owned(),
            scope_key: (self.0 != Fault::OneVersion).then(|| SCOPE.to_owned()),
            table: "enrolment",
            ordinal: 0,
            effective: dates::on(start_on),
            observed_at_us: None,
            version: (self.0 == Fault::OneVersion).then(Version::default),
            findings,
            third_parties: Vec::new(),
            clears: Vec::new(),
            in_part: false,
            labels: Vec::new(),
            event: EnrolmentStarted { school: row.get("name").map(str::to_owned), ..Default::default() }.into(),
            place: row.place("id"),
        };
        if let Some(end_on) = end_on {
            let event = EnrolmentEnded { leaving_on: Some(end_on), ..Default::default() }.into();
            out.draft(draft.clone());
            out.draft(Draft { ordinal: 1, effective: dates::on(end_on), event, ..draft });
        } else {
            out.draft(draft);
        }
    }
}

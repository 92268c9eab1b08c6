//! PD1-12, PV2-22 (table 0136) and ARV: that the sender keeps somebody, or a visit, from who has no business with it. What the
//! message tells of them is told as ever, and left to its own organisation.

use connector_kit::reading::boolean;
use proto::sharing::Label;

use crate::er7::{Fields, Message, Value};

/// What a message asks to keep back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Protection {
    person: bool,
    visit: bool,
}

impl Protection {
    pub(crate) fn of(message: &Message<'_>) -> Self {
        let any = |name: &str, asks: fn(&Fields<'_>) -> bool| {
            message.segments().any(|segment| segment.name() == name && asks(&segment.fields()))
        };
        Self {
            person: any("PD1", |pd1| is_asked(pd1.field(12))) || any("ARV", restricts),
            visit: any("PV2", |pv2| is_asked(pv2.field(22))),
        }
    }

    /// The labels of an event of this table.
    pub(crate) fn labels(self, table: &str) -> Vec<Label> {
        let is_of_the_person = matches!(table, "person" | "identifier" | "relationship");
        let is_kept_back = self.person || self.visit && !is_of_the_person;
        is_kept_back.then_some(Label::RestrictedUnspecified).into_iter().collect()
    }
}

/// A word that is no plain no asks for it: one that was not understood shows nobody what was to be hidden.
fn is_asked(value: Value<'_>) -> bool {
    let said = value.text().value;
    let said = said.trim();
    let is_no = boolean(said, "").value == Some(false) || said.eq_ignore_ascii_case("U");
    !said.is_empty() && !is_no
}

/// ARV, from version 2.6 on: an access restriction that is not taken off (ARV-2, D) and restricts something (ARV-3).
fn restricts(arv: &Fields<'_>) -> bool {
    let said = |number: usize| arv.field(number).component(1).text().value.trim().to_ascii_uppercase();
    said(2) != "D" && !matches!(said(3).as_str(), "" | "NO")
}

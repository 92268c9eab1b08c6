//! VXU: vaccines given, and refused or not given. An order's later states are states of one entry.

use proto::events::{Coded, EntryRetracted, Event, FindingCode, ImmunisationGiven, ImmunisationNotGiven};

use crate::er7::{Fields, Segment};
use crate::reading::{Reading, joined, named};
use crate::saying::Saying;
use crate::visit::Taken;

/// What US practice writes in ORC-3 where there is no order.
const NO_ORDER: &str = "9999";

/// What stands in RXA-2 and RXA-6 for a number that is not known.
const NOT_KNOWN: &str = "999";

/// CVX 998, "no vaccine administered", where the code is of CVX or of no list that is named.
fn is_none_given(vaccine: &Coded) -> bool {
    vaccine.code == "998" && matches!(vaccine.code_set.as_str(), "hl7v2.vaccine/CVX" | "hl7v2.vaccine")
}

/// One vaccine: ORC, RXA and RXR belong together by their order.
struct Given<'m> {
    segment: Segment<'m>,
    order: Fields<'m>,
    administered: Fields<'m>,
    route: Fields<'m>,
}

/// Says each vaccine of the message.
pub(crate) fn say(saying: &mut Saying<'_, '_>) -> Taken {
    let mut taken = Taken::Wholly;
    for given in vaccines(saying) {
        if given.say(saying) == Taken::InPart {
            taken = Taken::InPart;
        }
    }
    taken
}

fn vaccines<'m>(saying: &Saying<'m, '_>) -> Vec<Given<'m>> {
    let none = saying.message.no_fields();
    let mut order = none.clone();
    let mut vaccines: Vec<Given<'m>> = Vec::new();
    for segment in saying.message.segments() {
        match segment.name() {
            "ORC" => order = segment.fields(),
            "RXA" => vaccines.push(Given {
                segment,
                order: std::mem::replace(&mut order, none.clone()),
                administered: segment.fields(),
                route: none.clone(),
            }),
            "RXR" => {
                if let Some(last) = vaccines.last_mut() {
                    last.route = segment.fields();
                }
            }
            _ => {}
        }
    }
    vaccines
}

impl<'m> Given<'m> {
    /// Without a vaccine, or with a status that is none, nobody can say what was given.
    fn say(&self, saying: &mut Saying<'m, '_>) -> Taken {
        let mut owned = Reading::default();
        let reading = &mut owned;
        let rxa = &self.administered;
        let status = reading.text(rxa.field(20).component(1), "RXA-20").map(|status| status.to_ascii_uppercase());
        // Of what was given nobody says why it was refused.
        let has_reason = Reading::default().coded(rxa.field(18), "RXA-18", "refusal_reason").is_some();
        let refused = match status.as_deref() {
            Some("RE" | "NA") => true,
            None => has_reason,
            Some("CP" | "PA") if !has_reason => false,
            Some(_) => return Taken::InPart,
        };
        let vaccines = reading.codings(rxa.field(5), "RXA-5", "vaccine");
        // It carries a history of disease or a forecast in the OBX under it.
        if vaccines.iter().any(is_none_given) {
            return Taken::InPart;
        }
        let Some(vaccine) = joined(vaccines) else { return Taken::InPart };
        let given = reading.time(rxa.field(3), "RXA-3");
        if saying.birth_on.is_some_and(|birth_on| given.is_some_and(|given| given.is_before_day(birth_on))) {
            reading.flag(FindingCode::DateImplausible, "RXA-3");
        }
        let stands_at = given.unwrap_or(saying.recorded);
        let ordered = |reading: &mut Reading, number| {
            let text = reading.text(self.order.field(number).first().component(1), "ORC-3")?;
            (text != NO_ORDER).then_some(text)
        };
        let key = match ordered(reading, 3).or_else(|| ordered(reading, 2)) {
            Some(order) => format!("immunisation/{order}"),
            None => {
                format!("immunisation/{}/{}", named(rxa.field(5)).unwrap_or_default(), stands_at.key())
            }
        };
        let deleted = reading.text(rxa.field(21), "RXA-21").is_some_and(|action| action == "D");
        let vaccine = Some(vaccine);
        let at = given.map(|given| given.timestamp());
        let event: Event = if deleted {
            EntryRetracted { reason: Some(format!("{} RXA-21 D", saying.header.name())) }.into()
        } else if refused {
            let reason = reading.asserted(3, rxa.field(18), |r, v| r.coded(v, "RXA-18", "refusal_reason"));
            ImmunisationNotGiven { recorded_at: at, vaccine, reason }.into()
        } else {
            ImmunisationGiven { given_at: at, vaccine, ..self.particulars(reading) }.into()
        };
        saying.say_of(Some(self.segment), "immunisation", &key, stands_at, owned, None, event);
        Taken::Wholly
    }

    fn particulars(&self, r: &mut Reading) -> ImmunisationGiven {
        let rxa = &self.administered;
        ImmunisationGiven {
            given_at: None,
            vaccine: None,
            dose_number: r.asserted(3, rxa.field(2), |r, v| {
                // Many feeds write 1 on every dose, so a 1 says nothing.
                let text = r.text(v, "RXA-2")?;
                text.parse().ok().filter(|dose| (2..100).contains(dose))
            }),
            amount: r.asserted(4, rxa.field(6), |r, v| {
                let amount = r.text(v, "RXA-6").filter(|amount| amount != NOT_KNOWN)?;
                let unit = r.text(rxa.field(7).component(1), "RXA-7");
                Some(unit.map_or(amount.clone(), |unit| format!("{amount} {unit}")))
            }),
            lot: r.asserted(5, rxa.field(15), |r, v| r.text(v.first(), "RXA-15")),
            route: r.asserted(6, self.route.field(1), |r, v| r.coded(v, "RXR-1", "route")),
            site: r.asserted(7, self.route.field(2), |r, v| r.coded(v, "RXR-2", "body_site")),
            information_source: r.asserted(8, rxa.field(9), |r, v| r.coded(v, "RXA-9", "information_source")),
        }
    }
}

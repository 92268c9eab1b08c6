//! OBR and OBX: what was measured, screened and found. All states of one observation are states of one entry: a corrected
//! result (OBX-11 C) takes the place of the one before, and one that was wrong or is deleted (W, D) takes it back.

use proto::events::{
    Coded, EntryRetracted, Event, FindingCode, ObservationRecorded, ResultReported, ScreeningReported, When,
};

use crate::er7::{Fields, Segment, Value};
use crate::measure::{Form, form};
use crate::reading::{Reading, joined, named};
use crate::saying::Saying;
use crate::time::Time;

/// OBX-11 (table 0085).
const STATUSES: &[&str] = &["C", "D", "F", "I", "N", "O", "P", "R", "S", "U", "W", "X", "A", "B", "V"];

/// What OBX-5 held.
#[derive(Default)]
struct Stated {
    value: Option<String>,
    coded: Option<Coded>,
    text: Option<String>,
}

/// One order and the observations under it.
struct Order<'m> {
    obr: Option<Segment<'m>>,
    /// Of the OBR; none where there is none.
    fields: Fields<'m>,
    /// The ORC before it, for a feed that numbers the order there alone.
    orc: Option<Segment<'m>>,
    specimen: Option<Segment<'m>>,
    observations: Vec<Observed<'m>>,
}

/// One observation: an OBX, those that go on its text, and the notes under it.
struct Observed<'m> {
    obx: Segment<'m>,
    goes_on: Vec<Segment<'m>>,
    notes: Vec<Segment<'m>>,
}

/// Says each observation of the message. In a message of results (`results`), what is neither measure nor screen is a result;
/// elsewhere everything is an observation. What cannot be said is kept.
pub(crate) fn say(saying: &mut Saying<'_, '_>, results: bool) {
    for order in orders(saying) {
        if order.observations.is_empty() {
            // A request without a result yet.
            order.obr.iter().chain(&order.orc).chain(&order.specimen).for_each(|segment| saying.keep(segment));
        }
        for observed in &order.observations {
            if !order.say(saying, observed, results) {
                observed.segments().for_each(|segment| saying.keep(segment));
            }
        }
    }
}

fn orders<'m>(saying: &mut Saying<'m, '_>) -> Vec<Order<'m>> {
    let message = saying.message;
    // In these what was ordered stands under its specimen, and the ORC under its OBR.
    let by_specimen = saying.header.message_type == "OUL";
    let none = || Order { obr: None, fields: message.no_fields(), orc: None, specimen: None, observations: Vec::new() };
    let mut orders = vec![none()];
    let mut orc = None;
    let mut over = None;
    // What a note stands under: an observation, or something of which nothing is made.
    let mut under_observation = false;
    for segment in message.segments() {
        let name = segment.name();
        let Some(order) = orders.last_mut() else { break };
        let is_of_the_specimen = by_specimen && order.obr.is_none();
        match name {
            "ORC" if by_specimen && order.takes_its_orc() => order.orc = Some(segment),
            "ORC" => orc = Some(segment),
            "OBR" => orders.push(Order {
                obr: Some(segment),
                fields: segment.fields(),
                orc: orc.take(),
                specimen: over,
                ..none()
            }),
            "SPM" if by_specimen => {
                over = Some(segment);
                orders.push(none());
            }
            "SPM" => order.specimen = order.specimen.or(Some(segment)),
            "OBX" if is_of_the_specimen => saying.keep(&segment),
            "OBX" => match order.observations.last_mut().filter(|last| last.goes_on_in(&segment)) {
                Some(last) => last.goes_on.push(segment),
                None => order.observations.push(Observed { obx: segment, goes_on: Vec::new(), notes: Vec::new() }),
            },
            "NTE" if under_observation => {
                order.observations.iter_mut().last().into_iter().for_each(|last| last.notes.push(segment));
            }
            "NTE" => saying.keep(&segment),
            _ => {}
        }
        under_observation = name == "OBX" && !is_of_the_specimen || name == "NTE" && under_observation;
    }
    // A specimen that is no order's.
    let taken: Vec<usize> = orders.iter().filter_map(|order| Some(order.specimen?.byte_offset())).collect();
    let of_none = |segment: &Segment<'_>| segment.name() == "SPM" && !taken.contains(&segment.byte_offset());
    message.segments().filter(of_none).for_each(|segment| saying.keep(&segment));
    // An ORC that no OBR followed.
    orc.iter().for_each(|segment| saying.keep(segment));
    orders
}

impl<'m> Observed<'m> {
    fn segments(&self) -> impl Iterator<Item = &Segment<'m>> {
        std::iter::once(&self.obx).chain(&self.goes_on).chain(&self.notes)
    }

    /// A report in words is sent a line at a time, each in a segment of its own. What was observed at another time is another.
    fn goes_on_in(&self, next: &Segment<'m>) -> bool {
        let (this, next) = (self.obx.fields(), next.fields());
        let same = |number: usize| this.field(number).bytes() == next.field(number).bytes();
        let in_words = |fields: &Fields<'_>| matches!(fields.field(2).bytes(), b"TX" | b"FT" | b"ST");
        let at_one_time = next.field(14).is_empty() || same(14);
        in_words(&this) && in_words(&next) && same(3) && same(4) && same(11) && at_one_time
    }
}

impl<'m> Order<'m> {
    /// Whether an ORC that comes now is of this order and not of the next.
    fn takes_its_orc(&self) -> bool {
        self.obr.is_some() && self.orc.is_none() && self.observations.is_empty()
    }

    /// The number of the order: the filler's, which stays the same through corrections, else the placer's.
    fn number(&self, reading: &mut Reading) -> Option<String> {
        let ordered = |number| self.orc.map(|orc| orc.fields().field(number));
        let stated = [
            (Some(self.fields.field(3)), "OBR-3"),
            (ordered(3), "ORC-3"),
            (Some(self.fields.field(2)), "OBR-2"),
            (ordered(2), "ORC-2"),
        ];
        stated.into_iter().find_map(|(value, field)| reading.text(value?.first().component(1), field))
    }

    /// False where nothing could be made of it.
    fn say(&self, saying: &mut Saying<'m, '_>, observed: &Observed<'m>, results: bool) -> bool {
        let mut owned = Reading::default();
        let reading = &mut owned;
        let obx = observed.obx.fields();
        let panels = reading.codings(self.fields.field(4), "OBR-4", "service");
        let tests = reading.codings(obx.field(3), "OBX-3", "observation");
        if tests.is_empty() {
            reading.flag(FindingCode::FieldMissing, "OBX-3");
        }
        let (test, panel) = (joined(tests.iter().cloned()), joined(panels.iter().cloned()));
        let Some(what) = test.or_else(|| panel.clone()) else { return false };
        let status = match obx.field(11) {
            none if none.is_empty() => None,
            stated => reading.code_of(stated, "OBX-11", "result_status", STATUSES),
        };
        let Some(stated) = stated(reading, observed) else { return false };
        let taken = reading.time(obx.field(14), "OBX-14");
        let taken = taken.or_else(|| reading.time(self.fields.field(7), "OBR-7"));
        let stands_at = taken.unwrap_or(saying.recorded);
        if saying.birth_on.is_some_and(|birth_on| stands_at.is_before_day(birth_on)) {
            reading.flag(FindingCode::DateImplausible, "OBX-14");
        }
        let form = match form(&tests, &panels) {
            Form::Result if !results => Form::Measure,
            form => form,
        };
        let (table, group) = match form {
            Form::Measure => ("observation", "observation"),
            Form::Screen => ("screening", "screening"),
            Form::Result => ("result", "result"),
        };
        let under = match self.number(reading) {
            Some(number) => number,
            None => stands_at.key(),
        };
        let part = reading.text(obx.field(4), "OBX-4").map(|part| format!("/{part}")).unwrap_or_default();
        let named = named(obx.field(3)).or_else(|| named(self.fields.field(4))).unwrap_or_default();
        let key = format!("{group}/{under}/{named}{part}");
        let event: Event = match status.as_ref().map(|status| status.code.as_str()) {
            Some(gone @ ("D" | "W")) => {
                EntryRetracted { reason: Some(format!("{} OBX-11 {gone}", saying.header.name())) }.into()
            }
            _ => {
                let said = Said { what, panel, stated, status, taken: taken.map(Time::when) };
                said.event(form, self, &obx, reading)
            }
        };
        saying.say_of(Some(observed.obx), table, &key, stands_at, owned, None, event);
        true
    }
}

/// What an observation says that does not depend on its form.
struct Said {
    what: Coded,
    panel: Option<Coded>,
    stated: Stated,
    status: Option<Coded>,
    taken: Option<When>,
}

impl Said {
    /// Each observation states itself whole, so what it leaves out is emptied: a corrected code takes the place of a number.
    fn event(self, form: Form, order: &Order<'_>, obx: &Fields<'_>, r: &mut Reading) -> Event {
        let Self { what, panel, stated: Stated { value, coded, text }, status, taken } = self;
        if value.is_none() && coded.is_none() && text.is_none() {
            r.flag(FindingCode::FieldMissing, "OBX-5");
        }
        let unit = r
            .coded(obx.field(6), "OBX-6", "unit")
            .map(|unit| if unit.code.is_empty() { unit.text.unwrap_or_default() } else { unit.code });
        let reference_range = r.text(obx.field(7), "OBX-7");
        let interpretation = interpretation(obx.field(8), r);
        let empty = |r: &mut Reading, fields: &[(u32, bool)]| {
            r.clears.extend(fields.iter().filter(|(_, stands)| !stands).map(|(number, _)| *number));
        };
        if form == Form::Screen {
            let outcome = coded
                .or_else(|| value.map(|value| Coded { code: value, code_set: "hl7v2.value".to_owned(), text: None }));
            empty(r, &[(3, outcome.is_some()), (6, text.is_some())]);
            let site = r.coded(obx.field(20), "OBX-20", "body_site");
            return ScreeningReported { screened_at: taken, screen: Some(what), outcome, site, status, note: text }
                .into();
        }
        empty(
            r,
            &[
                (3, value.is_some()),
                (4, unit.is_some()),
                (5, coded.is_some()),
                (6, text.is_some()),
                (7, reference_range.is_some()),
                (8, interpretation.is_some()),
            ],
        );
        if form == Form::Measure {
            return ObservationRecorded {
                observed_at: taken,
                observation: Some(what),
                value,
                unit,
                coded_value: coded,
                text,
                reference_range,
                interpretation,
                status,
            }
            .into();
        }
        let specimen = match &order.specimen {
            Some(specimen) => r.coded(specimen.fields().field(4), "SPM-4", "specimen"),
            None => specimen(order.fields.field(15), r),
        };
        let reported_at = r.time(order.fields.field(22), "OBR-22").map(Time::when);
        ResultReported {
            taken_at: taken,
            test: Some(what),
            value,
            unit,
            coded_value: coded,
            text,
            reference_range,
            interpretation,
            status,
            panel,
            specimen,
            reported_at,
        }
        .into()
    }
}

/// OBX-8. An event holds one flag: of several the first is the code, and the text has all.
fn interpretation(flags: Value<'_>, r: &mut Reading) -> Option<Coded> {
    let first = r.coded(flags.first(), "OBX-8", "interpretation")?;
    let all: Vec<String> = flags.repetitions().filter_map(|flag| r.text(flag.component(1), "OBX-8")).collect();
    Some(if all.len() > 1 { Coded { text: Some(all.join(", ")), ..first } } else { first })
}

/// OBR-15, whose first component is a code with parts of its own: `BLD&Blood`.
fn specimen(source: Value<'_>, r: &mut Reading) -> Option<Coded> {
    let stated = source.first().component(1);
    let part = |r: &mut Reading, number| r.text(stated.subcomponent(number), "OBR-15");
    let (code, text) = (part(r, 1), part(r, 2));
    let text = text.or_else(|| r.text(source.first().component(2), "OBR-15"));
    let code_set = "hl7v2.specimen".to_owned();
    (code.is_some() || text.is_some()).then(|| Coded { code: code.unwrap_or_default(), code_set, text })
}

/// OBX-5 by its type (OBX-2), with the lines that go on it and the notes under it. `None` for what is no text: an image, a
/// sound, a pointer to one.
fn stated(reading: &mut Reading, observed: &Observed<'_>) -> Option<Stated> {
    let obx = observed.obx.fields();
    let kind = reading.text(obx.field(2), "OBX-2").unwrap_or_default();
    let value = obx.field(5);
    let mut stated = Stated::default();
    match kind.as_str() {
        "ED" | "RP" => return None,
        "CE" | "CWE" | "CNE" | "CF" | "IS" | "ID" => {
            stated.coded = reading.coded(value.first(), "OBX-5", "value");
            // An event holds one code: the others stand in words.
            let others: Vec<Value<'_>> = value.repetitions().skip(1).collect();
            let others = others.into_iter().filter_map(|value| reading.coded(value, "OBX-5", "value"));
            let others: Vec<String> = others.map(|other| other.text.unwrap_or(other.code)).collect();
            stated.text = (!others.is_empty()).then(|| others.join("\n"));
        }
        "SN" => stated.value = structured(reading, value),
        "NM" => match reading.text(value, "OBX-5") {
            Some(number) if is_number(&number) => stated.value = Some(number),
            Some(words) => {
                reading.flag(FindingCode::ValueMalformed, "OBX-5");
                stated.text = Some(words);
            }
            None => {}
        },
        _ => stated.text = lines(reading, observed),
    }
    if kind == "ST" && stated.text.as_deref().is_some_and(is_number) {
        stated.value = stated.text.take();
    }
    let notes: Vec<String> =
        observed.notes.iter().filter_map(|note| words(reading, note.fields().field(3), "NTE-3")).collect();
    let text: Vec<String> = stated.text.take().into_iter().chain(notes).collect();
    stated.text = (!text.is_empty()).then(|| text.join("\n"));
    Some(stated)
}

fn lines(reading: &mut Reading, observed: &Observed<'_>) -> Option<String> {
    let segments = std::iter::once(&observed.obx).chain(&observed.goes_on);
    let lines: Vec<String> =
        segments.filter_map(|segment| words(reading, segment.fields().field(5), "OBX-5")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Every repetition on a line of its own.
fn words(reading: &mut Reading, value: Value<'_>, field: &str) -> Option<String> {
    let lines: Vec<String> = value.repetitions().filter_map(|line| reading.text(line, field)).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// SN: comparator, number, separator or suffix, number: ">90", "100-200", "1:128".
fn structured(reading: &mut Reading, value: Value<'_>) -> Option<String> {
    let parts: Vec<String> = (1..=4).filter_map(|number| reading.text(value.component(number), "OBX-5")).collect();
    (!parts.is_empty()).then(|| parts.concat())
}

/// A number as people write it, with a comparator before it or none.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['<', '>', '=', ' ', '+', '-']);
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.parse::<f64>().is_ok_and(f64::is_finite)
}

//! REF: referrals made, changed and withdrawn. What was answered, or that it lapsed, stands beside the referral. An order for a test
//! or an image asks nobody to see the child: it is kept.

use proto::events::{
    Coded, EntryRetracted, FindingCode, ReferralAccepted, ReferralClosed, ReferralMade, ReferralRejected,
};

use crate::er7::{Fields, Value};
use crate::person::name;
use crate::problem::condition;
use crate::reading::{Reading, joined};
use crate::saying::Saying;
use crate::time::Time;
use crate::visit::Taken;

const TABLE: &str = "referral";

/// RF1-1 (table 0283).
const STATUSES: &[&str] = &["A", "P", "R", "E"];

/// RF1-3 (table 0281) in words: a code without them does not tell that a service is a sensitive one.
const KINDS: &[(&str, &str)] = &[
    ("LAB", "Laboratory"),
    ("RAD", "Radiology"),
    ("MED", "Medical"),
    ("SKN", "Skilled nursing"),
    ("PSY", "Psychiatric"),
    ("HOM", "Home care"),
];

/// Of those, the orders.
const ORDERS: &[&str] = &["LAB", "RAD"];

fn is_order(kind: Value<'_>) -> bool {
    let codings = Reading::default().codings(kind, "RF1-3", "referral_type");
    let is_named = |coded: &Coded, code: &str, words: &str| {
        let said = [Some(coded.code.as_str()), coded.text.as_deref()];
        said.into_iter().flatten().any(|said| said.eq_ignore_ascii_case(code) || said.eq_ignore_ascii_case(words))
    };
    let mut orders = KINDS.iter().filter(|(code, _)| ORDERS.contains(code));
    orders.any(|(code, words)| codings.iter().any(|coded| is_named(coded, code, words)))
}

/// Says what a message tells of its referral. Whom it names, and what it encloses, is kept with the segments of which nothing
/// is made.
pub(crate) fn say(saying: &mut Saying<'_, '_>, trigger: &str) -> Taken {
    let rf1 = saying.fields("RF1");
    let mut reading = Reading::default();
    let r = &mut reading;
    let number = [(6, "RF1-6"), (11, "RF1-11")]
        .into_iter()
        .find_map(|(at, field)| r.text(rf1.field(at).first().component(1), field));
    // Two that were made on one day are not to be told apart without one.
    let Some(number) = number else {
        saying.of_kept.flag(FindingCode::FieldMissing, "RF1-6");
        return Taken::InPart;
    };
    let of = |part: &str| format!("referral/{number}{part}");
    let (key, accepted, end) = (of(""), of("/accepted"), of("/end"));
    let is_order = is_order(rf1.field(3));
    if trigger == "I14" || is_order {
        for key in [&key, &accepted, &end] {
            let event = EntryRetracted { reason: Some(saying.header.name()) };
            saying.say("RF1", TABLE, key, saying.happened(), Reading::default(), event);
        }
        return if is_order { Taken::InPart } else { Taken::Wholly };
    }
    let made = r.time(rf1.field(7), "RF1-7");
    let processed = Reading::default().time(rf1.field(9), "RF1-9");
    let stands_at = made.or(processed).unwrap_or(saying.happened());
    if saying.birth_on.is_some_and(|birth_on| stands_at.is_before_day(birth_on)) {
        r.flag(FindingCode::DateImplausible, "RF1-7");
    }
    let status = r.code_of(rf1.field(1), "RF1-1", "referral_status", STATUSES);
    let service = service(saying, &rf1, r);
    let event = ReferralMade {
        referral: Some(number.clone()),
        service: service.clone(),
        referred_on: r.asserted(3, rf1.field(7), |_, v| Reading::default().date(v, "RF1-7")),
        referred_by: providers(saying, "RP").find_map(|by| referrer(&by, saying.header.recorded, r)),
        reason: reason(saying, &rf1, r),
        priority: r.asserted(6, rf1.field(2), |r, v| r.coded(v, "RF1-2", "referral_priority")),
    };
    saying.say("RF1", TABLE, &key, stands_at, reading, event);
    let ended_at = processed.unwrap_or(saying.happened());
    let mut reading = Reading::default();
    let code = status.as_ref().map(|status| status.code.clone());
    match code.as_deref() {
        Some("A") => {
            let accepted_on = reading.date(rf1.field(9), "RF1-9");
            let event = ReferralAccepted { service, accepted_on };
            saying.say("RF1", TABLE, &accepted, ended_at, reading, event);
        }
        Some("R") => {
            let rejected_on = reading.date(rf1.field(9), "RF1-9");
            // Why they were referred (RF1-10) is not why nobody took them on, which has no field.
            let event = ReferralRejected { referral: Some(number), service, rejected_on, reason: None };
            saying.say("RF1", TABLE, &end, ended_at, reading, event);
        }
        Some("E") => {
            let closed_on = reading.date(rf1.field(8), "RF1-8");
            saying.say("RF1", TABLE, &end, ended_at, reading, ReferralClosed { service, closed_on, reason: status });
        }
        _ => {}
    }
    // It stands, whatever was said of it before.
    if trigger == "I13" && matches!(code.as_deref(), Some("A" | "P")) {
        let event = EntryRetracted { reason: Some(saying.header.name()) };
        saying.say("RF1", TABLE, &end, ended_at, Reading::default(), event);
    }
    Taken::Wholly
}

/// Why they were referred (RF1-10), and what they were found to have (DG1-3): either may be what makes it a sensitive one.
fn reason(saying: &Saying<'_, '_>, rf1: &Fields<'_>, r: &mut Reading) -> Option<Coded> {
    let mut reasons: Vec<Coded> = r.coded(rf1.field(10), "RF1-10", "referral_reason").into_iter().collect();
    reasons.extend(saying.all("DG1").filter_map(|found| condition(r, &found.fields())));
    if reasons.is_empty() && rf1.field(10).is_deleted() {
        r.clears.push(5);
    }
    joined(reasons)
}

/// What was asked for: the kind (RF1-3), the organisation and place that it went to, the procedures, the category (RF1-5). Any of
/// them can name a sensitive service where the others do not.
fn service(saying: &Saying<'_, '_>, rf1: &Fields<'_>, r: &mut Reading) -> Option<Coded> {
    let mut services: Vec<Coded> = r.coded(rf1.field(3), "RF1-3", "referral_type").map(in_words).into_iter().collect();
    services.extend(providers(saying, "RT").filter_map(|to| called(organisation(&to, r)?)));
    let procedures: Vec<Fields<'_>> = saying.all("PR1").map(|segment| segment.fields()).collect();
    services.extend(procedures.iter().filter_map(|asked| r.coded(asked.field(3), "PR1-3", "procedure")));
    services.extend(r.coded(rf1.field(5), "RF1-5", "referral_category"));
    joined(services)
}

fn in_words(kind: Coded) -> Coded {
    let words =
        KINDS.iter().find(|(code, _)| kind.code.eq_ignore_ascii_case(code)).map(|(_, words)| (*words).to_owned());
    Coded { text: kind.text.or(words), ..kind }
}

/// The PRD segments of who has this role (table 0286).
fn providers<'m>(saying: &Saying<'m, '_>, role: &'static str) -> impl Iterator<Item = Fields<'m>> {
    let has_role = move |role_of: Value<'_>| role_of.component(1).text().value.eq_ignore_ascii_case(role);
    let providers = saying.all("PRD").map(|segment| segment.fields());
    providers.filter(move |provider| provider.field(1).repetitions().any(has_role))
}

/// The name of an organisation (PRD-10) and where it is (PRD-4).
fn organisation(prd: &Fields<'_>, r: &mut Reading) -> Option<String> {
    let named = r.text(prd.field(10).first().component(1), "PRD-10");
    let parts: Vec<String> = named.into_iter().chain(r.place(prd.field(4), "PRD-4")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Who referred: their name (PRD-2) and organisation.
fn referrer(prd: &Fields<'_>, at: Option<Time>, r: &mut Reading) -> Option<Coded> {
    let person = name(r, prd.field(2).first(), "PRD-2", at).map(|name| {
        let parts = [name.prefix, name.given, name.middle, name.family];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let parts: Vec<String> = person.into_iter().chain(organisation(prd, r)).collect();
    called(parts.join(", "))
}

fn called(text: String) -> Option<Coded> {
    let named = !text.is_empty();
    named.then(|| Coded { code: String::new(), code_set: "hl7v2.provider".to_owned(), text: Some(text) })
}

//! By what a resource is known from one time to the next, which of two states is the later, and when it was.

use crate::bundle::{Bundle, Entry, number_of};
use crate::reading::Reading;
use crate::saying::fnv_1a;
use crate::time::Time;
use crate::tree::Element;

/// When the source stood so: in a message when that was made, elsewhere when the resource was last changed.
pub(crate) fn stood(bundle: &Bundle, entry: &Entry, reading: &mut Reading) -> Option<Time> {
    let made = bundle.timestamp.as_deref();
    if let Some(header) = &bundle.header {
        let sent = header.timestamp.as_deref().or(made);
        if let Some(at) = reading.time_of(sent, "timestamp") {
            return Some(at);
        }
    }
    // What a deletion holds is how the resource stood before it went.
    let gone = entry.modified.as_deref().filter(|_| entry.is_deletion());
    let gone = reading.time_of(gone, "response.lastModified");
    gone.or_else(|| reading.time(&entry.resource, "meta/lastUpdated"))
        .or_else(|| reading.time_of(entry.modified.as_deref(), "response.lastModified"))
        .or_else(|| reading.time_of(made, "timestamp"))
}

/// The order among states of one moment: the version's number, a deletion being a version after the one that it holds; where none counts, a
/// number of the content's own.
pub(crate) fn sequence(bundle: &Bundle, entry: &Entry) -> u64 {
    if let Some(header) = &bundle.header {
        let id = header.id.as_deref().map_or_else(|| fnv_1a(&entry.raw), |id| fnv_1a(id.as_bytes()));
        return id >> 1;
    }
    let held = entry.resource.text("meta/versionId").and_then(|version| version.parse::<u64>().ok());
    let version = match entry.is_deletion() {
        true => entry.version.or(held.and_then(|held| held.checked_add(1))),
        false => held,
    };
    version.unwrap_or_else(|| fnv_1a(&entry.raw) >> 1)
}

/// What a resource is known by from one time to the next: on a server its logical id; in a message the sender's number for it,
/// of an encounter its logical id, by which the messages of one encounter belong together.
pub(crate) fn key(bundle: &Bundle, entry: &Entry) -> String {
    let resource = &entry.resource;
    let kind = resource.kind();
    if kind == "Patient" {
        return "person".to_owned();
    }
    // Some senders give every resource of a message one id.
    let is_plain = |id: &&str| bundle.header.is_none() || !bundle.is_shared(kind, &format!("#{id}"));
    let id = resource.text("id").filter(is_plain).map(str::to_owned);
    // A number that several have is told apart by what each is of, and by their order.
    let number = || {
        let number = number_of(resource)?;
        if !bundle.is_shared(kind, &number) {
            return Some(number);
        }
        let of = |held: &Element| {
            ["code", "vaccineCode", "type"]
                .iter()
                .find_map(|path| held.text(&format!("{path}/coding/code")).map(str::to_owned))
        };
        let (own, alike) = (of(resource), |other: &&Entry| {
            other.resource.kind() == kind && number_of(&other.resource).as_ref() == Some(&number)
        });
        let before = bundle.entries.iter().take_while(|other| !std::ptr::eq(*other, entry));
        let nth = before.filter(alike).filter(|other| of(&other.resource) == own).count();
        Some(format!("{number}/{}/{nth}", own.unwrap_or_default()))
    };
    let address = || entry.full_url.as_deref().map(|url| url.rsplit(['/', ':']).next().unwrap_or(url).to_owned());
    let by_id_first = bundle.header.is_none() || kind == "Encounter";
    let known = if by_id_first { id.or_else(number) } else { number().or(id) };
    let known = known.or_else(address).unwrap_or_else(|| format!("content-{:016x}", fnv_1a(&entry.raw)));
    format!("{kind}/{known}")
}

/// Some time of a resource of any kind, for placing it.
pub(crate) fn own_time(resource: &Element) -> Option<Time> {
    let paths = [
        "date",
        "dateTime",
        "authoredOn",
        "authored",
        "issued",
        "sent",
        "created",
        "period/start",
        "recordedDate",
        "recorded",
    ];
    let choices = ["effective", "occurrence", "performed", "onset"];
    let plain = paths.into_iter().find_map(|path| Time::parse(resource.text(path)?));
    plain.or_else(|| choices.into_iter().find_map(|stem| Reading::default().choice_time(resource, stem)))
}

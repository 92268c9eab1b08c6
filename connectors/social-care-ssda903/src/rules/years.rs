//! Rules on episodes beside others of the child: of the same year, of the year before, and of the tables on adoption.

use proto::events::FindingCode::{FieldMissing, FieldsContradict};

use crate::child::Child;
use crate::child::episodes::Episode;
use crate::say::{Voice, Year};
use crate::tables::Table;

/// Checks the episodes of one year against each other and against the year before, where that is in the same submission.
pub(crate) fn check(child: &Child<'_>, voice: &Voice<'_>, before: &[Episode<'_>], episodes: &mut [Episode<'_>]) {
    let Some(year) = episodes.first().map(|episode| episode.year) else { return };
    last_year(child, voice, before, episodes, year);
    respite(episodes);
    returns(episodes);
    adoption(child, voice, episodes, year);
    let mut adopted = before.iter().any(Episode::ends_in_adoption);
    for episode in episodes.iter_mut() {
        if adopted {
            episode.findings.broke(FieldsContradict, "CHILD", "199");
        }
        adopted |= episode.ends_in_adoption();
        alone(episode);
    }
}

/// The first episode goes on where the year before left off.
fn last_year(child: &Child<'_>, voice: &Voice<'_>, before: &[Episode<'_>], episodes: &mut [Episode<'_>], year: Year) {
    let Some(first) = episodes.first_mut() else { return };
    let whole = child.around.tables.whole(voice.authority, year.number.saturating_sub(1), Table::Episodes);
    let last = before.iter().rfind(|episode| episode.year.number + 1 == year.number);
    let began_before = first.from < year.first;
    let open = match last {
        None if whole && began_before => return first.findings.broke(FieldsContradict, "DECOM", "NoE"),
        None => return,
        Some(last) if last.to.is_none() && last.row.get("dec").is_empty() => last,
        Some(_) if began_before => return first.findings.broke(FieldsContradict, "DECOM", "562"),
        Some(_) => return,
    };
    if open.from != first.from {
        return first.findings.broke(FieldsContradict, "DECOM", "502");
    }
    for (column, rule) in [
        ("rne", "503A"),
        ("ls", "503B"),
        ("cin", "503C"),
        ("place", "503D"),
        ("place_provider", "503E"),
        ("urn", "503F"),
    ] {
        if !open.row.get(column).eq_ignore_ascii_case(first.row.get(column)) {
            first.findings.broke(FieldsContradict, &column.to_ascii_uppercase(), rule);
        }
    }
}

/// A series of short breaks is of one kind.
fn respite(episodes: &mut [Episode<'_>]) {
    let has = |legal: &str| episodes.iter().any(|episode| episode.legal_code() == legal);
    if has("V3") && has("V4") {
        let short = episodes.iter_mut().filter(|episode| matches!(episode.legal_code(), "V3" | "V4"));
        short.for_each(|episode| episode.findings.broke(FieldsContradict, "LS", "426"));
    }
}

/// Who is placed somewhere for a time comes back from there.
fn returns(episodes: &mut [Episode<'_>]) {
    let is_temporary = |episode: &Episode<'_>| episode.place_code().starts_with('T');
    let stays: Vec<bool> = episodes
        .windows(3)
        .map(|three| match three {
            [home, away, back] if is_temporary(away) && !is_temporary(home) && !is_temporary(back) => {
                let same = |column: &str| home.row.get(column).eq_ignore_ascii_case(back.row.get(column));
                away.ends_care() || same("place") && same("pl_post")
            }
            _ => true,
        })
        .collect();
    for (away, stays) in episodes.iter_mut().skip(1).zip(stays) {
        if !stays {
            away.findings.broke(FieldsContradict, "PLACE", "383");
        }
    }
}

/// What episodes say of adoption, the tables on it say too, where they are here.
fn adoption(child: &Child<'_>, voice: &Voice<'_>, episodes: &mut [Episode<'_>], year: Year) {
    let lacks = |table: Table| {
        let whole = child.around.tables.whole(voice.authority, year.number, table);
        whole && !child.of(table).any(|given| given.year == year)
    };
    let (no_match, no_decision) = (lacks(Table::Ad1), lacks(Table::Placed));
    for episode in episodes {
        if no_match && episode.ends_in_adoption() {
            episode.findings.broke(FieldMissing, "DATE_MATCH", "601");
        }
        if no_decision && episode.is_placed_for_adoption() {
            episode.findings.broke(FieldMissing, "DATE_PLACED", "551");
        }
        if no_decision && episode.legal_code() == "E1" {
            episode.findings.broke(FieldMissing, "DATE_PLACED", "553");
        }
    }
}

fn alone(episode: &mut Episode<'_>) {
    let (place, legal, ceased) =
        (episode.place_code().to_owned(), episode.legal_code().to_owned(), episode.ceased_code().to_owned());
    let fostered = matches!(place.as_str(), "U1" | "U2" | "U3" | "U4" | "U5" | "U6");
    for (odd, field, rule) in [
        (matches!(place.as_str(), "A5" | "A6") && legal != "E1", "LS", "408"),
        (matches!(ceased.as_str(), "E45" | "E46") && !fostered, "REC", "516"),
        (legal == "D1" && episode.row.get("dec").is_empty(), "LS", "451"),
    ] {
        if odd {
            episode.findings.broke(FieldsContradict, field, rule);
        }
    }
}

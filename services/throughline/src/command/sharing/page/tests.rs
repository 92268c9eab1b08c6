//! The page, as somebody would read it.

use jiff::civil::date;
use proto::events::involvement::Kind;
use proto::sharing::{Category, Outcome, Sector};
use proto::timeline::{Entry, ExistenceLine, Involved, Withheld};
use sharing::Engine;

use super::model::{Given, Page};
use super::{Whom, html, text};

fn involved(organisation: &str, name: &str, sector: Sector, capacity: Kind) -> Involved {
    let mut involved = Involved {
        organisation: organisation.to_owned(),
        name: name.to_owned(),
        contact: "Information desk, 01632 960000".to_owned(),
        since: Some(proto::events::Date { year: 2025, month: Some(9), day: Some(1), estimated: false }),
        ..Involved::default()
    };
    involved.set_sector(sector);
    involved.set_capacity(capacity);
    involved
}

fn entry(organisation: &str, category: Category, withheld: Option<Withheld>) -> Entry {
    let mut entry = Entry { organisation: organisation.to_owned(), ..Entry::default() };
    entry.set_category(category);
    entry.set_outcome(if withheld.is_some() { Outcome::Redacted } else { Outcome::Full });
    entry.withheld = withheld;
    entry
}

fn given() -> Given {
    let left_out = Withheld {
        field_groups: vec!["location".to_owned()],
        reasons: vec!["Where you live is kept secret to keep you safe.".to_owned()],
        rules: vec!["R01-protected-address".to_owned()],
        ask: "The information hub, 01632 960999".to_owned(),
    };
    Given {
        entries: vec![
            entry("school-1", Category::Attendance, None),
            entry("school-1", Category::Attendance, Some(left_out)),
            entry("ods-1", Category::GpSummary, None),
        ],
        services: vec![ExistenceLine {
            ask: "The information hub, 01632 960999".to_owned(),
            ..ExistenceLine::default()
        }],
        working: vec![
            involved("school-1", "Invented <Primary> School", Sector::Education, Kind::Universal),
            involved("ods-1", "Invented Practice", Sector::Health, Kind::Universal),
        ],
        decisions: vec![vec![0xab; 16]],
    }
}

fn page(whom: Whom) -> Page {
    Page::of(&Engine::load().unwrap(), &given(), whom, date(2026, 11, 22))
}

#[test]
fn a_parent_reads_who_may_see_what_and_why_whom_to_ask_and_how_to_object() {
    let page = page(Whom::Parent);
    let text = text::written(&page);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Who may see what about your child",
        "Made on 22 November 2026.",
        "- Invented <Primary> School: a service that every child has, since 1 September 2025. To ask: Information desk",
        "School attendance, held by Invented <Primary> School (2 records)",
        "Left out here: where anybody lives or can be found, because: Where you live is kept secret to keep you safe.",
        "The GP record, held by Invented Practice (1 record)",
        "Doctors, nurses and therapists",
        "Why, as we would tell your child: They wrote this record themselves",
        "teachers and pastoral staff and the special educational needs team",
        "may read it, for their work with your child.",
        "- a service: ask The information hub, 01632 960999",
        "0303 123 1113",
    ] {
        assert!(flat.contains(said), "{said}:\n{text}");
    }
    // No word of the machine's: rules, decisions, names of groups and roles.
    for unsaid in [
        "R01",
        "P01",
        "P06",
        "abab",
        "school_pastoral",
        "third_party",
        "universal",
        "redacted",
        "school_a",
        "hospital_a",
        "safeguarding_",
        "_review",
        "..",
    ] {
        assert!(!flat.contains(unsaid), "{unsaid}:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 92), "{text}");
}

#[test]
fn a_lead_reads_rules_law_and_decisions_as_well() {
    let text = text::written(&page(Whom::Lead));
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("P01-own-record (controller's own record)"), "{text}");
    assert!(flat.contains(&"ab".repeat(16)), "{text}");
}

#[test]
fn the_page_for_the_screen_stands_alone_and_shows_what_others_wrote_as_they_wrote_it() {
    let html = html::written(&page(Whom::Child));
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en-GB\">"), "{html}");
    assert!(html.contains("Who may see what about you"), "{html}");
    assert!(html.contains("Invented &lt;Primary&gt; School") && !html.contains("<Primary>"), "{html}");
    for elsewhere in ["src=", "href=", "@import", "url(", "<script"] {
        assert!(!html.contains(elsewhere), "{elsewhere}: {html}");
    }
}

#[test]
fn where_nothing_is_given_the_page_says_so_and_names_nobody() {
    let nothing = Page::of(&Engine::load().unwrap(), &Given::default(), Whom::Parent, date(2026, 11, 22));
    let text = text::written(&nothing);
    assert!(text.contains("There was nothing that we could show you.") && !text.contains("held by"), "{text}");
    assert!(!text.contains("Who works with your child\n"), "{text}");
}

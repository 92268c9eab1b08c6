//! Records with labels, from a generated authority: what each connector makes of its files, and the truth beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, ensure};
use connector_kit::run::{Translated, translate_only};
use identity::linker::children;
use identity::{Member, told};
use proto::events::event::Kind;
use proto::events::identifier::Standing;
use proto::events::{Body, Event, PersonDescribed, Subject, Version, When};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use timeline::Said;

use super::labelled::Labelled;
use crate::connectors;

/// One line of the truth file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Truth {
    truth: String,
    subjects: BTreeSet<Named>,
    notes: BTreeSet<String>,
    twin_of: Option<String>,
    private_link: Option<String>,
}

/// A subject as the truth file and an event name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
struct Named {
    scheme: String,
    issuer: String,
    value: String,
}

impl Named {
    fn of(subject: &Subject) -> Self {
        let scheme = subject.scheme().as_str_name().trim_start_matches("SCHEME_").to_owned();
        Self { scheme, issuer: subject.issuer.clone(), value: subject.value.clone() }
    }
}

/// Records of a generated authority, and what is known of the children whose they are.
pub(super) struct Authority {
    pub(super) labelled: Labelled,
    /// For each record what else is known of its child, for the list of mistakes.
    pub(super) notes: Vec<String>,
    /// Labels of twins, a pair each.
    pub(super) twins: BTreeSet<(String, String)>,
    /// Labels of the two identities of an adopted child.
    pub(super) adopted: BTreeSet<(String, String)>,
    /// For each record which of its child's other records can be reached from it at all: records of one number have something
    /// in common, in one step or several.
    reach: Vec<usize>,
}

impl Authority {
    /// Reads every source that stands beside the truth file, each in a folder of its connector's name.
    pub(super) fn read(truth: &Path, mut progress: impl FnMut(&str)) -> anyhow::Result<Self> {
        let folder = truth.parent().unwrap_or_else(|| Path::new("."));
        let mut said = Vec::new();
        for connector in connectors::all() {
            let name = connector.descriptor().name;
            let files = folder.join(name);
            if !files.is_dir() {
                continue;
            }
            progress(name);
            let mut take = |translated| {
                if let Translated::Event(body) = translated {
                    said.extend(of_identity(*body));
                }
            };
            translate_only(connector.as_ref(), &[files], &mut take)
                .with_context(|| format!("`{name}` beside the truth file"))?;
        }
        ensure!(!said.is_empty(), "no folder of a connector with records in it stands beside `{}`", truth.display());
        let text = std::fs::read_to_string(truth).with_context(|| format!("`{}`", truth.display()))?;
        let lines: Vec<Truth> =
            text.lines().map(serde_json::from_str).collect::<Result<_, _>>().context("the truth file")?;
        Self::of(said, &lines)
    }

    fn of(said: Vec<Body>, truth: &[Truth]) -> anyhow::Result<Self> {
        let whose: BTreeMap<&Named, &Truth> =
            truth.iter().flat_map(|line| line.subjects.iter().map(move |subject| (subject, line))).collect();
        let stood = stand(said)?;
        let mut replaced_by: BTreeMap<Named, Subject> = BTreeMap::new();
        let mut described: BTreeMap<Named, (Subject, Vec<PersonDescribed>)> = BTreeMap::new();
        for (subject, event) in stood {
            match event.kind {
                Some(Kind::IdentifierSuperseded(replaced)) => {
                    replaced_by.extend(replaced.superseded.map(|gone| (Named::of(&gone), subject)));
                }
                Some(Kind::PersonDescribed(person)) => {
                    described.entry(Named::of(&subject)).or_insert_with(|| (subject, Vec::new())).1.push(*person);
                }
                _ => {}
            }
        }
        // A number that its issuer replaced is the same record: that link rests on no comparison.
        let gone: Vec<Named> = described.keys().filter(|named| replaced_by.contains_key(*named)).cloned().collect();
        for named in gone {
            let stands = survivor(&named, &replaced_by);
            let Some((subject, people)) = described.remove(&named) else { continue };
            let stands = stands.unwrap_or(subject);
            described.entry(Named::of(&stands)).or_insert_with(|| (stands, Vec::new())).1.extend(people);
        }
        let mut authority = Self {
            labelled: Labelled::default(),
            notes: Vec::new(),
            twins: truth.iter().filter_map(|line| Some(pair(&line.truth, line.twin_of.as_ref()?))).collect(),
            adopted: truth.iter().filter_map(|line| Some(pair(&line.truth, line.private_link.as_ref()?))).collect(),
            reach: Vec::new(),
        };
        let mut has: Vec<Vec<String>> = Vec::new();
        for (named, (subject, people)) in described {
            let line = whose.get(&named).with_context(|| format!("the truth file does not know {named:?}"))?;
            authority.labelled.members.push(member(&subject, &people));
            authority.labelled.labels.push(line.truth.clone());
            authority.labelled.places.push(format!("{} {} {}", named.scheme, named.issuer, named.value));
            authority.notes.push(line.notes.iter().cloned().collect::<Vec<_>>().join(" "));
            has.push(usable(&people));
        }
        authority.reach = reach(&authority.labelled.labels, &has);
        Ok(authority)
    }

    /// Whether anybody could tell from what the two records, and others of their child, say that they are of one child.
    pub(super) fn share_something(&self, one: usize, other: usize) -> bool {
        self.reach.get(one) == self.reach.get(other)
    }
}

/// What a process knows of a subject by what describes them.
fn member(subject: &Subject, people: &[PersonDescribed]) -> Member {
    let issuer = told::issuer(subject);
    let id_of = |subject: &Subject| hashed(&format!("{:?}", Named::of(subject)));
    Member {
        record: children::record(subject, people),
        claims: people.iter().flat_map(|person| told::claims([0; 16], &issuer, person, id_of)).collect(),
        descriptions: people.iter().map(|person| told::description(person, timeline::day_number)).collect(),
    }
}

fn pair(one: &str, other: &str) -> (String, String) {
    (one.min(other).to_owned(), one.max(other).to_owned())
}

/// What a comparison can rest on: a number that is usable, and a name with a birth date.
fn usable(people: &[PersonDescribed]) -> Vec<String> {
    let numbers = people.iter().flat_map(|person| &person.identifiers).filter(|identifier| identifier.usable);
    let mut has: Vec<String> = numbers
        .filter(|identifier| identifier.standing() != Standing::Unspecified)
        .filter_map(|identifier| identifier.subject.as_ref().map(|subject| format!("{:?}", Named::of(subject))))
        .collect();
    let named =
        people.iter().flat_map(|person| &person.names).any(|name| name.given.is_some() && name.family.is_some());
    if named && people.iter().any(|person| person.birth_on.is_some()) {
        has.push("name and birth date".to_owned());
    }
    has
}

/// Numbers the sets of one child's records of which each has something in common with another.
fn reach(labels: &[String], has: &[Vec<String>]) -> Vec<usize> {
    let mut reach: Vec<usize> = (0..labels.len()).collect();
    let mut first: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (at, (label, has)) in labels.iter().zip(has).enumerate() {
        for one in has {
            let other = *first.entry((label, one)).or_insert(at);
            let (from, to) = (reach.get(at).copied(), reach.get(other).copied());
            if let (Some(from), Some(to)) = (from, to)
                && from != to
            {
                reach.iter_mut().filter(|set| **set == from).for_each(|set| *set = to);
            }
        }
    }
    reach
}

/// The number that stands for one that its issuer replaced.
fn survivor(gone: &Named, replaced_by: &BTreeMap<Named, Subject>) -> Option<Subject> {
    let mut stands = replaced_by.get(gone)?;
    // An issuer that replaces in a circle replaces nothing.
    for _ in 0..replaced_by.len() {
        match replaced_by.get(&Named::of(stands)) {
            Some(next) => stands = next,
            None => return Some(stands.clone()),
        }
    }
    None
}

/// Of everything that was said, what tells who is who.
fn of_identity(body: Body) -> Option<Body> {
    let kind = body.event.as_ref()?.kind.as_ref()?;
    let tells = matches!(kind, Kind::PersonDescribed(_) | Kind::IdentifierSuperseded(_) | Kind::EntryRetracted(_));
    tells.then_some(body)
}

/// Each record as its last version leaves it: a later return or message puts an earlier one right.
fn stand(said: Vec<Body>) -> anyhow::Result<Vec<(Subject, Event)>> {
    let mut subjects: BTreeMap<[u8; 16], Subject> = BTreeMap::new();
    let mut all = Vec::with_capacity(said.len());
    for (at, mut body) in (0_u64..).zip(said) {
        let Some(subject) = body.subject.clone() else { continue };
        let id = hashed(&format!("{:?}", Named::of(&subject)));
        body.entry_id = hashed(&format!("{}\0{}\0{}", body.source, body.record_key, body.ordinal)).to_vec();
        body.effective.get_or_insert_with(When::default);
        // A return that does not say when it was made is older than any that does.
        body.version.get_or_insert_with(Version::default);
        let mut event_id = [0; 16];
        event_id.iter_mut().zip(at.to_be_bytes()).for_each(|(to, from)| *to = from);
        subjects.insert(id, subject);
        all.push(Said { event_id, subject: id, published_at_us: 0, body });
    }
    let folded = timeline::fold(all, None)?;
    let of = |entry: timeline::Entry| Some((subjects.get(&entry.subject)?.clone(), entry.event));
    Ok(folded.entries.into_iter().filter_map(of).collect())
}

fn hashed(text: &str) -> [u8; 16] {
    let mut id = [0; 16];
    id.iter_mut().zip(Sha256::digest(text)).for_each(|(to, from)| *to = from);
    id
}

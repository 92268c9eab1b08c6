//! What a submission says, as far as its differ needs to know: hashes, by scope and child, of any number in little memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::iter::Peekable;

use event_log::seal::PseudonymKey;
use event_log::{EntryId, Pseudonym};
use proto::events::{Event, Subject};
use proto::sharing::Label;

use super::baseline::{part_id, wholes};
use super::child::{Stated, Told};
use super::{digest_of, state_whole};
use crate::body::entry_id;
use crate::connector::{Draft, Rejection, Scope};
use crate::runs::{Fields, Rows, Runs, Sorted};

/// Children of whom something could not be read that names no scope. Beyond these, absence says nothing in any.
const UNREAD_ANYWHERE_MAX: usize = 10_000;

const UNREAD: u8 = 0;
const COVERED: u8 = 1;
const PART_TOLD: u8 = 2;
const NOT_TAKEN: u8 = 3;
const STATED: u8 = 4;

/// Takes a submission in, one after another.
pub(crate) struct Survey {
    key: PseudonymKey,
    source: &'static str,
    /// What is said of each child, by scope.
    said: Runs,
    /// Whose each entry is: one that is two children's is nobody's.
    whose: Runs,
    /// The entries that are two children's, by child; found at the end.
    shared: Runs,
    scopes: Vec<OfScope>,
    scope_at: HashMap<String, u32>,
    /// What is put on every record of the source, by number.
    labels: Vec<i32>,
    names: Vec<String>,
    name_at: HashMap<String, u32>,
    unread_anywhere: BTreeSet<Pseudonym>,
    /// Something could not be read of which nobody knows whose it is, nor in which scope.
    nothing_is_whole: bool,
    /// Of more children than are remembered something could not be read.
    nobody_is_covered: bool,
}

/// What is known of one scope, whatever of it comes first.
#[derive(Default)]
struct OfScope {
    key: String,
    scope: Option<Scope>,
    whole: bool,
    /// Something of it could not be read, and nobody knows whose it is.
    unread: bool,
    has_parts: bool,
    /// How many entries are stated, by the number of the name of whoever answers for them.
    stated: BTreeMap<u32, u64>,
}

impl Survey {
    /// Nothing yet. `runs` says where what memory does not hold goes.
    pub(crate) fn new(key: &PseudonymKey, source: &'static str, runs: impl Fn() -> Runs) -> Self {
        Self {
            key: key.clone(),
            source,
            said: runs(),
            whose: runs(),
            shared: runs(),
            scopes: Vec::new(),
            scope_at: HashMap::new(),
            labels: Vec::new(),
            names: Vec::new(),
            name_at: HashMap::new(),
            unread_anywhere: BTreeSet::new(),
            nothing_is_whole: false,
            nobody_is_covered: false,
        }
    }

    /// With what is put on every record of the source: a record says so.
    #[must_use]
    pub(crate) fn labelled(mut self, labels: &[Label]) -> Self {
        self.labels = labels.iter().map(|label| (*label).into()).collect();
        self
    }

    fn of(&mut self, key: &str) -> (u32, Option<&mut OfScope>) {
        let at = match self.scope_at.get(key) {
            Some(at) => *at,
            None => {
                let at = u32::try_from(self.scopes.len()).unwrap_or(u32::MAX);
                self.scope_at.insert(key.to_owned(), at);
                self.scopes.push(OfScope { key: key.to_owned(), ..OfScope::default() });
                at
            }
        };
        (at, self.scopes.get_mut(at as usize))
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(at) = self.name_at.get(name) {
            return *at;
        }
        let at = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.name_at.insert(name.to_owned(), at);
        at
    }

    /// A scope is opened.
    pub(crate) fn scope(&mut self, scope: Scope) {
        if let (_, Some(of)) = self.of(&scope.key) {
            of.scope.get_or_insert(scope);
        }
    }

    /// The scope of this key, once it is opened.
    pub(crate) fn opened(&self, key: &str) -> Option<&Scope> {
        self.scope_at.get(key).and_then(|at| self.scopes.get(*at as usize)).and_then(|of| of.scope.as_ref())
    }

    /// The scope of this key was read whole.
    pub(crate) fn whole(&mut self, key: &str) {
        if let (_, Some(of)) = self.of(key) {
            of.whole = true;
        }
    }

    /// Of this subject the scope was read whole.
    pub(crate) fn whole_of(&mut self, key: &str, subject: &Subject) -> io::Result<()> {
        let (at, _) = self.of(key);
        self.child(at, self.key.of(subject), COVERED, &[])
    }

    /// In this scope things are named that have parts.
    pub(crate) fn names_parts(&mut self, key: &str) {
        if let (_, Some(of)) = self.of(key) {
            of.has_parts = true;
        }
    }

    /// A thing that has parts.
    pub(crate) fn part(&mut self, key: &str, subject: &Subject, record_key: &str, told: bool) -> io::Result<()> {
        self.names_parts(key);
        if told {
            let (at, _) = self.of(key);
            let part = part_id(&self.key, record_key);
            self.child(at, self.key.of(subject), PART_TOLD, &part)?;
        }
        Ok(())
    }

    /// Something could not be read, or not be taken.
    pub(crate) fn unread(&mut self, rejection: &Rejection) -> io::Result<()> {
        let subject = rejection.subject.as_ref().map(|subject| self.key.of(subject));
        match (rejection.scope_key.as_deref(), subject) {
            (Some(key), Some(subject)) => {
                let (at, _) = self.of(key);
                self.child(at, subject, UNREAD, &[])?;
            }
            (Some(key), None) => {
                if let (_, Some(of)) = self.of(key) {
                    of.unread = true;
                }
            }
            // What names no scope may have been of any.
            (None, Some(subject)) if self.unread_anywhere.len() < UNREAD_ANYWHERE_MAX => {
                self.unread_anywhere.insert(subject);
            }
            (None, subject) => {
                self.nothing_is_whole = true;
                self.nobody_is_covered |= subject.is_some();
            }
        }
        Ok(())
    }

    /// A record that the connector said was not taken: what it told of its parts is then no word of what is gone.
    pub(crate) fn not_taken(&mut self, rejection: &Rejection) -> io::Result<()> {
        match (rejection.scope_key.as_deref(), rejection.subject.as_ref()) {
            (Some(key), Some(subject)) => {
                let (at, _) = self.of(key);
                self.child(at, self.key.of(subject), NOT_TAKEN, &[])
            }
            _ => Ok(()),
        }
    }

    /// One draft of a scope, of this subject; `number` among all that are said. It is completed: a snapshot's record says
    /// everything of itself.
    pub(crate) fn draft(&mut self, number: u64, subject: Pseudonym, draft: &mut Draft) -> io::Result<()> {
        let Some(scope_key) = draft.scope_key.as_deref() else { return Ok(()) };
        let (at, of) = self.of(scope_key);
        let has_parts = of.is_some_and(|of| of.has_parts);
        state_whole(draft);
        let (controller, table) = (self.name(&draft.controller), self.name(draft.table));
        if let Some(of) = self.scopes.get_mut(at as usize) {
            *of.stated.entry(controller).or_default() += 1;
        }
        let id = entry_id(&self.key, self.source, draft);
        let under = if has_parts { wholes(&self.key, &draft.record_key) } else { Vec::new() };
        let kind = draft.event.kind_number().map_or(0, |kind| kind.0);
        let mut row = Vec::with_capacity(64 + under.len() * 8);
        row.extend_from_slice(id.as_bytes());
        row.extend_from_slice(&number.to_be_bytes());
        row.extend_from_slice(&digest_of(&self.key, draft, &self.labels));
        for number in [kind, draft.ordinal, controller, table] {
            row.extend_from_slice(&number.to_be_bytes());
        }
        row.push(u8::from(is_end(&draft.event)));
        under.iter().for_each(|part| row.extend_from_slice(part));
        self.child(at, subject, STATED, &row)?;
        self.whose.push(at, &[id.as_bytes().as_slice(), subject.as_bytes()].concat())
    }

    /// What is known of children by their pseudonyms.
    pub(super) fn in_memory(
        &mut self,
        key: &str,
        unread: &BTreeSet<Pseudonym>,
        covered: &BTreeSet<Pseudonym>,
        parts: &[(Pseudonym, String, bool)],
    ) -> io::Result<()> {
        let (at, of) = self.of(key);
        if let Some(of) = of {
            of.has_parts = !parts.is_empty();
        }
        for (subjects, what) in [(unread, UNREAD), (covered, COVERED)] {
            for subject in subjects {
                self.child(at, *subject, what, &[])?;
            }
        }
        for (subject, part, _) in parts.iter().filter(|(.., told)| *told) {
            let part = part_id(&self.key, part);
            self.child(at, *subject, PART_TOLD, &part)?;
        }
        Ok(())
    }

    fn child(&mut self, scope: u32, subject: Pseudonym, what: u8, rest: &[u8]) -> io::Result<()> {
        let mut row = Vec::with_capacity(17 + rest.len());
        row.extend_from_slice(subject.as_bytes());
        row.push(what);
        row.extend_from_slice(rest);
        self.said.push(scope, &row)
    }

    /// Everything was said.
    pub(crate) fn end(self) -> io::Result<Surveyed> {
        let Self { key, said, whose, mut shared, scopes, names, unread_anywhere, nothing_is_whole, .. } = self;
        let nobody_is_covered = self.nobody_is_covered;
        let whose = whose.sorted()?;
        for section in whose.sections().collect::<Vec<_>>() {
            let (mut rows, mut last) = (whose.section(section), None);
            while let Some(row) = rows.next()? {
                let mut fields = Fields(row);
                let (entry, subject): ([u8; 16], [u8; 16]) = (fields.bytes(), fields.bytes());
                // The same row does not come twice: it is another child's.
                if let Some((before, other)) = last.replace((entry, subject))
                    && before == entry
                {
                    for subject in [other, subject] {
                        shared.push(section, &[subject, entry].concat())?;
                    }
                }
            }
        }
        let (said, shared) = (said.sorted()?, shared.sorted()?);
        Ok(Surveyed { key, said, shared, scopes, names, unread_anywhere, nothing_is_whole, nobody_is_covered })
    }
}

/// Whether an event says that something ended.
fn is_end(event: &Event) -> bool {
    event.kind_number().is_some_and(|kind| kind.name().ends_with("Ended") || kind.name().ends_with("Closed"))
}

/// A submission that was taken in.
pub(crate) struct Surveyed {
    key: PseudonymKey,
    said: Sorted,
    /// Entries that two children would share, by child.
    shared: Sorted,
    scopes: Vec<OfScope>,
    pub(super) names: Vec<String>,
    unread_anywhere: BTreeSet<Pseudonym>,
    nothing_is_whole: bool,
    nobody_is_covered: bool,
}

/// A scope that a submission states, as its differ is asked about it.
#[derive(Clone)]
pub(crate) struct Stating {
    /// Its number in this submission.
    pub(crate) number: u32,
    pub(crate) scope: Scope,
    /// It was read to its end without structural error, and so was everything in it.
    pub(crate) whole: bool,
}

impl Surveyed {
    /// The scopes that were opened, in the order in which they were first named.
    pub(crate) fn scopes(&self) -> Vec<Stating> {
        let stating = |(number, of): (u32, &OfScope)| {
            let whole = of.whole && !of.unread && !self.nothing_is_whole;
            Some(Stating { number, scope: of.scope.clone()?, whole })
        };
        (0..).zip(&self.scopes).filter_map(stating).collect()
    }

    /// How many entries were stated of each scope, by who answers for them; the scope by its number.
    pub(crate) fn stated(&self) -> impl Iterator<Item = (u32, impl Iterator<Item = (&str, u64)>)> {
        let name = |at: u32| self.names.get(at as usize).map_or("", String::as_str);
        let scopes = (0..).zip(&self.scopes);
        scopes.map(move |(number, of)| (number, of.stated.iter().map(move |(at, count)| (name(*at), *count))))
    }

    /// The keys of scopes that entries were stated of, and that were never opened: a fault of the connector.
    pub(crate) fn never_opened(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().filter(|of| of.scope.is_none() && !of.stated.is_empty()).map(|of| of.key.as_str())
    }

    /// The key of a scope by its number.
    pub(crate) fn scope_key(&self, number: u32) -> &str {
        self.scopes.get(number as usize).map_or("", |of| of.key.as_str())
    }

    /// What one scope says of its children, in order of pseudonym.
    pub(super) fn children(&self, scope: u32) -> Children<'_> {
        let rows = self.said.section(scope);
        let anywhere = self.unread_anywhere.iter().copied().peekable();
        let shared = self.shared.section(scope);
        Children { of: self, rows, row: None, shared, shared_row: None, anywhere }
    }
}

/// The children of whom one scope says something.
pub(super) struct Children<'a> {
    of: &'a Surveyed,
    rows: Rows<'a>,
    /// Read, and not yet given: of the next child.
    row: Option<Vec<u8>>,
    shared: Rows<'a>,
    shared_row: Option<(Pseudonym, EntryId)>,
    anywhere: Peekable<std::iter::Copied<std::collections::btree_set::Iter<'a, Pseudonym>>>,
}

impl Children<'_> {
    pub(super) fn next(&mut self) -> io::Result<Option<Told>> {
        if self.row.is_none() {
            self.row = self.rows.next()?.map(<[u8]>::to_vec);
        }
        let subject_of = |row: &Vec<u8>| Pseudonym(Fields(row).bytes());
        let subject = match (self.row.as_ref().map(subject_of), self.anywhere.peek()) {
            (None, None) => return Ok(None),
            (Some(subject), None) => subject,
            (None, Some(subject)) => *subject,
            (Some(one), Some(other)) => one.min(*other),
        };
        let shared = self.shared_by(subject)?;
        let mut told = Told::nothing_of(subject);
        told.unread = self.anywhere.next_if_eq(&subject).is_some();
        while let Some(row) = self.row.take() {
            if subject_of(&row) != subject {
                self.row = Some(row);
                break;
            }
            self.take(&mut told, &shared, row.get(16..).unwrap_or_default());
            self.row = self.rows.next()?.map(<[u8]>::to_vec);
        }
        told.settle();
        told.covered &= !self.of.nobody_is_covered;
        Ok(Some(told))
    }

    /// The entries of this child that are another's as well. Children are asked about in order.
    fn shared_by(&mut self, subject: Pseudonym) -> io::Result<BTreeSet<EntryId>> {
        let mut shared = BTreeSet::new();
        loop {
            let next = match self.shared_row.take() {
                Some(next) => Some(next),
                None => self.shared.next()?.map(|row| {
                    let mut fields = Fields(row);
                    (Pseudonym(fields.bytes()), EntryId(fields.bytes()))
                }),
            };
            match next {
                Some((of, entry)) if of == subject => {
                    shared.insert(entry);
                }
                Some((of, _)) if of < subject => {}
                next => {
                    self.shared_row = next;
                    return Ok(shared);
                }
            }
        }
    }

    fn take(&self, told: &mut Told, shared: &BTreeSet<EntryId>, row: &[u8]) {
        let mut fields = Fields(row);
        match fields.byte() {
            UNREAD => told.unread = true,
            NOT_TAKEN => told.not_taken = true,
            COVERED => told.covered = true,
            PART_TOLD => {
                told.parts.insert(fields.bytes());
            }
            _ => {
                let id = EntryId(fields.bytes());
                let (number, digest) = (fields.u64(), fields.bytes());
                let (kind, ordinal, controller, table) = (fields.u32(), fields.u32(), fields.u32(), fields.u32());
                let is_end = fields.byte() == 1;
                let under = fields.0.as_chunks::<8>().0.to_vec();
                let (repeated, is_shared) = (false, shared.contains(&id));
                let stated = Stated { number, digest, kind, ordinal, controller, table, is_end, repeated, under };
                told.take(&self.of.key, id, stated, is_shared);
            }
        }
    }
}

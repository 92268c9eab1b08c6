//! A submission, dealt with: read once and surveyed, compared, and read again for what is to be said of it.
//!
//! What is of no scope, and what could not be read, is said as it is read, a part at a time. What is of a scope waits until all
//! of the submission was read: only then is it known what is news, and what is gone.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use prost::Message as _;
use proto::events::Version;

use super::files::{failed, list, rename, sync};
use super::parts::InParts;
use super::refusals::{never_opened, of_the_future, retractions_held, tell_apart};
use super::spooled::Received;
use super::tally::Tally;
use super::{ALLOWED_MARK, DONE, DropFolder, IntakeError, REJECTED, WORKING, picked_up_us};
use crate::body::{Statement, Subjects};
use crate::collected::Collected;
use crate::connector::{Draft, Rejection, Scope};
use crate::differ::{
    BaselineError, Comes, Decided, Given, Retractions, Stating, Survey, Surveyed, Verdicts, Written, decide, unsorted,
};
use crate::named::Telling;
use crate::publish::{OnItsWay, Published, is_of_the_future};
use crate::redrive::Asks;
use crate::run::name_of;
use crate::runs::Runs;
use crate::submission::{OfScope, Reading};

/// Drafts of scopes that are held in memory, so that a submission of so few is not read twice. In tests most are.
const HELD_DRAFTS: usize = if cfg!(test) { 3 } else { 16_384 };
const HELD_BYTES: usize = 16 << 20;
/// What is sealed and appended at a turn: by turns with whatever else publishes for this source, nobody waits for a whole file.
const TURN_EVENTS: usize = 16_384;
const TURN_BYTES: usize = 16 << 20;

/// A draft, by its place among all that a submission says.
struct Numbered {
    number: u64,
    draft: Draft,
}

impl Borrow<Draft> for Numbered {
    fn borrow(&self) -> &Draft {
        &self.draft
    }
}

impl From<Numbered> for Draft {
    fn from(numbered: Numbered) -> Self {
        numbered.draft
    }
}

/// What is known of a submission while it is dealt with.
struct Intake {
    picked_up_us: i64,
    allowed: Retractions,
    /// The first of its files, which what is said of all of it is told by.
    file: String,
    subjects: Subjects,
    survey: Survey,
    telling: Telling,
    reading: Reading,
    received: Option<Received>,
    /// Files of which something is refused without a raw record.
    refused_files: HashMap<String, Option<[u8; 16]>>,
    tally: Tally,
    /// Drafts that were said, and those of them that are taken.
    said: u64,
    good: u64,
    /// The drafts of scopes, while they are few.
    held: Option<Vec<Numbered>>,
    held_bytes: usize,
    /// What was handed to the log, and is not known to be there.
    on_its_way: OnItsWay,
}

/// What a submission was found to change.
struct Compared {
    surveyed: Surveyed,
    given: Given,
    /// By the number of the scope: the version at which it stands, and what it holds from now on.
    scopes: BTreeMap<u32, (Version, Written)>,
}

impl DropFolder {
    pub(super) async fn process(&mut self, dir: &Path, mut parts: InParts) -> Result<(), IntakeError> {
        let mut intake = self.begin(dir).await?;
        while let Some(part) = parts.next().await {
            self.take_in(part, dir, &mut intake).await?;
        }
        let is_read = parts.end().await?;
        let held = intake.held.take();
        let compared = self.compare(&mut intake, is_read).await?;
        self.say(dir, &compared, held, &mut intake).await?;
        Written::put_all(compared.scopes.into_values().map(|(_, written)| written))?;
        self.end(dir, intake)
    }

    /// Begins to read a submission: no more of it than a few parts, until they are taken.
    pub(super) fn in_parts(&self, dir: &Path) -> InParts {
        InParts::of(Arc::clone(&self.connector), dir.to_path_buf(), self.options.root.clone())
    }

    async fn begin(&self, dir: &Path) -> Result<Intake, IntakeError> {
        let picked_up_us = picked_up_us(dir);
        let files = list(dir)?;
        let source = self.connector.descriptor().name;
        let publisher = self.publisher.lock().await;
        let (key, on_its_way) = (publisher.pseudonyms().clone(), publisher.on_its_way(picked_up_us));
        let folder = self.baselines.folder();
        Ok(Intake {
            picked_up_us,
            allowed: if name_of(dir).contains(ALLOWED_MARK) { Retractions::Allowed } else { self.options.retractions },
            file: files.iter().min().map(|path| name_of(path)).unwrap_or_default(),
            survey: Survey::new(&key, source, || Runs::new(folder)).labelled(self.connector.labels()),
            telling: Telling::new(&key, Runs::new(folder)),
            reading: Reading::begin(source, picked_up_us, files.len(), Runs::new(folder)),
            received: Received::of(&self.options, dir)?,
            refused_files: HashMap::new(),
            tally: Tally { files: files.len(), ..Tally::default() },
            subjects: Subjects::new(&key),
            said: 0,
            good: 0,
            held: Some(Vec::new()),
            held_bytes: 0,
            on_its_way,
        })
    }

    /// Takes in what was read for the first time.
    async fn take_in(&self, part: Collected, dir: &Path, intake: &mut Intake) -> Result<(), IntakeError> {
        let Collected { scopes, records, drafts, mut rejections, found, whole, whole_of, parts } = part;
        intake.tally.records += records;
        scopes.into_iter().for_each(|scope| intake.survey.scope(scope));
        whole.iter().for_each(|key| intake.survey.whole(key));
        for (key, subject) in &whole_of {
            intake.survey.whole_of(key, subject).map_err(unsorted)?;
        }
        for (key, subject, record_key, told) in &parts {
            intake.survey.part(key, subject, record_key, *told).map_err(unsorted)?;
        }
        found.iter().for_each(|(controller, finding)| intake.reading.report.found(controller, finding));
        for rejection in &mut rejections {
            tell_apart(&intake.subjects.key, dir, &mut intake.refused_files, rejection);
        }
        for rejection in &rejections {
            let of = rejection.subject.as_ref().map(|subject| intake.subjects.of(subject));
            intake.telling.note(&rejection.place, of).map_err(unsorted)?;
        }
        self.refuse(rejections, intake).await?;
        let mut taken = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let number = intake.said;
            intake.said += 1;
            let subject = intake.subjects.of(&draft.subject);
            intake.telling.note(&draft.place, Some(subject)).map_err(unsorted)?;
            if intake.is_of_the_future(&draft) {
                intake.reading.read(&draft, subject).map_err(unsorted)?;
                intake.reading.report.not_taken(&draft.controller, 1);
            } else {
                taken.push(Numbered { number, draft });
            }
        }
        let (mut good, mut refused) = self.publisher.lock().await.screen(taken, intake.picked_up_us);
        if let Some(received) = &mut intake.received {
            good = received.screen(&intake.subjects.key, good, &mut refused);
        }
        for rejection in &refused {
            intake.survey.not_taken(rejection).map_err(unsorted)?;
        }
        self.refuse(refused, intake).await?;
        let mut loose = Vec::new();
        for Numbered { number, mut draft } in good {
            let subject = intake.subjects.of(&draft.subject);
            intake.good += 1;
            intake.tally.findings += draft.findings.len() as u64;
            intake.reading.read(&draft, subject).map_err(unsorted)?;
            if draft.scope_key.is_none() {
                loose.push(draft);
            } else {
                intake.survey.draft(number, subject, &mut draft).map_err(unsorted)?;
                intake.hold(Numbered { number, draft });
            }
        }
        if !loose.is_empty() {
            intake.reading.report.published(&loose);
            let (picked_up_us, on_its_way) = (intake.picked_up_us, &mut intake.on_its_way);
            let published = self.publisher.lock().await.publish_feed_on(loose, picked_up_us, on_its_way).await?;
            intake.tally.published(published);
        }
        Ok(())
    }

    /// Puts what cannot be used into quarantine; of whom it may have been, absence says nothing.
    async fn refuse(&self, rejections: Vec<Rejection>, intake: &mut Intake) -> Result<(), IntakeError> {
        if rejections.is_empty() {
            return Ok(());
        }
        for rejection in &rejections {
            intake.survey.unread(rejection).map_err(unsorted)?;
        }
        self.quarantine(&rejections, intake).await
    }

    async fn quarantine(&self, rejections: &[Rejection], intake: &mut Intake) -> Result<(), IntakeError> {
        self.publisher.lock().await.quarantine(rejections, intake.picked_up_us).await?;
        intake.reading.refused(rejections);
        intake.tally.refused(rejections);
        if let Some(received) = &mut intake.received {
            received.refused(rejections);
        }
        Ok(())
    }

    /// Compares each scope with what it held. Nothing is said of the scopes of a submission at which the connector failed.
    async fn compare(&mut self, intake: &mut Intake, is_read: bool) -> Result<Compared, IntakeError> {
        let folder = self.baselines.folder().to_path_buf();
        let empty = Survey::new(&intake.subjects.key, self.connector.descriptor().name, || Runs::new(&folder));
        let surveyed = std::mem::replace(&mut intake.survey, empty).end().map_err(unsorted)?;
        let (mut verdicts, mut scopes, mut refused) = (Verdicts::new(Runs::new(&folder)), BTreeMap::new(), Vec::new());
        refused.extend(surveyed.never_opened().map(|key| never_opened(key, &intake.file)));
        for stating in surveyed.scopes().into_iter().filter(|_| is_read) {
            let Stating { number, scope, whole } = &stating;
            if is_of_the_future_of(scope, intake.picked_up_us) {
                refused.push(of_the_future(scope, &intake.file));
                continue;
            }
            let as_of_us = scope.as_of_us.unwrap_or(intake.picked_up_us);
            let (decided, written) = self.decided(&surveyed, &stating, as_of_us, intake.allowed, &mut verdicts).await?;
            let received = intake.received.as_ref();
            if let Some(refusal) = received.and_then(|by| by.refuses(&decided, &intake.file, &scope.key)) {
                refused.push(refusal);
                written.discard()?;
                continue;
            }
            let Decided { version, held, superseded, standing, .. } = decided;
            let retractions_held = held.map_or(0, |held| held.retractions);
            let (key, whole) = (scope.key.clone(), *whole);
            intake.reading.report.scope(OfScope { key, as_of_us, whole, standing, retractions_held, superseded });
            intake.tally.retractions_held += retractions_held;
            intake.tally.superseded += superseded;
            refused.extend(held.map(|held| self::retractions_held(held, &intake.file, &scope.key)));
            scopes.insert(*number, (version, written));
        }
        let given = verdicts.end().map_err(unsorted)?;
        for (_, of) in surveyed.stated().filter(|(number, _)| !scopes.contains_key(number)) {
            for (controller, entries) in of {
                intake.good = intake.good.saturating_sub(entries);
                intake.reading.report.not_taken(controller, entries);
            }
        }
        // What is held back is in quarantine before what is kept says that the submission was dealt with.
        self.quarantine(&refused, intake).await?;
        Ok(Compared { surveyed, given, scopes })
    }

    /// Compares one scope; what it holds from now on is written beside what it held.
    async fn decided(
        &self,
        surveyed: &Surveyed,
        stating: &Stating,
        as_of_us: i64,
        allowed: Retractions,
        verdicts: &mut Verdicts,
    ) -> Result<(Decided, Written), IntakeError> {
        let mapping_revision = self.connector.descriptor().mapping_revision;
        let stated = Version { as_of_us, sequence: stating.scope.sequence, mapping_revision };
        let key = &stating.scope.key;
        let mut once = || {
            let (old, mut new) = (self.baselines.held(key)?, self.baselines.begin(key)?);
            let decided = decide(surveyed, stating, stated, allowed, (&old, &mut new), verdicts)?;
            Ok::<_, BaselineError>((decided, new.finish()?))
        };
        match once() {
            Err(BaselineError::Damaged(_)) => {}
            decided => return Ok(decided?),
        }
        let rebuilt = self.rebuilt().await?.remove(key).unwrap_or_default();
        self.baselines.store(key, &rebuilt)?;
        Ok(once()?)
    }

    /// Says what was found to be news: reads the submission again for it, where its drafts are not held. Returns once the log
    /// has all that was said of the submission.
    async fn say(
        &self,
        dir: &Path,
        compared: &Compared,
        held: Option<Vec<Numbered>>,
        intake: &mut Intake,
    ) -> Result<(), IntakeError> {
        let given = &compared.given;
        let mut saying = Saying { folder: self, statements: Vec::new(), bytes: 0, refused: Vec::new() };
        let mut of_drafts = given.of_drafts().map_err(unsorted)?;
        let source = self.connector.descriptor().name;
        let (key, labels) = (intake.subjects.key.clone(), self.labels());
        let mut subjects = Subjects::new(&key);
        let mut comes = |Numbered { number, draft }| -> Result<Option<Comes>, IntakeError> {
            let Some(verdict) = of_drafts.take(number).map_err(unsorted)? else { return Ok(None) };
            let version = compared.scopes.get(&verdict.scope).map(|(version, _)| *version);
            Ok(version.map(|version| verdict.of(&mut subjects, (source, &labels), draft, version)))
        };
        match held {
            _ if !given.of_any_draft() => {}
            Some(held) => {
                for numbered in held {
                    if let Some(comes) = comes(numbered)? {
                        saying.take(comes, intake).await?;
                    }
                }
            }
            None => {
                let mut number = 0;
                let mut parts = self.in_parts(dir);
                while let Some(part) = parts.next().await {
                    for draft in part.drafts {
                        if let Some(comes) = comes(Numbered { number, draft })? {
                            saying.take(comes, intake).await?;
                        }
                        number += 1;
                    }
                }
                if !parts.end().await? || number != intake.said {
                    return Err(IntakeError::ReadsDifferently);
                }
            }
        }
        if given.of_any_draft() && !of_drafts.are_taken() {
            return Err(IntakeError::ReadsDifferently);
        }
        let mut gone = given.gone();
        let scope_key = |scope| compared.surveyed.scope_key(scope);
        while let Some((scope, statement)) = gone.next(&key, source, scope_key).map_err(unsorted)? {
            if compared.scopes.contains_key(&scope) {
                saying.say(statement, intake).await?;
            }
        }
        saying.publish(intake).await?;
        saying.quarantine(intake).await?;
        let events = self.publisher.lock().await.acknowledged(&mut intake.on_its_way).await?;
        intake.tally.published(Published { events, ..Published::default() });
        Ok(())
    }

    /// What is put on every record of the source, by number.
    fn labels(&self) -> Vec<i32> {
        self.connector.labels().iter().map(|label| (*label).into()).collect()
    }

    /// Writes down what became of it, and puts it away.
    fn end(&self, dir: &Path, intake: Intake) -> Result<(), IntakeError> {
        let Intake { telling, reading, mut received, tally, good, .. } = intake;
        let mut report = reading.end(tally.records).map_err(unsorted)?;
        report.end();
        self.write_down(&report);
        if let Some(received) = &mut received {
            received.write_down(&report)?;
        }
        tally.count(&self.counts);
        tally.measure(self.connector.descriptor().name);
        let nothing_good = good == 0 && tally.rejected > 0;
        let away = self.options.root.join(if nothing_good { REJECTED } else { DONE });
        self.baselines
            .named()
            .note(&name_of(dir), telling)
            .map_err(|source| failed("note of whom tells", dir, source))?;
        rename(dir, &away.join(name_of(dir)))?;
        sync(&away)?;
        sync(&self.options.root.join(WORKING))?;
        if let Some(received) = received {
            received.end();
        }
        tally.tell(self.connector.descriptor().name, &name_of(dir));
        Ok(())
    }

    /// Takes in a part of a submission once more, by what the scope holds: as that submission, and as nothing that tells of what
    /// it does not hold.
    pub(super) async fn put_again(&mut self, asks: Asks) -> Result<Vec<Rejection>, IntakeError> {
        self.forget_erased().await?;
        let Asks { scope, drafts, names_parts, picked_up_us } = asks;
        let (key, source) = (self.publisher.lock().await.pseudonyms().clone(), self.connector.descriptor().name);
        let folder = self.baselines.folder();
        let mut survey = Survey::new(&key, source, || Runs::new(folder)).labelled(self.connector.labels());
        let scope_key = scope.key.clone();
        survey.scope(scope);
        if names_parts {
            survey.names_parts(&scope_key);
        }
        let mut drafts: Vec<Draft> =
            drafts.into_iter().filter(|of| of.scope_key.as_ref() == Some(&scope_key)).collect();
        for (number, draft) in (0..).zip(&mut drafts) {
            survey.draft(number, key.of(&draft.subject), draft).map_err(unsorted)?;
        }
        let surveyed = survey.end().map_err(unsorted)?;
        let (mut verdicts, mut statements, mut rejections) = (Verdicts::new(Runs::new(folder)), Vec::new(), Vec::new());
        let mut put = Vec::new();
        for stating in surveyed.scopes() {
            let as_of_us = stating.scope.as_of_us.unwrap_or(picked_up_us);
            let allowed = self.options.retractions;
            put.push(self.decided(&surveyed, &stating, as_of_us, allowed, &mut verdicts).await?);
        }
        let Some((decided, written)) = put.pop() else { return Ok(rejections) };
        let given = verdicts.end().map_err(unsorted)?;
        let mut of_drafts = given.of_drafts().map_err(unsorted)?;
        let (labels, mut subjects) = (self.labels(), Subjects::new(&key));
        for (number, draft) in (0..).zip(drafts) {
            let Some(verdict) = of_drafts.take(number).map_err(unsorted)? else { continue };
            match verdict.of(&mut subjects, (source, &labels), draft, decided.version) {
                Comes::Statement(statement) => statements.push(*statement),
                Comes::Rejection(rejection) => rejections.push(*rejection),
                Comes::IsAnother => return Err(IntakeError::ReadsDifferently),
            }
        }
        let mut gone = given.gone();
        while let Some((_, statement)) = gone.next(&key, source, |at| surveyed.scope_key(at)).map_err(unsorted)? {
            statements.push(statement);
        }
        self.publisher.lock().await.publish(statements, picked_up_us).await?;
        written.put()?;
        Ok(rejections)
    }
}

impl Intake {
    /// What a scope of the future holds would stand over every submission until that day: nothing of it is taken.
    fn is_of_the_future(&self, draft: &Draft) -> bool {
        let scope = draft.scope_key.as_deref().and_then(|key| self.survey.opened(key));
        scope.is_some_and(|scope| is_of_the_future_of(scope, self.picked_up_us))
    }

    /// Holds a draft, until they are too many.
    fn hold(&mut self, numbered: Numbered) {
        let Some(held) = &mut self.held else { return };
        self.held_bytes += numbered.draft.event.encoded_len();
        if held.len() < HELD_DRAFTS && self.held_bytes < HELD_BYTES {
            held.push(numbered);
        } else {
            self.held = None;
        }
    }
}

fn is_of_the_future_of(scope: &Scope, picked_up_us: i64) -> bool {
    scope.as_of_us.is_some_and(|at| is_of_the_future(at, picked_up_us))
}

/// Statements on their way to the log, and what cannot be one on its way to quarantine, a turn at a time.
struct Saying<'a> {
    folder: &'a DropFolder,
    statements: Vec<Statement>,
    bytes: usize,
    refused: Vec<Rejection>,
}

impl Saying<'_> {
    async fn take(&mut self, comes: Comes, intake: &mut Intake) -> Result<(), IntakeError> {
        match comes {
            Comes::Statement(statement) => self.say(*statement, intake).await,
            Comes::Rejection(rejection) => {
                intake.good = intake.good.saturating_sub(1);
                intake.reading.report.not_an_entry(rejection.controller.as_deref().unwrap_or_default());
                self.refused.push(*rejection);
                if self.refused.len() >= TURN_EVENTS { self.quarantine(intake).await } else { Ok(()) }
            }
            Comes::IsAnother => Err(IntakeError::ReadsDifferently),
        }
    }

    async fn quarantine(&mut self, intake: &mut Intake) -> Result<(), IntakeError> {
        self.folder.quarantine(&std::mem::take(&mut self.refused), intake).await
    }

    async fn say(&mut self, statement: Statement, intake: &mut Intake) -> Result<(), IntakeError> {
        intake.reading.report.said(&statement);
        self.bytes += statement.body.event.as_ref().map_or(0, prost::Message::encoded_len);
        self.statements.push(statement);
        if self.statements.len() >= TURN_EVENTS || self.bytes >= TURN_BYTES {
            self.publish(intake).await?;
        }
        Ok(())
    }

    async fn publish(&mut self, intake: &mut Intake) -> Result<(), IntakeError> {
        let statements = std::mem::take(&mut self.statements);
        self.bytes = 0;
        let published = self.folder.publisher.lock().await.publish_on(statements, &mut intake.on_its_way).await?;
        intake.tally.published(published);
        Ok(())
    }
}

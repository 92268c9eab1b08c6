//! What an erasure destroys, found before anything is: afterwards nobody could tell.

use std::collections::{BTreeMap, BTreeSet};

use event_log::envelope::{self, Opened};
use event_log::{Partition, Pseudonym, Topic};
use jiff::civil::Date;
use prost::Message as _;
use proto::admin::Fact;
use proto::events::event::Kind;
use proto::events::{Event, Subject};
use proto::quarantine::Item;
use proto::sharing::consent_recorded::State as Consent;
use proto::sharing::{ErasureBegun, WrappingEpochs};
use sharing::erasures::Erasure;
use timeline::Said;

use super::rewrap::vault_of;
use super::{Eraser, ErasureError, Moment, Subjects, subjects};
use crate::child::ChildError;

const RECORDS_A_READ: usize = 200;
/// A number that is shorter stands in other people's records too.
const TELLING_BYTES_MIN: usize = 5;

/// What is known of those who go, as far as it tells what else is theirs, and of those who stay.
struct Known {
    /// Numbers by which sources know them.
    numbers: BTreeSet<String>,
    /// What was said of them.
    said: Vec<Said>,
    /// Who is linked with them, or kept apart and may be the same child, and has records of their own.
    stays: Vec<Subject>,
}

impl Eraser {
    /// Says the restrictions again of whoever stays, and writes down what is to be destroyed.
    pub(super) async fn begin(&self, of: &Erasure, now: Moment) -> Result<ErasureBegun, ErasureError> {
        let going: Subjects = subjects(of).collect();
        let known = self.known(&going)?;
        self.carry_over(&known, now).await?;
        let items = self.items_of(&going, &known.numbers).await?;
        let begun = self.planned(of, &going, &items).await?;
        self.record(Kind::ErasureBegun(begun.clone()), now).await?;
        tracing::warn!(erasure = hex::encode(of.id), keys = begun.keys.len(), "an erasure has begun");
        Ok(begun)
    }

    fn known(&self, going: &Subjects) -> Result<Known, ChildError> {
        let (mut numbers, mut said, mut linked) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
        for subject in going {
            let child = self.children.read(Pseudonym(*subject), None)?;
            linked.extend(child.resolution.subjects.iter().copied());
            linked.extend(child.kept_apart.iter().copied());
            let own = child.said.into_iter().map(|(_, said)| said).filter(|said| said.subject == *subject);
            for one in own {
                numbers.extend(named(&one).map(|subject| subject.value));
                said.push(one);
            }
        }
        said.sort_by_key(|one| (one.published_at_us, one.event_id));
        said.dedup_by_key(|one| one.event_id);
        numbers.retain(|number| number.len() >= TELLING_BYTES_MIN);
        let mut stays = Vec::new();
        for subject in linked.difference(going) {
            let child = self.children.read(Pseudonym(*subject), None)?;
            let own = child.said.iter().find(|(_, said)| said.subject == *subject);
            stays.extend(own.and_then(|(_, said)| said.body.subject.clone()));
        }
        Ok(Known { numbers, said, stays })
    }

    /// Restrictions, and consent that was refused or taken back, go on binding whoever stays. Said again with the same words, it is the
    /// same fact, so once more changes nothing.
    async fn carry_over(&self, known: &Known, (now_us, today): Moment) -> Result<(), ErasureError> {
        if known.stays.is_empty() {
            return Ok(());
        }
        let mut consents: BTreeMap<&str, &Said> = BTreeMap::new();
        let mut carried: Vec<&Said> = Vec::new();
        for said in &known.said {
            match said.body.event.as_ref().and_then(|event| event.kind.as_ref()) {
                Some(Kind::RestrictionSet(_) | Kind::RestrictionLifted(_)) => carried.push(said),
                Some(Kind::ConsentRecorded(consent)) => drop(consents.insert(consent.id(), said)),
                _ => {}
            }
        }
        carried.extend(consents.into_values().filter(|said| is_no(said)));
        for subject in &known.stays {
            for said in &carried {
                let Some(kind) = said.body.event.as_ref().and_then(|event| event.kind.clone()) else { continue };
                self.say_again(subject.clone(), kind, said, (now_us, today)).await?;
            }
        }
        Ok(())
    }

    async fn say_again(
        &self,
        subject: Subject,
        kind: Kind,
        said: &Said,
        (now_us, today): Moment,
    ) -> Result<(), ErasureError> {
        let Some(by) = &said.body.recorded_by else {
            self.commands.decided(subject, kind, now_us, day_of(today)).await?;
            return Ok(());
        };
        let event = Some(Event { kind: Some(kind) });
        let fact = Fact { subject: Some(subject), event, ..Fact::default() };
        let told = |what| crate::command::CommandError::Fact { at: 1, what };
        let prepared = self.commands.prepare(fact, by, now_us, day_of(today)).map_err(told)?;
        self.commands.put(prepared).await.map_err(crate::command::CommandError::from)?;
        Ok(())
    }

    /// The items of quarantine about these subjects, or in whose record one of their numbers stands, each a subject of its own: what was
    /// noted of an item may be sealed by another key than the item.
    async fn items_of(&self, going: &Subjects, numbers: &BTreeSet<String>) -> Result<Subjects, ErasureError> {
        let mut found = Subjects::new();
        for partition in Partition::all() {
            let mut from = 0;
            loop {
                let records = self.log.read(Topic::Quarantine, partition, from, RECORDS_A_READ).await?;
                let Some(last) = records.last() else { break };
                from = last.position.offset + 1;
                for record in records {
                    let Ok(sealed) = envelope::decode(record.value) else { continue };
                    let Ok(Opened::Plain(plain)) = sealed.open(&self.projector.keyring) else { continue };
                    let Ok(item) = Item::decode(plain.bytes.as_slice()) else { continue };
                    let is_about = item.about.as_slice().try_into().is_ok_and(|id: [u8; 16]| going.contains(&id));
                    let names = || numbers.iter().any(|number| holds(&item.raw, number.as_bytes()));
                    if is_about || names() {
                        found.insert(*sealed.header.subject.as_bytes());
                    }
                }
            }
        }
        Ok(found)
    }

    /// Every key of theirs, and the wrapping keys under which it was ever written. A controller whose keys were of all until now gets
    /// keys of its vaults: its one key goes.
    async fn planned(&self, of: &Erasure, going: &Subjects, items: &Subjects) -> Result<ErasureBegun, ErasureError> {
        let (mut keys, mut item_keys, mut concerned) = (BTreeSet::new(), 0u32, BTreeSet::new());
        let mut newest: BTreeMap<(String, Option<u8>), u32> = BTreeMap::new();
        let mut whole: BTreeSet<String> = BTreeSet::new();
        for partition in Partition::all() {
            for (key_id, said) in self.said_of_keys(partition).await? {
                let record = &said.last;
                for (vault, epoch) in &said.written_under {
                    let last = newest.entry((record.controller.clone(), *vault)).or_default();
                    *last = (*epoch).max(*last);
                }
                let is_of =
                    |of: &Subjects| record.subject.as_slice().try_into().is_ok_and(|id: [u8; 16]| of.contains(&id));
                if is_of(items) {
                    item_keys += 1;
                } else if !is_of(going) {
                    continue;
                }
                let Some(vault) = record.subject.first().copied() else { continue };
                keys.insert(key_id);
                concerned.insert((record.controller.clone(), vault));
                if vault_of(record).is_none() {
                    whole.insert(record.controller.clone());
                }
            }
        }
        for controller in &whole {
            concerned.extend((0..=u8::MAX).map(|vault| (controller.clone(), vault)));
        }
        let mut wrapping = Vec::new();
        for controller in &whole {
            let on_disk = self.wrapping().newest_in(controller, None)?.unwrap_or_default();
            let on_log = newest.get(&(controller.clone(), None)).copied().unwrap_or_default();
            let (organisation, last) = (Some(controller.clone()), Some(on_disk.max(on_log)));
            wrapping.push(WrappingEpochs { organisation, vault: None, last });
        }
        for (controller, vault) in concerned {
            let of_all = newest.get(&(controller.clone(), None)).copied().unwrap_or_default();
            let own = newest.get(&(controller.clone(), Some(vault))).copied().unwrap_or_default();
            let on_disk = self.wrapping().newest_in(&controller, Some(vault))?.unwrap_or_default();
            let last = Some(own.max(on_disk).max(of_all));
            wrapping.push(WrappingEpochs { organisation: Some(controller), vault: Some(vault.into()), last });
        }
        Ok(ErasureBegun {
            erasure_id: Some(of.id.to_vec()),
            keys: keys.into_iter().map(|key_id| key_id.0.to_vec()).collect(),
            wrapping,
            quarantine_items: Some(item_keys),
        })
    }
}

/// The subjects that an event names as the child's own: whose it is, and identifiers that it states.
fn named(said: &Said) -> impl Iterator<Item = Subject> + '_ {
    let stated = match said.body.event.as_ref().and_then(|event| event.kind.as_ref()) {
        Some(Kind::PersonDescribed(person)) => person.identifiers.as_slice(),
        _ => &[],
    };
    let stated = stated.iter().filter(|identifier| identifier.usable);
    said.body.subject.iter().cloned().chain(stated.filter_map(|identifier| identifier.subject.clone()))
}

/// Consent that was refused, or taken back.
fn is_no(said: &Said) -> bool {
    let kind = said.body.event.as_ref().and_then(|event| event.kind.as_ref());
    matches!(kind, Some(Kind::ConsentRecorded(consent)) if matches!(consent.state(), Consent::Refused | Consent::Withdrawn))
}

fn holds(within: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && within.windows(part.len()).any(|window| window == part)
}

pub(super) fn day_of(day: Date) -> proto::events::Date {
    proto::events::Date {
        year: day.year().into(),
        month: u32::try_from(day.month()).ok(),
        day: u32::try_from(day.day()).ok(),
        estimated: false,
    }
}

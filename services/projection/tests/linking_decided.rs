//! What is linked before and after an adoption however late it is read, whom the linker passes over, and that a preview, a measurement
//! and a read decide alike.

use crate::harness;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use event_log::{Appended, EventLog, LogError, Offset, Partition, Record, StoredRecord, Topic};
use harness::linking::{Person, adopted, parameters, parameters_with, says};
use harness::sayings::*;
use harness::{House, now_us};
use identity::linker::{Edge, Guards, Parameters, Population, Thresholds};
use identity::{Everybody, Member, told};
use projection::child::Children;
use projection::linking::{Linking, preview};
use projection::match_rates::match_rates;
use projection::store::Engine;
use proptest::prelude::*;
use proto::events::event::Kind;
use proto::events::{self as e, Subject};

const BORN: e::Date = e::Date { year: 2014, month: Some(3), day: Some(4), estimated: false };
const AMARA: Person = Person { given: "Amara", family: "Inventedson", born: BORN, sex: "F", postcode: "EX2 1AA" };

type Ends = BTreeMap<(Topic, Partition), Offset>;

/// A log of which the sectors' topics are read no further than they once went.
struct Behind {
    inner: Arc<dyn EventLog>,
    ends: Arc<Mutex<Option<Ends>>>,
}

#[async_trait]
impl EventLog for Behind {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        self.inner.append(records).await
    }

    async fn read(&self, topic: Topic, of: Partition, from: Offset, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.inner.read(topic, of, from, max).await
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let end = self.inner.end(topic, partition).await?;
        let ends = self.ends.lock().unwrap();
        Ok(ends.as_ref().and_then(|ends| ends.get(&(topic, partition))).map_or(end, |then| end.min(*then)))
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.inner.grown(topics, seen, at_most).await
    }
}

#[tokio::test]
async fn what_is_published_before_an_adoption_and_read_after_it_is_linked_by_those_before_it_too() {
    let ends = Arc::new(Mutex::new(None));
    let held = Arc::clone(&ends);
    let mut house = House::on(Engine::Fjall, |inner| Arc::new(Behind { inner, ends: held })).await;
    let (school, hospital) = (pupil("P1"), hospital_person("H1"));
    house.record(organisations()).await;
    house.say(CENSUS, [says(SCHOOL, &school, &AMARA, &[], 1), enrolled(SCHOOL, &school)]).await;
    house.record(vec![adopted(parameters(0.04))]).await;
    house.catch_up().await;
    let mut linking = Linking::new(house.store.clone(), house.projector.clone());
    linking.catch_up().unwrap();
    // From here on this node reads the sectors no further, and something is published there before the next adoption.
    let mut so_far = BTreeMap::new();
    for (topic, partition) in [Topic::Education, Topic::Health, Topic::SocialCare]
        .into_iter()
        .flat_map(|t| Partition::all().map(move |p| (t, p)))
    {
        so_far.insert((topic, partition), house.log.end(topic, partition).await.unwrap());
    }
    *ends.lock().unwrap() = Some(so_far);
    house.say(HL7, [says(HOSPITAL, &hospital, &AMARA, &[], 1), emergency(&hospital)]).await;
    let before = now_us();
    house.record(vec![adopted(parameters(0.4))]).await;
    house.catch_up().await;
    linking.catch_up_behind().unwrap();
    let in_force = |house: &House| {
        let adoptions = projection::linking::Adoptions::new(house.store.clone(), house.projector.clone());
        adoptions.in_force(None).unwrap().unwrap().version
    };
    let of = |parameters: Vec<u8>| Parameters::from_bytes(&parameters).unwrap().version();
    assert_eq!(in_force(&house), of(parameters(0.04)), "it does not turn over while something before it may be unread");
    *ends.lock().unwrap() = None;
    house.catch_up().await;
    linking.catch_up().unwrap();
    assert_eq!(in_force(&house), of(parameters(0.4)));
    for at in [None, Some(before)] {
        assert_eq!(house.child(&school, at).resolution.subjects.len(), 2, "by the later and by the earlier: {at:?}");
    }
    let (store, _) = house.rebuilt(Engine::Fjall).await;
    Linking::new(store.clone(), house.projector.clone()).catch_up().unwrap();
    assert_eq!(store.linker_hash().unwrap(), house.store.linker_hash().unwrap(), "as if it had been read in time");
}

#[tokio::test]
async fn whoever_is_not_looked_for_by_all_that_they_say_is_counted_until_they_are() {
    let mut house = House::new().await;
    house.record(organisations()).await;
    // A home of so many children, of which no two share more: their postcode with a month finds nobody among them.
    let person = |n: u32| Person {
        given: ["Ada", "Bea", "Cleo", "Dora", "Effie", "Flo", "Gwen", "Hana", "Ivy", "June", "Kim", "Lou"][n as usize],
        family: [
            "Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Holly", "Ivy", "Juniper", "Kapok", "Larch",
        ][n as usize],
        born: e::Date { day: Some(1 + n), ..BORN },
        ..AMARA
    };
    for n in 0..12 {
        house.say(CENSUS, [says(SCHOOL, &pupil(&format!("P{n}")), &person(n), &[], 1)]).await;
    }
    house.record(vec![adopted(parameters_with(0.04, 11))]).await;
    house.catch_up().await;
    house.link();
    let children = Children::new(house.store.clone(), house.projector.clone());
    let passed_over = || match_rates(&children).unwrap().sources[0].passed_over;
    assert_eq!(passed_over(), Some(10), "twelve, rounded");
    house.record(vec![adopted(parameters_with(0.04, 50))]).await;
    house.catch_up().await;
    house.link();
    assert_eq!(passed_over(), Some(0), "by what looks through more of them");
}

/// A few people of few names, days and homes, so that every rule of linking is met.
fn people() -> impl Strategy<Value = Vec<(usize, usize, usize, usize, usize)>> {
    proptest::collection::vec((0..3_usize, 0..3_usize, 0..3_usize, 0..3_usize, 0..4_usize), 2..9)
}

fn said((given, family, born, home, number): (usize, usize, usize, usize, usize)) -> (Person, Vec<Subject>) {
    let person = Person {
        given: ["Amara", "Amarah", "Bruno"][given],
        family: ["Inventedson", "Inventedsen", "Otherwise"][family],
        born: e::Date { day: Some([4, 4, 14][born]), ..BORN },
        postcode: ["EX2 1AA", "EX1 1AA", ""][home],
        ..AMARA
    };
    // Numbers that the comparison knows, and that check.
    let number = ["", "", "9434765919", "9434765870"][number];
    (person, (!number.is_empty()).then(|| nhs(number)).into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    /// What `identity evaluate` measures is what a process concludes, and what a preview says of it beforehand.
    #[test]
    fn what_is_measured_is_what_is_read(people in people()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut house = House::new().await;
            house.record(organisations()).await;
            let (mut members, mut subjects) = (Vec::new(), Vec::new());
            let parameters = Arc::new(Parameters::from_bytes(&parameters(0.04)).unwrap());
            for (n, sides) in people.into_iter().enumerate() {
                let (person, numbers) = said(sides);
                let subject = if n % 2 == 0 { hospital_person(&format!("H{n}")) } else { pupil(&format!("P{n}")) };
                let saying = says(if n % 2 == 0 { HOSPITAL } else { SCHOOL }, &subject, &person, &numbers, 1);
                let Some(Kind::PersonDescribed(described)) = saying.event.kind.clone() else {
                    panic!("it describes a person")
                };
                let id_of = |subject: &Subject| house.pseudonyms.of(subject).0;
                members.push(Member {
                    record: identity::linker::children::record(&subject, [&*described]),
                    claims: told::claims([0; 16], &told::issuer(&subject), &described, id_of),
                    descriptions: vec![told::description(&described, timeline::day_number)],
                });
                house.say(if n % 2 == 0 { HL7 } else { CENSUS }, [saying]).await;
                subjects.push(subject);
            }
            house.catch_up().await;
            let told = preview(&house.store, &house.projector, &parameters, Thresholds::default()).unwrap();
            house.record(vec![adopted(harness::linking::parameters(0.04))]).await;
            house.catch_up().await;
            house.link();

            let mut population = Population::new(Arc::clone(&parameters));
            for (place, member) in members.iter().enumerate() {
                population.put(place, &member.record).unwrap();
            }
            let edges: Vec<Edge<usize>> = population.edges(0.5);
            let concluded =
                Everybody::new(parameters, Guards::default(), members, edges).concluded(Thresholds::default());
            let mut pairs = 0;
            for (place, subject) in subjects.iter().enumerate() {
                let child = house.child(subject, None);
                let is_one = |other: &usize| child.resolution.subjects.contains(&house.pseudonyms.of(&subjects[*other]).0);
                let read: BTreeSet<usize> = (0..subjects.len()).filter(is_one).collect();
                let measured = concluded.children.iter().find(|child| child.contains(&place)).cloned();
                assert_eq!(measured.unwrap_or_else(|| BTreeSet::from([place])), read);
                pairs += read.iter().filter(|other| **other > place).count() as u64;
            }
            assert_eq!(told.counts.links_gained + told.counts.links_kept, pairs, "{told:?}");
        });
    }
}

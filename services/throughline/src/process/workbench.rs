//! The operator's work on the quarantine: tried, redriven, set aside. Of the sources of this process only.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connector_kit::Connector;
use connector_kit::Draft;
use connector_kit::quarantine::{Standing, standing};
use connector_kit::redrive::{Became, Done, ReadAgain, RedriveError, Waiting, Workplace};
use mapped::Mapping;
use projection::disclose::Recorder;
use projection::serve::admin::selected;
use proto::admin::workbench_server::Workbench;
use proto::admin::{
    QuarantineSelection, RedriveItemsRequest, RedriveItemsResponse, RedriveProof, SetItemsAsideRequest,
    SetItemsAsideResponse, TriedItem, TryItemsRequest, TryItemsResponse,
};
use proto::events::FindingCode;
use proto::quarantine::handled::Outcome;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::sources::Sources;

/// Items looked at or redriven at a time, where nobody says.
const ITEMS_MAX: u32 = 1_000;
/// Items redriven in a second, where nobody says.
const RATE: u32 = 50;
/// Longest reason and staff reference, in characters.
const REASON_MAX: usize = 500;
const BY_MAX: usize = 100;

/// Works on the quarantine of the sources of this process.
#[derive(Clone)]
pub(crate) struct Bench {
    /// While they run.
    sources: Arc<Mutex<Option<Arc<Sources>>>>,
    /// Where the process serves: puts a look at content on record.
    recorder: Option<Arc<Recorder>>,
}

/// Items of one source.
type Chosen = Vec<(Workplace, Vec<Waiting>)>;

impl Bench {
    /// Of a process that serves, and runs these.
    pub(crate) fn serving(sources: Arc<Sources>, recorder: Arc<Recorder>) -> Self {
        Self { sources: Arc::new(Mutex::new(Some(sources))), recorder: Some(recorder) }
    }

    /// Of a connector's own process, for as long as it runs its source.
    pub(crate) fn of(sources: Arc<Mutex<Option<Arc<Sources>>>>) -> Self {
        Self { sources, recorder: None }
    }

    fn workplaces(&self, source: &str) -> Result<Vec<Workplace>, Status> {
        let running = self.sources.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let all = running.map(|sources| sources.workplaces().to_vec()).unwrap_or_default();
        let of: Vec<_> = all.into_iter().filter(|place| source.is_empty() || name(place) == source).collect();
        if of.is_empty() {
            return Err(Status::failed_precondition(
                "no such source runs in this process: ask the one that runs it, with its own --config",
            ));
        }
        Ok(of)
    }

    /// Each row is tried three times at most: none is spent on a mapping that was changed and does not run yet.
    fn is_as_mapped(&self, source: &str) -> Result<(), Status> {
        let running = self.sources.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if running.is_some_and(|sources| sources.is_remapped(source)) {
            return Err(Status::failed_precondition(format!(
                "the mapping file of `{source}` is not what runs: restart the process that runs it, and say it again"
            )));
        }
        Ok(())
    }

    /// The items that a selection takes and that wait, oldest first, by source.
    async fn chosen(&self, selection: &QuarantineSelection) -> Result<Chosen, Status> {
        let mut chosen = Vec::new();
        for place in self.workplaces(&selection.source)? {
            let mut items = place.items(|item| selected(selection, item)).await.map_err(failed)?;
            items.retain(|waiting| standing(&waiting.handled) != Standing::DealtWith);
            chosen.push((place, items));
        }
        Ok(chosen)
    }
}

fn name(place: &Workplace) -> &'static str {
    place.connector().descriptor().name
}

/// So many of them, and how many there are.
fn first(chosen: &mut Chosen, limit: u32) -> u64 {
    let total: usize = chosen.iter().map(|(_, items)| items.len()).sum();
    let mut room = usize::try_from(if limit == 0 { ITEMS_MAX } else { limit }).unwrap_or(usize::MAX);
    for (_, items) in chosen {
        items.truncate(room);
        room -= items.len();
    }
    total as u64
}

#[tonic::async_trait]
impl Workbench for Bench {
    async fn try_items(&self, request: Request<TryItemsRequest>) -> Result<Response<TryItemsResponse>, Status> {
        let TryItemsRequest { selection, limit, mapping, with_events } = request.into_inner();
        let selection = selection.unwrap_or_default();
        if with_events {
            let Some(recorder) = &self.recorder else {
                return Err(Status::failed_precondition("content is shown by a process that serves, which records it"));
            };
            let recorded = recorder.record_operator("quarantine try").await;
            recorded.map_err(|error| Status::unavailable(error.to_string()))?;
        }
        let other = (!mapping.is_empty()).then(|| given(&mapping, &selection.source)).transpose()?;
        let mut chosen = self.chosen(&selection).await?;
        let total = first(&mut chosen, limit);
        let mut tried = Vec::new();
        for (place, items) in chosen {
            let connector = other.as_ref().unwrap_or(place.connector()).clone();
            for together in place.together(items) {
                let again = place.read_again(&connector, together, now_us()).await.map_err(failed)?;
                tried.extend(again.items().map(|(waiting, became, drafts)| {
                    let events =
                        if with_events { drafts.iter().map(|draft| again.body(draft)).collect() } else { Vec::new() };
                    TriedItem { events, ..as_tried(waiting, became, &drafts) }
                }));
            }
        }
        Ok(Response::new(TryItemsResponse { items: tried, total }))
    }

    type RedriveItemsStream = Pin<Box<dyn tokio_stream::Stream<Item = Result<RedriveItemsResponse, Status>> + Send>>;

    async fn redrive_items(
        &self,
        request: Request<RedriveItemsRequest>,
    ) -> Result<Response<Self::RedriveItemsStream>, Status> {
        let RedriveItemsRequest { selection, cap, rate, by } = request.into_inner();
        let by = said("by", &by, BY_MAX)?;
        let mut chosen = self.chosen(&selection.unwrap_or_default()).await?;
        chosen
            .iter()
            .filter(|(_, items)| !items.is_empty())
            .try_for_each(|(place, _)| self.is_as_mapped(name(place)))?;
        let mut told = RedriveItemsResponse::default();
        for (_, items) in &mut chosen {
            let all = items.len();
            items.retain(|waiting| standing(&waiting.handled) == Standing::Waiting);
            told.for_a_person += (all - items.len()) as u64;
        }
        let total = first(&mut chosen, cap);
        told.chosen = chosen.iter().map(|(_, items)| items.len() as u64).sum();
        told.beyond_cap = total - told.chosen;
        let rate = if rate == 0 { RATE } else { rate };
        let (sender, steps) = mpsc::channel(1);
        // Whoever asked may hang up: then it stops after the step in hand.
        tokio::spawn(async move {
            if let Err(status) = redrive(chosen, rate, &by, told, &sender).await {
                let _nobody_listens = sender.send(Err(status)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(steps))))
    }

    async fn set_items_aside(
        &self,
        request: Request<SetItemsAsideRequest>,
    ) -> Result<Response<SetItemsAsideResponse>, Status> {
        let SetItemsAsideRequest { selection, limit, reason, by } = request.into_inner();
        let (why, by) = (said("because", &reason, REASON_MAX)?, said("by", &by, BY_MAX)?);
        let mut chosen = self.chosen(&selection.unwrap_or_default()).await?;
        let total = first(&mut chosen, limit);
        let set_aside: u64 = chosen.iter().map(|(_, items)| items.len() as u64).sum();
        if total > set_aside {
            return Err(Status::failed_precondition(format!(
                "{total} items are selected, and {set_aside} at most: select fewer, or raise --limit"
            )));
        }
        for (place, items) in chosen {
            place.set_aside(items, &why, &by, now_us()).await.map_err(failed)?;
        }
        Ok(Response::new(SetItemsAsideResponse { set_aside }))
    }
}

/// Redrives, a second's worth at a time, and tells of each step.
async fn redrive(
    chosen: Chosen,
    rate: u32,
    by: &str,
    mut told: RedriveItemsResponse,
    steps: &mpsc::Sender<Result<RedriveItemsResponse, Status>>,
) -> Result<(), Status> {
    let a_second = usize::try_from(rate).unwrap_or(usize::MAX);
    let mut proof = RedriveProof::default();
    for (place, items) in chosen {
        let (mut entries, mut rows) = (BTreeSet::new(), 0);
        for together in place.together(items) {
            let mut again = place.read_again(place.connector(), together, now_us()).await.map_err(failed)?;
            while !again.is_empty() {
                let began = tokio::time::Instant::now();
                let some: ReadAgain = again.split(a_second);
                let many = u32::try_from(some.len()).unwrap_or(u32::MAX);
                let put = place.put(some, by, now_us()).await.map_err(failed)?;
                rows += put.rows;
                entries.extend(put.entries);
                put.done.iter().for_each(|done| count(done, &mut told));
                let step = std::mem::take(&mut told.refused);
                if steps.send(Ok(RedriveItemsResponse { refused: step, ..told.clone() })).await.is_err() {
                    return Ok(());
                }
                if told.done < told.chosen {
                    let due = Duration::from_secs_f64(f64::from(many) / f64::from(rate));
                    tokio::time::sleep_until(began + due).await;
                }
            }
        }
        let of_source = place.proof(&entries, rows).await.map_err(failed)?;
        proof.rows += of_source.rows;
        proof.entries += of_source.entries;
        proof.on_log += of_source.on_log;
        proof.event_ids += of_source.event_ids;
        proof.repeats += of_source.repeats;
        proof.differing += of_source.differing;
    }
    let _nobody_listens = steps.send(Ok(RedriveItemsResponse { proof: Some(proof), ..told })).await;
    Ok(())
}

fn count(done: &Done, told: &mut RedriveItemsResponse) {
    told.done += 1;
    match done.handled.outcome() {
        Outcome::Redriven => told.redriven += 1,
        Outcome::PassedOver => told.passed_over += 1,
        Outcome::StillRefused | Outcome::SetAside | Outcome::Unspecified => {
            told.still_refused += 1;
            told.refused.push(TriedItem {
                id: done.item.id.clone(),
                source: done.item.source.clone(),
                place: done.item.place.clone(),
                outcome: done.handled.outcome,
                reason: done.handled.reason,
                message: done.handled.message.clone(),
                ..TriedItem::default()
            });
        }
    }
}

fn as_tried(waiting: &Waiting, became: &Became, drafts: &[&Draft]) -> TriedItem {
    let kinds = drafts.iter().map(|draft| draft.event.kind_number().map_or("", |kind| kind.name()).to_owned());
    let findings = drafts.iter().flat_map(|draft| &draft.findings).map(|finding| {
        let code = FindingCode::try_from(finding.code).unwrap_or_default().as_str_name();
        format!("{} {}", code.trim_start_matches("FINDING_CODE_"), finding.field)
    });
    let outcome = match (&became.refused, drafts.is_empty()) {
        (Some(_), _) => Outcome::StillRefused,
        (None, true) => Outcome::PassedOver,
        (None, false) => Outcome::Redriven,
    };
    let (reason, message) = became.refused.clone().unwrap_or_default();
    TriedItem {
        id: waiting.item.id.clone(),
        source: waiting.item.source.clone(),
        place: waiting.item.place.clone(),
        outcome: outcome.into(),
        kinds: kinds.collect(),
        findings: findings.collect::<BTreeSet<_>>().into_iter().collect(),
        reason: reason.into(),
        message,
        events: Vec::new(),
    }
}

/// A mapping that is not running.
fn given(text: &str, source: &str) -> Result<Arc<dyn Connector>, Status> {
    match Mapping::parse(text) {
        Ok(checked) if checked.mapping.name() == source => Ok(Arc::new(checked.mapping)),
        Ok(checked) => Err(Status::invalid_argument(format!(
            "the mapping is of `{}`: name it with --source, and only that",
            checked.mapping.name()
        ))),
        Err(unusable) => {
            let problems: Vec<String> = unusable.problems.iter().map(ToString::to_string).collect();
            Err(Status::invalid_argument(format!("the mapping cannot be used: {}", problems.join("; "))))
        }
    }
}

fn said(what: &str, text: &str, most: usize) -> Result<String, Status> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most {
        return Err(Status::invalid_argument(format!("--{what} must be of 1 to {most} characters")));
    }
    Ok(text.to_owned())
}

fn failed(error: RedriveError) -> Status {
    Status::unavailable(format!("{error}; what is done is on record, and the same again goes on from there"))
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

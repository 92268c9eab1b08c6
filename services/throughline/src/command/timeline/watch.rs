//! `throughline timeline --watch`

use std::collections::BTreeMap;
use std::process::ExitCode;

use proto::timeline::{Entry, GetTimelineRequest, GetTimelineResponse, WatchTimelineRequest, WatchTimelineResponse};

use super::print;
use crate::command::asking::{as_json, refused};
use crate::output;
use crate::reader::Client;

/// Follows the timeline until the stream's end or an interruption. A stream ends after a fixed time: whoever wants more asks
/// again, which is decided anew.
pub(super) async fn follow(mut client: Client, request: GetTimelineRequest, json: bool) -> anyhow::Result<ExitCode> {
    let GetTimelineRequest { child, purpose, period, categories, .. } = request;
    let request = WatchTimelineRequest { child, purpose, period, categories };
    let mut stream = client.watch_timeline(request).await.map_err(|status| refused(&status))?.into_inner();
    let mut shown: BTreeMap<Vec<u8>, Entry> = BTreeMap::new();
    let (mut frames, mut batches) = (0_u64, 0_u64);
    while let Some(frame) = stream.message().await.map_err(|status| refused(&status))? {
        frames += 1;
        if frame.decision_id.is_empty() {
            continue;
        }
        batches += 1;
        if json {
            output::line(&as_json("WatchTimelineResponse", &frame)?)?;
        } else {
            tell(&frame, &mut shown)?;
        }
    }
    if !json {
        output::line(&format!("stream ended: frames={frames} batches={batches}; ask again to go on"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(frame: &WatchTimelineResponse, shown: &mut BTreeMap<Vec<u8>, Entry>) -> anyhow::Result<()> {
    let mut entries = Vec::new();
    let (mut changed, mut appeared) = (0, 0);
    for watched in &frame.entries {
        if let Some(entry) = &watched.entry {
            let before = shown.insert(watched.id.clone(), entry.clone());
            *if before.is_some() { &mut changed } else { &mut appeared } += 1;
            entries.push(entry.clone());
        }
    }
    let mut withdrawn = 0;
    for id in &frame.withdrawn {
        withdrawn += usize::from(shown.remove(id).is_some());
    }
    let existence = frame.services.as_ref().map(|services| services.existence.clone()).unwrap_or_default();
    let page = GetTimelineResponse { entries, existence, ..GetTimelineResponse::default() };
    print::page(&page, frame.services.is_some())?;
    for owed in &frame.obligations {
        output::line(&format!("you owe: {owed}"))?;
    }
    let present = if frame.complete { "; this is the present, changes follow" } else { "" };
    output::line(&format!(
        "watch: new={appeared} changed={changed} withdrawn={withdrawn} shown={} decision={}{present}",
        shown.len(),
        hex::encode(&frame.decision_id)
    ))
}

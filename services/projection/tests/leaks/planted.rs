//! Leaks that are planted in what was heard of one world, to see that each is noticed: each does with what is hidden what a
//! careless service might.

use prost::Message;
use proto::timeline::{Entry, ExistenceLine, GetTimelineResponse};

use super::Story;
use super::houses::Heard;
use super::worlds::Pair;

/// Of an answer and of how many entries are hidden in each of the two worlds, the answer as it would be in the one and in the
/// other.
type Leak = fn(&GetTimelineResponse, usize) -> Result<GetTimelineResponse, &'static str>;

pub struct Plant {
    pub name: &'static str,
    leak: Leak,
    pub caught: usize,
}

pub fn timeline(bytes: &[u8]) -> GetTimelineResponse {
    GetTimelineResponse::decode(bytes).unwrap()
}

impl Plant {
    pub fn all() -> Vec<Self> {
        let plant = |name, leak| Self { name, leak, caught: 0 };
        vec![
            plant("a count of what is hidden", |answer, hidden| {
                let line = ExistenceLine { ask: format!("{hidden} more"), ..ExistenceLine::default() };
                Ok(GetTimelineResponse { existence: vec![line], ..answer.clone() })
            }),
            plant("a gap where an entry is hidden", |answer, hidden| {
                let mut entries = answer.entries.clone();
                entries.extend(vec![Entry::default(); hidden]);
                Ok(GetTimelineResponse { entries, ..answer.clone() })
            }),
            plant("an order that goes by all entries", |answer, hidden| {
                let mut entries = answer.entries.clone();
                let by = hidden % entries.len().max(1);
                entries.rotate_left(by);
                Ok(GetTimelineResponse { entries, ..answer.clone() })
            }),
            plant("an error that says that there is something", |answer, hidden| match hidden {
                0 => Ok(answer.clone()),
                _ => Err("you may not see what there is"),
            }),
            plant("a page that ends where hidden entries fill it", |answer, hidden| {
                let mut entries = answer.entries.clone();
                entries.truncate(entries.len().saturating_sub(hidden));
                Ok(GetTimelineResponse { entries, ..answer.clone() })
            }),
            plant("a further page of hidden entries", |answer, hidden| {
                Ok(GetTimelineResponse { more: answer.more || hidden > 0, ..answer.clone() })
            }),
            plant("a token as long as what is hidden", |answer, hidden| {
                Ok(GetTimelineResponse { next_page_token: vec![0; 64 + hidden], ..answer.clone() })
            }),
            plant("last updated by what is hidden", |answer, hidden| {
                let mut answer = answer.clone();
                for entry in &mut answer.entries {
                    entry.known_as_at = Some(prost_types::Timestamp { seconds: hidden as i64, nanos: 0 });
                }
                Ok(answer)
            }),
            plant("an offer of break-glass for what is hidden", |answer, hidden| {
                Ok(GetTimelineResponse { break_glass_would_help: hidden > 0, ..answer.clone() })
            }),
            plant("an obligation for what is hidden", |answer, hidden| {
                let obligations = if hidden > 0 { vec!["justify".to_owned()] } else { Vec::new() };
                Ok(GetTimelineResponse { obligations, ..answer.clone() })
            }),
        ]
    }

    /// Plants it in both worlds of this pair, and sees whether they are still alike.
    pub fn try_on(&mut self, pair: &Pair, heard: &Story) {
        let Some(Heard::Answer { bytes, .. }) = heard.pages.first() else { return };
        let answer = timeline(bytes);
        let [one, other] = pair.hidden.map(|hidden| (self.leak)(&answer, hidden).map(|leaky| leaky.encode_to_vec()));
        self.caught += usize::from(one != other);
    }
}

//! `throughline identity queue`, `show`, `link` and the rest: a reviewer's commands.

pub(super) mod decide;
pub(super) mod disclosures;
pub(super) mod queue;
pub(super) mod show;
pub(super) mod statistics;

use prost_types::Timestamp;
use proto::events::{Subject, Why};
use proto::identity::{Pair, Standing};

use crate::command::facts;
use crate::output::Usage;

/// Which pair: by an item of the queue, or by two references.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
pub(super) struct About {
    /// The item's id, or the first eight digits of it, as `throughline identity queue` prints them.
    item: Option<String>,
    /// Any two subjects, each as SCHEME:ISSUER:VALUE: LA_CHILD_ID:878:12345 UPN:dfe:B801200005001.
    #[arg(long, num_args = 2, value_names = ["ONE", "OTHER"])]
    pair: Vec<String>,
}

/// An item or a pair, as the contract has them.
pub(super) enum Asked {
    Item(Vec<u8>),
    Pair(Pair),
}

impl About {
    pub(super) fn asked(&self) -> anyhow::Result<Asked> {
        if let [one, other] = self.pair.as_slice() {
            return Ok(Asked::Pair(Pair { one: Some(reference(one)?), other: Some(reference(other)?) }));
        }
        Ok(Asked::Item(digits(self.item.as_deref().unwrap_or_default(), "an item's id", 4)?))
    }

    /// As it is written in another command.
    pub(super) fn words(&self) -> String {
        match self.pair.as_slice() {
            [one, other] => format!("--pair {one} {other}"),
            _ => self.item.clone().unwrap_or_default(),
        }
    }
}

/// A reference as a person writes it.
pub(super) fn reference(text: &str) -> anyhow::Result<Subject> {
    let mut parts = text.splitn(3, ':');
    let (Some(scheme), Some(issuer), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        let wanted = "a subject must be given as SCHEME:ISSUER:VALUE, such as LA_CHILD_ID:878:12345";
        anyhow::bail!(Usage(wanted.to_owned()));
    };
    Ok(facts::reference(scheme, issuer, value).map_err(|error| Usage(error.to_string()))?)
}

/// Bytes from hexadecimal digits: at least so many, at most sixteen.
pub(in crate::command) fn digits(text: &str, of: &str, least: usize) -> anyhow::Result<Vec<u8>> {
    let bytes = hex::decode(text.replace('-', "")).ok().filter(|bytes| (least..=16).contains(&bytes.len()));
    let wanted = || Usage(format!("{of} is {} to 32 hexadecimal digits, an even number of them", least * 2));
    Ok(bytes.ok_or_else(wanted)?)
}

/// The digits by which an item is asked for.
pub(super) fn short(id: &[u8]) -> String {
    hex::encode(id.get(..4).unwrap_or(id))
}

/// A subject as a person writes it.
pub(super) fn written(subject: &Subject) -> String {
    let scheme = subject.scheme().as_str_name().trim_start_matches("SCHEME_");
    format!("{scheme}:{}:{}", subject.issuer, subject.value)
}

/// Why two were not linked, in words.
pub(super) fn why(why: Why) -> &'static str {
    match why {
        Why::Unspecified => "",
        Why::SharedWithinIssuer => "two subjects of one issuer claim one identifier",
        Why::TwoExclusive => "two different numbers of which a child has only one",
        Why::DescriptionsContradict => "birth dates and given names both differ",
        Why::Unlinked => "a person has parted them, or one of them from somebody of the other",
        Why::Twins => "twins, as far as the records say",
        Why::Possible => "probable, and not enough to link",
        Why::Many => "more than one child would do",
        Why::Asked => "somebody asked about these two",
        Why::OneIssuer => "two numbers of one issuer",
        Why::Siblings => "children of one household, as far as the records say",
    }
}

/// How the command line spells a reason: `twins`.
pub(super) fn why_named(name: &str) -> Result<Why, String> {
    let known = Why::from_str_name(&format!("WHY_{}", name.to_uppercase())).filter(|why| *why != Why::Unspecified);
    known.ok_or_else(|| {
        let all = (1..).map_while(|number| Why::try_from(number).ok());
        let names: Vec<String> = all.map(|why| why.as_str_name().trim_start_matches("WHY_").to_lowercase()).collect();
        format!("one of {}", names.join(", "))
    })
}

pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Unspecified => "",
        Standing::Waiting => "waiting",
        Standing::Proposed => "proposed",
        Standing::LeftOpen => "left open",
        Standing::Linked => "one child",
        Standing::Unlinked => "two children",
        Standing::Apart => "not linked",
    }
}

/// A moment, to the minute, UTC.
pub(in crate::command) fn moment(at: Option<&Timestamp>) -> String {
    let at = at.and_then(|at| jiff::Timestamp::from_second(at.seconds).ok());
    at.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// How long since a moment: `3 d`, `5 h`, `12 min`.
pub(super) fn since(at: Option<&Timestamp>) -> String {
    let Some(at) = at else { return String::new() };
    let seconds = jiff::Timestamp::now().as_second().saturating_sub(at.seconds).max(0);
    match seconds {
        ..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_and_a_name() {
        let mut said = std::collections::BTreeSet::new();
        for why_ in (1..).map_while(|number| Why::try_from(number).ok()) {
            let name = why_.as_str_name().trim_start_matches("WHY_").to_lowercase();
            assert_eq!(why_named(&name), Ok(why_));
            assert!(!why(why_).is_empty() && said.insert(why(why_)), "{name}");
        }
        assert!(why_named("unspecified").unwrap_err().contains("twins"));
    }

    #[test]
    fn an_item_is_asked_for_by_its_first_digits() {
        assert_eq!(digits("4c1fa09e", "an id", 4).unwrap(), [0x4c, 0x1f, 0xa0, 0x9e]);
        for wrong in ["4c1fa0", "4c1fa09", "xyzt", "", &"00".repeat(17)] {
            assert!(digits(wrong, "an id", 4).unwrap_err().is::<Usage>(), "{wrong}");
        }
        assert_eq!(short(&[0x4c, 0x1f, 0xa0, 0x9e, 5, 6]), "4c1fa09e");
    }
}

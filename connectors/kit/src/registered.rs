//! A connector as it stands in the program: with what its section says of whose records they are, and with the ways in that
//! it answers in words of its own.

use std::sync::Arc;
use std::time::Duration;

use crate::connector::Connector;
use crate::file_name::Authority;
use crate::mllp::Acknowledges;
use crate::poll::Pages;
use crate::receive::Receives;

/// Whose records a connector reads, as its section's `controllers` say: it answers for a return that does not say so itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Whose {
    /// The one local authority whose organisations they are.
    pub authority: Option<Authority>,
    /// The one organisation, where one is named and no pattern.
    pub organisation: Option<String>,
}

impl Whose {
    /// What these ids and patterns (`school-878*`) say together.
    pub fn of(controllers: &[String]) -> Self {
        let mut named = controllers.iter().map(|id| Authority::of_organisation(id.strip_suffix('*').unwrap_or(id)));
        let first = named.next().flatten();
        let authority = first.filter(|first| named.all(|other| other == Some(*first)));
        let organisation = match controllers {
            [only] if !only.ends_with('*') => Some(only.clone()),
            _ => None,
        };
        Self { authority, organisation }
    }
}

/// What the crate of a connector gives by its `connector` function:
///
/// ```text
/// pub fn connector(_: &Whose) -> Registered {
///     Registered::of(Sen2)
/// }
/// ```
#[derive(Clone)]
pub struct Registered {
    /// Translates.
    pub connector: Arc<dyn Connector>,
    /// Answers posts, where not as [`AnyFile`](crate::receive::AnyFile) does.
    pub receives: Option<Arc<dyn Receives>>,
    /// Answers messages of an MLLP listener; without it there can be none.
    pub acknowledges: Option<Arc<dyn Acknowledges>>,
    /// How its server is asked, where not as [`Plain`](crate::poll::Plain) asks: of how far a turn reaches back.
    pub polls: Option<fn(Duration) -> Arc<dyn Pages>>,
}

impl Registered {
    /// A connector that reads files, however they come.
    pub fn of(connector: impl Connector + 'static) -> Self {
        Self { connector: Arc::new(connector), receives: None, acknowledges: None, polls: None }
    }

    /// The same, whose posts are answered so.
    #[must_use]
    pub fn receiving(self, receives: impl Receives + 'static) -> Self {
        Self { receives: Some(Arc::new(receives)), ..self }
    }

    /// The same, whose messages are answered so.
    #[must_use]
    pub fn acknowledging(self, acknowledges: impl Acknowledges + 'static) -> Self {
        Self { acknowledges: Some(Arc::new(acknowledges)), ..self }
    }

    /// The same, whose server is asked so.
    #[must_use]
    pub fn polling(self, polls: fn(Duration) -> Arc<dyn Pages>) -> Self {
        Self { polls: Some(polls), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_they_are_is_said_where_it_is_one() {
        let of = |ids: &[&str]| {
            let whose = Whose::of(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
            (whose.authority.map(|one| one.as_str().to_owned()), whose.organisation)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of(&["la-878-social-care"]), (some("878"), some("la-878-social-care")));
        assert_eq!(of(&["la-878-social-care", "la-878*"]), (some("878"), None));
        assert_eq!(of(&["la-878*"]), (some("878"), None));
        assert_eq!(of(&["la-878*", "la-879*"]), (None, None));
        assert_eq!(of(&["la-878*", "ods-rh8"]), (None, None));
        assert_eq!(of(&["ods-rh8"]), (None, some("ods-rh8")));
        assert_eq!(of(&[]), (None, None));
    }
}

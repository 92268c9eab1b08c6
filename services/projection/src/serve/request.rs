//! A request, checked: every field said, within bounds, and nothing taken for granted.

use jiff::civil::Date;
use proto::events::Subject;
use proto::sharing::{Category, DenialReason, Purpose};
use proto::timeline::{
    ExplainDecisionRequest, GetFamilyRequest, GetInvolvementRequest, GetTimelineRequest, Period, WatchTimelineRequest,
};

use super::page::TOKEN_BYTES;

/// Entries of a page when the request does not say.
const PAGE_SIZE_DEFAULT: u32 = 100;
/// Entries of a page at most.
const PAGE_SIZE_MAX: u32 = 500;
const PART_BYTES_MAX: usize = 64;
const CATEGORIES_MAX: usize = 32;

/// What is wrong with a request. The message names the field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// Which reason is given.
    pub reason: DenialReason,
    /// The field, as the contract names it.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Malformed {
    /// Both in one sentence.
    pub fn message(&self) -> String {
        format!("`{}` {}", self.field, self.problem)
    }
}

/// A request as it was asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// By which reference.
    pub child: Subject,
    /// What for.
    pub purpose: Purpose,
    /// Days since 1970.
    pub from_day: Option<i64>,
    /// Days since 1970.
    pub to_day: Option<i64>,
    /// Empty means all.
    pub categories: Vec<Category>,
    /// Microseconds since 1970, when the past is asked for.
    pub known_at_us: Option<i64>,
    /// When not today.
    pub valid_on: Option<Date>,
    /// 1 to 500.
    pub page_size: usize,
    /// The token of a page after the first.
    pub page_token: Option<Vec<u8>>,
}

/// Reads a request. `now_us` is microseconds since 1970, `today` the day in England.
///
/// # Errors
/// The first field that is wrong.
pub fn read(request: GetTimelineRequest, now_us: i64, today: Date) -> Result<Asked, Malformed> {
    let purpose = Purpose::try_from(request.purpose).ok().filter(|purpose| *purpose != Purpose::Unspecified);
    let purpose = purpose.ok_or(Malformed {
        reason: DenialReason::PurposeMissing,
        field: "purpose",
        problem: "must say what the record is for",
    })?;
    // Whoever asks about whomever: to say so tells nothing of any child.
    if purpose == Purpose::ServicePlanning {
        return Err(Malformed {
            reason: DenialReason::AggregatesOnly,
            field: "purpose",
            problem: "is served by numbers of many children: ask `CountChildren`; no child's record is given for it",
        });
    }
    let child = request.child.ok_or(wrong("child", "is missing"))?;
    if child.issuer.len() > PART_BYTES_MAX || child.value.len() > PART_BYTES_MAX {
        return Err(wrong("child", "is longer than any reference is"));
    }
    let child =
        proto::subject::normalised(&child).ok_or(wrong("child", "must have a scheme, its issuer and a value"))?;
    if request.categories.len() > CATEGORIES_MAX {
        return Err(wrong("categories", "lists more than there are"));
    }
    let categories = request
        .categories
        .iter()
        .map(|category| Category::try_from(*category).ok().filter(|category| *category != Category::Unspecified));
    let categories =
        categories.collect::<Option<Vec<_>>>().ok_or(wrong("categories", "holds one that does not exist"))?;
    let Period { from, to } = request.period.unwrap_or_default();
    let day = |date: Option<proto::events::Date>, field| match date {
        None => Ok(None),
        Some(date) => timeline::day_number(&date).map(Some).ok_or(wrong(field, "is no day")),
    };
    let from_day = day(from, "period.from")?;
    let to_day = day(to, "period.to")?;
    if from_day.zip(to_day).is_some_and(|(from, to)| to < from) {
        return Err(wrong("period.to", "is before `period.from`"));
    }
    let as_of = request.as_of.unwrap_or_default();
    let known_at_us = match as_of.known_at {
        None => None,
        Some(at) => {
            Some(instant_us(&at).filter(|at| *at <= now_us).ok_or(wrong("as_of.known_at", "must be a past instant"))?)
        }
    };
    let valid_on = match as_of.valid_on {
        None => None,
        Some(date) => {
            Some(civil(&date).filter(|day| *day <= today).ok_or(wrong("as_of.valid_on", "must be a past day"))?)
        }
    };
    let page_size = match request.page_size {
        0 => PAGE_SIZE_DEFAULT,
        size if size <= PAGE_SIZE_MAX => size,
        _ => return Err(wrong("page_size", "must be at most 500")),
    };
    let page_token = match request.page_token.len() {
        0 => None,
        TOKEN_BYTES => Some(request.page_token),
        _ => {
            return Err(Malformed {
                reason: DenialReason::PageTokenRefused,
                field: "page_token",
                problem: "is not one of ours",
            });
        }
    };
    let page_size = usize::try_from(page_size).unwrap_or_default();
    Ok(Asked { child, purpose, from_day, to_day, categories, known_at_us, valid_on, page_size, page_token })
}

/// Reads a request for who works with a child, as [`read`].
///
/// # Errors
/// The first field that is wrong.
pub fn read_involvement(request: GetInvolvementRequest, now_us: i64, today: Date) -> Result<Asked, Malformed> {
    let GetInvolvementRequest { child, purpose } = request;
    read(GetTimelineRequest { child, purpose, ..GetTimelineRequest::default() }, now_us, today)
}

/// Reads a request for a child's family, as [`read`].
///
/// # Errors
/// The first field that is wrong.
pub fn read_family(request: GetFamilyRequest, now_us: i64, today: Date) -> Result<Asked, Malformed> {
    let GetFamilyRequest { child, purpose } = request;
    read(GetTimelineRequest { child, purpose, ..GetTimelineRequest::default() }, now_us, today)
}

/// Reads a request to follow a timeline, as [`read`].
///
/// # Errors
/// The first field that is wrong.
pub fn read_watch(request: WatchTimelineRequest, now_us: i64, today: Date) -> Result<Asked, Malformed> {
    let WatchTimelineRequest { child, purpose, period, categories } = request;
    read(GetTimelineRequest { child, purpose, period, categories, ..GetTimelineRequest::default() }, now_us, today)
}

/// Reads a request for an explanation: of which decision, and whether it is an auditor who asks.
///
/// # Errors
/// The first field that is wrong.
pub fn read_explain(request: &ExplainDecisionRequest) -> Result<([u8; 16], bool), Malformed> {
    let id = request.decision_id.as_slice().try_into();
    let id = id.map_err(|_| wrong("decision_id", "must be the sixteen bytes of an answer"))?;
    match Purpose::try_from(request.purpose) {
        Ok(Purpose::Unspecified) => Ok((id, false)),
        Ok(Purpose::Audit) => Ok((id, true)),
        _ => Err(wrong("purpose", "is audit, or is not set")),
    }
}

fn wrong(field: &'static str, problem: &'static str) -> Malformed {
    Malformed { reason: DenialReason::RequestMalformed, field, problem }
}

fn instant_us(at: &prost_types::Timestamp) -> Option<i64> {
    (0..1_000_000_000).contains(&at.nanos).then_some(())?;
    at.seconds.checked_mul(1_000_000)?.checked_add(i64::from(at.nanos / 1_000))
}

pub(super) fn civil(date: &proto::events::Date) -> Option<Date> {
    let month = i8::try_from(date.month?).ok()?;
    let day = i8::try_from(date.day?).ok()?;
    Date::new(i16::try_from(date.year).ok()?, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proto::events::Scheme;
    use proto::timeline::AsOf;

    fn good() -> GetTimelineRequest {
        GetTimelineRequest {
            child: Some(Subject { scheme: Scheme::Upn.into(), issuer: "dfe".into(), value: "B801200005001".into() }),
            purpose: Purpose::EarlyHelp.into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_request_that_says_what_it_must_is_read_with_its_defaults() {
        let asked = read(good(), 1_000, date(2026, 1, 1)).unwrap();
        assert_eq!((asked.page_size, asked.page_token, asked.known_at_us, asked.valid_on), (100, None, None, None));
    }

    #[test]
    fn each_field_that_is_wrong_is_named() {
        type Change = fn(&mut GetTimelineRequest);
        let cases: [(Change, &str); 12] = [
            (|r| r.purpose = 0, "purpose"),
            (|r| r.purpose = 99, "purpose"),
            (|r| r.child = None, "child"),
            (|r| r.child.as_mut().unwrap().value.clear(), "child"),
            (|r| r.child.as_mut().unwrap().value = "9".repeat(65), "child"),
            (|r| r.categories = vec![99], "categories"),
            (
                |r| {
                    r.period = Some(Period {
                        from: Some(proto::events::Date { year: 2024, month: Some(13), ..Default::default() }),
                        to: None,
                    })
                },
                "period.from",
            ),
            (
                |r| {
                    let of = |year| Some(proto::events::Date { year, ..Default::default() });
                    r.period = Some(Period { from: of(2024), to: of(2023) });
                },
                "period.to",
            ),
            (
                |r| {
                    r.as_of =
                        Some(AsOf { known_at: Some(prost_types::Timestamp { seconds: 9, nanos: 0 }), valid_on: None })
                },
                "as_of.known_at",
            ),
            (
                |r| {
                    r.as_of = Some(AsOf {
                        known_at: None,
                        valid_on: Some(proto::events::Date {
                            year: 2027,
                            month: Some(1),
                            day: Some(1),
                            estimated: false,
                        }),
                    })
                },
                "as_of.valid_on",
            ),
            (|r| r.page_size = 501, "page_size"),
            (|r| r.page_token = vec![1; 63], "page_token"),
        ];
        for (change, field) in cases {
            let mut request = good();
            change(&mut request);
            let malformed = read(request, 1_000, date(2026, 1, 1)).unwrap_err();
            assert_eq!(malformed.field, field, "{}", malformed.message());
        }
    }
}

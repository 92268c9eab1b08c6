//! Why a request is refused. Each code has its heading in docs/OPERATING.md.

use std::time::Duration;

/// Why a request is refused. The names are stable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RefusalCode {
    /// No caller has this token and this certificate.
    CallerUnknown,
    /// The caller may not send this.
    NotYoursToSend,
    /// There is nothing at this path.
    NoSuchPath,
    /// The path takes other methods.
    MethodNotAllowed,
    /// No submission of this caller has this id.
    NoSuchSubmission,
    /// No key that can be used.
    KeyMissing,
    /// The key was used with other bytes.
    KeyReused,
    /// A post with this key is in hand.
    KeyInUse,
    /// The media type, or its encoding, is not taken.
    MediaTypeUnsupported,
    /// The body is longer than is taken.
    BodyTooLarge,
    /// The body ended before its end.
    BodyCutOff,
    /// The body came too slowly.
    BodyTooSlow,
    /// The body cannot be read as what it is said to be.
    BodyUnreadable,
    /// Some of its records cannot be used; the others were taken.
    RecordsRefused,
    /// The caller has too many posts in hand.
    TooManyAtOnce,
    /// Too much waits to be dealt with.
    TooMuchWaits,
    /// The disk has too little room.
    DiskShort,
    /// It could not be kept for now.
    NotKept,
}

impl RefusalCode {
    /// Every code, in order.
    pub const ALL: [Self; 18] = [
        Self::CallerUnknown,
        Self::NotYoursToSend,
        Self::NoSuchPath,
        Self::MethodNotAllowed,
        Self::NoSuchSubmission,
        Self::KeyMissing,
        Self::KeyReused,
        Self::KeyInUse,
        Self::MediaTypeUnsupported,
        Self::BodyTooLarge,
        Self::BodyCutOff,
        Self::BodyTooSlow,
        Self::BodyUnreadable,
        Self::RecordsRefused,
        Self::TooManyAtOnce,
        Self::TooMuchWaits,
        Self::DiskShort,
        Self::NotKept,
    ];

    /// Its code: `KEY_REUSED`.
    pub fn name(self) -> &'static str {
        self.about().0
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        self.about().1
    }

    /// One line, the same for each.
    pub fn title(self) -> &'static str {
        self.about().2
    }

    fn about(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::CallerUnknown => ("CALLER_UNKNOWN", 401, "The caller is not known"),
            Self::NotYoursToSend => ("NOT_YOURS_TO_SEND", 403, "This caller may not send for this organisation"),
            Self::NoSuchPath => ("NO_SUCH_PATH", 404, "There is nothing at this path"),
            Self::MethodNotAllowed => ("METHOD_NOT_ALLOWED", 405, "This path takes other methods"),
            Self::NoSuchSubmission => ("NO_SUCH_SUBMISSION", 404, "No submission of this caller has this id"),
            Self::KeyMissing => ("KEY_MISSING", 400, "The post has no key that can be used"),
            Self::KeyReused => ("KEY_REUSED", 422, "The key was used for another body"),
            Self::KeyInUse => ("KEY_IN_USE", 409, "A post with this key is in hand"),
            Self::MediaTypeUnsupported => ("MEDIA_TYPE_UNSUPPORTED", 415, "The media type is not taken here"),
            Self::BodyTooLarge => ("BODY_TOO_LARGE", 413, "The body is larger than is taken here"),
            Self::BodyCutOff => ("BODY_CUT_OFF", 400, "The body did not come to its end"),
            Self::BodyTooSlow => ("BODY_TOO_SLOW", 408, "The body came too slowly"),
            Self::BodyUnreadable => ("BODY_UNREADABLE", 400, "The body cannot be read"),
            Self::RecordsRefused => ("RECORDS_REFUSED", 400, "Some of the records cannot be used"),
            Self::TooManyAtOnce => ("TOO_MANY_AT_ONCE", 429, "The caller has too many posts in hand"),
            Self::TooMuchWaits => ("TOO_MUCH_WAITS", 503, "Too much waits to be dealt with"),
            Self::DiskShort => ("DISK_SHORT", 503, "There is too little room to keep it"),
            Self::NotKept => ("NOT_KEPT", 503, "It cannot be kept for now"),
        }
    }

    /// Whether the same request may be taken later as it is.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::KeyInUse | Self::TooManyAtOnce | Self::TooMuchWaits | Self::DiskShort | Self::NotKept)
    }
}

/// Why a request is refused, in words.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    /// Which kind.
    pub code: RefusalCode,
    /// What is wrong and what to do. Names fields and headers, never what stands in them.
    pub detail: String,
    /// More of it, for machines: the `errors` of the problem.
    pub more: Option<serde_json::Value>,
    /// What to wait; where there is none and it may pass, the listener says.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Of this kind, in these words.
    pub fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), more: None, retry_after: None }
    }
}

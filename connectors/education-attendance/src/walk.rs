//! The records under a value of JSON, as it is read: the innermost objects, each with all that those around it say.
//!
//! Nothing is held of a document but the record that is being read and what the objects around it have said so far. An object that
//! has a list of others in it stands around records; one that has none is a record. Where it says something behind its list, its
//! records are still held: they are said at its end, unless they are by themselves too many to be held, or there is no end to be read.
//! Then they are said with what it has said so far ([`Early`]); those that lack something which it may say later are refused, and
//! what it does say later is told.

use std::io::Read;
use std::rc::Rc;

use connector_kit::tape::{Taped, is_too_large};
use connector_kit::{Place, Rejection};
use proto::quarantine::Reason;
use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings, ValueType};

use crate::fields::Field;
use crate::rows::{Around, Early, Heard, Row, Said};
use crate::say::Register;

/// Longest record, and most that an object says around its records.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 20;
/// How often over, for the length of what was read, what stands around records is repeated for each: a school and a pupil around a
/// mark are some ten times as long as the mark.
const REPEATED_TIMES_MAX: u64 = 64;
/// Deepest list of records in another.
const DEPTH_MAX: usize = 16;
/// Deeper than this the reader itself stops.
const NESTED_MAX: u32 = 128;

/// Why nothing past a place is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error("the file could not be read to its end: send it again")]
    Unread,
    #[error(
        "the file is no JSON from this line on, or breaks off: what stands before was read, and nothing behind; send it again whole"
    )]
    Syntax,
    #[error(
        "a record, or what stands around records, is longer than any real one: nothing from here on was read; send the file \
         again without it"
    )]
    TooLarge,
    #[error(
        "values stand deeper in others than any real ones: nothing from here on was read; send the file again without them"
    )]
    TooDeep,
    #[error(
        "each record has so much standing around it that it cannot all be repeated: nothing from here on was read; send a \
         school's marks in a file of their own, or a record a line"
    )]
    TooMuchAround,
}

impl Stop {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Unread => Reason::FileUnreadable,
            Self::Syntax => Reason::RecordMalformed,
            Self::TooLarge | Self::TooDeep | Self::TooMuchAround => Reason::RecordTooLarge,
        }
    }
}

impl From<ReaderError> for Stop {
    fn from(error: ReaderError) -> Self {
        match error {
            ReaderError::IoError { error, .. } if is_too_large(&error) => Self::TooLarge,
            ReaderError::IoError { .. } => Self::Unread,
            ReaderError::MaxNestingDepthExceeded { .. } => Self::TooDeep,
            _ => Self::Syntax,
        }
    }
}

const NO_RECORD: &str = "a list of records holds something that is no record: it was not read; send the file again";
const TOO_DEEP: &str = "a list stands deeper in others than any real one: it was not read";
const TOO_LATE: &str = "what counts for each record of a list (a school, a day) stands behind it, and more records stand before than \
                        are held: they were read without it, and those that say it nowhere else are refused; write it before \
                        the list, or send fewer records in a file";

/// What numbers a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbered {
    /// Each is counted.
    Records,
    /// The line that it stands in, which is counted.
    Lines,
}

/// An object of which the end is still to come.
struct Open {
    around: Rc<Around>,
    /// Its own values, and those of objects in it under both their names; the lists in it are read as they come.
    own: Row,
    own_bytes: usize,
    /// Whether it stands around records.
    has_list: bool,
    /// How many bytes of it each record in it repeats, and how many records were there before it.
    repeated_bytes: usize,
    records_before: u64,
    /// Where its first record stands among all.
    first: u64,
    /// What it had said when the first records in it were said that could not be held longer.
    told: Option<Said>,
    /// Where its last list ended.
    behind: u64,
    line: u64,
}

/// Takes the records of a text, one after another.
pub(crate) struct Walk<'r, 'o> {
    register: &'r mut Register<'o>,
    /// Where the text stands.
    place: Place,
    numbered: Numbered,
    tape: Taped,
    open: Vec<Open>,
    records: u64,
    repeated_bytes: u64,
}

impl<'r, 'o> Walk<'r, 'o> {
    pub(crate) fn new(register: &'r mut Register<'o>, place: Place, numbered: Numbered) -> Self {
        let tape = Taped::of(RECORD_BYTES_MAX);
        Self { register, place, numbered, tape, open: Vec::new(), records: 0, repeated_bytes: 0 }
    }

    /// Reads values one after another to the end of the text, and gives how many records there were. What cannot be gone on from
    /// is told: as `syntax` where it is no JSON.
    pub(crate) fn read(mut self, text: impl Read, syntax: &str) -> u64 {
        let settings = ReaderSettings {
            allow_multiple_top_level: true,
            max_nesting_depth: Some(NESTED_MAX),
            restrict_number_values: false,
            track_path: false,
            ..ReaderSettings::default()
        };
        let mut json = JsonStreamReader::new_custom(self.tape.reading(text), settings);
        if let Err(stop) = self.values(&mut json) {
            self.fix(self.open.len(), Early::NotRead);
            let line = self.tape.line(place(&json));
            let message = if stop == Stop::Syntax { syntax.to_owned() } else { stop.to_string() };
            self.refuse(stop.reason(), &message, line, self.tape.rest());
        }
        self.records
    }

    fn values<R: Read>(&mut self, json: &mut JsonStreamReader<R>) -> Result<(), Stop> {
        self.value(json, 0)?;
        while json.has_next()? {
            self.value(json, 0)?;
        }
        Ok(())
    }

    /// A value by itself, or in a list.
    fn value<R: Read>(&mut self, json: &mut JsonStreamReader<R>, depth: usize) -> Result<(), Stop> {
        let kind = json.peek()?;
        let from = place(json);
        self.tape.cut(from);
        match kind {
            ValueType::Null => json.next_null()?,
            ValueType::Array if depth >= DEPTH_MAX => {
                json.skip_value()?;
                self.refuse_from(from, json, Reason::RecordTooLarge, TOO_DEEP);
            }
            ValueType::Array => {
                json.begin_array()?;
                while json.has_next()? {
                    self.value(json, depth + 1)?;
                }
                json.end_array()?;
            }
            ValueType::Object => self.object(json, depth, from)?,
            _ => {
                json.skip_value()?;
                self.refuse_from(from, json, Reason::RecordMalformed, NO_RECORD);
            }
        }
        Ok(())
    }

    /// A record, or what stands around records.
    fn object<R: Read>(&mut self, json: &mut JsonStreamReader<R>, depth: usize, from: u64) -> Result<(), Stop> {
        let above = self.open.last().map(|open| Rc::clone(&open.around));
        self.open.push(Open {
            around: Rc::new(Around { above: above.clone(), ..Around::default() }),
            own: Row { around: above, ..Row::default() },
            own_bytes: 0,
            has_list: false,
            repeated_bytes: 0,
            records_before: self.records,
            first: self.register.taken(),
            told: None,
            behind: from,
            line: self.tape.line(from),
        });
        self.fields(json, "", depth)?;
        let Some(open) = self.open.pop() else { return Ok(()) };
        let to = place(json);
        if open.has_list {
            let raw = self.tape.between(open.behind, to);
            return self.around(open, &raw);
        }
        let raw = self.tape.between(from, to);
        self.record(open, raw)
    }

    fn fields<R: Read>(&mut self, json: &mut JsonStreamReader<R>, before: &str, depth: usize) -> Result<(), Stop> {
        json.begin_object()?;
        while json.has_next()? {
            let name = json.next_name()?;
            let path = if name == "data" { before.to_owned() } else { format!("{before}{name}") };
            match json.peek()? {
                ValueType::Array => self.array(json, &path, depth + 1)?,
                ValueType::Object if depth < DEPTH_MAX => self.fields(json, &format!("{path}_"), depth + 1)?,
                _ => {
                    let value = self.plain(json)?.unwrap_or_default();
                    self.cell(&path, &value)?;
                }
            }
        }
        Ok(json.end_object()?)
    }

    /// A list of records, if there is an object in it, or else a value of the object that it stands in.
    fn array<R: Read>(&mut self, json: &mut JsonStreamReader<R>, path: &str, depth: usize) -> Result<(), Stop> {
        json.peek()?;
        let from = place(json);
        let mut plain = Some(Vec::new());
        self.items(json, from, depth, &mut plain)?;
        if let Some(plain) = plain {
            return self.cell(path, &plain.join(" "));
        }
        if depth >= DEPTH_MAX {
            self.refuse_from(from, json, Reason::RecordTooLarge, TOO_DEEP);
        }
        let behind = place(json);
        self.tape.cut(behind);
        if let Some(open) = self.open.last_mut() {
            open.behind = behind;
        }
        Ok(())
    }

    /// The items of a list, and of lists in it. They are `plain` until a record stands among them.
    fn items<R: Read>(
        &mut self,
        json: &mut JsonStreamReader<R>,
        from: u64,
        depth: usize,
        plain: &mut Option<Vec<String>>,
    ) -> Result<(), Stop> {
        json.begin_array()?;
        while json.has_next()? {
            let kind = json.peek()?;
            if kind == ValueType::Object
                && let Some(odd) = plain.take()
            {
                self.begin_list();
                for odd in odd.into_iter().filter(|odd| !odd.is_empty()) {
                    self.refuse(Reason::RecordMalformed, NO_RECORD, self.tape.line(from), odd.into_bytes());
                }
            }
            match plain {
                None if depth >= DEPTH_MAX => json.skip_value()?,
                None => self.value(json, depth + 1)?,
                Some(_) if kind == ValueType::Array && depth < DEPTH_MAX => self.items(json, from, depth + 1, plain)?,
                Some(plain) => plain.push(self.plain(json)?.unwrap_or_default()),
            }
        }
        Ok(json.end_array()?)
    }

    fn begin_list(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.has_list = true;
            open.repeated_bytes = open.own.said_bytes();
        }
    }

    /// The text of a value that is no list of records; none of null.
    fn plain<R: Read>(&self, json: &mut JsonStreamReader<R>) -> Result<Option<String>, Stop> {
        Ok(Some(match json.peek()? {
            ValueType::Null => {
                json.next_null()?;
                return Ok(None);
            }
            ValueType::String => json.next_string()?,
            ValueType::Number => {
                let number = json.next_number_as_string()?;
                // Where the text breaks off behind it there may be more of it.
                json.has_next()?;
                number
            }
            ValueType::Boolean => json.next_bool()?.to_string(),
            ValueType::Array | ValueType::Object => {
                let from = place(json);
                json.skip_value()?;
                String::from_utf8_lossy(&self.tape.between(from, place(json))).into_owned()
            }
        }))
    }

    fn cell(&mut self, path: &str, value: &str) -> Result<(), Stop> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        open.own_bytes += path.len() + value.len();
        open.own.take(path, value);
        if open.own_bytes > RECORD_BYTES_MAX { Err(Stop::TooLarge) } else { Ok(()) }
    }

    fn record(&mut self, open: Open, raw: Vec<u8>) -> Result<(), Stop> {
        let repeated: usize = self.open.iter().map(|open| open.repeated_bytes).sum();
        self.repeat(repeated as u64)?;
        let place = self.count(open.line);
        self.register.hold(Row { place, raw, ..open.own });
        if self.register.is_full() {
            // The outermost object of which no record was said yet, and so everything in it, can wait for its end.
            let settled = self.register.settled();
            let waiting = self.open.iter().position(|open| open.first > settled);
            let until = waiting.and_then(|at| self.open.get(at)).map_or(self.register.taken(), |open| open.first);
            self.fix(waiting.unwrap_or(self.open.len()), Early::TooMany);
            self.register.settle_until(until);
        }
        Ok(())
    }

    /// The end of an object that stands around records; `raw` is what stands behind them.
    fn around(&mut self, open: Open, raw: &[u8]) -> Result<(), Stop> {
        let mut row = open.own;
        row.settle_preferred();
        let later = row.said_bytes().saturating_sub(open.repeated_bytes) as u64;
        self.repeat(later.saturating_mul(self.records - open.records_before))?;
        if let Some(told) = &open.told {
            // When the file was made is asked for at its end.
            self.register.made(std::slice::from_ref(&row));
            let of_each =
                |said: &Said| said.clone().into_iter().filter(|(field, _)| *field != Field::Made).collect::<Said>();
            if of_each(told) != of_each(&row.said) {
                let late = Rejection::of(Reason::RecordTooLarge, TOO_LATE, self.at(open.line, self.records), raw);
                self.register.speaker.out.reject(late);
            }
        }
        let place = self.at(open.line, open.records_before + 1);
        let _ = open.around.heard.set(Heard { said: row.said.clone(), early: None });
        self.register.hold_around(open.first, Row { place, ..row });
        Ok(())
    }

    /// Counts what is repeated of what stands around records.
    fn repeat(&mut self, bytes: u64) -> Result<(), Stop> {
        self.repeated_bytes = self.repeated_bytes.saturating_add(bytes);
        let room = self.tape.read().saturating_mul(REPEATED_TIMES_MAX);
        if self.repeated_bytes > room { Err(Stop::TooMuchAround) } else { Ok(()) }
    }

    /// Records in so many objects, from the outermost on, are said with what these have said so far; those still to come, with all that
    /// they have said by then.
    fn fix(&mut self, objects: usize, early: Early) {
        let mut above = None;
        for open in self.open.iter_mut().take(objects) {
            let said = open.own.said.clone();
            let _ = open.around.heard.set(Heard { said: said.clone(), early: Some(early) });
            open.told.get_or_insert(said);
            open.own.around.clone_from(&above);
            open.around = Rc::new(Around { above, ..Around::default() });
            above = Some(Rc::clone(&open.around));
        }
    }

    fn refuse_from<R: Read>(&mut self, from: u64, json: &JsonStreamReader<R>, reason: Reason, message: &str) {
        let raw = self.tape.between(from, place(json));
        self.refuse(reason, message, self.tape.line(from), raw);
    }

    fn refuse(&mut self, reason: Reason, message: &str, line: u64, raw: Vec<u8>) {
        let place = self.count(line);
        self.register.speaker.out.reject(Rejection { raw, ..Rejection::of(reason, message, place, &[]) });
    }

    /// Counts a record that begins in a line of the text.
    fn count(&mut self, line: u64) -> Place {
        self.records += 1;
        if self.numbered == Numbered::Records {
            self.register.speaker.out.record();
        }
        self.at(line, self.records)
    }

    fn at(&self, line: u64, record: u64) -> Place {
        match self.numbered {
            Numbered::Records => Place { line, record, ..self.place.clone() },
            Numbered::Lines => self.place.clone(),
        }
    }
}

fn place<R: Read>(json: &JsonStreamReader<R>) -> u64 {
    json.current_position(false).data_pos.unwrap_or_default()
}

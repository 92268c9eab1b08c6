//! A mapping in plain English, column by column.

use std::collections::BTreeMap;

use connector_kit::Delivery;
use prost::Message as _;
use prost_reflect::{DynamicMessage, ReflectMessage as _};
use proto::event::KindNumber;
use proto::events::Event as Said;
use serde::Serialize;

use crate::dates::Format as DateFormat;
use crate::file::Format;
use crate::plan::{AsOf, Condition, Convert, Event, Field, Getter, KeyPart, Mapping, Number};
use crate::sector;

/// A mapping as it is told to a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Told {
    /// What the source is, how it comes, and what tells one record from another: a sentence each.
    pub about: Vec<String>,
    /// Each column, and all that becomes of it.
    pub columns: Vec<(String, Vec<String>)>,
    /// Each kind of event: its name, and when a row becomes one.
    pub events: Vec<(&'static str, Vec<String>)>,
}

impl Mapping {
    /// Tells what becomes of each column.
    pub fn told(&self) -> Told {
        let mut columns: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut say = |column: &str, what: String| {
            if let Some(written) = self.known.get(column) {
                let said = columns.entry(written).or_default();
                if !said.contains(&what) {
                    said.push(what);
                }
            }
        };
        let scheme = scheme_words(&self.subject);
        say(&self.subject.column, format!("whom the row is about: {scheme}. A row without it waits for a person"));
        for number in &self.identifiers {
            let former = if number.former { "once " } else { "" };
            let what = format!(
                "{former}also this child's: {}. It is checked, and links this record with others",
                scheme_words(number)
            );
            say(&number.column, what);
        }
        if let Some(person) = &self.person {
            let texts = [
                (&person.family, "family name"),
                (&person.given, "given name"),
                (&person.middle, "middle name"),
                (&person.preferred, "preferred name"),
                (&person.practice, "registered practice (tells where the child lives, and is withheld so)"),
            ];
            for (getter, what) in texts {
                getter.iter().for_each(|getter| say(getter.shown(), format!("the child's {what}")));
            }
            for (dated, what) in [(&person.birth_on, "date of birth"), (&person.death_on, "date of death")] {
                dated.iter().for_each(|(getter, formats)| {
                    say(getter.shown(), format!("the child's {what}, {}", read_as(formats)))
                });
            }
            for (coded, what) in
                [(&person.sex, "sex"), (&person.ethnicity, "ethnicity"), (&person.first_language, "first language")]
            {
                coded.iter().for_each(|(getter, convert)| {
                    say(getter.shown(), format!("the child's {what}{}", self.converted(convert)))
                });
            }
            let place = person.address.iter().chain(&person.postcode).chain(&person.uprn).chain(&person.phones);
            for column in place {
                say(
                    column,
                    "where the child lives or can be reached: withheld where an address is protected".to_owned(),
                );
            }
        }
        for column in &self.source.fill_down {
            say(column, "a blank cell means the one above it".to_owned());
        }
        for column in &self.source.may_lack {
            say(column, "may be missing from a file".to_owned());
        }
        for column in &self.source.ignored {
            say(column, "left out, as the mapping says: nothing of it is in any event".to_owned());
        }
        if let Some(AsOf::Column(column, formats)) = &self.as_of {
            say(column, format!("when the record was changed, {}: the later of two states stands", read_as(formats)));
        }
        if let Some(column) = &self.controller.column {
            say(column, "which organisation answers for the row".to_owned());
        }
        for part in &self.key {
            say(
                part.getter.shown(),
                "tells this record from the child's others: if it changes, it is another record".to_owned(),
            );
        }
        for condition in &self.only_when {
            say(&condition.column, format!("only rows where it {} are of this mapping", condition.words()));
        }
        for event in &self.events {
            for field in &event.fields {
                say(field.getter.shown(), self.field(event, field));
            }
            for condition in &event.when {
                say(
                    &condition.column,
                    format!("decides whether there is {}: where it {}", a(event.kind.name()), condition.words()),
                );
            }
            for (_, column) in &event.third_parties {
                say(
                    column,
                    format!(
                        "somebody else of whom {} tells: withheld from whoever does not work with them",
                        event.kind.name()
                    ),
                );
            }
        }
        let mut columns: BTreeMap<String, Vec<String>> =
            columns.into_iter().map(|(column, said)| (column.to_owned(), said)).collect();
        for (column, said) in self.others.iter().flat_map(|other| other.told().columns) {
            let told = columns.entry(column).or_default();
            said.into_iter().for_each(|what| {
                if !told.contains(&what) {
                    told.push(what)
                }
            });
        }
        Told {
            about: self.about_words(),
            columns: columns.into_iter().collect(),
            events: self.events.iter().map(|event| (event.kind.name(), self.event_words(event))).collect(),
        }
    }

    /// A column as the mapping writes it.
    pub(crate) fn written<'s>(&'s self, column: &'s str) -> &'s str {
        self.known.get(column).map_or(column, String::as_str)
    }

    fn about_words(&self) -> Vec<String> {
        let source = match self.source.format {
            Format::Csv if self.source.sniffs => {
                "a table of text; its header tells what stands between the cells".to_owned()
            }
            Format::Csv => format!(
                "a table of text, cells apart by `{}`",
                char::from(self.source.dialect.delimiter).escape_default()
            ),
            Format::Xlsx => match &self.source.sheet {
                Some(sheet) if sheet.contains('*') => format!("every sheet `{sheet}` of a workbook that is not hidden"),
                Some(sheet) => format!("the sheet `{sheet}` of a workbook"),
                None => "the first sheet of a workbook that has the columns and is not hidden".to_owned(),
            },
            Format::Sql => match &self.source.cursor {
                Some(cursor) => format!("a query, asked again for what comes after the last `{cursor}`"),
                None => "a query, asked whole each time".to_owned(),
            },
        };
        let comes = match self.delivery {
            Delivery::Snapshot => format!(
                "Everything of `{}` comes again each time: a record that is missing from a whole file is taken back, and what is \
                 unchanged is not said again",
                self.scope
            ),
            Delivery::Feed => "What changed comes: what is absent says nothing".to_owned(),
        };
        let key: Vec<&str> = self.key.iter().map(|part| self.written(part.getter.shown())).collect();
        let mut about = vec![
            format!("{}: {}", self.name, self.about),
            format!("It reads {source}"),
            comes,
            format!("A record is told from the child's others by {}", key.join(" and ")),
            format!("Revision {} (version number {})", self.stated_revision, self.revision),
        ];
        if !self.source.pass_over.is_empty() {
            about.push(format!(
                "A row that begins with {} is no record, and is passed over",
                self.source.pass_over.join(" or ")
            ));
        }
        if self.source.blanks != ["NULL"] {
            about.push(format!("A cell is blank where it is empty{}", or_is(&self.source.blanks)));
        }
        if !self.others.is_empty() {
            about
                .push(format!("A row may hold up to {} children, each in columns of their own", self.others.len() + 1));
        }
        if let Some(split) = &self.subject.split {
            about.push(format!("A row is of every child whose number stands in its cell, apart by `{split}`"));
        }
        if let Some(AsOf::FileName(pattern)) = &self.as_of {
            about.push(format!("The file's name says of when it is: `{pattern}`"));
        }
        if !self.labels.is_empty() {
            let labels: Vec<String> = self
                .labels
                .iter()
                .map(|label| label.as_str_name().trim_start_matches("LABEL_").to_lowercase())
                .collect();
            about.push(format!("Every record is marked {}: it narrows who may see it", labels.join(", ")));
        }
        about
    }

    fn event_words(&self, event: &Event) -> Vec<String> {
        let column = self.written(event.placed_by());
        let mut words = vec![if event.required {
            format!("one for each row, on the day in `{column}`; a row without one waits for a person")
        } else {
            format!("one for each row that has a day in `{column}`")
        }];
        words.extend(
            event
                .when
                .iter()
                .map(|condition| format!("only where `{}` {}", self.written(&condition.column), condition.words())),
        );
        let columns = |key: &[KeyPart]| key.iter().map(|part| part.getter.shown().to_owned()).collect::<Vec<_>>();
        if columns(&event.key) != columns(&self.key) {
            words.push(format!("told apart by {}", columns(&event.key).join(" and ")));
        }
        let constant = |field: &&Field| field.getter.column.is_none() && field.getter.value.is_some();
        for field in event.fields.iter().filter(constant) {
            words.push(format!("its {} is always `{}`", field.name, field.getter.value.as_deref().unwrap_or_default()));
        }
        words
    }

    fn field(&self, event: &Event, field: &Field) -> String {
        let group = field.path.last().and_then(|last| group_of(event.kind, last.number(), field.path.len()));
        let group = match group {
            Some("location") => " (tells where somebody can be found: withheld so)",
            Some("third party") => " (tells of somebody else: withheld so)",
            Some("narrative") => " (free text: withheld where content is redacted)",
            _ => "",
        };
        let times = match &field.convert {
            Convert::Whole { times, .. } | Convert::Decimal { times } if (times - 1.0).abs() > f64::EPSILON => {
                format!(", times {times}")
            }
            _ => String::new(),
        };
        let split = field.split.as_ref().map_or(String::new(), |split| format!(", each part between `{split}`"));
        let blank = match &field.getter {
            Getter { default: Some(default), .. } => format!("; where it is blank, `{default}`"),
            Getter { required: true, .. } => "; where it is blank, a finding".to_owned(),
            _ => String::new(),
        };
        format!(
            "`{}` of {}{}{times}{split}{blank}{group}",
            field.name,
            event.kind.name(),
            self.converted(&field.convert)
        )
    }

    fn converted(&self, convert: &Convert) -> String {
        match convert {
            Convert::Text(None) | Convert::Decimal { .. } | Convert::Whole { .. } => String::new(),
            Convert::Flag { .. } => ", yes or no".to_owned(),
            Convert::Day(formats) | Convert::When(formats) | Convert::Instant(formats) => {
                format!(", {}", read_as(formats))
            }
            Convert::Text(Some(codes))
            | Convert::Coded { codes: Some(codes), .. }
            | Convert::Choice { codes: Some(codes), .. } => {
                let unknown = codes.unknown.as_ref().map_or_else(
                    || "another is kept as it came, with a finding".to_owned(),
                    |unknown| format!("another becomes `{unknown}`, with a finding"),
                );
                format!(", by the list {} of {} words; {unknown}", codes.set, codes.values.len())
            }
            Convert::Coded { set, .. } => format!(", a code of {set}, kept as it came"),
            Convert::Choice { .. } => ", one of the field's own words".to_owned(),
        }
    }
}

impl Condition {
    fn words(&self) -> String {
        match self.filled {
            Some(true) => "is filled".to_owned(),
            Some(false) => "is blank".to_owned(),
            None if self.is.is_empty() => format!("is none of: {}", self.not.join(", ")),
            None => format!("is {}", self.is.join(" or ")),
        }
    }
}

fn a(name: &str) -> String {
    if name.starts_with(['A', 'E', 'I', 'O', 'U']) { format!("an {name}") } else { format!("a {name}") }
}

fn scheme_words(number: &Number) -> String {
    let name = number.scheme.as_str_name().trim_start_matches("SCHEME_").to_lowercase().replace('_', " ");
    format!("{name} of {}", number.issuer)
}

fn read_as(formats: &[DateFormat]) -> String {
    let examples: Vec<String> = formats.iter().map(DateFormat::example).collect();
    format!("a date such as {}", examples.join(" or "))
}

/// Which group of fields a field of the kind belongs to: what a rule can take out.
fn group_of(kind: KindNumber, number: u32, depth: usize) -> Option<&'static str> {
    use proto::events::group::Of;
    if depth != 1 {
        return None;
    }
    Some(match kind.info()?.message()?.field(number)?.redaction_group() {
        Of::Location => "location",
        Of::ThirdParty => "third party",
        Of::Narrative => "narrative",
        Of::None | Of::Unspecified => "none",
    })
}

/// Names of the fields in which two events differ.
pub(crate) fn fields_that_differ(before: &Said, now: &Said) -> Vec<String> {
    if before == now {
        return Vec::new();
    }
    let inner = |event: &Said| -> Option<DynamicMessage> {
        let kind = event.kind_number()?;
        let whole = sector::POOL.get_message_by_name("throughline.events.v1.Event")?;
        let read = DynamicMessage::decode(whole, event.encode_to_vec().as_slice()).ok()?;
        read.get_field_by_number(kind.0)?.as_message().cloned()
    };
    match (inner(before), inner(now)) {
        (Some(before), Some(now)) if before.descriptor() == now.descriptor() => {
            let differ = |field: &prost_reflect::FieldDescriptor| {
                before.has_field(field) != now.has_field(field) || before.get_field(field) != now.get_field(field)
            };
            now.descriptor().fields().filter(differ).map(|field| field.name().to_owned()).collect()
        }
        _ => vec!["its kind".to_owned()],
    }
}

fn or_is(blanks: &[String]) -> String {
    blanks.iter().map(|blank| format!(", or is `{blank}`")).collect()
}

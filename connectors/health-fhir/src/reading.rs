//! Reading values with what is odd about them.

use std::collections::HashSet;

use connector_kit::reading::finding;
use proto::events::{Coded, Date, Finding, FindingCode, When};

use crate::codes::code_set;
use crate::time::Time;
use crate::tree::Element;

/// Longest code, and longest number, that is one.
const CODE_CHARS_MAX: usize = 200;

/// What is odd about what is read.
#[derive(Clone, Default, Debug)]
pub(crate) struct Reading {
    pub(crate) findings: Vec<Finding>,
}

impl Reading {
    pub(crate) fn flag(&mut self, code: FindingCode, field: &str) {
        let found = finding(code, field);
        if !self.findings.contains(&found) {
            self.findings.push(found);
        }
    }

    pub(crate) fn time_of(&mut self, text: Option<&str>, field: &str) -> Option<Time> {
        let text = text?;
        let time = Time::parse(text);
        match time {
            None => self.flag(FindingCode::DateUnreadable, field),
            Some(time) if time.without_zone => self.flag(FindingCode::ValueMalformed, field),
            Some(time) if time.is_partial => self.flag(FindingCode::FieldMissing, field),
            Some(_) => {}
        }
        time
    }

    pub(crate) fn time(&mut self, resource: &Element, path: &str) -> Option<Time> {
        self.time_of(resource.text(path), path)
    }

    pub(crate) fn when(&mut self, resource: &Element, path: &str) -> Option<When> {
        Some(self.time(resource, path)?.when)
    }

    pub(crate) fn day(&mut self, resource: &Element, path: &str) -> Option<Date> {
        self.time(resource, path)?.day()
    }

    /// Whether the period of a name, a number or a role had ended when its source stood so. Where nothing tells when that was, an end
    /// that is stated is one.
    pub(crate) fn is_over(&mut self, of: &Element, stood: Option<Time>) -> bool {
        let Some(end) = of.text("period/end") else { return false };
        let Some(end) = Time::parse(end) else {
            self.flag(FindingCode::DateUnreadable, "period/end");
            return false;
        };
        stood.is_none_or(|stood| end.is_over_at(stood))
    }

    /// What a choice of date, period or timing says of when something was.
    pub(crate) fn choice_time(&mut self, resource: &Element, stem: &str) -> Option<Time> {
        let (kind, element) = resource.choice(stem)?;
        match kind {
            "Period" => self.time_of(element.text("start").or_else(|| element.text("end")), stem),
            "DateTime" | "Date" | "Instant" => self.time_of(element.own_text(), stem),
            // An age, a timing, words: it places nothing.
            _ => None,
        }
    }

    /// A CodeableConcept, a Coding, or a bare code.
    pub(crate) fn coded(&mut self, concept: &Element, field: &str) -> Option<Coded> {
        if let Some(code) = concept.own_text() {
            return self.within(Coded { code: code.to_owned(), code_set: format!("fhir.{field}"), text: None }, field);
        }
        let words = concept.text("text");
        let coding = concept.all("coding").find(|coding| is_snomed(coding)).or_else(|| concept.all("coding").next());
        let coding = coding.unwrap_or(concept);
        let (code, display) = (coding.text("code"), coding.text("display"));
        let text = display.or(words);
        if code.is_none() && text.is_none() {
            return None;
        }
        let coded = Coded {
            code: code.unwrap_or_default().to_owned(),
            code_set: coding.text("system").map_or_else(|| format!("fhir.{field}"), code_set),
            text: text.map(str::to_owned),
        };
        self.within(coded, field)
    }

    fn within(&mut self, mut coded: Coded, field: &str) -> Option<Coded> {
        if coded.code.chars().count() > CODE_CHARS_MAX {
            self.flag(FindingCode::ValueMalformed, field);
            coded.code = coded.code.chars().take(CODE_CHARS_MAX).collect();
        }
        Some(coded)
    }

    pub(crate) fn concept(&mut self, resource: &Element, path: &str) -> Option<Coded> {
        self.coded(resource.get(path)?, path)
    }

    /// All that stands at these paths, each coding by itself: of every concept first the code that is taken of one.
    pub(crate) fn all_coded(&mut self, resource: &Element, paths: &[&str]) -> Vec<Coded> {
        let mut all = Vec::new();
        for (path, concept) in paths.iter().flat_map(|path| resource.all(path).map(move |concept| (*path, concept))) {
            all.extend(self.coded(concept, path));
            all.extend(concept.all("coding").filter_map(|coding| self.coded(coding, path)));
            let words = concept.text("text").map(|text| Coded { text: Some(text.to_owned()), ..Coded::default() });
            all.extend(words);
        }
        all
    }

    /// A code of a closed list: one that it does not hold is kept and told.
    pub(crate) fn code_of(&mut self, resource: &Element, path: &str, known: &[&str]) -> Option<Coded> {
        let coded = self.concept(resource, path)?;
        if !known.contains(&coded.code.as_str()) {
            self.flag(FindingCode::CodeUnknown, path);
        }
        Some(coded)
    }

    /// A number as it was written: every digit stays.
    pub(crate) fn number(&mut self, text: Option<&str>, field: &str) -> Option<String> {
        let text = text?;
        let is_number = text.len() <= CODE_CHARS_MAX && text.parse::<f64>().is_ok_and(f64::is_finite);
        if !is_number {
            self.flag(FindingCode::ValueMalformed, field);
        }
        (text.len() <= CODE_CHARS_MAX).then(|| text.to_owned())
    }
}

/// Several codes where an event has room for one: the first, and in its words what the others say, for whatever is told by a word
/// (that a service is a sensitive one) to see all of them.
pub(crate) fn joined(all: Vec<Coded>) -> Option<Coded> {
    let mut all = all.into_iter();
    let first = all.next()?;
    let (mut codes, mut texts) = (HashSet::from([first.code.clone()]), HashSet::new());
    let mut words: Vec<String> = first.text.iter().cloned().collect();
    texts.extend(first.text.clone());
    for Coded { code, text, .. } in all {
        let code = Some(code).filter(|code| !code.is_empty() && codes.insert(code.clone()));
        let text = text.filter(|text| texts.insert(text.clone()));
        let said: Vec<String> = code.into_iter().chain(text).collect();
        if !said.is_empty() {
            words.push(said.join(" "));
        }
    }
    Some(Coded { text: (!words.is_empty()).then(|| words.join("; ")), ..first })
}

fn is_snomed(coding: &Element) -> bool {
    coding.text("system") == Some("http://snomed.info/sct")
}

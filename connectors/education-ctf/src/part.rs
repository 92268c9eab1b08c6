//! An element being read, with what of it was read: the rest is kept.

use connector_kit::codes::CodeList;
use connector_kit::reading::{self, Read, finding};
use connector_kit::xml::Element;
use proto::events::{Coded, Date, Finding, FindingCode};

/// An element, and which of its children have been asked for.
pub(crate) struct Part<'t> {
    pub(crate) element: Element<'t>,
    asked: Vec<&'static str>,
}

impl<'t> Part<'t> {
    pub(crate) fn of(element: Element<'t>) -> Self {
        Self { element, asked: Vec::new() }
    }

    /// The text of the child of this name, given in lower case; "" where there is none.
    pub(crate) fn text(&mut self, key: &'static str) -> &'t str {
        self.asked.push(key);
        self.element.text_of(key)
    }

    /// The same, as a value of its own.
    pub(crate) fn words(&mut self, key: &'static str) -> Option<String> {
        Some(self.text(key).to_owned()).filter(|text| !text.is_empty())
    }

    pub(crate) fn read<T>(
        &mut self,
        key: &'static str,
        findings: &mut Vec<Finding>,
        read: impl FnOnce(&str, &str) -> Read<T>,
    ) -> Option<T> {
        let name = self.name_of(key);
        read(self.text(key), name).keep(findings)
    }

    pub(crate) fn date(&mut self, key: &'static str, findings: &mut Vec<Finding>) -> Option<Date> {
        self.read(key, findings, connector_kit::dates::iso)
    }

    pub(crate) fn flag(&mut self, key: &'static str, findings: &mut Vec<Finding>) -> Option<bool> {
        self.read(key, findings, reading::boolean)
    }

    pub(crate) fn count(&mut self, key: &'static str, findings: &mut Vec<Finding>) -> Option<u32> {
        let number = self.read(key, findings, reading::integer)?;
        let count = u32::try_from(number).ok();
        if count.is_none() {
            findings.push(finding(FindingCode::ValueMalformed, self.name_of(key)));
        }
        count
    }

    pub(crate) fn code(
        &mut self,
        key: &'static str,
        list: &CodeList,
        year: u16,
        findings: &mut Vec<Finding>,
    ) -> Option<Coded> {
        self.read(key, findings, |text, field| list.read(text, year, field))
    }

    /// A code of a list that is not here: as it came.
    pub(crate) fn unlisted(&mut self, key: &'static str, code_set: &str) -> Option<Coded> {
        connector_kit::codes::unlisted(self.text(key), code_set)
    }

    /// The children of this name.
    pub(crate) fn each(&mut self, key: &'static str) -> Vec<Element<'t>> {
        self.asked.push(key);
        self.element.each(key).collect()
    }

    /// The first child of this name, to be read in its turn.
    pub(crate) fn one(&mut self, key: &'static str) -> Option<Part<'t>> {
        let found = self.element.each(key).find(|element| element.has_children())?;
        self.asked.push(key);
        Some(Part::of(found))
    }

    /// What was not asked for, and what says something else than the first of its name did.
    pub(crate) fn rest(&self) -> Vec<Element<'t>> {
        let says = |element: &Element<'t>| element.has_children() || !element.text().is_empty();
        let is_left = |element: &Element<'t>| {
            let asked = self.asked.iter().any(|key| *key == element.key());
            let again = !element.has_children() && element.text() != self.element.text_of(element.key());
            says(element) && (!asked || again)
        };
        self.element.children().filter(is_left).collect()
    }

    fn name_of(&self, key: &'static str) -> &'t str {
        self.element.each(key).next().map_or(key, |element| element.name())
    }
}

//! An element being read, with what of it was read: the rest is kept.

use connector_kit::codes::CodeList;
use connector_kit::reading::{self, Read, finding};
use connector_kit::xml::Element;
use proto::events::{Coded, Date, Finding, FindingCode};

/// An element, and which of its children have been asked for.
pub(crate) struct Part<'t> {
    pub(crate) element: Element<'t>,
    children: Vec<Child<'t>>,
}

struct Child<'t> {
    key: &'t str,
    element: Element<'t>,
    asked: bool,
}

impl<'t> Part<'t> {
    pub(crate) fn of(element: Element<'t>) -> Self {
        let child = |element: Element<'t>| Child { key: element.key(), element, asked: false };
        Self { element, children: element.children().map(child).collect() }
    }

    /// The text of the first child of this name that says something, the name given in lower case; "" where there is none.
    pub(crate) fn text(&mut self, key: &'static str) -> &'t str {
        let mut said = "";
        // One of that name that holds elements is something else, and is left.
        for child in self.children.iter_mut().filter(|child| child.key == key && !child.element.has_children()) {
            child.asked = true;
            if said.is_empty() {
                said = child.element.text();
            }
        }
        said
    }

    /// The same of an element that is asked for, with the white space around it.
    pub(crate) fn spaced_text(&self, key: &'static str) -> &'t str {
        let elements = self.children.iter().filter(|child| child.key == key && !child.element.has_children());
        elements.map(|child| child.element).find(|element| !element.text().is_empty()).map_or("", |e| e.spaced_text())
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
        let text = self.text(key);
        if text.is_empty() {
            return None;
        }
        // The field is told of as the file has its name, and only where there is something to tell.
        let mut read = read(text, key);
        if let Some(finding) = &mut read.finding {
            self.name_of(key).clone_into(&mut finding.field);
        }
        read.keep(findings)
    }

    pub(crate) fn date(&mut self, key: &'static str, findings: &mut Vec<Finding>) -> Option<Date> {
        self.read(key, findings, connector_kit::dates::written)
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
        let mut found = Vec::new();
        for child in self.children.iter_mut().filter(|child| child.key == key) {
            child.asked = true;
            found.push(child.element);
        }
        found
    }

    /// The first child of this name that holds something and was not asked for, to be read in its turn. Others of its name are left.
    pub(crate) fn one(&mut self, key: &'static str) -> Option<Part<'t>> {
        let is_next = |child: &&mut Child<'t>| child.key == key && !child.asked && child.element.has_children();
        let found = self.children.iter_mut().find(is_next)?;
        found.asked = true;
        Some(Part::of(found.element))
    }

    /// What was not asked for, and what says something else than the first of its name did.
    pub(crate) fn rest(&self) -> Vec<Element<'t>> {
        let says = |element: &Element<'t>| element.has_children() || !element.text().is_empty();
        let is_left = |child: &&Child<'t>| {
            let element = &child.element;
            let again = !element.has_children() && element.text() != self.element.text_of(child.key);
            says(element) && (!child.asked || again)
        };
        self.children.iter().filter(is_left).map(|child| child.element).collect()
    }

    fn name_of(&self, key: &'static str) -> &'t str {
        self.children.iter().find(|child| child.key == key).map_or(key, |child| child.element.name())
    }
}

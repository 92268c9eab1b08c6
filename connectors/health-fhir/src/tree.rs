//! A resource as a tree of elements: the one shape that JSON and XML are read into.
//!
//! An element has its name, its value as it was written (a decimal keeps its digits, a truth value is `true`), and its
//! children; what JSON writes as an array is several children of one name, and what it writes beside a value under `_name` is
//! among the value's own children, as in XML. Nothing is known here of what a resource may hold.

/// Why an element is not taken as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flaw {
    TooDeep,
    TooMany,
    NameTwice,
    ArrayInArray,
    EntityUnknown,
}

impl Flaw {
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::TooDeep => "it is nested deeper than any real one",
            Self::TooMany => "it has more elements than any real one",
            Self::NameTwice => "a name stands twice in one object, so that it says two things",
            Self::ArrayInArray => "an array stands in an array, which no resource has",
            Self::EntityUnknown => "it refers to an entity that xml itself does not have",
        }
    }
}

/// Deepest element of a resource.
pub(crate) const DEPTH_MAX: usize = 48;
/// Most elements of one entry.
pub(crate) const ELEMENTS_MAX: usize = 100_000;

#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: Box<str>,
    pub(crate) value: Option<Box<str>>,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(crate) fn of_value(name: &str, value: &str) -> Self {
        Self { name: name.into(), value: Some(value.into()), children: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.value.is_none() && self.children.is_empty()
    }

    /// Every child of this name.
    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| &*child.name == name)
    }

    /// The first child at this path: "period/start".
    pub(crate) fn get(&self, path: &str) -> Option<&Element> {
        path.split('/').try_fold(self, |at, name| at.children.iter().find(|child| &*child.name == name))
    }

    /// Its own value, trimmed, where it has one.
    pub(crate) fn own_text(&self) -> Option<&str> {
        self.value.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    /// The value at this path.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.get(path)?.own_text()
    }

    /// Whether the value at this path is the truth value "true".
    pub(crate) fn says(&self, path: &str) -> bool {
        self.text(path) == Some("true")
    }

    /// What sort of resource it is; "" where it does not say.
    pub(crate) fn kind(&self) -> &str {
        self.text("resourceType").unwrap_or_default()
    }

    /// Whether something in it changes what the rest means, and nobody here knows how. A resource that it holds, and a person around the
    /// child, is looked at by itself.
    pub(crate) fn is_modified(&self) -> bool {
        let own = self.children.iter().filter(|child| !matches!(&*child.name, "contained" | "contact"));
        own.into_iter().any(|child| &*child.name == "modifierExtension" || child.is_modified())
    }

    /// The child that says this by one of several types: of `effective` that is `effectiveDateTime` or `effectivePeriod`. The
    /// type, and the child.
    pub(crate) fn choice<'e>(&'e self, stem: &str) -> Option<(&'e str, &'e Element)> {
        self.children.iter().find_map(|child| {
            let of = child.name.strip_prefix(stem)?;
            of.starts_with(|first: char| first.is_ascii_uppercase()).then_some((of, child))
        })
    }

    /// The extension whose address ends so: vendors and versions write the beginning in many ways.
    pub(crate) fn extension<'e>(&'e self, ends: &'e str) -> Option<&'e Element> {
        self.all("extension").find(|extension| names(extension, ends))
    }

    /// What sort of resource the element refers to or is.
    pub(crate) fn into_resource(mut self) -> Self {
        let inner = match self.children.as_mut_slice() {
            [only] if kind_of(&only.name).starts_with(|first: char| first.is_ascii_uppercase()) => std::mem::take(only),
            _ => return self,
        };
        let mut children = vec![Element::of_value("resourceType", kind_of(&inner.name))];
        children.extend(inner.children);
        Self { name: self.name, value: None, children }
    }
}

/// What sort of resource an element of XML is. A published envelope writes `bundle` for the one that it holds.
pub(crate) fn kind_of(name: &str) -> &str {
    if name == "bundle" { "Bundle" } else { name }
}

fn names(extension: &Element, ends: &str) -> bool {
    let url = extension.text("url").unwrap_or_default();
    let last = url.rsplit('/').next().unwrap_or_default();
    let plain = last.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-');
    plain.ends_with(ends) || last.ends_with(ends)
}

/// Puts what stands under `_name` where it belongs, and takes out what was only there to keep places.
pub(crate) fn settle(children: &mut Vec<Element>) {
    if children.iter().any(|child| child.name.starts_with('_')) {
        let (shadows, mut rest): (Vec<Element>, Vec<Element>) =
            std::mem::take(children).into_iter().partition(|child| child.name.starts_with('_'));
        let mut nth: Vec<(Box<str>, usize)> = Vec::new();
        for shadow in shadows {
            let at = match nth.iter_mut().find(|(name, _)| *name == shadow.name) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    nth.push((shadow.name.clone(), 0));
                    0
                }
            };
            let name = shadow.name.trim_start_matches('_').to_owned();
            match rest.iter_mut().filter(|child| *child.name == *name).nth(at) {
                Some(child) => child.children.extend(shadow.children),
                None => rest.push(Element { name: name.into(), value: None, children: shadow.children }),
            }
        }
        *children = rest;
    }
    children.retain(|child| !child.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_a_value_belongs_to_it() {
        let mut children = vec![
            Element::of_value("given", "A"),
            Element::new("given"),
            Element::new("_given"),
            Element { children: vec![Element::of_value("id", "x")], ..Element::new("_given") },
            Element { children: vec![Element::of_value("id", "y")], ..Element::new("_birthDate") },
        ];
        settle(&mut children);
        let told: Vec<(&str, Option<&str>, usize)> =
            children.iter().map(|child| (&*child.name, child.own_text(), child.children.len())).collect();
        assert_eq!(told, [("given", Some("A"), 0), ("given", None, 1), ("birthDate", None, 1)]);
    }

    #[test]
    fn a_choice_is_told_by_its_type_and_an_extension_by_its_end() {
        let url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory";
        let extension = Element { children: vec![Element::of_value("url", url)], ..Element::new("extension") };
        let older = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-BirthSex-1";
        let older = Element { children: vec![Element::of_value("url", older)], ..Element::new("extension") };
        let resource = Element {
            children: vec![Element::of_value("effectiveDateTime", "2026"), extension, older],
            ..Element::new("resource")
        };
        assert_eq!(resource.choice("effective").map(|(of, _)| of), Some("DateTime"));
        assert_eq!(resource.choice("effect").map(|(of, _)| of), None);
        assert!(resource.extension("EthnicCategory").is_some() && resource.extension("BirthSex").is_some());
        assert!(resource.extension("Religion").is_none());
    }
}

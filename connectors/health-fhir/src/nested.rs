//! A bundle that stands in another: a document in its envelope, a message among others. Its entries are read anew out of what the
//! entry was as it came, so that each is held as it came too.

use crate::document::{self, Broken, Entries, Format, Part, holds};
use crate::tree::Element;
use crate::{json, xml};

/// How deep one may stand in another.
pub(crate) const DEPTH_MAX: usize = 4;

/// Whether an entry holds what holds resources itself.
pub(crate) fn is_nested(entry: &Element) -> bool {
    let resource = entry.get("resource").unwrap_or(entry);
    match resource.kind() {
        "Bundle" => true,
        "Parameters" => resource.all("parameter").any(holds_resource),
        _ => false,
    }
}

/// Whether what an entry holds has a header of its own, without which it means nothing.
pub(crate) fn is_message(entry: &Element) -> bool {
    let bundle = entry.get("resource").unwrap_or(entry);
    let is_header = |held: &Element| held.get("resource").unwrap_or(held).kind() == "MessageHeader";
    bundle.text("type") == Some("message") || bundle.all("entry").any(is_header)
}

/// Whether a parameter holds a resource, its own or in a part; another is a value for an operation.
pub(crate) fn holds_resource(parameter: &Element) -> bool {
    parameter.get("resource").is_some() || parameter.all("part").any(holds_resource)
}

/// The resource of an entry, as it came.
pub(crate) fn within(format: Format, entry: &Part) -> Option<&[u8]> {
    let is_wrapped = entry.element.as_ref().is_ok_and(|element| element.get("resource").is_some());
    let raw = entry.raw.as_slice();
    match format {
        _ if !is_wrapped => Some(raw),
        Format::Json => json::resource_within(raw),
        Format::Xml => xml::resource_within(raw),
    }
}

/// The entries of what an entry holds; `None` where they cannot be told from one another.
pub(crate) fn parts(format: Format, entry: &Part) -> Option<Vec<Part>> {
    struct Held(Vec<Part>);
    impl Entries for Held {
        fn entry(&mut self, _: &Element, part: Part) -> Result<(), Broken> {
            self.0.push(part);
            Ok(())
        }
    }
    let mut held = Held(Vec::new());
    let read = document::read(format, within(format, entry)?, &document::tape(), &mut held).ok()?;
    let head = read.whole.element.ok()?;
    let is_told = head.get(holds(head.kind())?).is_none();
    if head.kind() == "Parameters" {
        held.0.retain(|part| part.element.as_ref().map_or(true, holds_resource));
    }
    is_told.then_some(held.0)
}

//! One record as a tree, in flat buffers that are used again for the next record.

use crate::tag::Tag;

/// No such element.
const NONE: u32 = u32::MAX;

/// The elements of one record. Positions are within the record's own text.
#[derive(Default, Debug)]
pub(crate) struct Tree {
    elements: Vec<Node>,
    /// Text of the elements, one after another, references resolved.
    text: String,
    open: Vec<u32>,
}

#[derive(Debug)]
struct Node {
    tag: Tag,
    first_child: u32,
    last_child: u32,
    next: u32,
    raw: (u32, u32),
    text: (u32, u32),
    /// Text stood beside child elements, or could not be resolved.
    odd: bool,
    line: u64,
    offset: u64,
}

/// Where an element begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// Within the record's own text.
    pub(crate) at: usize,
    pub(crate) line: u64,
    /// Bytes of the original file.
    pub(crate) offset: u64,
}

impl Tree {
    pub(crate) fn clear(&mut self) {
        self.elements.clear();
        self.text.clear();
        self.open.clear();
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn open(&mut self, tag: Tag, start: Start) {
        let id = position(self.elements.len());
        if let Some(parent) = self.open.last().and_then(|parent| self.elements.get_mut(*parent as usize)) {
            // Text before the first child element of its parent is stray.
            let text = self.text.get(parent.text.0 as usize..parent.text.1 as usize);
            parent.odd |= parent.first_child == NONE && text.is_some_and(|text| !text.trim_ascii().is_empty());
            let before = std::mem::replace(&mut parent.last_child, id);
            if before == NONE {
                parent.first_child = id;
            } else if let Some(before) = self.elements.get_mut(before as usize) {
                before.next = id;
            }
        }
        let (at, text) = (position(start.at), position(self.text.len()));
        self.elements.push(Node {
            tag,
            first_child: NONE,
            last_child: NONE,
            next: NONE,
            raw: (at, at),
            text: (text, text),
            odd: false,
            line: start.line,
            offset: start.offset,
        });
        self.open.push(id);
    }

    /// Closes the innermost element, whose text in the record ends at `end`.
    pub(crate) fn close(&mut self, end: usize) {
        if let Some(node) = self.open.pop().and_then(|id| self.elements.get_mut(id as usize)) {
            node.raw.1 = position(end);
        }
    }

    /// Text of the innermost element.
    pub(crate) fn push_text(&mut self, text: &str) {
        let length = position(self.text.len());
        let Some(node) = self.open.last().and_then(|id| self.elements.get_mut(*id as usize)) else { return };
        if node.first_child != NONE {
            node.odd |= !text.trim().is_empty();
            return;
        }
        self.text.push_str(text);
        node.text.1 = length + position(text.len());
    }

    /// The innermost element holds text that could not be resolved.
    pub(crate) fn mark_odd(&mut self) {
        if let Some(node) = self.open.last().and_then(|id| self.elements.get_mut(*id as usize)) {
            node.odd = true;
        }
    }

    /// How far out the open element is that an end tag of this name closes: 0 for the innermost. `None` when none is open.
    pub(crate) fn open_at(&self, tag: Tag, local_name: &[u8], record: &[u8]) -> Option<usize> {
        let named = |node: &Node| {
            let raw = record.get(node.raw.0 as usize..).unwrap_or_default();
            node.tag == tag && (tag != Tag::Other || local_name_of(raw) == local_name)
        };
        self.open.iter().rev().position(|id| self.elements.get(*id as usize).is_some_and(named))
    }

    /// The outermost element, with the record's own text.
    pub(crate) fn root<'t>(&'t self, record: &'t str) -> Option<Element<'t>> {
        Element::new(self, record, 0)
    }
}

/// Positions within one record, whose length is bounded far below this type's.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX - 1)
}

/// One element of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'t> {
    tree: &'t Tree,
    record: &'t str,
    node: &'t Node,
}

impl<'t> Element<'t> {
    fn new(tree: &'t Tree, record: &'t str, id: u32) -> Option<Self> {
        tree.elements.get(id as usize).map(|node| Self { tree, record, node })
    }

    pub(crate) fn tag(&self) -> Tag {
        self.node.tag
    }

    /// The element's name as the census writes it, or as the file has it where the census does not know it. A name is told
    /// in findings, so one that cannot be a name, as when a broken tag has swallowed a value, is not given.
    pub(crate) fn name(&self) -> &'t str {
        if self.node.tag != Tag::Other {
            return self.node.tag.name();
        }
        let name = std::str::from_utf8(local_name_of(self.raw().as_bytes())).unwrap_or_default();
        let can_be = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !name.is_empty() && name.chars().all(can_be) { name } else { "unreadable" }
    }

    /// Its text, trimmed. Empty for an element that holds elements.
    pub(crate) fn text(&self) -> &'t str {
        if self.has_children() {
            return "";
        }
        self.tree.text.get(self.node.text.0 as usize..self.node.text.1 as usize).unwrap_or_default().trim()
    }

    /// The element as it came, in UTF-8.
    pub(crate) fn raw(&self) -> &'t str {
        self.record.get(self.node.raw.0 as usize..self.node.raw.1 as usize).unwrap_or_default()
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = Element<'t>> + use<'t> {
        let (tree, record) = (self.tree, self.record);
        let first = Element::new(tree, record, self.node.first_child);
        std::iter::successors(first, move |element| Element::new(tree, record, element.node.next))
    }

    pub(crate) fn has_children(&self) -> bool {
        self.node.first_child != NONE
    }

    /// Text stood where none belongs.
    pub(crate) fn is_odd(&self) -> bool {
        self.node.odd
    }

    /// Line of the file, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.node.line
    }

    /// Bytes of the file before it.
    pub(crate) fn offset(&self) -> u64 {
        self.node.offset
    }

    /// What the element says, whatever the order of its children and the space between them: for telling apart and putting
    /// in order what the census gives no number. Not shown to anybody.
    pub(crate) fn canonical(&self) -> String {
        let mut children: Vec<String> = self.children().map(|child| child.canonical()).collect();
        children.sort_unstable();
        format!("{}\u{1}{}\u{2}{}\u{3}", self.name(), self.text(), children.concat())
    }
}

/// The local name of the tag that begins here, start or end.
pub(crate) fn local_name_of(tag: &[u8]) -> &[u8] {
    let name = tag.strip_prefix(b"</").or_else(|| tag.strip_prefix(b"<")).unwrap_or(tag);
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
    let qualified = name.split(ends).next().unwrap_or_default();
    qualified.iter().position(|byte| *byte == b':').and_then(|at| qualified.get(at + 1..)).unwrap_or(qualified)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(at: usize) -> Start {
        Start { at, line: 1, offset: at as u64 }
    }

    #[test]
    fn siblings_keep_their_order_and_texts() {
        let record = "<Child><UPN>A</UPN>x<x:New a='1'> b </x:New></Child>";
        let mut tree = Tree::default();
        tree.open(Tag::Child, start(0));
        tree.open(Tag::Upn, start(7));
        tree.push_text("A");
        tree.close(19);
        tree.push_text("x");
        tree.open(Tag::Other, start(20));
        tree.push_text(" b ");
        tree.close(44);
        tree.close(record.len());
        let root = tree.root(record).unwrap();
        assert!(root.is_odd() && root.text().is_empty() && tree.depth() == 0);
        let children: Vec<_> = root.children().map(|e| (e.tag(), e.name(), e.text(), e.raw())).collect();
        assert_eq!(
            children,
            [(Tag::Upn, "UPN", "A", "<UPN>A</UPN>"), (Tag::Other, "New", "b", "<x:New a='1'> b </x:New>"),]
        );
    }
}

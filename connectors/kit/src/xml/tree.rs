//! One record as a tree, in flat buffers that are used again for the next record.

/// No such element.
const NONE: u32 = u32::MAX;

/// Longest element name that is told; of a longer one nobody is told more.
const NAME_CHARS_MAX: usize = 64;

/// How many elements a record of the common sort has, about: there is room for them from the start, since a file may hold one
/// record only.
const ELEMENTS_AT_FIRST: usize = 128;
/// Bytes of their names, and of their texts.
const BYTES_AT_FIRST: usize = 2 * 1024;

/// The elements of one record. Positions are within the record's own text.
#[derive(Debug)]
pub(super) struct Tree {
    elements: Vec<Node>,
    /// Text of the elements, one after another, references resolved.
    text: String,
    /// Their local names in lower case, one after another.
    names: String,
    open: Vec<u32>,
}

#[derive(Debug)]
struct Node {
    name: (u32, u32),
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

/// Where something begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Start {
    /// Bytes within the record's own text.
    pub(super) at: usize,
    /// Line of the file, counted from 1.
    pub line: u64,
    /// Bytes of the file before it.
    pub offset: u64,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            elements: Vec::with_capacity(ELEMENTS_AT_FIRST),
            text: String::with_capacity(BYTES_AT_FIRST),
            names: String::with_capacity(BYTES_AT_FIRST),
            open: Vec::new(),
        }
    }
}

impl Tree {
    pub(super) fn clear(&mut self) {
        self.elements.clear();
        self.text.clear();
        self.names.clear();
        self.open.clear();
    }

    pub(super) fn elements(&self) -> usize {
        self.elements.len()
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Opens an element of this local name, in lower case.
    pub(super) fn open(&mut self, name: &str, start: Start) {
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
        let (at, text, named) = (position(start.at), position(self.text.len()), position(self.names.len()));
        self.names.push_str(name);
        self.elements.push(Node {
            name: (named, position(self.names.len())),
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
    pub(super) fn close(&mut self, end: usize) {
        if let Some(node) = self.open.pop().and_then(|id| self.elements.get_mut(id as usize)) {
            node.raw.1 = position(end);
        }
    }

    /// Text of the innermost element.
    pub(super) fn push_text(&mut self, text: &str) {
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
    pub(super) fn mark_odd(&mut self) {
        if let Some(node) = self.open.last().and_then(|id| self.elements.get_mut(*id as usize)) {
            node.odd = true;
        }
    }

    /// How far out the open element is that an end tag of this name closes: 0 for the innermost. `None` when none is open.
    pub(super) fn open_at(&self, name: &str) -> Option<usize> {
        let names = |id: &u32| self.elements.get(*id as usize).map(|node| self.name_of(node));
        self.open.iter().rev().position(|id| names(id) == Some(name))
    }

    fn name_of(&self, node: &Node) -> &str {
        self.names.get(node.name.0 as usize..node.name.1 as usize).unwrap_or_default()
    }

    /// The outermost element, with the record's own text.
    pub(super) fn root<'t>(&'t self, record: &'t str) -> Option<Element<'t>> {
        Element::new(self, record, 0)
    }
}

/// Positions within one record, whose length is bounded far below this type's.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX - 1)
}

/// One element of a record.
#[derive(Clone, Copy, Debug)]
pub struct Element<'t> {
    tree: &'t Tree,
    record: &'t str,
    node: &'t Node,
}

impl<'t> Element<'t> {
    fn new(tree: &'t Tree, record: &'t str, id: u32) -> Option<Self> {
        tree.elements.get(id as usize).map(|node| Self { tree, record, node })
    }

    /// Its local name in lower case: what to match on. Makers of files do not agree on letter case.
    pub fn key(&self) -> &'t str {
        self.tree.name_of(self.node)
    }

    /// Its local name as the file has it. A name is told in findings, so one that cannot be a name, as when a broken tag has
    /// swallowed a value, is not given.
    pub fn name(&self) -> &'t str {
        let name = local_name_of(self.raw());
        let can_be = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let bounded = name.char_indices().nth(NAME_CHARS_MAX).and_then(|(end, _)| name.get(..end)).unwrap_or(name);
        if !name.is_empty() && name.chars().all(can_be) { bounded } else { "unreadable" }
    }

    /// Its text, trimmed. Empty for an element that holds elements.
    pub fn text(&self) -> &'t str {
        self.spaced_text().trim()
    }

    /// Its text with the white space around it, where that says something.
    pub fn spaced_text(&self) -> &'t str {
        if self.has_children() {
            return "";
        }
        self.tree.text.get(self.node.text.0 as usize..self.node.text.1 as usize).unwrap_or_default()
    }

    /// The element as it came, in UTF-8.
    pub fn raw(&self) -> &'t str {
        self.record.get(self.node.raw.0 as usize..self.node.raw.1 as usize).unwrap_or_default()
    }

    /// The elements in it, in the file's order.
    pub fn children(&self) -> impl Iterator<Item = Element<'t>> + use<'t> {
        let (tree, record) = (self.tree, self.record);
        let first = Element::new(tree, record, self.node.first_child);
        std::iter::successors(first, move |element| Element::new(tree, record, element.node.next))
    }

    /// The elements in it of this name, given in lower case.
    pub fn each<'n>(&self, key: &'n str) -> impl Iterator<Item = Element<'t>> + use<'t, 'n> {
        self.children().filter(move |element| element.key() == key)
    }

    /// The text of the first element in it of this name (in lower case) that says something; "" where there is none.
    pub fn text_of(&self, key: &str) -> &'t str {
        self.each(key).map(|element| element.text()).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Whether it holds elements.
    pub fn has_children(&self) -> bool {
        self.node.first_child != NONE
    }

    /// Text stood where none belongs.
    pub fn is_odd(&self) -> bool {
        self.node.odd
    }

    /// Line of the file, counted from 1.
    pub fn line(&self) -> u64 {
        self.node.line
    }

    /// Bytes of the file before it.
    pub fn offset(&self) -> u64 {
        self.node.offset
    }

    /// What the element says, whatever the order of its children and the space between them: for telling apart and putting
    /// in order what a source gives no number. Not shown to anybody.
    pub fn canonical(&self) -> String {
        let mut children: Vec<String> = self.children().map(|child| child.canonical()).collect();
        children.sort_unstable();
        format!("{}\u{1}{}\u{2}{}\u{3}", self.key(), self.text(), children.concat())
    }
}

/// The local name of the tag that begins here, start or end.
pub(super) fn local_name_of(tag: &str) -> &str {
    let name = tag.strip_prefix("</").or_else(|| tag.strip_prefix('<')).unwrap_or(tag);
    let qualified = name.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next().unwrap_or_default();
    qualified.split_once(':').map_or(qualified, |(_, local)| local)
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
        tree.open("child", start(0));
        tree.open("upn", start(7));
        tree.push_text("A");
        tree.close(19);
        tree.push_text("x");
        tree.open("new", start(20));
        tree.push_text(" b ");
        tree.close(44);
        tree.close(record.len());
        let root = tree.root(record).unwrap();
        assert!(root.is_odd() && root.text().is_empty() && tree.depth() == 0);
        let children: Vec<_> = root.children().map(|e| (e.key(), e.name(), e.text(), e.raw())).collect();
        assert_eq!(children, [("upn", "UPN", "A", "<UPN>A</UPN>"), ("new", "New", "b", "<x:New a='1'> b </x:New>")]);
        assert_eq!((root.text_of("upn"), root.text_of("none")), ("A", ""));
    }
}

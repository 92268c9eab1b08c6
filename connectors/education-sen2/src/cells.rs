//! The cells of a record, packed: a return is held until its persons are told apart.

/// Names in lower case with values that are not blank.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Cells {
    /// Each with where its value ends.
    names: Vec<(Name, u32)>,
    values: String,
}

/// What a cell is called.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Name {
    /// A column that has a place in the catalogue.
    Known(&'static str),
    Other(Box<str>),
}

impl Name {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Other(name) => name,
        }
    }
}

impl Cells {
    pub(crate) fn push(&mut self, name: Name, value: &str) {
        self.values.push_str(value);
        self.names.push((name, u32::try_from(self.values.len()).unwrap_or(u32::MAX)));
    }

    /// The value of this name; "" where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let at = self.names.iter().position(|(known, _)| known.as_str() == name);
        at.map_or("", |at| self.value(at))
    }

    /// Takes out what stands under this name.
    pub(crate) fn take(&mut self, name: &str) -> String {
        let all = std::mem::take(self);
        for (at, (known, _)) in all.names.iter().enumerate().filter(|(_, (known, _))| known.as_str() != name) {
            self.push(known.clone(), all.value(at));
        }
        all.get(name).to_owned()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().enumerate().map(|(at, (name, _))| (name.as_str(), self.value(at)))
    }

    /// Takes room for so many cells of so many bytes, and no more.
    pub(crate) fn reserve(&mut self, cells: usize, bytes: usize) {
        self.names.reserve_exact(cells);
        self.values.reserve_exact(bytes);
    }

    /// Names with where each value ends, and the values in one.
    pub(crate) fn parts(&self) -> (&[(Name, u32)], &str) {
        (&self.names, &self.values)
    }

    /// Of what [`Self::parts`] gave.
    pub(crate) fn of_parts(names: Vec<(Name, u32)>, values: String) -> Self {
        Self { names, values }
    }

    fn value(&self, at: usize) -> &str {
        let end = |at: usize| self.names.get(at).map_or(0, |(_, end)| *end as usize);
        let start = at.checked_sub(1).map_or(0, end);
        self.values.get(start..end(at)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_name() {
        let mut cells = Cells::default();
        cells.reserve(3, 5);
        cells.push(Name::Known("upn"), "A1");
        cells.push(Name::Other("own".into()), "é");
        cells.push(Name::Known("sex"), "F");
        assert_eq!((cells.get("upn"), cells.get("own"), cells.get("sex"), cells.get("dob")), ("A1", "é", "F", ""));
        assert_eq!(cells.iter().collect::<Vec<_>>(), [("upn", "A1"), ("own", "é"), ("sex", "F")]);
        let mut fewer = cells.clone();
        assert_eq!((fewer.take("own"), fewer.take("dob")), ("é".to_owned(), String::new()));
        assert_eq!(fewer.iter().collect::<Vec<_>>(), [("upn", "A1"), ("sex", "F")]);
        let (names, values) = cells.parts();
        let again = Cells::of_parts(names.to_vec(), values.to_owned());
        assert!(again.iter().eq(cells.iter()));
    }
}

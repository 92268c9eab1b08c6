//! Reading a generated authority back, with parsers of the field and check-digit code of its own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::OnceLock;

use quick_xml::events::Event;
use serde_json::Value;
use synthetic_authority::{Settings, Summary, generate};

pub(crate) struct Authority {
    folder: tempfile::TempDir,
    pub(crate) summary: Summary,
    schools: OnceLock<HashMap<(String, String), String>>,
}

pub(crate) type Row = HashMap<String, String>;

/// One authority for all tests that only read.
pub(crate) fn authority() -> &'static Authority {
    static ONE: OnceLock<Authority> = OnceLock::new();
    ONE.get_or_init(|| Authority::generate(&Settings { children: 6000, seed: 20_251_001, ..Settings::default() }))
}

pub(crate) fn walk(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    names
}

pub(crate) fn subject(value: &Value) -> (String, String, String) {
    let part = |name: &str| value[name].as_str().unwrap().to_owned();
    (part("scheme"), part("issuer"), part("value"))
}

impl Authority {
    pub(crate) fn generate(settings: &Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut last = 0;
        let summary = generate(settings, folder.path(), &mut |done, all| {
            assert!(done > last && done <= all);
            last = done;
        })
        .unwrap();
        assert_eq!(last, u64::from(settings.children));
        Self { folder, summary, schools: OnceLock::new() }
    }

    pub(crate) fn files(&self) -> Vec<String> {
        walk(self.folder.path())
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        String::from_utf8(self.bytes(name)).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn subjects(&self) -> BTreeMap<(String, String, String), Vec<String>> {
        let mut known: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for line in self.lines("truth.jsonl") {
            for one in line["subjects"].as_array().unwrap() {
                known.entry(subject(one)).or_default().push(line["truth"].as_str().unwrap().to_owned());
            }
        }
        known
    }

    pub(crate) fn table(&self, name: &str) -> Vec<Row> {
        let mut reader = csv::Reader::from_path(self.folder.path().join("education-school-census").join(name)).unwrap();
        let headers = reader.headers().unwrap().clone();
        reader
            .records()
            .map(|row| headers.iter().map(str::to_owned).zip(row.unwrap().iter().map(str::to_owned)).collect())
            .collect()
    }

    pub(crate) const TERMS: [(&'static str, &'static str, &'static str); 2] =
        [("2024_autumn", "2024-10-03", "2024-04-01"), ("2025_spring", "2025-01-16", "2024-09-01")];

    /// Rows of both pupil tables of both terms, with the file as `dirt.jsonl` names it.
    pub(crate) fn pupils(&self) -> Vec<(String, Row)> {
        let mut rows = Vec::new();
        for (term, _, _) in Self::TERMS {
            for table in ["pupilonroll", "pupilnolongeronroll"] {
                let name = format!("{term}_{table}.csv");
                rows.extend(self.table(&name).into_iter().map(|row| (format!("education-school-census/{name}"), row)));
            }
        }
        rows
    }

    /// Pupil rows of those terms that stand a second time.
    pub(crate) fn repeats(&self) -> u64 {
        let summer = |line: &Value| line["file"].as_str().unwrap().contains("_summer_");
        self.lines("dirt.jsonl").iter().filter(|line| line["what"] == "row twice" && !summer(line)).count() as u64
    }

    pub(crate) fn row_key(&self, row: &Row) -> String {
        row.get("pupilonrolltableid").or_else(|| row.get("pupilnolongeronrolltableid")).unwrap().clone()
    }

    pub(crate) fn school_number(&self, file: &str, native: &str) -> String {
        let schools = self.schools.get_or_init(|| {
            let mut all = HashMap::new();
            for (term, _, _) in Self::TERMS {
                for row in self.table(&format!("{term}_schoolcensus.csv")) {
                    all.insert((term.to_owned(), row["NativeId"].clone()), format!("{}{}", row["lea"], row["estab"]));
                }
            }
            all
        });
        let term = file.trim_start_matches("education-school-census/")[..11].to_owned();
        schools[&(term, native.to_owned())].clone()
    }

    /// (file, key) of every dirtied record; the file of social care without its folder.
    pub(crate) fn dirty_keys(&self) -> HashSet<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let lines = self.lines("dirt.jsonl");
        lines
            .iter()
            .map(|line| (text(&line["file"]).replace("social-care-cin-census/", ""), text(&line["key"])))
            .collect()
    }

    pub(crate) fn dirty_messages(&self) -> HashSet<String> {
        self.dirty_keys().into_iter().filter(|(file, _)| file.starts_with("health")).map(|(_, key)| key).collect()
    }

    pub(crate) fn cin_files(&self) -> Vec<String> {
        ["CIN_878_2024_001.xml", "CIN_878_2025_001.xml", "CIN_878_2025_002.xml"].map(str::to_owned).to_vec()
    }

    pub(crate) fn cin_children(&self) -> Vec<Node> {
        self.cin_files().iter().flat_map(|file| self.cin(file)).collect()
    }

    pub(crate) fn cin(&self, file: &str) -> Vec<Node> {
        let bytes = self.bytes(&format!("social-care-cin-census/{file}"));
        let mut reader = quick_xml::Reader::from_reader(bytes.as_slice());
        let mut open = vec![Node::default()];
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => open.push(Node { name: start.name().as_ref().to_owned(), ..Node::default() }),
                Event::Empty(start) => {
                    let name = start.name().as_ref().to_owned();
                    open.last_mut().unwrap().children.push(Node { name, ..Node::default() });
                }
                Event::Text(text) => open.last_mut().unwrap().value.push_str(text.trim()),
                Event::End(_) => {
                    let done = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(done);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(open.len(), 1);
        open.pop().unwrap().nodes("Child").into_iter().cloned().collect()
    }

    /// The files of the hospital's own feed.
    pub(crate) fn months(&self) -> Vec<String> {
        self.files().into_iter().filter(|name| name.starts_with("health-hl7v2/rh8-")).collect()
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        self.months().iter().flat_map(|name| self.month(name)).collect()
    }

    pub(crate) fn month(&self, name: &str) -> Vec<Message> {
        let text = String::from_utf8(self.bytes(name)).unwrap();
        let mut messages: Vec<Message> = Vec::new();
        for line in text.split(['\r', '\n']).filter(|line| !line.is_empty()) {
            let fields: Vec<String> = line.split('|').map(str::to_owned).collect();
            if fields[0] == "MSH" {
                messages.push(Message(Vec::new()));
            }
            messages.last_mut().unwrap().0.push(fields);
        }
        messages
    }
}

#[derive(Clone, Default, Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) children: Vec<Node>,
}

impl Node {
    pub(crate) fn nodes(&self, name: &str) -> Vec<&Node> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.extend(child.nodes(name));
        }
        found
    }

    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.nodes(name).into_iter().map(|node| node.value.clone()).collect()
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }
}

pub(crate) struct Message(pub(crate) Vec<Vec<String>>);

impl Message {
    pub(crate) fn field(&self, segment: &str, position: usize) -> Option<&str> {
        let position = if segment == "MSH" { position - 1 } else { position };
        self.0
            .iter()
            .find(|fields| fields[0] == segment)?
            .get(position)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn control(&self) -> String {
        self.field("MSH", 10).unwrap().to_owned()
    }

    fn ids(&self, types: &[&str]) -> Vec<String> {
        let ids = self.field("PID", 3).unwrap_or_default().split('~').map(|id| id.split('^').collect::<Vec<_>>());
        ids.filter(|parts| types.contains(parts.last().unwrap())).map(|parts| parts[0].to_owned()).collect()
    }

    pub(crate) fn local_numbers(&self) -> Vec<String> {
        let old = self.field("MRG", 1).map(|id| id.split('^').next().unwrap().to_owned());
        self.ids(&["MR"]).into_iter().chain(old).collect()
    }

    pub(crate) fn nhs_number(&self) -> Option<String> {
        self.ids(&["NH", "HN"]).into_iter().next()
    }
}

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|letter| letter.to_digit(10)).collect()
}

/// The whole sum, check digit included with weight 1, leaves nothing.
pub(crate) fn nhs_checks(number: &str) -> bool {
    digits(number).is_some_and(|all| {
        all.len() == 10 && all.iter().zip((1..=10).rev()).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 == 0
    })
}

/// The whole sum, check digit included with weight 1, leaves ten.
pub(crate) fn uln_checks(number: &str) -> bool {
    digits(number).is_some_and(|all| {
        all.len() == 10 && all.iter().zip((1..=10).rev()).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 == 10
    })
}

pub(crate) fn upn_checks(upn: &str) -> bool {
    let letters = "ABCDEFGHJKLMNPQRTUVWXYZ";
    let Some(first) = upn.chars().next() else { return false };
    let values: Option<Vec<usize>> = upn
        .chars()
        .skip(1)
        .map(|letter| letter.to_digit(10).map(|digit| digit as usize).or_else(|| letters.find(letter)))
        .collect();
    let Some(values) = values.filter(|values| values.len() == 12) else { return false };
    let sum: usize = values.iter().enumerate().map(|(at, value)| value * (at + 2)).sum();
    letters.chars().nth(sum % 23) == Some(first)
}

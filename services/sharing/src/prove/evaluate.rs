//! A rule's conditions where not everything is known.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::attribute_path;
use crate::prove::schema::{Domains, Kind};

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reader {
    Staff,
    Person,
}

impl Reader {
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Staff => "Staff",
            Self::Person => "Person",
        }
    }
}

/// One thing that may be so or otherwise: an attribute, or whether a word is in an attribute that is a set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Variable {
    /// "context.consent", "resource.child.s47Open", "principal.roles"; [`OWN`].
    pub(super) path: String,
    /// Of a set: the word.
    pub(super) word: Option<String>,
}

/// Whether the record is of the reader's own organisation.
pub(super) const OWN: &str = "own record";

impl Variable {
    pub(super) fn of(path: &str) -> Self {
        Self { path: path.to_owned(), word: None }
    }

    pub(super) fn member(path: &str, word: &str) -> Self {
        Self { path: path.to_owned(), word: Some(word.to_owned()) }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Setting {
    Flag(bool),
    Word(String),
}

/// True, false, a failure to evaluate, or open until a variable is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Truth {
    True,
    False,
    Error,
    Open(Variable),
}

impl Truth {
    fn of(flag: bool) -> Self {
        if flag { Self::True } else { Self::False }
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            other => other,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, other) => other,
            (this, _) => this,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

/// What is known.
#[derive(Clone)]
pub(super) struct World<'d> {
    domains: &'d Domains,
    reader: Reader,
    set: BTreeMap<Variable, Setting>,
}

/// A side of a comparison.
enum Side {
    Word(String),
    Flag(bool),
    Attribute(String),
    Open(Variable),
    Nothing,
}

impl<'d> World<'d> {
    pub(super) fn new(domains: &'d Domains, reader: Reader) -> Self {
        let mut world = Self { domains, reader, set: BTreeMap::new() };
        if reader == Reader::Person {
            world.set(&Variable::of(OWN), Setting::Flag(false));
        }
        world
    }

    pub(super) fn domains(&self) -> &'d Domains {
        self.domains
    }

    pub(super) fn reader(&self) -> Reader {
        self.reader
    }

    pub(super) fn set(&mut self, variable: &Variable, setting: Setting) {
        self.set.insert(variable.clone(), setting);
    }

    pub(super) fn unset(&mut self, variable: &Variable) {
        self.set.remove(variable);
    }

    pub(super) fn with(&self, variable: &Variable, setting: &Setting) -> Self {
        let mut world = self.clone();
        world.set(variable, setting.clone());
        world
    }

    pub(super) fn get(&self, variable: &Variable) -> Option<&Setting> {
        self.set.get(variable)
    }

    pub(super) fn known(&self) -> impl Iterator<Item = (&Variable, &Setting)> {
        self.set.iter()
    }

    /// Every `when` and no `unless` of a rule.
    pub(super) fn conditions(&self, rule: &Value) -> Truth {
        let conditions = rule.get("conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        conditions.iter().fold(Truth::True, |so_far, condition| {
            if so_far == Truth::False {
                return so_far;
            }
            let body = self.truth(condition.get("body").unwrap_or(&Value::Null));
            let holds = if condition.get("kind").and_then(Value::as_str) == Some("unless") { body.not() } else { body };
            so_far.and(holds)
        })
    }

    fn truth(&self, expression: &Value) -> Truth {
        if let Some(path) = attribute_path(expression) {
            return self.flag(&path);
        }
        let Some((operator, operands)) = expression.as_object().and_then(|object| object.iter().next()) else {
            return Truth::Error;
        };
        let operand = |name: &str| operands.get(name).unwrap_or(&Value::Null);
        match operator.as_str() {
            "Value" => operands.as_bool().map_or(Truth::Error, Truth::of),
            "!" => self.truth(operand("arg")).not(),
            "&&" => match self.truth(operand("left")) {
                Truth::False => Truth::False,
                Truth::Error => Truth::Error,
                left => left.and(self.truth(operand("right"))),
            },
            "||" => match self.truth(operand("left")) {
                Truth::True => Truth::True,
                Truth::Error => Truth::Error,
                left => left.or(self.truth(operand("right"))),
            },
            "if-then-else" => match self.truth(operand("if")) {
                Truth::True => self.truth(operand("then")),
                Truth::False => self.truth(operand("else")),
                other => other,
            },
            "==" => self.equal(operand("left"), operand("right")),
            "!=" => self.equal(operand("left"), operand("right")).not(),
            "is" => Truth::of(
                operand("entity_type").as_str().and_then(|name| name.rsplit("::").next())
                    == Some(self.reader.type_name()),
            ),
            "in" => self.any(&Value::from("principal.roles"), &words(operand("right"))),
            "contains" => match words(operand("right")).as_slice() {
                [] => self.listed(operand("left"), operand("right")),
                words => self.any(operand("left"), words),
            },
            "containsAny" => self.any(operand("left"), &words(operand("right"))),
            "containsAll" => {
                let each = words(operand("right")).into_iter().map(|word| self.any(operand("left"), &[word]));
                each.fold(Truth::True, Truth::and)
            }
            "isEmpty" => {
                let Some(path) = attribute_path(operand("arg")).or_else(|| attribute_path(operand("left"))) else {
                    return Truth::Error;
                };
                let members: Vec<String> = self.domains.members(&path, self.reader).to_vec();
                self.any(&Value::from(path), &members).not()
            }
            _ => Truth::Error,
        }
    }

    /// An attribute that is true or false.
    fn flag(&self, path: &str) -> Truth {
        match self.resolved(path) {
            Err(open) => Truth::Open(open),
            Ok(path) if self.domains.kind(&path, self.reader) != Some(Kind::Flag) => Truth::Error,
            Ok(path) => self.setting(Variable::of(&path)),
        }
    }

    fn setting(&self, variable: Variable) -> Truth {
        match self.set.get(&variable) {
            Some(Setting::Flag(flag)) => Truth::of(*flag),
            Some(Setting::Word(_)) => Truth::Error,
            None => Truth::Open(variable),
        }
    }

    /// The path by which an attribute is known: the source of the reader's own record is the reader's organisation.
    fn resolved(&self, path: &str) -> Result<String, Variable> {
        let Some(of_source) = path.strip_prefix("resource.source.").filter(|_| self.reader == Reader::Staff) else {
            return Ok(path.to_owned());
        };
        match self.set.get(&Variable::of(OWN)) {
            None => Err(Variable::of(OWN)),
            Some(Setting::Flag(true)) => Ok(format!("principal.org.{of_source}")),
            Some(_) => Ok(path.to_owned()),
        }
    }

    fn equal(&self, left: &Value, right: &Value) -> Truth {
        let paths = [left, right].map(attribute_path);
        if paths.iter().flatten().filter(|path| ["principal.org", "resource.source"].contains(&path.as_str())).count()
            == 2
        {
            return if self.reader == Reader::Staff { self.setting(Variable::of(OWN)) } else { Truth::Error };
        }
        match (self.side(left), self.side(right)) {
            (Side::Open(variable), _) | (_, Side::Open(variable)) => Truth::Open(variable),
            (Side::Word(one), Side::Word(other)) => Truth::of(one == other),
            (Side::Flag(one), Side::Flag(other)) => Truth::of(one == other),
            (Side::Attribute(path), _) | (_, Side::Attribute(path)) => Truth::Open(Variable::of(&path)),
            _ => Truth::Error,
        }
    }

    fn side(&self, expression: &Value) -> Side {
        if let Some(path) = attribute_path(expression) {
            let path = match self.resolved(&path) {
                Ok(path) => path,
                Err(open) => return Side::Open(open),
            };
            if self.domains.kind(&path, self.reader).is_none() {
                return Side::Nothing;
            }
            return match self.set.get(&Variable::of(&path)) {
                Some(Setting::Word(word)) => Side::Word(word.clone()),
                Some(Setting::Flag(flag)) => Side::Flag(*flag),
                None => Side::Attribute(path),
            };
        }
        match (word(expression), expression.get("Value").and_then(Value::as_bool)) {
            (Some(word), _) => Side::Word(word),
            (None, Some(flag)) => Side::Flag(flag),
            (None, None) => Side::Nothing,
        }
    }

    /// Whether an attribute is among the words of a list that the rule writes out.
    fn listed(&self, list: &Value, attribute: &Value) -> Truth {
        let each = words(list).into_iter().map(|word| match self.side(attribute) {
            Side::Word(is) => Truth::of(is == word),
            Side::Open(variable) => Truth::Open(variable),
            Side::Attribute(path) => Truth::Open(Variable::of(&path)),
            Side::Flag(_) | Side::Nothing => Truth::Error,
        });
        each.fold(Truth::False, Truth::or)
    }

    /// Whether any of the words is in an attribute that is a set, or among the reader's roles.
    fn any(&self, set: &Value, words: &[String]) -> Truth {
        let Some(path) = set.as_str().map(str::to_owned).or_else(|| attribute_path(set)) else { return Truth::Error };
        if self.domains.kind(&path, self.reader) != Some(Kind::Set) {
            return if path == "principal.roles" { Truth::False } else { Truth::Error };
        }
        words.iter().map(|word| self.setting(Variable::member(&path, word))).fold(Truth::False, Truth::or)
    }
}

/// The word of an entity that is written out.
fn word(expression: &Value) -> Option<String> {
    expression.get("Value")?.get("__entity")?.get("id")?.as_str().map(str::to_owned)
}

/// The words of one that is, or of a list of such; none of anything else.
fn words(expression: &Value) -> Vec<String> {
    match expression.get("Set").and_then(Value::as_array) {
        Some(members) => members.iter().filter_map(word).collect(),
        None => word(expression).into_iter().collect(),
    }
}

/// The first part of a rule that [`World::conditions`] cannot evaluate, if there is one.
pub(super) fn not_known(rule: &Value) -> Option<String> {
    const OPERATORS: [&str; 15] = [
        "Value",
        "Var",
        ".",
        "Set",
        "!",
        "&&",
        "||",
        "if-then-else",
        "==",
        "!=",
        "is",
        "in",
        "contains",
        "containsAny",
        "isEmpty",
    ];
    fn look(expression: &Value) -> Option<String> {
        let (operator, operands) = expression.as_object()?.iter().next()?;
        if !OPERATORS.contains(&operator.as_str()) && operator != "containsAll" {
            return Some(format!("`{operator}`"));
        }
        if matches!(operator.as_str(), "Value" | "Var") {
            return None;
        }
        match operands {
            Value::Array(members) => members.iter().find_map(look),
            Value::Object(named) => named.values().find_map(look),
            _ => None,
        }
    }
    let conditions = rule.get("conditions").and_then(Value::as_array)?;
    conditions.iter().filter_map(|condition| condition.get("body")).find_map(look)
}

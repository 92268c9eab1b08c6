//! A counterexample as a line of a file of cases, for whoever reads those and not this.

use serde_json::{Map, Value};

use crate::prove::evaluate::{OWN, Reader, Setting, Variable, World};
use crate::prove::property::Property;

/// Attributes that a case calls by another name than the schema.
const CALLED: [(&str, &str); 4] = [
    ("s47Open", "s47"),
    ("processes", "process"),
    ("maybePastCompulsorySchoolAge", "past_csa"),
    ("lacksCapacityForEducation", "lacks_capacity_for_education"),
];

/// Attributes that are true in a case that does not name them.
const USUALLY_TRUE: [&str; 3] = ["dsa", "active", "trained"];

/// The line: what is not named is as a case has it when it is left out, and makes no difference.
pub(super) fn line(property: &Property, action: &str, world: &World<'_>) -> Value {
    let staff = world.reader() == Reader::Staff;
    let mut principal = Map::new();
    let kind = if staff { Some("staff") } else { word(world, "principal.kind") };
    principal.insert("kind".to_owned(), kind.into());
    let mut resource = named(world, "resource.");
    if staff {
        principal.insert("groups".to_owned(), Value::from(members(world, "principal.roles")));
        principal.extend(named(world, "principal.").into_iter().filter(|(name, _)| name != "roles"));
        let organisation = organisation(world, "principal.org", "a");
        let own = world.get(&Variable::of(OWN)) == Some(&Setting::Flag(true));
        let source = if own { organisation.clone() } else { self::organisation(world, "resource.source", "b") };
        principal.insert("org".to_owned(), organisation.into());
        resource.insert("source".to_owned(), source.into());
    } else {
        resource.insert("source".to_owned(), organisation(world, "resource.source", "a").into());
    }
    serde_json::json!({
        "id": property.id, "title": format!("{action}: {}", property.says), "principal": principal,
        "child": named(world, "resource.child."), "resource": resource, "facts": named(world, "context."),
        "expect": {"outcome": "hide"}, "why": property.says,
    })
}

/// The attributes right under a path that differ from what a case has without them.
fn named(world: &World<'_>, under: &str) -> Map<String, Value> {
    let mut found = Map::new();
    for (variable, setting) in world.known() {
        let Some(name) = variable.path.strip_prefix(under).filter(|name| !name.contains('.')) else { continue };
        // As a case has it when it is left out.
        let is_usual = match setting {
            Setting::Flag(flag) => *flag == USUALLY_TRUE.contains(&name),
            Setting::Word(word) => word == "none" || word == "no",
        };
        if is_usual {
            continue;
        }
        let value = match (&variable.word, setting) {
            // A case names one process.
            (Some(_), _) if name == "processes" => members(world, &variable.path).first().copied().into(),
            (Some(_), _) => Value::from(members(world, &variable.path)),
            (None, Setting::Flag(flag)) => Value::from(*flag),
            (None, Setting::Word(word)) => Value::from(word.clone()),
        };
        found.insert(called(name), value);
    }
    found
}

fn called(name: &str) -> String {
    if let Some((_, called)) = CALLED.iter().find(|(attribute, _)| *attribute == name) {
        return (*called).to_owned();
    }
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

fn members<'w>(world: &'w World<'_>, path: &str) -> Vec<&'w str> {
    let held = world.known().filter(|(variable, setting)| variable.path == path && **setting == Setting::Flag(true));
    held.filter_map(|(variable, _)| variable.word.as_deref()).collect()
}

fn word<'w>(world: &'w World<'_>, path: &str) -> Option<&'w str> {
    match world.get(&Variable::of(path)) {
        Some(Setting::Word(word)) => Some(word),
        _ => None,
    }
}

/// One of the organisations of the published cases that is like it.
fn organisation(world: &World<'_>, path: &str, which: &str) -> String {
    let designated = world.get(&Variable::of(&format!("{path}.designated"))) == Some(&Setting::Flag(true));
    let name = match (word(world, &format!("{path}.sector")).unwrap_or("education"), designated, which) {
        ("education", _, "a") => "school_a",
        ("education", ..) => "school_b",
        ("social_care", false, "a") => "charity_a",
        ("social_care", false, _) => "it_a",
        ("social_care", true, "a") => "csc_a",
        ("social_care", true, _) => "csc_b",
        ("health", _, "a") => "gp_a",
        ("health", ..) => "hospital_a",
        ("police", ..) => "police_a",
        ("court", true, _) => "cafcass_a",
        ("court", ..) => "court_a",
        _ => "audit_a",
    };
    name.to_owned()
}

//! Every command of an auditor's has a heading in docs/AUDITING.md, with an example and what came of it.

use crate::{holds, root, sees};

/// The commands, as `throughline audit --help` names them: the variants of the arguments' enum, in kebab case.
fn commands(source: &str) -> Vec<String> {
    let body = source.split_once("enum Command {").map_or("", |(_, rest)| rest);
    let body = body.split_once("\n}").map_or(body, |(body, _)| body);
    let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = variants.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    let names = variants.map(|line| line.split(|end: char| !end.is_ascii_alphanumeric()).next().unwrap_or_default());
    names.map(kebab).collect()
}

fn kebab(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

/// What stands under a heading that names the command, up to the next heading.
fn section<'p>(page: &'p str, command: &str) -> Option<&'p str> {
    let wanted = format!("`audit {command}`");
    let mut sections = page.split("\n## ").skip(1);
    sections.find(|section| section.lines().next().is_some_and(|heading| heading.contains(&wanted)))
}

/// Whether an example runs the command and shows what it answered.
fn has_output(section: &str, command: &str) -> bool {
    let runs = format!("$ throughline audit {command}");
    section.split("```").skip(1).step_by(2).any(|example| {
        let mut lines = example.lines().skip_while(|line| !line.starts_with(&runs)).peekable();
        lines.peek().is_some() && lines.any(|line| !line.is_empty() && !line.starts_with('$') && !line.starts_with(' '))
    })
}

fn missing(commands: &[String], page: &str) -> Vec<String> {
    let problem = |command: &String| match section(page, command) {
        None => Some(format!("no heading of docs/AUDITING.md names `audit {command}`")),
        Some(section) if !has_output(section, command) => Some(format!("`audit {command}` has no example with output")),
        Some(_) => None,
    };
    commands.iter().filter_map(problem).collect()
}

#[test]
fn every_command_of_an_auditors_has_a_worked_example() {
    let source = std::fs::read_to_string(root().join("services/throughline/src/command/audit.rs")).unwrap();
    let commands = commands(&source);
    assert!(commands.len() >= 12 && commands.contains(&"subject-access".to_owned()), "{commands:?}");
    let page = std::fs::read_to_string(root().join("docs/AUDITING.md")).unwrap();
    holds(&missing(&commands, &page));
}

#[test]
fn a_command_without_a_heading_or_without_output_is_seen() {
    let source = "enum Command {\n    /// One.\n    WhoSaw(x),\n    Prove {\n        a: b,\n    },\n}\n";
    let commands = commands(source);
    assert_eq!(commands, ["who-saw", "prove"]);
    let shown = "# A\n## One: `audit who-saw`\n```\n$ throughline audit who-saw X\naudit who-saw: ok\n```\n";
    sees(&missing(&commands, shown), "no heading of docs/AUDITING.md names `audit prove`");
    let bare = "# A\n## One: `audit who-saw`\n```\n$ throughline audit who-saw X\n```\n## Two: `audit prove`\n";
    sees(&missing(&commands, bare), "`audit who-saw` has no example with output");
}

//! Of one child, asked of the running service.

use std::process::ExitCode;

use proto::audit::{ClassReach, Reach, WhoCanSeeRequest};
use proto::sharing::{Category, Label, Outcome, Purpose, RoleGroup};

use super::{Arguments, family};
use crate::command::asking::{AskingAs, as_json_of, child_of, refused, spelt};
use crate::command::block_on;
use crate::output::{self, Usage};

pub(super) fn run(arguments: &Arguments, child: &str, reader: &str) -> anyhow::Result<ExitCode> {
    let categories = match &arguments.category {
        None => Vec::new(),
        Some(word) => {
            let category = Category::from_str_name(&format!("CATEGORY_{}", word.to_uppercase()));
            vec![category.ok_or_else(|| Usage(format!("there is no category `{word}`")))?.into()]
        }
    };
    let request = WhoCanSeeRequest { child: Some(child_of(child)?), categories };
    let mut answer = block_on(async {
        let mut client = AskingAs::named(reader, &arguments.readers).reader()?.connect_to_audit().await?;
        Ok(client.who_can_see(request).await.map_err(|status| refused(&status))?.into_inner())
    })?;
    answer.classes.iter_mut().for_each(|class| class.reaches.retain(|reach| arguments.wants(reach)));
    if arguments.json {
        for class in &answer.classes {
            output::line(&as_json_of("throughline.audit.v1.ClassReach", class)?)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = output::table(&["record of", "what", "who", "role", "sees", "for", "by"]);
    for class in &answer.classes {
        rows(class).into_iter().for_each(|row| output::add_row(&mut table, row));
    }
    if !answer.classes.is_empty() {
        output::print(&table)?;
    }
    let lines: usize = answer.classes.iter().map(|class| class.reaches.len()).sum();
    output::line(&format!(
        "who-can-see: records={} lines={lines} on_record={}; whoever is not listed sees nothing",
        answer.classes.len(),
        hex::encode(&answer.audit_id)
    ))?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// What the other options leave of an answer.
    fn wants(&self, reach: &Reach) -> bool {
        let roles = reach.roles().map(|role| spelt(role.as_str_name(), "ROLE_GROUP_"));
        let purposes = reach.purposes().map(|purpose| spelt(purpose.as_str_name(), "PURPOSE_"));
        (self.organisation.is_empty() || self.organisation.contains(&reach.organisation))
            && (self.role.is_empty() || roles.into_iter().any(|role| self.role.contains(&role)))
            && (self.purpose.is_empty() || purposes.into_iter().any(|purpose| self.purpose.contains(&purpose)))
    }
}

fn rows(class: &ClassReach) -> Vec<[String; 7]> {
    let category = spelt(Category::try_from(class.category).unwrap_or_default().as_str_name(), "CATEGORY_");
    let labels: Vec<String> = class.labels().map(|label: Label| spelt(label.as_str_name(), "LABEL_")).collect();
    let what = if labels.is_empty() { category } else { format!("{category} ({})", labels.join(", ")) };
    let mut first = [class.organisation.clone(), what];
    let mut rows = Vec::new();
    if class.reaches.is_empty() {
        let [of, what] = first.clone();
        rows.push([of, what, "nobody".to_owned(), String::new(), String::new(), String::new(), String::new()]);
    }
    for reach in &class.reaches {
        let [of, what] = std::mem::take(&mut first);
        rows.push([of, what, who(reach), roles(reach), sees(reach), purposes(reach), short(&reach.rules)]);
    }
    rows
}

fn who(reach: &Reach) -> String {
    if !reach.family.is_empty() {
        return family(&reach.family).to_owned();
    }
    let person = if reach.person.is_empty() { String::new() } else { format!("{} of ", reach.person) };
    format!("{person}{} ({})", reach.organisation, reach.involvement)
}

fn roles(reach: &Reach) -> String {
    let all = (1..).map_while(|number| RoleGroup::try_from(number).ok()).count();
    if !reach.roles.is_empty() && reach.roles.len() == all {
        return "any".to_owned();
    }
    reach.roles().map(|role| spelt(role.as_str_name(), "ROLE_GROUP_")).collect::<Vec<_>>().join(", ")
}

fn purposes(reach: &Reach) -> String {
    let words = reach.purposes().map(|purpose: Purpose| spelt(purpose.as_str_name(), "PURPOSE_"));
    words.collect::<Vec<_>>().join(", ")
}

fn sees(reach: &Reach) -> String {
    match reach.outcome() {
        Outcome::Full => "full".to_owned(),
        Outcome::Redacted => format!("in part (without {})", reach.field_groups.join(", ")),
        Outcome::Existence => "that it exists".to_owned(),
        Outcome::Hide | Outcome::Unspecified => "nothing".to_owned(),
    }
}

fn short(rules: &[String]) -> String {
    rules.iter().map(|rule| rule.split('-').next().unwrap_or(rule)).collect::<Vec<_>>().join(" ")
}

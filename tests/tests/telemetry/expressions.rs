//! Dashboards and alerts use only metrics that exist, by labels that they have.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::label::Labels;
use promql_parser::parser::token::TokenType;
use promql_parser::parser::{self, Expr, LabelModifier, VectorSelector};
use serde::Deserialize;

use crate::{metric, root, text};

/// Of any metric: what Prometheus adds, and a histogram's bound.
const OF_ALL: [&str; 3] = ["instance", "job", "le"];

/// What is wrong with an expression.
fn problems(expression: &str) -> Vec<String> {
    let parsed = match parser::parse(expression) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("`{expression}` is no expression: {error}")],
    };
    let (mut problems, mut known) = (Vec::new(), OF_ALL.map(str::to_owned).into_iter().collect::<BTreeSet<_>>());
    let (mut selectors, mut grouped) = (Vec::new(), Vec::new());
    walk(&parsed, &mut selectors, &mut grouped);
    if selectors.is_empty() {
        problems.push(format!("`{expression}` is of no metric"));
    }
    for selector in selectors {
        let name = selector.name.clone().unwrap_or_default();
        let Some(about) = metric(&name) else {
            problems.push(format!("`{name}` is no metric"));
            continue;
        };
        let labels: BTreeSet<String> = about.labels.iter().map(|label| (*label).to_owned()).collect();
        for matcher in &selector.matchers.matchers {
            if !labels.contains(&matcher.name) && !OF_ALL.contains(&matcher.name.as_str()) {
                problems.push(format!("`{name}` has no label `{}`", matcher.name));
            }
        }
        known.extend(labels);
    }
    let unknown = grouped.into_iter().filter(|label| !known.contains(label));
    problems.extend(unknown.map(|label| format!("no metric of `{expression}` has a label `{label}`")));
    problems
}

/// Every selector of an expression, and every label by which something is grouped.
fn walk<'a>(expression: &'a Expr, selectors: &mut Vec<&'a VectorSelector>, grouped: &mut Vec<String>) {
    let mut within = |expression: &'a Expr| walk(expression, selectors, grouped);
    match expression {
        Expr::Aggregate(aggregate) => {
            within(&aggregate.expr);
            if let Some(LabelModifier::Include(Labels { labels }) | LabelModifier::Exclude(Labels { labels })) =
                &aggregate.modifier
            {
                grouped.extend(labels.iter().cloned());
            }
        }
        Expr::Unary(unary) => within(&unary.expr),
        Expr::Binary(binary) => {
            within(&binary.lhs);
            within(&binary.rhs);
        }
        Expr::Paren(paren) => within(&paren.expr),
        Expr::Subquery(subquery) => within(&subquery.expr),
        Expr::VectorSelector(selector) => selectors.push(selector),
        Expr::MatrixSelector(matrix) => selectors.push(&matrix.vs),
        Expr::Call(call) => call.args.args.iter().for_each(|argument| within(argument)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

#[derive(Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    alert: String,
    expr: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

fn rules() -> Vec<Rule> {
    let rules: Rules = serde_saphyr::from_str(&text("deploy/alerts/throughline.yaml")).unwrap();
    rules.groups.into_iter().flat_map(|group| group.rules).collect()
}

/// Every expression of a dashboard.
fn expressions(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(fields) => {
            let own = fields.get("expr").and_then(|expr| expr.as_str()).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(expressions)).collect()
        }
        serde_json::Value::Array(items) => items.iter().flat_map(expressions).collect(),
        _ => Vec::new(),
    }
}

fn dashboards() -> Vec<(String, serde_json::Value)> {
    let files = std::fs::read_dir(root("deploy/dashboards")).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|end| end == "json"))
        .map(|file| {
            let read = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
            (file.file_name().unwrap().to_string_lossy().into_owned(), read)
        })
        .collect()
}

#[test]
fn dashboards_show_only_metrics_that_exist() {
    let (mut problems, mut shown, mut ids) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let dashboards = dashboards();
    assert!(dashboards.len() >= 4);
    for (file, dashboard) in dashboards {
        assert!(ids.insert(dashboard["uid"].as_str().unwrap().to_owned()), "{file}: two dashboards of one uid");
        let expressions = expressions(&dashboard);
        assert!(expressions.len() >= 9, "{file}");
        for expression in expressions {
            problems.extend(self::problems(&expression).into_iter().map(|problem| format!("{file}: {problem}")));
            shown.extend(names(&expression));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    // Whoever looks after the process sees each of them somewhere.
    let unseen: Vec<_> = runtime::metrics::ALL.iter().map(|metric| metric.about().prometheus_name()).collect();
    let unseen: Vec<_> = unseen.into_iter().filter(|name| !shown.contains(name)).collect();
    assert!(unseen.is_empty(), "on no dashboard: {unseen:?}");
}

/// The metrics of an expression, by their names in the table.
fn names(expression: &str) -> Vec<String> {
    let parsed = parser::parse(expression).unwrap();
    let (mut selectors, mut grouped) = (Vec::new(), Vec::new());
    walk(&parsed, &mut selectors, &mut grouped);
    let named = selectors.into_iter().filter_map(|selector| metric(selector.name.as_deref()?));
    named.map(|about| about.prometheus_name()).collect()
}

#[test]
fn alerts_watch_only_metrics_that_exist() {
    let rules = rules();
    assert!(rules.len() >= 15);
    let problems: Vec<_> = rules
        .iter()
        .flat_map(|rule| problems(&rule.expr).into_iter().map(|problem| format!("{}: {problem}", rule.alert)))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn an_alert_compares_says_how_grave_it_is_and_leads_to_what_to_do() {
    let page = text("docs/OPERATING.md");
    let slug = |heading: &str| {
        let kept =
            heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
        kept.replace(' ', "-")
    };
    let headings: BTreeSet<String> = page
        .lines()
        .filter(|line| line.starts_with("##"))
        .map(|line| slug(line.trim_start_matches('#').trim()))
        .collect();
    let mut named = BTreeSet::new();
    for rule in rules() {
        let Rule { alert, expr, labels, annotations } = rule;
        assert!(named.insert(alert.clone()), "two alerts named {alert}");
        assert!(["warning", "critical"].contains(&labels["severity"].as_str()), "{alert}");
        assert!(!annotations["summary"].is_empty(), "{alert}");
        let anchor = annotations["runbook"].strip_prefix("docs/OPERATING.md#").unwrap_or_else(|| panic!("{alert}"));
        assert!(headings.contains(anchor), "{alert}: no heading `{anchor}`");
        assert!(fires_on_a_condition(&expr), "{alert} would always fire: {expr}");
        // Those that have a runbook of their own are named in it; the others' headings are about more than the alert.
        assert!(!anchor.starts_with("alert-") || page.contains(&format!("`{alert}`")), "{alert} is not in the page");
    }
}

/// An alert without a comparison fires whatever the value.
fn fires_on_a_condition(expression: &str) -> bool {
    fn compares(expression: &Expr) -> bool {
        match expression {
            Expr::Binary(binary) => is_comparison(binary.op) || (compares(&binary.lhs) && compares(&binary.rhs)),
            Expr::Paren(paren) => compares(&paren.expr),
            Expr::Call(call) => call.func.name == "absent",
            _ => false,
        }
    }
    fn is_comparison(operator: TokenType) -> bool {
        operator.is_comparison_operator()
    }
    compares(&parser::parse(expression).unwrap())
}

#[test]
fn bad_expressions_are_seen() {
    let sees = |expression: &str, what: &str| {
        let problems = problems(expression);
        assert!(problems.iter().any(|problem| problem.contains(what)), "nothing says `{what}` in {problems:?}");
    };
    assert!(problems("sum by (source, le) (rate(throughline_source_delay_seconds_bucket[5m]))").is_empty());
    sees("rate(throughline_source_records[5m])", "`throughline_source_records` is no metric");
    sees("throughline_source_delay_seconds > 1", "is no metric");
    sees("throughline_projection_lag{source=\"x\"}", "has no label `source`");
    sees("sum by (organisation) (throughline_projection_lag)", "has a label `organisation`");
    sees("sum by (", "is no expression");
    sees("vector(1) > 2", "is of no metric");
    assert!(!fires_on_a_condition("throughline_projection_lag"));
}

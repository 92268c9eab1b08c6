//! A whole request for Cedar, from what is known; what is not is false, or the first word of its list.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entities, Entity, EntityId, EntityUid, Request, RestrictedExpression, Schema};

use crate::prove::evaluate::{OWN, Reader, Setting, Variable, World};
use crate::vocabulary::entity_type;

/// The request and its entities; `None` where they do not fit the schema.
pub(super) fn request(world: &World<'_>, action: &str, schema: &Schema) -> Option<(Request, Entities)> {
    let own = world.get(&Variable::of(OWN)) == Some(&Setting::Flag(true));
    let reader = uid(world.reader().type_name(), "reader")?;
    let (child, class, readers, source) =
        (uid("Child", "child")?, uid("RecordClass", "class")?, uid("Org", "reader")?, uid("Org", "source")?);
    let source = if own { readers.clone() } else { source };
    let roles = world.domains().words_of("RoleGroup").iter().filter(|role| {
        world.reader() == Reader::Staff
            && world.get(&Variable::member("principal.roles", role)) == Some(&Setting::Flag(true))
    });
    let roles: HashSet<EntityUid> = roles.map(|role| uid("RoleGroup", role)).collect::<Option<_>>()?;
    let links = [("child", &child), ("source", &source), ("org", &readers)];
    let entity = |id: &EntityUid, type_name: &str, path: &str, parents: HashSet<EntityUid>| {
        Entity::new(id.clone(), attributes(world, type_name, path, &links)?, parents).ok()
    };
    let mut entities = vec![
        entity(&reader, world.reader().type_name(), "principal", roles)?,
        entity(&child, "Child", "resource.child", HashSet::new())?,
        entity(&class, "RecordClass", "resource", HashSet::new())?,
        entity(&readers, "Org", "principal.org", HashSet::new())?,
    ];
    if !own {
        entities.push(entity(&source, "Org", "resource.source", HashSet::new())?);
    }
    let context = Context::from_pairs(attributes(world, "Facts", "context", &links)?).ok()?;
    let action = uid("Action", action)?;
    let request = Request::new(reader, action, class, context, Some(schema)).ok()?;
    Some((request, Entities::from_entities(entities, Some(schema)).ok()?))
}

fn attributes(
    world: &World<'_>,
    type_name: &str,
    path: &str,
    links: &[(&str, &EntityUid)],
) -> Option<HashMap<String, RestrictedExpression>> {
    let declared = world.domains().attributes(type_name);
    let each = declared.map(|(name, (of, is_set))| {
        let path = format!("{path}.{name}");
        let words = world.domains().words_of(of);
        let expression = if *is_set {
            let held = words
                .iter()
                .filter(|word| world.get(&Variable::member(&path, word)) == Some(&Setting::Flag(true)))
                .map(|word| Some(RestrictedExpression::new_entity_uid(uid(of, word)?)));
            RestrictedExpression::new_set(held.collect::<Option<Vec<_>>>()?)
        } else if let Some(first) = words.first() {
            let word = match world.get(&Variable::of(&path)) {
                Some(Setting::Word(word)) => word,
                _ => first,
            };
            RestrictedExpression::new_entity_uid(uid(of, word)?)
        } else if let Some((_, linked)) = links.iter().find(|(link, _)| link == name) {
            RestrictedExpression::new_entity_uid((*linked).clone())
        } else {
            RestrictedExpression::new_bool(world.get(&Variable::of(&path)) == Some(&Setting::Flag(true)))
        };
        Some((name.clone(), expression))
    });
    each.collect()
}

fn uid(type_name: &str, id: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(entity_type(type_name).ok()?, EntityId::new(id)))
}

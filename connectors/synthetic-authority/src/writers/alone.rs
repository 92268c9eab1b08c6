//! What a few of the systems say of an authority, without the others.

use std::path::Path;

use super::Output;
use crate::GenerateError;
use crate::dirt::Dirt;
use crate::population::{Child, World};
use crate::truth::Truth;

/// Has every child told of by `child`, with the truth of it in `NAME-truth.jsonl` and `NAME-dirt.jsonl`.
pub(super) fn told_alone(
    world: &World,
    out: &Path,
    name: &str,
    mut child: impl FnMut(&Child, &mut Truth<'_>, &mut Vec<Dirt>) -> Result<(), GenerateError>,
) -> Result<(), GenerateError> {
    let mut told = Output::create(&out.join(format!("{name}-truth.jsonl")))?;
    let mut dirtied = Output::create(&out.join(format!("{name}-dirt.jsonl")))?;
    let (mut done, mut household) = (0, 0);
    while done < world.settings.children {
        let members = world.household(household, done, world.settings.children - done);
        for member in &members {
            let (mut truth, mut dirt) = (Truth::of(member), Vec::new());
            truth.notes.clear();
            child(member, &mut truth, &mut dirt)?;
            if !truth.subjects.is_empty() {
                told.line(&truth.of_systems())?;
            }
            dirt.iter().try_for_each(|one| dirtied.line(one))?;
        }
        let real = members.iter().filter(|member| !member.is_after_adoption()).count();
        done += u32::try_from(real).unwrap_or(u32::MAX).max(1);
        household += 1;
    }
    told.finish()?;
    dirtied.finish()
}

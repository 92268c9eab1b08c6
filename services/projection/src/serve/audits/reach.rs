//! Who can see what of a child's records: by the rules, and by what is on record of the child.

use std::collections::BTreeSet;

use prost::Message as _;
use proto::audit::{ClassReach, Reach, WhoCanSeeRequest, WhoCanSeeResponse};
use proto::sharing::{Call, Category, DenialReason, Purpose};
use sharing::{Act, CanSee, FieldGroup, RecordClass};

use super::{About, AuditService, Auditor, Moment, malformed};
use crate::audit::Scope;
use crate::serve::caller::Caller;
use crate::serve::refusal::Refusal;

impl AuditService {
    pub(super) async fn can_see(
        &self,
        caller: Option<Caller>,
        asked: WhoCanSeeRequest,
        (at_us, today): Moment,
    ) -> Result<WhoCanSeeResponse, Refusal> {
        let socket =
            "who can see a child's records is asked by an auditor or an information-governance lead: ask with --as";
        let caller = caller.ok_or_else(|| Refusal::new(DenialReason::NotForThisRole, socket))?;
        self.admit_reader(&caller)?;
        let child = self.child(asked.child)?;
        let categories: BTreeSet<Category> =
            asked.categories.iter().filter_map(|category| Category::try_from(*category).ok()).collect();
        if categories.len() != asked.categories.len() || categories.contains(&Category::Unspecified) {
            return Err(malformed("categories", "names one that there is not, or one twice"));
        }
        let mut request = sharing::Request::new(caller.principal(), Purpose::Audit, today);
        request.runs_service = caller.organisation == self.desk.recorder.organisation();
        let registry = self.desk.registry()?;
        let engine = &self.desk.discloser.engine;
        // Whoever may not ask is refused before any child is looked at: whether there is one shows in nothing.
        if !sharing::may(engine, &request, registry.as_ref(), Act::AskWhoCanSee, &caller.organisation) {
            let role = "this is for auditors and information governance of the organisation that runs the service";
            return Err(Refusal::new(DenialReason::NotForThisRole, role));
        }
        let _alone = self.one_at_a_time.lock().await;
        let classes = self
            .reading(move |desk| {
                let discloser = &desk.discloser;
                let child = discloser.children.read_kept(child, None)?;
                let on_day = discloser.on_day(&child, today);
                let of = (&on_day.facts, registry.as_ref());
                let wanted = |class: &&RecordClass| categories.is_empty() || categories.contains(&class.category);
                let asked = on_day.classes.keys().filter(wanted);
                let told = sharing::may_of(&discloser.engine, &request, of, Act::AskWhoCanSee, asked);
                let found = sharing::who_can_see(&discloser.engine, &discloser.cache, of, at_us, &told);
                Ok(found.into_iter().map(|(class, reaches)| class_reach(class, reaches)).collect::<Vec<_>>())
            })
            .await?;
        let answer = WhoCanSeeResponse { classes: together(classes), audit_id: Vec::new() };
        let auditor = Auditor { scope: Scope::Everybodys, caller: Some(caller) };
        let of = (answer.classes.len(), answer.encode_to_vec());
        let about = About { child: Some(child), ..About::command("sharing who-can-see") };
        let audit_id = self.on_record(&auditor, Call::WhoCanSee, about, (of.0, &of.1), today).await?;
        Ok(WhoCanSeeResponse { audit_id, ..answer })
    }
}

/// Classes that differ in what is told of neither, told once: of other people, of places, past their time.
fn together(mut classes: Vec<ClassReach>) -> Vec<ClassReach> {
    let mut found: Vec<ClassReach> = Vec::new();
    classes.sort_by_key(|class| (class.organisation.clone(), class.category, class.labels.clone()));
    for class in classes {
        match found.last_mut() {
            Some(last) if *last == class => {}
            _ => found.push(class),
        }
    }
    found
}

fn class_reach(class: &RecordClass, reaches: Vec<CanSee>) -> ClassReach {
    ClassReach {
        organisation: class.source_org.clone(),
        category: class.category.into(),
        labels: class.labels.iter().map(|label| (*label).into()).collect(),
        reaches: reaches.into_iter().map(reach).collect(),
    }
}

fn reach(can_see: CanSee) -> Reach {
    let is_family = can_see.family.is_some();
    Reach {
        organisation: can_see.organisation,
        involvement: if is_family { String::new() } else { can_see.involvement.name() },
        roles: can_see.roles.into_iter().map(Into::into).collect(),
        purposes: can_see.purposes.into_iter().map(Into::into).collect(),
        outcome: can_see.outcome.into(),
        field_groups: can_see.withheld.into_iter().map(|group: FieldGroup| group.name().to_owned()).collect(),
        rules: can_see.rules.into_iter().collect(),
        family: can_see.family.map(|kind| kind.name()).unwrap_or_default(),
        person: can_see.person,
    }
}

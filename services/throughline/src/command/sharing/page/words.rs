//! The words of the rules in plain English.

use proto::events::involvement::Kind;
use proto::sharing::{Category, Sector};

/// A kind of record, as a family calls it.
pub(in crate::command) fn category(category: Category) -> &'static str {
    match category {
        Category::Unspecified => "other records",
        Category::Identity => "name, address and other personal details",
        Category::Attendance => "school attendance",
        Category::Attainment => "school results",
        Category::Exclusion => "suspensions and exclusions from school",
        Category::Send => "special educational needs",
        Category::Ehcp => "the education, health and care plan",
        Category::EhcDraft => "drafts of the education, health and care plan",
        Category::EarlyHelp => "early help",
        Category::SocialCareInvolvement => "which social care services are involved",
        Category::SocialCareCase => "social care",
        Category::ChildProtection => "child protection",
        Category::LookedAfter => "being looked after by the council",
        Category::Adoption => "adoption",
        Category::GpSummary => "the GP record",
        Category::Immunisation => "vaccinations",
        Category::Hospital => "hospital",
        Category::Therapy => "therapy",
        Category::MentalHealth => "mental health",
        Category::SexualHealth => "sexual health",
        Category::SubstanceMisuse => "drugs and alcohol",
        Category::PoliceNotification => "police notifications",
        Category::RestrictedUnspecified => "records that nobody has sorted yet",
    }
}

/// In what capacity somebody works with a child.
pub(super) fn capacity(kind: Kind) -> &'static str {
    match kind {
        Kind::Unspecified => "is involved",
        Kind::Universal => "a service that every child has",
        Kind::Targeted => "a service for a need of its own, not one that every child has",
        Kind::Statutory => "works here because the law says so",
        Kind::Lead => "leads the work of the others",
    }
}

/// How the rules name that capacity.
pub(super) fn closeness(kind: Kind) -> &'static str {
    match kind {
        Kind::Unspecified | Kind::Universal => "universal",
        Kind::Targeted => "targeted",
        Kind::Statutory => "statutory",
        Kind::Lead => "lead",
    }
}

/// A role group, as a family would call its people.
pub(super) fn role(role: &str) -> &str {
    match role {
        "safeguarding" => "people whose job is to keep children safe",
        "case_holding" => "the child's own worker",
        "clinical" => "doctors, nurses and therapists",
        "school_pastoral" => "teachers and pastoral staff",
        "school_admin" => "office staff",
        "send_team" => "the special educational needs team",
        "adoption_team" => "the adoption team",
        "brokerage" => "people who arrange a package of support",
        other => other,
    }
}

/// What somebody wants a record for.
pub(in crate::command) fn purpose(purpose: &str) -> &str {
    match purpose {
        "direct_care" => "to look after the child's health",
        "education_provision" => "to teach the child",
        "send_assessment" => "to assess special educational needs",
        "early_help" => "to give early help",
        "child_in_need" => "to support a child in need",
        "child_protection" => "to protect a child from harm",
        "looked_after" => "to care for a child who is looked after",
        "subject_access" => "because the child or a parent asked for the record",
        "crime_prevention" => "to prevent or solve a crime",
        "court_proceedings" => "for a court",
        "adoption_support" => "to support an adoption",
        "service_planning" => "to plan services, from numbers about many children",
        "family_participation" => "to take part in plans for the child",
        "child_death_review" => "to learn from a child's death",
        "audit" => "to check who was shown what, and why",
        "identity_review" => "to see whether two records are of one child",
        "system_admin" => "to keep the service working",
        "planning_research" => "to plan or to study",
        other => other,
    }
}

/// The role groups that people of a sector hold in their ordinary work.
pub(super) fn roles_of(sector: Sector) -> &'static [&'static str] {
    match sector {
        Sector::Education => &["school_pastoral", "safeguarding", "send_team", "school_admin"],
        Sector::SocialCare => &["case_holding", "safeguarding"],
        Sector::Health => &["clinical", "safeguarding"],
        Sector::Police | Sector::Court | Sector::Oversight | Sector::Unspecified => &["safeguarding"],
    }
}

/// What they ordinarily want a record for.
pub(super) fn purposes_of(sector: Sector) -> &'static [&'static str] {
    match sector {
        Sector::Education => &["education_provision", "send_assessment", "early_help", "child_protection"],
        Sector::SocialCare => &["early_help", "child_in_need", "looked_after", "child_protection"],
        Sector::Health => &["direct_care", "early_help", "child_protection"],
        Sector::Police => &["crime_prevention", "child_protection"],
        Sector::Court => &["court_proceedings", "child_protection"],
        Sector::Oversight | Sector::Unspecified => &["child_protection"],
    }
}

/// A group of fields that is taken out.
pub(super) fn group(group: &str) -> &str {
    match group {
        "location" => "where anybody lives or can be found",
        "third_party" => "anything about other people",
        "narrative" => "what was written in somebody's own words",
        other => other,
    }
}

/// The organisation of the rules' cases that stands for one of this sector; `as_source` for whose record it is.
pub(super) fn example(sector: Sector, as_source: bool) -> Option<&'static str> {
    Some(match (sector, as_source) {
        (Sector::Education, true) => "school_a",
        (Sector::Education, false) => "school_b",
        (Sector::SocialCare, true) => "csc_a",
        (Sector::SocialCare, false) => "csc_b",
        (Sector::Health, true) => "gp_a",
        (Sector::Health, false) => "hospital_a",
        (Sector::Police, _) => "police_a",
        (Sector::Court, _) => "cafcass_a",
        (Sector::Oversight | Sector::Unspecified, _) => return None,
    })
}

/// The sector whose organisations make such records, where only one does.
pub(super) fn sector_of(category: Category) -> Option<Sector> {
    Some(match category {
        Category::Attendance
        | Category::Attainment
        | Category::Exclusion
        | Category::Send
        | Category::Ehcp
        | Category::EhcDraft => Sector::Education,
        Category::SocialCareInvolvement
        | Category::SocialCareCase
        | Category::ChildProtection
        | Category::LookedAfter
        | Category::Adoption => Sector::SocialCare,
        Category::PoliceNotification => Sector::Police,
        Category::GpSummary
        | Category::Immunisation
        | Category::Hospital
        | Category::Therapy
        | Category::MentalHealth
        | Category::SexualHealth
        | Category::SubstanceMisuse => Sector::Health,
        // Whoever keeps a record keeps a name; early help comes from a school or the council; and of the rest nothing is known.
        _ => return None,
    })
}

/// "a, b and c".
pub(in crate::command) fn listed(words: &[String]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// What stands on every page, in the words of whom it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) title: &'static str,
    pub(super) opening: &'static [&'static str],
    pub(super) nothing: &'static str,
    pub(super) working: &'static str,
    pub(super) records: &'static str,
    /// Before what the rules say for a child of twelve.
    pub(super) why: &'static str,
    /// For everything that an organisation does.
    pub(super) any_work: &'static str,
    pub(super) otherwise: &'static [&'static str],
    pub(super) objecting: &'static [&'static str],
}

/// For a parent.
pub(super) const PARENT: Standing = Standing {
    title: "Who may see what about your child",
    opening: &[
        "This page tells you which records about your child we gave you when you asked, who works with your child, and who may \
         see each kind of record. It was made for you: please keep it somewhere safe.",
        "People who work with children may look only when they have a reason that the rules allow. Every time that somebody \
         looks, it is written down, and you can ask who did.",
    ],
    nothing: "There was nothing that we could show you. That can mean that there is nothing, or that it is not for us to show it \
              to you. You can ask the organisations that you deal with yourself.",
    working: "Who works with your child",
    records: "What there is, and who may see it",
    why: "Why, as we would tell your child",
    any_work: "for their work with your child",
    otherwise: &[
        "People who plan services are given numbers of many children. No number is small enough to tell of your child, and none says who.",
        "If you, or your child where they are old enough to decide, agree to sharing, people whom you agreed to may see more. You \
         can change your mind at any time.",
        "If somebody thinks that a child is being seriously harmed, the people who must find out may see more, even if nobody \
         agreed. In an emergency a doctor or somebody whose job is to keep children safe may look at once; they must say why, and \
         it is always checked afterwards.",
        "A court can decide that somebody must be shown something, or that nobody may be.",
    ],
    objecting: &[
        "If something is wrong, ask the organisation whose record it is to put it right. They must answer you within a month.",
        "If you do not want a record to be shared, say so to the organisation whose record it is. They will write it down and \
         tell you what it changes. There are times when the law says that they must share it all the same, and then they must \
         tell you why, unless that would put somebody in danger.",
        "If you are not happy with the answer, ask for the organisation's data protection officer. You can also complain to the \
         Information Commissioner: ico.org.uk/make-a-complaint, or 0303 123 1113.",
    ],
};

/// For a child or young person.
pub(super) const CHILD: Standing = Standing {
    title: "Who may see what about you",
    opening: &[
        "This page tells you which records about you we gave you when you asked, who works with you, and who may see each kind of \
         record. It is yours: please keep it somewhere safe.",
        "Adults who work with you may look only when they have a reason that the rules allow. Every time that somebody looks, it \
         is written down, and you can ask who did.",
    ],
    nothing: "There was nothing that we could show you. That can mean that there is nothing, or that it is not for us to show it \
              to you. You can ask somebody you trust to help you find out.",
    working: "Who works with you",
    records: "What there is, and who may see it",
    why: "Why",
    any_work: "for their work with you",
    otherwise: &[
        "People who plan services are given numbers of many children. No number says that you are in it.",
        "If you agree to sharing, the people you agreed to may see more. You can change your mind at any time. Until you are old \
         enough to decide, somebody who looks after you decides with you.",
        "If somebody thinks that you are being seriously harmed, the people who must find out may see more, even if nobody \
         agreed. In an emergency a doctor or somebody whose job is to keep children safe may look at once; they must say why, and \
         it is always checked afterwards.",
        "A court can decide that somebody must be shown something, or that nobody may be.",
    ],
    objecting: &[
        "If something is wrong, tell the people whose record it is, and they must put it right or tell you why not.",
        "If you do not want something to be shared, say so. They will write it down and tell you what it changes. There are times \
         when they must share it all the same, to keep you or somebody else safe.",
        "You can ask an adult you trust, or an advocate, to help you say it. You can also complain to the Information \
         Commissioner: ico.org.uk/make-a-complaint, or 0303 123 1113.",
    ],
};

/// For a lead of information governance.
pub(super) const LEAD: Standing = Standing {
    title: "Who may see what about this child",
    opening: &[
        "What this reader was given for this purpose, who works with the child as far as this reader may know, and what the rules \
         let each of them see of such records in an ordinary case: with no consent on record, no statutory process open, and no \
         restriction. Nothing else that is recorded of this child goes into it.",
    ],
    nothing: "Nothing was given to this reader for this purpose.",
    working: "Who works with the child",
    records: "Records, and who may see them",
    why: "In plain English",
    any_work: "for any of their ordinary purposes",
    otherwise: &[
        "Consent, an open section 47 enquiry, a protection plan, legal process, a grant or break-glass open more, and restrictions \
         less: `throughline sharing who-can-see` with --set answers for each, and with \
         --child for this child.",
    ],
    objecting: &[
        "Rectification (UK GDPR 16), restriction (18) and objection (21) go to the controller named; refusals to share are recorded.",
    ],
};

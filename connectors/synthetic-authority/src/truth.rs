//! The truth: who is who, whatever the systems say.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::population::{AUTHORITY, Child, TRUST, TRUST_ID};

/// A system's own reference to somebody: a scheme of `throughline.events.v1.Scheme` without its prefix, who issued the
/// value, and the value in upper case without spaces or hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Subject {
    pub(crate) scheme: &'static str,
    pub(crate) issuer: String,
    pub(crate) value: String,
}

impl Subject {
    pub(crate) fn new(scheme: &'static str, issuer: &str, value: &str) -> Self {
        let value = value.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect::<String>().to_uppercase();
        Self { scheme, issuer: issuer.to_owned(), value }
    }

    pub(crate) fn nhs(child: &Child) -> Self {
        Self::new("NHS_NUMBER", "nhs", &child.nhs)
    }

    pub(crate) fn upn(child: &Child) -> Self {
        Self::new("UPN", "dfe", &child.upn)
    }

    pub(crate) fn uln(child: &Child) -> Self {
        Self::new("ULN", "lrs", &child.uln)
    }

    pub(crate) fn council(child: &Child) -> Self {
        Self::new("LA_CHILD_ID", AUTHORITY, &child.la_id)
    }

    pub(crate) fn hospital(number: &str) -> Self {
        Self::new("PROVIDER_PERSON", &format!("{TRUST_ID}/{TRUST}"), number)
    }

    pub(crate) fn organisation(id: &str) -> Self {
        Self { scheme: "ORGANISATION", issuer: "throughline".to_owned(), value: id.to_owned() }
    }
}

/// Where a system says of a child something else than the truth, without being wrong in form.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Disagreement {
    pub(crate) system: &'static str,
    pub(crate) field: &'static str,
    pub(crate) what: &'static str,
}

/// One line of `truth.jsonl`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Truth<'a> {
    pub(crate) truth: &'a str,
    pub(crate) household: String,
    pub(crate) birth_on: String,
    pub(crate) sex: &'static str,
    pub(crate) given: &'a str,
    pub(crate) surname: &'a str,
    pub(crate) postcode: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) former_surname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) former_postcode: Option<&'a str>,
    pub(crate) subjects: BTreeSet<Subject>,
    /// Numbers of which a system said itself that they were replaced.
    pub(crate) superseded: BTreeSet<Subject>,
    pub(crate) notes: BTreeSet<&'static str>,
    pub(crate) disagreements: Vec<Disagreement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) twin_of: Option<&'a str>,
    /// The same child before or after an adoption. For tests alone: no system may ever come to know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) private_link: Option<&'a str>,
}

/// Who somebody is in the files of one pass, and where these say otherwise.
#[derive(Serialize)]
pub(crate) struct OfSystems<'a> {
    truth: &'a str,
    subjects: &'a BTreeSet<Subject>,
    disagreements: &'a [Disagreement],
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    notes: &'a BTreeSet<&'static str>,
}

impl<'a> Truth<'a> {
    pub(crate) fn of_systems(&self) -> OfSystems<'_> {
        let Self { truth, subjects, disagreements, notes, .. } = self;
        OfSystems { truth, subjects, disagreements, notes }
    }

    pub(crate) fn of(child: &'a Child) -> Self {
        let mut notes = BTreeSet::new();
        if child.twin.is_some() {
            notes.insert("twin");
        }
        match &child.adoption {
            Some((crate::population::Side::Before, _)) => notes.insert("adopted_before"),
            Some((crate::population::Side::After, _)) => notes.insert("adopted_after"),
            None => false,
        };
        if let Some((_, _, why)) = child.renamed {
            notes.insert(why);
        }
        for (is, note) in [
            (child.moved.is_some(), "moved_home"),
            (child.other_surname.is_some(), "known_by_other_surname"),
            (child.by_middle_name, "known_by_middle_name"),
            (child.birth_assessed, "birth_assessed"),
            (child.namesake, "namesake"),
            (child.shares_home, "shares_home"),
        ] {
            if is {
                notes.insert(note);
            }
        }
        Self {
            truth: &child.truth,
            household: format!("H{:07}", child.household),
            birth_on: child.birth.to_string(),
            sex: if child.girl { "F" } else { "M" },
            given: &child.given,
            surname: &child.surname,
            postcode: &child.home.postcode,
            former_surname: child.renamed.as_ref().map(|(former, ..)| former.as_str()),
            former_postcode: child.moved.as_ref().map(|(before, _)| before.postcode.as_str()),
            subjects: BTreeSet::new(),
            superseded: BTreeSet::new(),
            notes,
            disagreements: Vec::new(),
            twin_of: child.twin.as_ref().map(|(_, other)| other.as_str()),
            private_link: child.adoption.as_ref().map(|(_, other)| other.as_str()),
        }
    }
}

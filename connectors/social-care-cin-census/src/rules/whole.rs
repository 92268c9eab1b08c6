//! Rules on a return as a whole: counts over all its children, which no one child's record decides.

use std::collections::BTreeSet;

use proto::events::Finding;
use proto::events::FindingCode::{FieldMissing, FieldsContradict};

use super::{broken, day};
use crate::child::Child;
use crate::child::referral::ProtectionPlan;
use crate::header::Return;
use crate::tag::Tag;

/// Of so many children in a hundred the sex may be missing.
const SEX_MISSING_PERCENT_MAX: usize = 2;
/// So many codes of disability a return has at least.
const DISABILITY_CODES_MIN: usize = 8;

/// What the children of a return come to together.
#[derive(Default, Debug)]
pub(crate) struct Totals {
    born: usize,
    of_no_sex: usize,
    disabled: usize,
    of_several_disabilities: usize,
    disabilities: BTreeSet<String>,
    plans_begun: usize,
    conferences: usize,
}

impl Totals {
    /// Counts a child in.
    pub(crate) fn add(&mut self, child: &Child<'_>, of: &Return) {
        let unborn = child.birth_on.is_none() && child.expected_birth_on.is_some();
        // Before 2025 the sex that was not known was 0.
        let no_sex = child.sex.as_ref().is_none_or(|sex| matches!(sex.code.as_str(), "U" | "0"));
        self.born += usize::from(!unborn);
        self.of_no_sex += usize::from(!unborn && no_sex);
        let stated =
            child.disabilities.iter().map(|disability| disability.code.as_str()).filter(|code| *code != "NONE");
        let count = stated.clone().count();
        self.disabled += usize::from(count > 0);
        self.of_several_disabilities += usize::from(count > 1);
        for code in stated {
            if !self.disabilities.contains(code) {
                self.disabilities.insert(code.to_owned());
            }
        }
        let begun = |plan: &&ProtectionPlan<'_>| day(Some(plan.start_on)).is_some_and(|on| on >= of.period.0);
        for referral in &child.referrals {
            self.plans_begun += referral.protection_plans.iter().filter(begun).count();
            let in_enquiries = referral.enquiries.iter().filter(|enquiry| enquiry.conference_on.is_some());
            self.conferences += usize::from(referral.conference_on.is_some()) + in_enquiries.count();
        }
    }

    /// What is odd about the whole.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.plans_begun > self.conferences {
            findings.push(broken(FieldsContradict, Tag::CppStartDate, "cin/2883"));
        }
        if self.of_no_sex * 100 > self.born * SEX_MISSING_PERCENT_MAX {
            findings.push(broken(FieldMissing, Tag::Sex, "cin/2886Q"));
        }
        if self.disabilities.len() < DISABILITY_CODES_MIN {
            findings.push(broken(FieldMissing, Tag::Disability, "cin/2887Q"));
        }
        if self.disabled > 0 && self.of_several_disabilities == 0 {
            findings.push(broken(FieldMissing, Tag::Disability, "cin/2888Q"));
        }
        findings
    }
}

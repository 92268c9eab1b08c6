//! The words of the rules: the proto enums, the few that only the rules use, and their names in the schema.

use std::collections::BTreeMap;

use crate::engine::LoadError;
use cedar_policy::{EntityId, EntityTypeName, EntityUid};
pub use proto::sharing::{Category, DenialReason, Label, Obligation, Outcome, Purpose, RoleGroup, Sector};

/// An enumerated entity of the schema: a closed list of words.
pub(crate) trait Vocabulary: Copy {
    /// The entity type, without its namespace.
    const TYPE: &'static str;
    /// The type's place among the lists.
    const LIST: usize;
    /// Every member that the schema has.
    fn members() -> Vec<Self>;
    /// The word in the schema.
    fn word(self) -> String;
    /// The member's number, below 256.
    fn number(self) -> u8;
}

macro_rules! proto_vocabulary {
    ($($enum:ident, $list:literal, $prefix:literal, $first:literal;)*) => {$(
        impl Vocabulary for $enum {
            const TYPE: &'static str = stringify!($enum);
            const LIST: usize = $list;
            fn members() -> Vec<Self> {
                ($first..).map_while(|number: i32| $enum::try_from(number).ok()).collect()
            }
            fn word(self) -> String {
                let name = self.as_str_name();
                name.strip_prefix($prefix).unwrap_or(name).to_ascii_lowercase()
            }
            fn number(self) -> u8 {
                self as u8
            }
        }
    )*};
}

// Purpose alone has a word for "not said": a rule forbids it by name.
proto_vocabulary! {
    Purpose, 0, "PURPOSE_", 0;
    Sector, 1, "SECTOR_", 1;
    RoleGroup, 2, "ROLE_GROUP_", 1;
    Category, 3, "CATEGORY_", 1;
    Label, 4, "LABEL_", 1;
}

macro_rules! own_vocabulary {
    ($($(#[$doc:meta])* $enum:ident, $list:literal { $($(#[$member_doc:meta])* $member:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $enum { $($(#[$member_doc])* $member,)* }

        impl Vocabulary for $enum {
            const TYPE: &'static str = stringify!($enum);
            const LIST: usize = $list;
            fn members() -> Vec<Self> { vec![$(Self::$member,)*] }
            fn word(self) -> String { match self { $(Self::$member => $word.to_owned(),)* } }
            fn number(self) -> u8 { self as u8 }
        }
    )*};
}

own_vocabulary! {
    /// How closely an organisation works with a child. Ordered: a later member is closer.
    Involvement, 5 {
        /// Does not work with the child, as far as is recorded.
        None = "none",
        /// Did so until a few weeks ago.
        Former = "former",
        /// A service that every child has.
        Universal = "universal",
        /// A service for this child's need.
        Targeted = "targeted",
        /// Works under a statute.
        Statutory = "statutory",
        /// Leads the plan.
        Lead = "lead",
    }
    /// What is recorded of consent to share, for one recipient, category and purpose.
    ConsentState, 6 {
        /// Nobody was asked.
        None = "none",
        /// Given, and in force.
        Given = "given",
        /// Refused.
        Refused = "refused",
        /// Given once and taken back.
        Withdrawn = "withdrawn",
        /// Given once; its time is over, or the child has come of age for it.
        Lapsed = "lapsed",
    }
    /// A recorded legal process.
    Process, 7 {
        /// A controller approved a request of the police.
        CrimeRequestApproved = "crime_request_approved",
        /// A court order names the recipient.
        CourtOrderServed = "court_order_served",
        /// The record moves to the receiving agency of the same kind.
        TransferIn = "transfer_in",
    }
    /// Whom a reader who is not staff is to the child.
    PersonKind, 8 {
        /// The child or young person.
        Subject = "subject",
        /// Somebody with verified parental responsibility.
        ParentPr = "parent_pr",
        /// A parent without it, or of whom it is not verified.
        ParentNoPr = "parent_no_pr",
        /// A carer.
        Carer = "carer",
        /// Nobody, as far as is recorded.
        Unknown = "unknown",
    }
    /// How the reader's own organisation looks after the child.
    LooksAfter, 9 {
        /// It does not.
        No = "no",
        /// Under an order that gives it parental responsibility.
        CareOrder = "care_order",
        /// By agreement with the parents, who keep their responsibility.
        Accommodated = "accommodated",
        /// On remand.
        Remand = "remand",
        /// Under police protection or an emergency order.
        Emergency = "emergency",
        /// For short breaks, which is looking after for no rule.
        ShortBreak = "short_break",
    }
    /// What an organisation, or one person in it, was named as for this child.
    Standing, 10 {
        /// Was asked for advice in an open EHC assessment.
        EhcAdviser = "ehc_adviser",
        /// Was consulted about a draft EHC plan.
        ConsultedSetting = "consulted_setting",
        /// Leads Family Help, under a social worker's supervision: one person.
        FamilyHelpLead = "family_help_lead",
        /// Reviews the child's death.
        ChildDeathReviewer = "child_death_reviewer",
    }
}

own_vocabulary! {
    /// What a person records, as far as it matters who may.
    FactKind, 11 {
        /// Nothing is recorded.
        None = "none",
        /// What the service knows organisations by: who they are, their agreements, how long they keep what.
        Register = "register",
        /// What was agreed to, refused or withdrawn.
        Consent = "consent",
        /// Whether the child can decide for themself.
        Competence = "competence",
        /// Who the child's people are, and who holds parental responsibility.
        Family = "family",
        /// Who works with the child, and in what capacity.
        Involvement = "involvement",
        /// A status under the Children Act 1989.
        SocialCareStatus = "social_care_status",
        /// A status under the Children and Families Act 2014 part 3.
        EducationStatus = "education_status",
        /// Where the child lives is protected.
        ProtectedAddress = "protected_address",
        /// A court restricted disclosure.
        Court = "court",
        /// The serious-harm exemption.
        SeriousHarm = "serious_harm",
        /// Disclosure would do the child more harm than good.
        Detriment = "detriment",
        /// A court limited an adult's parental responsibility.
        ParentalResponsibility = "parental_responsibility",
        /// The national data opt-out.
        OptOut = "opt_out",
        /// Access to the sealed records of before an adoption.
        GrantPreAdoption = "grant_pre_adoption",
        /// Access to a protected address.
        GrantAddress = "grant_address",
        /// The arranging of a child's packages.
        GrantPackage = "grant_package",
        /// To seal an identity on adoption.
        SealProposal = "seal_proposal",
        /// An identity is sealed on adoption.
        Seal = "seal",
        /// Who leads Family Help.
        FamilyHelpLead = "family_help_lead",
        /// A legal process names who may receive.
        LegalProcess = "legal_process",
        /// How old the child is.
        Age = "age",
        /// What is put right of a record.
        Rectification = "rectification",
        /// The use of a record is restricted while it is contested.
        Processing = "processing",
        /// Whether what is past its schedule is kept.
        Retention = "retention",
    }
}

impl Involvement {
    /// Its word: "statutory".
    pub fn name(self) -> String {
        self.word()
    }
}

impl PersonKind {
    /// Its word: "parent_pr".
    pub fn name(self) -> String {
        self.word()
    }
}

impl Standing {
    /// The standing of this word.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::members().into_iter().find(|standing| standing.word() == word)
    }
}

impl FactKind {
    /// The kind of this word: "consent".
    pub fn named(word: &str) -> Option<Self> {
        Self::members().into_iter().find(|member| member.word() == word)
    }
}

/// The words as entities, made once: by list, then by the member's number.
#[derive(Debug)]
pub(crate) struct Words(Vec<List>);

#[derive(Debug)]
struct List {
    type_name: &'static str,
    words: Vec<String>,
    uids: Vec<Option<EntityUid>>,
}

impl Words {
    pub(crate) fn new() -> Result<Self, LoadError> {
        Ok(Self(vec![
            List::of::<Purpose>()?,
            List::of::<Sector>()?,
            List::of::<RoleGroup>()?,
            List::of::<Category>()?,
            List::of::<Label>()?,
            List::of::<Involvement>()?,
            List::of::<ConsentState>()?,
            List::of::<Process>()?,
            List::of::<PersonKind>()?,
            List::of::<LooksAfter>()?,
            List::of::<Standing>()?,
            List::of::<FactKind>()?,
        ]))
    }

    /// The entity of this member; `None` for a member that the schema lacks, such as a category not stated.
    pub(crate) fn uid<V: Vocabulary>(&self, member: V) -> Option<EntityUid> {
        let list = self.0.get(V::LIST).filter(|list| list.type_name == V::TYPE)?;
        list.uids.get(usize::from(member.number()))?.clone()
    }

    /// The words by entity type, as the vocabulary test compares them with the schema.
    pub(crate) fn by_type(&self) -> BTreeMap<String, Vec<String>> {
        self.0.iter().map(|list| (list.type_name.to_owned(), list.words.clone())).collect()
    }
}

/// An entity type of the schema, by its name without the namespace.
pub(crate) fn entity_type(name: &str) -> Result<EntityTypeName, LoadError> {
    format!("Share::{name}").parse().map_err(|error: cedar_policy::ParseErrors| LoadError::Schema(error.to_string()))
}

impl List {
    fn of<V: Vocabulary>() -> Result<Self, LoadError> {
        let type_name = entity_type(V::TYPE)?;
        let mut list = Self { type_name: V::TYPE, words: Vec::new(), uids: Vec::new() };
        for member in V::members() {
            let word = member.word();
            let number = usize::from(member.number());
            list.uids.resize(list.uids.len().max(number + 1), None);
            if let Some(uid) = list.uids.get_mut(number) {
                *uid = Some(EntityUid::from_type_name_and_id(type_name.clone(), EntityId::new(&word)));
            }
            list.words.push(word);
        }
        Ok(list)
    }
}

/// A group of fields that redaction takes out together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FieldGroup {
    /// Where the child, or somebody who looks after the child, can be found.
    Location,
    /// Somebody other than the child.
    ThirdParty,
    /// Free text, and every field of which nothing is known.
    Narrative,
}

impl FieldGroup {
    /// Every group.
    pub const ALL: [Self; 3] = [Self::Location, Self::ThirdParty, Self::Narrative];

    /// The group's name in the rules and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Location => "location",
            Self::ThirdParty => "third_party",
            Self::Narrative => "narrative",
        }
    }

    /// The group of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }
}

/// As a rule writes it: "notify-caldicott-guardian".
pub fn obligation_word(obligation: Obligation) -> String {
    obligation.as_str_name().trim_start_matches("OBLIGATION_").to_ascii_lowercase().replace('_', "-")
}

/// The obligation that a rule writes so.
pub(crate) fn obligation_named(word: &str) -> Option<Obligation> {
    let named = Obligation::from_str_name(&format!("OBLIGATION_{}", word.to_ascii_uppercase().replace('-', "_")));
    named.filter(|obligation| *obligation != Obligation::Unspecified)
}

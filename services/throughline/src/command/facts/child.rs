//! Facts about a child: a command for each kind.

use std::process::ExitCode;

use jiff::civil::Date;
use proto::events::InvolvementStarted;
use proto::sharing::consent_recorded::State;
use proto::sharing::{
    AccessGranted, AgeAssessed, AgeDisputed, CompetenceAssessed, ConsentRecorded, FamilyPersonRecognised,
    LegalProcessRecorded, NamedPerson, ParentalResponsibilityVerified, RestrictionSet, StatutoryStatusChanged,
};

use super::saying::{
    CapacityWord, CategoryWord, ConsentKindWord, ConsentStateWord, DecisionWord, GivenByWord, GroundWord,
    InvolvementWord, OfChild, ProcessWord, PurposeWord, RelationWord, RestrictionWord, ScopeWord, StatusWord, date,
    day, numbers,
};

/// Record what was said to sharing, to a service, to an assessment or to a treatment
///
/// Only a consent to share is read by the sharing rules. It covers every category and purpose that you do not narrow it to, and any
/// organisation unless you name some. A consent that was given says in --evidence where it is kept or how it was given, and names --to or
/// --category. A refusal is recorded like a consent, as `refused`; what was given is taken back with `throughline facts withdraw`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline facts consent UPN:dfe:B801200005001 given --by parent --to school-8784001 --category therapy --until 2027-07-31 --evidence \"form 1207\" --purpose education_provision --as school-8784001\n  \
    throughline facts consent UPN:dfe:B801200005001 refused --by subject --basis competent_child --category mental_health --purpose direct_care --as ods-rh8"
)]
pub(crate) struct Consent {
    #[command(flatten)]
    of: OfChild,
    /// What was said.
    state: ConsentStateWord,
    /// Who said it: the child or young person, or somebody with parental responsibility.
    #[arg(long)]
    by: GivenByWord,
    /// To what.
    #[arg(long, default_value = "share")]
    kind: ConsentKindWord,
    /// By what right they decide.
    #[arg(long)]
    basis: Option<CapacityWord>,
    /// Which of several who hold parental responsibility: each speaks for themself.
    #[arg(long)]
    holder: Option<String>,
    /// Organisations that may receive. Left out: any.
    #[arg(long, value_delimiter = ',', value_name = "ORGANISATION")]
    to: Vec<String>,
    /// What it covers. Left out: every category.
    #[arg(long, value_delimiter = ',')]
    category: Vec<CategoryWord>,
    /// What for. Left out: every purpose.
    #[arg(long = "for", value_delimiter = ',')]
    covers: Vec<PurposeWord>,
    /// From which day, YYYY-MM-DD. Left out: from when it is recorded.
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// The last day, inclusive. Left out: until it is withdrawn.
    #[arg(long, value_parser = day)]
    until: Option<Date>,
    /// Names it. Left out: made of what is said.
    #[arg(long)]
    id: Option<String>,
}

/// Record whether the child can decide for themself in a matter
///
/// By a clinician, or safeguarding, case-holding or SEND staff of an organisation that works with the child.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts competence UPN:dfe:B801200005001 information yes --on 2026-11-20 --purpose direct_care --as ods-rh8"
)]
pub(crate) struct Competence {
    #[command(flatten)]
    of: OfChild,
    /// The matter.
    decision: DecisionWord,
    /// Able to decide in it, or not.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(["yes", "no"]))]
    competent: String,
    /// Who assessed it, where that is not you.
    #[arg(long)]
    assessed_by: Option<String>,
    /// On which day.
    #[arg(long, value_parser = day)]
    on: Option<Date>,
}

/// Record that a statutory status opened; `throughline facts end` closes it
///
/// By the council's own service that holds the case: social care for a status under the Children Act 1989, the SEND team for an EHC
/// plan or request.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts status LA_CHILD_ID:878:12345 section_47 --on 2026-11-20 --purpose child_protection --as la-878-social-care"
)]
pub(crate) struct Status {
    #[command(flatten)]
    of: OfChild,
    /// Which.
    status: StatusWord,
    /// Since which day.
    #[arg(long, value_parser = day)]
    on: Date,
    /// It closed on that day, and that it was open is not on record here.
    #[arg(long)]
    closed: bool,
}

/// Record a restriction; `throughline facts lift` lifts it
///
/// A protected address, a court's restriction and a parent's limited responsibility by safeguarding or case-holding staff; serious harm,
/// detriment and the national data opt-out also by clinicians and the SEND team. `processing` keeps your own organisation's records and
/// has nobody use them while they are contested (UK GDPR article 18): by information governance, with --ground, for subject_access; tell
/// the person before you lift it.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline facts restrict UPN:dfe:B801200005001 protected_address --evidence \"refuge, by telephone\" --purpose child_protection --as school-8784001\n  \
    throughline facts restrict UPN:dfe:B801200005001 processing --ground accuracy_contested --entry 1a2b3c4d5e6f --purpose subject_access --as school-8784001-information-governance\n  \
    throughline facts restrict LA_CHILD_ID:878:12345 parental_responsibility --person p.invented --from 2026-11-20 --purpose child_protection --as la-878-social-care"
)]
pub(crate) struct Restrict {
    #[command(flatten)]
    of: OfChild,
    /// Which.
    restriction: RestrictionWord,
    /// Of parental_responsibility: the adult, as their token names them. Left out: every adult.
    #[arg(long)]
    person: Option<String>,
    /// The issuer of that adult's tokens. Left out: whoever is called so by any issuer.
    #[arg(long, requires = "person")]
    issuer: Option<String>,
    /// What it binds. Left out: every category.
    #[arg(long, value_delimiter = ',')]
    category: Vec<CategoryWord>,
    /// Of processing: the entries that it binds, by reference (`throughline facts rectify` lists them). Left out: every entry of the
    /// categories.
    #[arg(long, value_delimiter = ',')]
    entry: Vec<String>,
    /// Of processing: why.
    #[arg(long)]
    ground: Option<GroundWord>,
    /// From which day. Left out: from when it is recorded.
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// Names it. Left out: made of what is said.
    #[arg(long)]
    id: Option<String>,
}

/// Grant one named person what the rules otherwise withhold; `throughline facts revoke` takes it back
///
/// Never to yourself. A protected address and a child's packages by safeguarding or case-holding staff; what is sealed on adoption by
/// the adoption team.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts grant LA_CHILD_ID:878:12345 s.invented --of la-878-social-care --scope address --for child_protection --until 2027-01-31 --because \"allocated worker\" --purpose child_protection --as la-878-social-care"
)]
pub(crate) struct Grant {
    #[command(flatten)]
    of_child: OfChild,
    /// Whom, as their token names them.
    person: String,
    /// Their organisation.
    #[arg(long, value_name = "ORGANISATION")]
    of: String,
    /// To what.
    #[arg(long)]
    scope: ScopeWord,
    /// What it may be used for.
    #[arg(long = "for", value_delimiter = ',', required = true)]
    purposes: Vec<PurposeWord>,
    /// From which day. Left out: from when it is recorded.
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// The last day, inclusive.
    #[arg(long, value_parser = day)]
    until: Date,
    /// Why.
    #[arg(long)]
    because: String,
    /// Names it. Left out: made of what is said.
    #[arg(long)]
    id: Option<String>,
}

/// Record a legal process that names who may receive; `throughline facts end` ends it
///
/// Never by whom it lets in: a police request is recorded by the controller that approved it, and opens that controller's records alone
/// unless --source names another's. A transfer names its --source.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts process UPN:dfe:B801200005001 crime_request_approved --to police-invented --category attendance --until 2026-12-31 --approved-by h.invented --purpose child_protection --as school-8784001"
)]
pub(crate) struct Process {
    #[command(flatten)]
    of: OfChild,
    /// Which.
    process: ProcessWord,
    /// The organisation that may receive.
    #[arg(long, value_name = "ORGANISATION")]
    to: String,
    /// What it covers. Left out: every category.
    #[arg(long, value_delimiter = ',')]
    category: Vec<CategoryWord>,
    /// Of a transfer: the organisation whose records pass. Of a crime request: whose records it opens; left out, yours.
    #[arg(long)]
    source: Option<String>,
    /// From which day. Left out: from when it is recorded.
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// The last day, inclusive.
    #[arg(long, value_parser = day)]
    until: Date,
    /// Who approved it, where that is not you.
    #[arg(long)]
    approved_by: Option<String>,
    /// Names it. Left out: made of what is said.
    #[arg(long)]
    id: Option<String>,
}

/// Record that another organisation works with a child; `throughline facts end` ends it
///
/// Most involvement follows from what services do, and needs no recording. Never of your own organisation.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts involvement LA_CHILD_ID:878:12345 charity-invented targeted --from 2026-11-20 --purpose early_help --as la-878-social-care"
)]
pub(crate) struct Involvement {
    #[command(flatten)]
    of: OfChild,
    /// The organisation's id.
    organisation: String,
    /// In what capacity.
    capacity: InvolvementWord,
    /// Since which day.
    #[arg(long, value_parser = day)]
    from: Date,
}

/// Recognise somebody who is not staff as one of a child's people; `throughline facts end` ends it
///
/// It opens nothing by itself but a young person's own record: that a parent holds responsibility is another fact.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts person LA_CHILD_ID:878:12345 p.invented --issuer https://id.families.invalid --is parent --seen \"birth certificate\" --purpose child_in_need --as la-878-social-care"
)]
pub(crate) struct Person {
    #[command(flatten)]
    of: OfChild,
    /// Who, as their token names them.
    person: String,
    /// Who vouches for them: the issuer of their token.
    #[arg(long)]
    issuer: String,
    /// Whom they are to the child.
    #[arg(long)]
    is: RelationWord,
    /// What was seen, and where it is kept.
    #[arg(long)]
    seen: String,
    /// On which day.
    #[arg(long, value_parser = day)]
    on: Option<Date>,
    /// Names it. Left out: made of what is said.
    #[arg(long)]
    id: Option<String>,
}

/// Record that the evidence of somebody's parental responsibility was seen; `throughline facts end` ends it
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts responsibility LA_CHILD_ID:878:12345 p.invented --issuer https://id.families.invalid --seen \"birth certificate, both parents\" --purpose child_in_need --as la-878-social-care"
)]
pub(crate) struct Responsibility {
    #[command(flatten)]
    of: OfChild,
    /// Who, as their token names them.
    person: String,
    /// Who vouches for them: the issuer of their token.
    #[arg(long)]
    issuer: String,
    /// What was seen, and where it is kept.
    #[arg(long)]
    seen: String,
    /// On which day.
    #[arg(long, value_parser = day)]
    on: Option<Date>,
}

/// Record that a child's age is disputed, or how old somebody assessed them to be
///
/// While it is disputed, the restrictions of every age that they may be apply. --born records the assessment, and settles it.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline facts age LA_CHILD_ID:878:12345 --between 2008-01-01,2010-12-31 --purpose looked_after --as la-878-social-care\n  \
    throughline facts age LA_CHILD_ID:878:12345 --born 2009-06-01 --purpose looked_after --as la-878-social-care"
)]
pub(crate) struct Age {
    #[command(flatten)]
    of: OfChild,
    /// The earliest and the latest day on which they may have been born.
    #[arg(long, value_delimiter = ',', num_args = 1..=2, value_parser = day, conflicts_with = "born", required_unless_present = "born")]
    between: Vec<Date>,
    /// The birth date that the assessment found.
    #[arg(long, value_parser = day)]
    born: Option<Date>,
    /// Who assessed it, where that is not you.
    #[arg(long)]
    assessed_by: Option<String>,
    /// On which day.
    #[arg(long, value_parser = day)]
    on: Option<Date>,
}

pub(super) fn consent(said: &Consent) -> anyhow::Result<ExitCode> {
    if said.state.0 == i32::from(State::Given) {
        if !said.of.has_evidence() {
            let what = "a consent that was given takes --evidence: where it is kept, or how it was given";
            return Err(crate::output::Usage(what.to_owned()).into());
        }
        if said.to.is_empty() && said.category.is_empty() {
            let what =
                "a consent that was given names --to or --category: nobody was asked for everything for everybody";
            return Err(crate::output::Usage(what.to_owned()).into());
        }
    }
    let mut event = ConsentRecorded {
        kind: Some(said.kind.0),
        state: Some(said.state.0),
        by: Some(said.by.0),
        recipients: said.to.clone(),
        categories: numbers!(said.category),
        purposes: numbers!(said.covers),
        from: date(said.from),
        to: date(said.until),
        capacity_basis: said.basis.as_ref().map(|basis| basis.0),
        holder: said.holder.clone(),
        ..ConsentRecorded::default()
    };
    event.id = Some(said.of.id(said.id.as_ref(), "consent", event.clone())?);
    said.of.record(event)
}

pub(super) fn competence(said: &Competence) -> anyhow::Result<ExitCode> {
    said.of.record(CompetenceAssessed {
        competent: Some(said.competent == "yes"),
        assessed_by: said.assessed_by.clone(),
        on: date(said.on),
        decision: Some(said.decision.0),
        ..CompetenceAssessed::default()
    })
}

pub(super) fn status(said: &Status) -> anyhow::Result<ExitCode> {
    said.of.record(StatutoryStatusChanged {
        status: Some(said.status.0),
        open: Some(!said.closed),
        on: date(Some(said.on)),
        ..StatutoryStatusChanged::default()
    })
}

pub(super) fn restrict(said: &Restrict) -> anyhow::Result<ExitCode> {
    let mut event = RestrictionSet {
        kind: Some(said.restriction.0),
        person: said.person.clone().filter(|_| said.issuer.is_none()),
        adult: said.issuer.clone().map(|issuer| NamedPerson { issuer: Some(issuer), person: said.person.clone() }),
        categories: numbers!(said.category),
        from: date(said.from),
        entry_ids: said.of.entries(&said.entry)?,
        ground: said.ground.as_ref().map(|ground| ground.0),
        ..RestrictionSet::default()
    };
    event.id = Some(said.of.id(said.id.as_ref(), "restriction", event.clone())?);
    said.of.record(event)
}

pub(super) fn grant(said: &Grant) -> anyhow::Result<ExitCode> {
    let mut event = AccessGranted {
        person: Some(said.person.clone()),
        organisation: Some(said.of.clone()),
        scope: Some(said.scope.0),
        from: date(said.from),
        to: date(Some(said.until)),
        reason: Some(said.because.clone()),
        purposes: numbers!(said.purposes),
        ..AccessGranted::default()
    };
    event.id = Some(said.of_child.id(said.id.as_ref(), "grant", event.clone())?);
    said.of_child.record(event)
}

pub(super) fn process(said: &Process) -> anyhow::Result<ExitCode> {
    let mut event = LegalProcessRecorded {
        kind: Some(said.process.0),
        recipient: Some(said.to.clone()),
        categories: numbers!(said.category),
        from: date(said.from),
        to: date(Some(said.until)),
        approved_by: said.approved_by.clone(),
        source: said.source.clone(),
        ..LegalProcessRecorded::default()
    };
    event.id = Some(said.of.id(said.id.as_ref(), "process", event.clone())?);
    said.of.record(event)
}

pub(super) fn involvement(said: &Involvement) -> anyhow::Result<ExitCode> {
    said.of.record(InvolvementStarted {
        organisation: Some(said.organisation.clone()),
        kind: Some(said.capacity.0),
        start_on: date(Some(said.from)),
    })
}

pub(super) fn person(said: &Person) -> anyhow::Result<ExitCode> {
    let mut event = FamilyPersonRecognised {
        person: Some(named(&said.issuer, &said.person)),
        relation: Some(said.is.0),
        evidence: Some(said.seen.clone()),
        on: date(said.on),
        ..FamilyPersonRecognised::default()
    };
    event.id = Some(said.of.id(said.id.as_ref(), "person", event.clone())?);
    said.of.record(event)
}

pub(super) fn responsibility(said: &Responsibility) -> anyhow::Result<ExitCode> {
    said.of.record(ParentalResponsibilityVerified {
        person: Some(named(&said.issuer, &said.person)),
        evidence: Some(said.seen.clone()),
        on: date(said.on),
        ..ParentalResponsibilityVerified::default()
    })
}

pub(super) fn age(said: &Age) -> anyhow::Result<ExitCode> {
    if said.born.is_some() {
        let assessed_by = said.assessed_by.clone();
        return said.of.record(AgeAssessed { birth_on: date(said.born), assessed_by, on: date(said.on) });
    }
    said.of.record(AgeDisputed {
        earliest_birth_on: date(said.between.first().copied()),
        latest_birth_on: date(said.between.get(1).copied()),
        on: date(said.on),
    })
}

fn named(issuer: &str, person: &str) -> NamedPerson {
    NamedPerson { issuer: Some(issuer.to_owned()), person: Some(person.to_owned()) }
}

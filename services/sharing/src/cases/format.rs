//! The keys of a case, section by section. A key is added here and nowhere else: reading, checking and the page that
//! explains the format follow.

use serde_json::Value;

use crate::cases::keys::{Day, Takes, sections};
use crate::cases::recorded::ORGANISATIONS;
use crate::vocabulary::{
    Category, ConsentState, FactKind, FieldGroup, Involvement, Label, Process, Purpose, RoleGroup, Standing, Vocabulary,
};

sections! {
    /// One case: one reader, one child, one kind of record, what is recorded, and what must come of it.
    Line {
        /// Names the case, and no other: "C12".
        id: String = String::new(), Takes::Text;
        /// The situation, in a few words.
        title: String = String::new(), Takes::Text;
        /// Who asks.
        principal: Reader = Reader::default(), Takes::Section(Reader::KEYS);
        /// What is recorded of the child.
        child: Child = Child::default(), Takes::Section(Child::KEYS);
        /// The kind of record asked for.
        resource: Resource = Resource::default(), Takes::Section(Resource::KEYS);
        /// What for, and what else is recorded between the reader and the child.
        facts: Facts = Facts::default(), Takes::Section(Facts::KEYS);
        /// The child first asked about, where the case's child may be a brother or sister of that one.
        asked: Option<Asked> = None, Takes::Section(Asked::KEYS);
        /// Dated facts, in place of those above: for what changes with time.
        fold: Fold = Fold::default(), Takes::Section(Fold::KEYS);
        /// What must come of it.
        expect: Expect = Expect::default(), Takes::Section(Expect::KEYS);
        /// Why, in one plain sentence.
        why: String = String::new(), Takes::Text;
    }

    /// Who asks.
    Reader {
        /// Somebody who works for an organisation (staff), or somebody of the family (person, or one of the words of the key
        /// of that name).
        kind: String = "staff".into(), Takes::Word(reader_kinds);
        /// Of staff: their organisation.
        org: String = String::new(), Takes::Word(organisations);
        /// Of staff: the role groups that they hold.
        groups: Vec<String> = Vec::new(), Takes::Words(words::<RoleGroup>);
        /// Of staff: their account is in good standing.
        active: bool = true, Takes::Flag;
        /// Of staff: their safeguarding training is current.
        trained: bool = true, Takes::Flag;
        /// Of somebody of the family: whom they are to the child.
        person: Option<String> = None, Takes::Word(persons);
    }

    /// What is recorded of the child.
    Child {
        /// In whole years.
        age: i64 = 10, Takes::Number;
        /// Able to decide on their own records (true), assessed as not able (false); left out: nobody assessed it.
        competent: Option<bool> = None, Takes::Flag;
        /// Past the end of compulsory school age, where that does not follow from the age.
        past_csa: Option<bool> = None, Takes::Flag;
        /// Has an education, health and care plan.
        ehcp: bool = false, Takes::Flag;
        /// An enquiry under section 47 is open.
        s47: bool = false, Takes::Flag;
        /// On a child protection plan.
        cp_plan: bool = false, Takes::Flag;
        /// A child in need.
        cin: bool = false, Takes::Flag;
        /// Looked after, under an order that gives the council parental responsibility.
        looked_after: bool = false, Takes::Flag;
        /// Looked after by agreement with the parents (section 20).
        accommodated: bool = false, Takes::Flag;
        /// Looked after on remand.
        remand: bool = false, Takes::Flag;
        /// Looked after under police protection or an emergency order.
        emergency: bool = false, Takes::Flag;
        /// Has short breaks (V3, V4).
        short_break: bool = false, Takes::Flag;
        /// The organisation that looks after the child, where it is not the reader's own.
        looked_after_by: Option<String> = None, Takes::Word(organisations);
        /// An education, health and care needs assessment was asked for, and nothing has come of it yet.
        ehc_request: bool = false, Takes::Flag;
        /// Has died.
        deceased: bool = false, Takes::Flag;
        /// Is expected, and not born.
        unborn: bool = false, Takes::Flag;
        /// Where the child lives is protected.
        protected_address: bool = false, Takes::Flag;
        /// Opted out of planning and research uses.
        opt_out: bool = false, Takes::Flag;
        /// The child's own authority. Says where the case is; no rule reads it.
        home: String = "LA-A".into(), Takes::Text;
    }

    /// The kind of record asked for.
    Resource {
        /// The organisation whose record it is.
        source: String = "school_a".into(), Takes::Word(organisations);
        /// What it is of.
        category: String = "attendance".into(), Takes::Word(words::<Category>);
        /// What makes it more than that.
        labels: Vec<String> = Vec::new(), Takes::Words(words::<Label>);
        /// It tells of somebody other than the child.
        third_party: bool = false, Takes::Flag;
        /// It tells of somebody other than the child who cannot be identified.
        unnamed_third_party: bool = false, Takes::Flag;
        /// How many people other than the child it tells of, where there is more than one: up to 3.
        others: u8 = 0, Takes::Number;
        /// It tells where somebody can be found.
        location: bool = false, Takes::Flag;
        /// It is past the date until which it may be kept.
        retention_expired: bool = false, Takes::Flag;
    }

    /// What for, and what else is recorded between the reader and the child.
    Facts {
        /// What the reader says that they want it for.
        purpose: String = "education_provision".into(), Takes::Word(words::<Purpose>);
        /// How closely the reader's organisation works with the child.
        involvement: String = "none".into(), Takes::Word(words::<Involvement>);
        /// What was said to sharing with this reader.
        consent: String = "none".into(), Takes::Word(words::<ConsentState>);
        /// An information sharing agreement is in force between all organisations.
        dsa: bool = true, Takes::Flag;
        /// A recorded legal process that names the reader's organisation.
        process: String = "none".into(), Takes::Word(processes);
        /// Whose records that process is of, where it is not the source.
        process_of: Option<String> = None, Takes::Word(organisations);
        /// Sealed records to which this reader was granted access by name.
        grants: Vec<String> = Vec::new(), Takes::Words(grants);
        /// This reader was cleared, by name, for the protected address.
        address_cleared: bool = false, Takes::Flag;
        /// The reader's organisation also works with the other person of whom the record tells.
        third_party_involved: bool = false, Takes::Flag;
        /// With how many of the people in `resource.others` it works.
        works_with_others: u8 = 0, Takes::Number;
        /// This child's packages are this reader's to arrange, granted by name.
        arranges_package: bool = false, Takes::Flag;
        /// What those grants may be used for; left out: what the reader says that they want the record for.
        grant_purposes: Option<Vec<String>> = None, Takes::Words(words::<Purpose>);
        /// The source recorded that disclosure would do the child more harm than good.
        detriment: bool = false, Takes::Flag;
        /// Who recorded that, where it was not the source.
        detriment_by: Option<String> = None, Takes::Word(organisations);
        /// A court limited this adult's parental responsibility.
        pr_restricted: bool = false, Takes::Flag;
        /// What the reader, or the reader's organisation, was named as for this child.
        standings: Vec<String> = Vec::new(), Takes::Words(words::<Standing>);
        /// The reader broke the glass, with a reason, a minute ago.
        break_glass: bool = false, Takes::Flag;
        /// The facts are not known to be up to date.
        stale: bool = false, Takes::Flag;
        /// In a review of identity: the reader's organisation runs the service.
        runs_service: bool = false, Takes::Flag;
        /// In a review of identity: the reader's organisation has a record of one of the two children.
        part_of_pair: bool = false, Takes::Flag;
        /// The reader signed in afresh before breaking the glass.
        stepped_up: bool = false, Takes::Flag;
        /// In a review of a break-glass: the reader broke it.
        own_act: bool = false, Takes::Flag;
        /// In recording: what the reader would record of the child.
        fact: String = "none".into(), Takes::Word(words::<FactKind>);
        /// It would end a fact that is on record: withdraw, lift, revoke or close it. With `own_act`, one that the reader recorded.
        ends_fact: bool = false, Takes::Flag;
        /// Somebody else on record said otherwise of what it would end.
        contested_fact: bool = false, Takes::Flag;
        /// It would let in the reader, or the reader's own organisation.
        opens_for_self: bool = false, Takes::Flag;
    }

    /// The child first asked about.
    Asked {
        /// How closely the reader's organisation works with that child.
        involvement: String = "none".into(), Takes::Word(words::<Involvement>);
        /// An enquiry under section 47 is open about that child.
        s47: bool = false, Takes::Flag;
        /// That child is on a child protection plan.
        cp_plan: bool = false, Takes::Flag;
        /// That child is in need.
        cin: bool = false, Takes::Flag;
    }

    /// Dated facts.
    Fold {
        /// The day on which it is asked.
        as_of: Option<Day> = None, Takes::Day;
        /// Only what was recorded up to this place of the log counts.
        as_of_offset: Option<i64> = None, Takes::Number;
        /// The child's date of birth, in place of the age.
        dob: Option<Day> = None, Takes::Day;
        /// Other dates of birth that linked records of the child give.
        also_born: Vec<Day> = Vec::new(), Takes::Days;
        /// No record gives a date of birth.
        no_birth_date: bool = false, Takes::Flag;
        /// What was said to sharing, act by act.
        consent_log: Vec<ConsentLine> = Vec::new(), Takes::Sections(ConsentLine::KEYS);
        /// From when to when the information sharing agreement is in force.
        dsa: Option<Span> = None, Takes::Section(Span::KEYS);
        /// What further linked records of the child say.
        merge: Vec<Merged> = Vec::new(), Takes::Sections(Merged::KEYS);
        /// What was said to sharing on each of the linked records.
        merge_consent: Vec<String> = Vec::new(), Takes::Words(consents);
        /// Which of three linked records (0, 1, 2) holds every fact; the others are silent.
        of_three_linked: Option<u8> = None, Takes::Number;
        /// Since when the section 47 enquiry is open.
        s47_opened: Option<Day> = None, Takes::Day;
        /// Who says which statutes apply to the child: a person, a live feed, or a yearly return.
        statuses_from: String = "person".into(), Takes::Word(status_sources);
        /// The day on which the live feed said so.
        feed_said: Option<Day> = None, Takes::Day;
        /// The day on which the live feed was last known to be read whole.
        feed_confirmed: Option<Day> = None, Takes::Day;
        /// The age is disputed: from when to when the child is said to have been born. "from" alone is the first day that is
        /// claimed.
        age_disputed: Option<Span> = None, Takes::Section(Span::KEYS);
        /// A named person assessed the age: the birth date that they found.
        age_assessed: Option<Day> = None, Takes::Day;
        /// Who assessed what the child may decide, act by act.
        competence_log: Vec<CompetenceLine> = Vec::new(), Takes::Sections(CompetenceLine::KEYS);
        /// What was recorded of the reader, who is not staff, act by act, in place of what `principal` says.
        people_log: Vec<PersonLine> = Vec::new(), Takes::Sections(PersonLine::KEYS);
    }

    /// One assessment of what the child may decide.
    CompetenceLine {
        /// On which day.
        t: Day = Day(jiff::civil::Date::constant(2026, 1, 1)), Takes::Day;
        /// In what matter.
        decision: String = "information".into(), Takes::Word(decisions);
        /// Able to decide in it.
        competent: bool = true, Takes::Flag;
        /// By whom; left out, an assessment by nobody named.
        assessed_by: String = String::new(), Takes::Text;
        /// On which of the linked records it stands.
        subject: u8 = 0, Takes::Number;
    }

    /// One thing recorded of the reader, who is not staff.
    PersonLine {
        /// On which day.
        t: Day = Day(jiff::civil::Date::constant(2026, 1, 1)), Takes::Day;
        /// That they are the child's parent or carer, or the young person; that this ended; that parental responsibility was
        /// verified; that it ended.
        says: String = "parent".into(), Takes::Word(said_of_people);
        /// Evidence was seen.
        evidence: bool = true, Takes::Flag;
        /// By whom; left out, a recorder, and of responsibility another.
        by: String = String::new(), Takes::Text;
        /// On which of the linked records it stands.
        subject: u8 = 0, Takes::Number;
    }

    /// One act of consent.
    ConsentLine {
        /// From which day it holds.
        t: Day = Day(jiff::civil::Date::constant(2026, 1, 1)), Takes::Day;
        /// Its place in the log.
        offset: i64 = 0, Takes::Number;
        /// What was said.
        state: String = "given".into(), Takes::Word(consents);
        /// Who said it.
        by: String = "parent_pr".into(), Takes::Word(consenters);
        /// The last day for which it holds.
        expires: Option<Day> = None, Takes::Day;
        /// On which of the linked records it stands.
        subject: u8 = 0, Takes::Number;
        /// Names the consent, so that a later line can be of the same.
        id: String = String::new(), Takes::Text;
        /// To what it was said.
        kind: String = "share".into(), Takes::Word(consent_kinds);
        /// By what right, where that was recorded.
        basis: String = "unspecified".into(), Takes::Word(bases);
        /// Which of several who hold parental responsibility said it.
        holder: String = String::new(), Takes::Text;
        /// Who may receive: the reader, any organisation, or organisations by name.
        recipients: Vec<String> = vec!["reader".into()], Takes::Texts;
        /// What it covers; left out: everything.
        categories: Vec<String> = Vec::new(), Takes::Words(words::<Category>);
        /// What for; left out: everything.
        purposes: Vec<String> = Vec::new(), Takes::Words(words::<Purpose>);
        /// The form that was signed, in place of kind, recipients, categories and purposes.
        form: String = String::new(), Takes::Text;
        /// Which version of it.
        form_version: String = String::new(), Takes::Text;
    }

    /// A first and a last day.
    Span {
        /// The first day.
        from: Day = Day(jiff::civil::Date::constant(2020, 1, 1)), Takes::Day;
        /// The last day, on which it still holds.
        to: Day = Day(jiff::civil::Date::constant(2030, 12, 31)), Takes::Day;
    }

    /// What one further linked record says. What it leaves out it does not contradict.
    Merged {
        /// In whole years.
        age: Option<i64> = None, Takes::Number;
        /// The date of birth, in place of the age.
        dob: Option<Day> = None, Takes::Day;
        /// How closely the reader's organisation works with the child.
        involvement: String = "none".into(), Takes::Word(words::<Involvement>);
        /// What a parent said to sharing with this reader.
        consent: String = "none".into(), Takes::Word(words::<ConsentState>);
        /// Able to decide on their own records, or assessed as not able.
        competent: Option<bool> = None, Takes::Flag;
        /// Has an education, health and care plan.
        ehcp: bool = false, Takes::Flag;
        /// An enquiry under section 47 is open.
        s47: bool = false, Takes::Flag;
        /// On a child protection plan.
        cp_plan: bool = false, Takes::Flag;
        /// A child in need.
        cin: bool = false, Takes::Flag;
        /// Looked after.
        looked_after: bool = false, Takes::Flag;
        /// Where the child lives is protected.
        protected_address: bool = false, Takes::Flag;
        /// Opted out of planning and research uses.
        opt_out: bool = false, Takes::Flag;
    }

    /// What must come of it. A key that is left out of the last four is not looked at.
    Expect {
        /// How much the reader gets.
        outcome: String = "hide".into(), Takes::Word(outcomes);
        /// What is taken out, where the outcome is redacted.
        redact: Vec<String> = Vec::new(), Takes::Words(field_groups);
        /// Rules that must be among those that decided, by letter and number: "R05".
        rules: Vec<String> = Vec::new(), Takes::Texts;
        /// Breaking the glass would show more.
        break_glass: bool = false, Takes::Flag;
        /// The reader may record `facts.fact`.
        records: Option<bool> = None, Takes::Flag;
        /// The reader may read the record of decisions (never content).
        audit_meta: bool = false, Takes::Flag;
        /// How far the reader may know that the source works with the child: in what capacity, by name, only that some service
        /// does, or not at all.
        involvement: Option<String> = None, Takes::Word(known_involvement);
        /// Whether the reader may know that a record of the source makes the child one of a family.
        family: Option<bool> = None, Takes::Flag;
        /// What a reviewer of identity sees of such a record: full, hide, or what is taken out ("location,third_party").
        review: Option<String> = None, Takes::Text;
        /// Whether the reader may read to whom what was given under a wrong link.
        releases: Option<bool> = None, Takes::Flag;
        /// Whether the reader may break the glass for this purpose, whoever the child is.
        breaks_glass: Option<bool> = None, Takes::Flag;
        /// Whether they may read the notices of the organisation whose record it is, and who broke the glass there.
        notices: Option<bool> = None, Takes::Flag;
        /// Whether they may review a breaking of the glass by somebody of that organisation.
        reviews_glass: Option<bool> = None, Takes::Flag;
        /// Whether they may record for that organisation that it was decided not to share.
        records_refusal: Option<bool> = None, Takes::Flag;
        /// Whether they may read its decisions not to share.
        refusals: Option<bool> = None, Takes::Flag;
        /// Whether they may prepare, for the child or for somebody of the family who asked, what these may have.
        prepares_access: Option<bool> = None, Takes::Flag;
        /// Whether they may propose that records be erased, call that off, and let them in again.
        proposes_erasure: Option<bool> = None, Takes::Flag;
        /// Whether they may confirm an erasure that somebody proposed.
        confirms_erasure: Option<bool> = None, Takes::Flag;
        /// Whether they may know that records of the organisation were erased.
        erasures: Option<bool> = None, Takes::Flag;
        /// Whether they may be told how many children have such a record: whether this child is one of them.
        counted: Option<bool> = None, Takes::Flag;
        /// Whether they may be told who can see such a record of this child.
        told_who_can_see: Option<bool> = None, Takes::Flag;
        /// Whether they may be told, as a national register, that there is such a plan or a time in care.
        told_to_register: Option<bool> = None, Takes::Flag;
    }
}

/// A case's every key with its value, absent ones as they are understood.
pub(crate) fn whole(line: &Line) -> Value {
    serde_json::to_value(line).unwrap_or_default()
}

fn words<V: Vocabulary>() -> Vec<String> {
    V::members().into_iter().map(V::word).collect()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn reader_kinds() -> Vec<String> {
    owned(&["staff", "person", "subject", "parent_pr", "parent_no_pr", "carer"])
}

fn status_sources() -> Vec<String> {
    owned(&["person", "feed", "return"])
}

fn persons() -> Vec<String> {
    words::<crate::vocabulary::PersonKind>()
}

/// "unrecorded" is one of which nothing is recorded.
fn organisations() -> Vec<String> {
    let ids = ORGANISATIONS.iter().flat_map(|(_, _, ids)| ids.iter());
    ids.map(|id| (*id).to_owned()).chain(["unrecorded".to_owned()]).collect()
}

fn processes() -> Vec<String> {
    ["none".to_owned()].into_iter().chain(words::<Process>()).collect()
}

fn grants() -> Vec<String> {
    owned(&["pre_adoption"])
}

fn consents() -> Vec<String> {
    owned(&["given", "refused", "withdrawn"])
}

fn consenters() -> Vec<String> {
    owned(&["young_person", "parent_pr", "appointed"])
}

fn bases() -> Vec<String> {
    owned(&["unspecified", "competent_child", "presumed", "parental_responsibility", "appointed"])
}

fn consent_kinds() -> Vec<String> {
    owned(&["share", "service_agreement", "assessment", "treatment"])
}

fn decisions() -> Vec<String> {
    owned(&["information", "treatment", "service", "education", "unspecified"])
}

fn said_of_people() -> Vec<String> {
    owned(&["parent", "carer", "young_person", "ended", "responsible", "not_responsible"])
}

fn outcomes() -> Vec<String> {
    owned(&["full", "redacted", "existence", "hide"])
}

fn field_groups() -> Vec<String> {
    [FieldGroup::Location, FieldGroup::ThirdParty, FieldGroup::Narrative].map(|group| group.name().to_owned()).into()
}

fn known_involvement() -> Vec<String> {
    owned(&["capacity", "name", "brokered", "hide"])
}

//! The lists, and by which words each of their columns is known.

/// A column of a list: the name by which it is known here, and the ways in which it is worded. A way is some words that all
/// stand in the header, each at the beginning of a word; one with `!` must not, one with `=` is all of it.
struct Field {
    name: &'static str,
    worded: &'static [&'static [&'static str]],
}

/// A list of Annex A.
pub(crate) struct List {
    pub(crate) number: u8,
    /// Its name in a scope and as a table.
    pub(crate) name: &'static str,
    /// Without these it is not this list.
    signature: &'static [&'static str],
    /// Its columns behind [`PERSON`].
    columns: &'static [Field],
}

/// The list of people who are no children.
pub(crate) const ADOPTERS: u8 = 11;

const fn f(name: &'static str, worded: &'static [&'static [&'static str]]) -> Field {
    Field { name, worded }
}

const ID: Field = f(
    "id",
    &[
        &["child unique id"],
        &["child id"],
        &["unique", "id", "!adopter"],
        &["person id"],
        &["client id"],
        &["system id"],
        &["mosaic id"],
        &["lcs id"],
        &["case number"],
        &["=id"],
        &["child", "identif"],
    ],
);
const GENDER: Field = f("gender", &[&["gender"], &["sex"]]);
const ETHNICITY: Field = f("ethnicity", &[&["ethnic"]]);
const BIRTH: Field = f("birth", &[&["birth"], &["dob"]]);
const AGE: Field = f("age", &[&["=age"], &["age of child"], &["age years"]]);
const DISABILITY: Field = f("disability", &[&["disab"]]);
const TEAM: Field = f("team", &[&["allocated team"], &["=team"]]);
const WORKER: Field = f("worker", &[&["allocated worker"], &["=worker"], &["social worker"]]);
/// What every list of children opens with.
const PERSON: &[Field] = &[ID, GENDER, ETHNICITY, BIRTH, AGE];
/// What many lists have besides: it tells none of them from another either.
const SHARED: &[Field] = &[DISABILITY, TEAM, WORKER];
const ORGANISATION: Field = f("organisation", &[&["organisation"], &["organization"], &["agency"]]);
const UASC: Field = f("uasc", &[&["unaccompanied"], &["uasc"]]);

/// When an enquiry began, and where nothing else says it, when it was talked of.
const SECTION_47_START: [&[&str]; 3] = [&["section 47", "start"], &["s47", "start"], &["s 47", "start"]];

/// List 6.
const IN_NEED: &[Field] = &[
    DISABILITY,
    f("opened_on", &[&["cin", "start", "!plan"], &["child in need", "start", "!plan"]]),
    f(
        "plan_on",
        &[
            &["cin plan", "start"],
            &["cin plan", "commenced"],
            &["child in need plan", "start"],
            &["child in need plan", "commenced"],
        ],
    ),
    f(
        "plan_ended_on",
        &[&["cin plan", "end"], &["cin plan", "clos"], &["child in need plan", "end"], &["child in need plan", "clos"]],
    ),
    f("need", &[&["primary need"], &["need code"]]),
    f("seen_on", &[&["last seen"]]),
    f(
        "closed_on",
        &[
            &["cin closure", "!plan"],
            &["closure date", "!plan"],
            &["cin end", "!plan"],
            &["date", "clos", "!plan"],
            &["cin", "end", "!plan"],
        ],
    ),
    f("reason", &[&["reason for closure"], &["closure reason"], &["reason", "clos"]]),
    TEAM,
    WORKER,
];

/// Every list, in order.
pub(crate) const LISTS: &[List] = &[
    List {
        number: 1,
        name: "list-1",
        signature: &["id", "contact_on", "source"],
        columns: &[
            f("contact_on", &[&["date", "contact", "!latest", "!last"]]),
            f("source", &[&["contact source"], &["source of contact"], &["contact received from"], &["source"]]),
        ],
    },
    List {
        number: 2,
        name: "list-2",
        signature: &["id", "start_on", "organisation"],
        columns: &[
            f("start_on", &[&["assessment", "start"], &["assessment", "commenced"], &["assessment", "began"]]),
            // Not who completed it: `Organisation completing assessment`.
            f(
                "done_on",
                &[
                    &["assessment", "complet", "!organi", "!agency"],
                    &["completion date", "!organi", "!agency"],
                    &["assessment", "end", "!organi", "!agency"],
                ],
            ),
            ORGANISATION,
        ],
    },
    // The same, where the headings say so themselves, whoever made the assessment.
    List {
        number: 2,
        name: "list-2",
        signature: &["id", "start_on"],
        columns: &[
            f(
                "start_on",
                &[
                    &["early help", "assess", "start"],
                    &["early help", "assess", "commenced"],
                    &["early help", "assess", "began"],
                    &["eha", "start"],
                    &["caf", "start"],
                ],
            ),
            f(
                "done_on",
                &[
                    &["early help", "assess", "complet", "!organi", "!agency"],
                    &["early help", "assess", "end", "!organi", "!agency"],
                    &["eha", "complet", "!organi", "!agency"],
                    &["eha", "end", "!organi", "!agency"],
                    &["caf", "complet", "!organi", "!agency"],
                    &["caf", "end", "!organi", "!agency"],
                    &["completion date", "!organi", "!agency"],
                ],
            ),
            ORGANISATION,
            TEAM,
            WORKER,
        ],
    },
    List {
        number: 3,
        name: "list-3",
        signature: &["id", "referral_on", "source"],
        columns: &[
            f("referral_on", &[&["date of referral"], &["referral date"], &["date", "referral", "!nfa"]]),
            f("source", &[&["referral source"], &["source of referral"], &["source"]]),
            f("nfa", &[&["nfa"], &["no further action"]]),
            TEAM,
            WORKER,
        ],
    },
    List {
        number: 4,
        name: "list-4",
        signature: &["id", "start_on", "authorised_on"],
        columns: &[
            DISABILITY,
            f(
                "start_on",
                &[
                    &["assessment", "start", "!early help"],
                    &["assessment", "commenced", "!early help"],
                    &["assessment", "began", "!early help"],
                    &["c f", "start"],
                ],
            ),
            f("seen", &[&["seen during"], &["child seen"]]),
            f(
                "authorised_on",
                &[
                    &["authoris"],
                    &["authoriz"],
                    &["assessment", "complet", "!early help", "!organi", "!agency"],
                    &["assessment", "end", "!early help", "!organi", "!agency"],
                ],
            ),
            f("support", &[&["requiring"], &["support required"]]),
            TEAM,
            WORKER,
        ],
    },
    List {
        number: 5,
        name: "list-5",
        signature: &["id", "discussed_on"],
        columns: &[
            DISABILITY,
            f("discussed_on", &[&["strategy"], SECTION_47_START[0], SECTION_47_START[1], SECTION_47_START[2]]),
            // Where the discussion has a column of its own.
            f("enquiry_on", &SECTION_47_START),
            f("unnecessary", &[&["unnecessary"], &["conference", "not required"], &["icpc", "not required"]]),
            f(
                "conference_on",
                &[
                    &["date of initial child protection conference"],
                    &["date", "icpc", "!number"],
                    &["date", "conference", "!review"],
                ],
            ),
            f("plan_made", &[&["result in"], &["resulted in"], &["outcome", "protection plan"]]),
            TEAM,
            WORKER,
        ],
    },
    List { number: 6, name: "list-6", signature: &["id", "opened_on"], columns: IN_NEED },
    // The same, where the case is told by its plan.
    List { number: 6, name: "list-6", signature: &["id", "plan_on", "need"], columns: IN_NEED },
    List {
        number: 7,
        name: "list-7",
        signature: &["id", "start_on", "initial"],
        columns: &[
            DISABILITY,
            f("start_on", &[&["protection plan", "start"], &["cp", "start"], &["cpp", "start"]]),
            f("initial", &[&["initial category"], &["category", "abuse", "initial"]]),
            f("latest", &[&["latest category"], &["current category"], &["category", "abuse", "latest"]]),
            f("visit_on", &[&["statutory visit"], &["last visit"], &["cp visit"]]),
            f("alone", &[&["seen alone"]]),
            f("review_on", &[&["review conference"], &["latest review"], &["last review"]]),
            f("end_on", &[&["protection plan", "end"], &["cp", "end"], &["cpp", "end"]]),
            f("previous", &[&["previous"]]),
            TEAM,
            WORKER,
        ],
    },
    List {
        number: 8,
        name: "list-8",
        signature: &["id", "started_on", "legal"],
        columns: &[
            UASC,
            DISABILITY,
            f(
                "started_on",
                &[
                    &["started to be looked after"],
                    &["looked after", "start"],
                    &["became looked after"],
                    &["lac", "start"],
                    &["cla", "start"],
                ],
            ),
            f("need", &[&["category of need"]]),
            f("legal_from", &[&["start date", "legal status"]]),
            f("legal", &[&["legal status", "!start date"]]),
            f("review_on", &[&["statutory review"], &["latest review"], &["last review"]]),
            f("visit_on", &[&["social work visit"], &["statutory visit"], &["last visit", "!iro"]]),
            f("permanence", &[&["permanence plan"]]),
            f("iro_on", &[&["iro visit"], &["iro contact"], &["last iro"]]),
            f("health_on", &[&["health assessment"]]),
            f("dental_on", &[&["dental"]]),
            f("end_on", &[&["date ceased"], &["ceased", "date"], &["lac", "end"], &["cla", "end"]]),
            f("reason", &[&["reason ceased"], &["reason", "ceas"]]),
            f("placed_on", &[&["most recent placement"], &["placement", "start"], &["start", "current placement"]]),
            f("place", &[&["placement type"], &["type of placement"]]),
            f("provider", &[&["placement provider"], &["provider"]]),
            f("postcode", &[&["placement postcode"], &["postcode"]]),
            f("urn", &[&["urn"]]),
            f("within", &[&["placement location"]]),
            f("host", &[&["la of placement"], &["placement la"], &["authority of placement"]]),
            TEAM,
            WORKER,
        ],
    },
    List {
        number: 9,
        name: "list-9",
        signature: &["id", "in_touch"],
        columns: &[
            UASC,
            DISABILITY,
            TEAM,
            WORKER,
            f("adviser", &[&["personal advis"]]),
            f("eligibility", &[&["eligibility"]]),
            f("pathway_on", &[&["pathway plan"]]),
            f("in_touch", &[&["la in touch"], &["in touch", "!date"]]),
            f("contact_on", &[&["date of contact"], &["latest contact"], &["date", "contact"]]),
            f("accommodation", &[&["type of accommodation"], &["accommodation type"]]),
            f("suitability", &[&["suitab"]]),
            f("activity", &[&["activity"]]),
        ],
    },
    List {
        number: 10,
        name: "list-10",
        signature: &["id", "decided_on"],
        columns: &[
            DISABILITY,
            f("entered_on", &[&["entered care"], &["looked after"]]),
            f(
                "decided_on",
                &[
                    &["should be placed for adoption"],
                    &["shobpa", "!no longer"],
                    &["sbpfa", "!no longer"],
                    &["adm decision"],
                ],
            ),
            f("order_on", &[&["placement order"]]),
            f("matched_on", &[&["matching"], &["matched"]]),
            f("placed_on", &[&["date placed for adoption"], &["date child placed"]]),
            f("adopted_on", &[&["adoption order"]]),
            f("reversed_on", &[&["date", "no longer be placed"]]),
            f("reason", &[&["reason", "no longer placed"]]),
            f("fostered_on", &[&["ffa"], &["concurrent planning"]]),
        ],
    },
    List {
        number: ADOPTERS,
        name: "list-11",
        signature: &["id"],
        columns: &[f(
            "id",
            &[&["adopter identifier"], &["adopter id"], &["adopter", "unique id"], &["adopter", "identif"]],
        )],
    },
];

/// A list with the place of each of its columns in a header.
pub(crate) struct Columns {
    pub(crate) list: &'static List,
    /// Name and place.
    known: Vec<(&'static str, usize)>,
    /// Where whose a row is stands, as the regions put it beside every list.
    pub(crate) authority: Option<usize>,
    /// Places of the columns that are of no event, with their headings.
    pub(crate) further: Vec<(String, usize)>,
}

impl Columns {
    /// The list that has this header: of those whose signature it has, the one with most of the columns that are not those of many lists.
    pub(crate) fn of_header<H: AsRef<str>>(header: &[H]) -> Option<Self> {
        let worded = worded(header);
        // Every row of a sheet is asked, and hardly any names an id.
        if !LISTS.iter().any(|list| list.fields().any(|field| field.name == "id" && field.is_in(&worded))) {
            return None;
        }
        let fitting = LISTS.iter().filter_map(|list| {
            let known = list.places(&worded);
            list.signature.iter().all(|name| known.iter().any(|(found, _)| found == name)).then_some((list, known))
        });
        // Of two with as many the earlier.
        let (list, known) = fitting.rev().max_by_key(|(_, known)| own(known))?;
        let is_known = |place: usize| known.iter().any(|(_, at)| *at == place);
        let is_authority = |(place, heading): (usize, &String)| {
            (matches!(heading.trim(), "la" | "lea") && !is_known(place)).then_some(place)
        };
        let authority = worded.iter().enumerate().find_map(is_authority);
        let further = header.iter().enumerate().filter(|(place, heading)| {
            !is_known(*place) && authority != Some(*place) && !heading.as_ref().trim().is_empty()
        });
        let further = further.map(|(place, heading)| (heading.as_ref().trim().to_owned(), place)).collect();
        Some(Self { list, known, authority, further })
    }

    /// Whether children stand under this header, of whatever list: it has an id, and something that is said of a person.
    pub(crate) fn are_of_children<H: AsRef<str>>(header: &[H]) -> bool {
        let worded = worded(header);
        ID.is_in(&worded) && [GENDER, ETHNICITY, BIRTH].iter().any(|field| field.is_in(&worded))
    }

    /// The list that a header is nearest to, which it is not, and how near that is: with the words of the columns that it lacks.
    pub(crate) fn nearest<H: AsRef<str>>(header: &[H]) -> Option<(usize, String)> {
        let worded = worded(header);
        let near = LISTS.iter().map(|list| (list, list.places(&worded)));
        let (list, known) = near.rev().max_by_key(|(_, known)| own(known)).filter(|(_, known)| own(known) > 0)?;
        let lacking = list.fields().filter(|field| list.signature.contains(&field.name) && !field.is_in(&worded));
        let lacking: Vec<String> = lacking.map(Field::first_words).collect();
        let is_near = !lacking.is_empty();
        is_near.then(|| {
            (own(&known), format!("it is nearest to list {}, and lacks `{}`", list.number, lacking.join("`, `")))
        })
    }

    /// Where days stand.
    pub(crate) fn dated(&self) -> impl Iterator<Item = usize> {
        let is_day = |name: &str| name == "birth" || name.ends_with("_on");
        self.known.iter().filter(move |(name, _)| is_day(name)).map(|(_, place)| *place)
    }

    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.known.iter().find(|(known, _)| *known == name).map(|(_, place)| *place)
    }
}

fn worded<H: AsRef<str>>(header: &[H]) -> Vec<String> {
    header.iter().map(|heading| spaced(heading.as_ref())).collect()
}

/// How many of these are not among those that many lists have.
fn own(known: &[(&str, usize)]) -> usize {
    known.iter().filter(|(name, _)| !PERSON.iter().chain(SHARED).any(|shared| shared.name == *name)).count()
}

impl Field {
    fn is_in(&self, worded: &[String]) -> bool {
        worded.iter().any(|heading| self.worded.iter().any(|way| says(heading, way)))
    }

    /// The first of the ways in which it is worded.
    fn first_words(&self) -> String {
        let words = self.worded.iter().take(1).copied().flatten().filter(|words| !words.starts_with('!'));
        words.map(|words| words.trim_start_matches('=')).collect::<Vec<_>>().join(" ")
    }
}

impl List {
    fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        let person = if self.number == ADOPTERS { &[] } else { PERSON };
        person.iter().chain(self.columns)
    }

    fn places(&self, worded: &[String]) -> Vec<(&'static str, usize)> {
        let mut places: Vec<(&'static str, usize)> = Vec::new();
        for field in self.fields() {
            let free = |place: &usize| !places.iter().any(|(_, taken)| taken == place);
            let mut ways = field.worded.iter();
            let found = ways.find_map(|way| {
                (0..worded.len())
                    .filter(free)
                    .find(|place| worded.get(*place).is_some_and(|heading| says(heading, way)))
            });
            places.extend(found.map(|place| (field.name, place)));
        }
        places
    }
}

fn says(heading: &str, way: &[&str]) -> bool {
    // `DateOfContact`: a heading in one word is asked for the words run together.
    let in_one = !heading.trim().contains(' ');
    let has = |words: &str| {
        heading.contains(&format!(" {words}")) || in_one && words.len() > 3 && heading.contains(&words.replace(' ', ""))
    };
    way.iter().all(|words| match (words.strip_prefix('!'), words.strip_prefix('=')) {
        (Some(not), _) => !has(not),
        (_, Some(all)) => heading.trim() == all,
        _ => has(words),
    })
}

/// Lower case, every run of what is no letter or digit one space, a space at either end. An apostrophe is nothing.
pub(crate) fn spaced(text: &str) -> String {
    let mut out = String::from(" ");
    for character in text.chars().filter(|c| !matches!(c, '\'' | '\u{2019}' | '\u{2018}')).flat_map(char::to_lowercase)
    {
        if character.is_alphanumeric() {
            out.push(character);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests;

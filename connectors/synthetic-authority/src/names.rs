//! Names that nobody in particular has: lists of given names and surnames by tradition.

use crate::dice::Dice;

/// Where a family's names come from.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tradition {
    #[default]
    English,
    Welsh,
    Irish,
    SouthAsian,
    Polish,
    African,
}

const GIRLS_ENGLISH: &[&str] = &[
    "Abigail",
    "Alice",
    "Amelia",
    "Anna",
    "Ava",
    "Beatrice",
    "Charlotte",
    "Chloe",
    "Daisy",
    "Eleanor",
    "Elizabeth",
    "Ella",
    "Emily",
    "Eva",
    "Evie",
    "Florence",
    "Freya",
    "Georgina",
    "Grace",
    "Hannah",
    "Harriet",
    "Imogen",
    "Isabella",
    "Ivy",
    "Jessica",
    "Katherine",
    "Lily",
    "Lucy",
    "Martha",
    "Matilda",
    "Mia",
    "Millie",
    "Olivia",
    "Poppy",
    "Rebecca",
    "Rosie",
    "Ruby",
    "Scarlett",
    "Sophie",
    "Victoria",
    "Willow",
    "Zoë",
];
const BOYS_ENGLISH: &[&str] = &[
    "Alexander",
    "Alfie",
    "Archie",
    "Arthur",
    "Benjamin",
    "Charlie",
    "Daniel",
    "Edward",
    "Elliot",
    "Ethan",
    "Finley",
    "Frederick",
    "George",
    "Harrison",
    "Harry",
    "Henry",
    "Isaac",
    "Jack",
    "Jacob",
    "James",
    "Joseph",
    "Joshua",
    "Leo",
    "Lewis",
    "Logan",
    "Lucas",
    "Matthew",
    "Max",
    "Nathaniel",
    "Noah",
    "Oliver",
    "Oscar",
    "Reuben",
    "Samuel",
    "Sebastian",
    "Stanley",
    "Theo",
    "Thomas",
    "Toby",
    "William",
];
const GIRLS_WELSH: &[&str] = &[
    "Alys", "Angharad", "Branwen", "Bronwen", "Carys", "Catrin", "Ceri", "Cerys", "Efa", "Eira", "Eleri", "Elin",
    "Ffion", "Gwen", "Heledd", "Lowri", "Mabli", "Mali", "Megan", "Nia", "Nesta", "Non", "Rhiannon", "Seren", "Siân",
];
const BOYS_WELSH: &[&str] = &[
    "Aled", "Aneurin", "Bryn", "Cai", "Dafydd", "Deiniol", "Dylan", "Elis", "Emrys", "Evan", "Gethin", "Gruffydd",
    "Gwilym", "Hywel", "Idris", "Ieuan", "Iwan", "Llŷr", "Macsen", "Osian", "Owain", "Rhodri", "Rhys", "Siôn", "Tomos",
];
const GIRLS_IRISH: &[&str] = &[
    "Aisling", "Aoife", "Bríd", "Caoimhe", "Ciara", "Clodagh", "Deirdre", "Éabha", "Eimear", "Fiadh", "Gráinne",
    "Maeve", "Niamh", "Nuala", "Órla", "Róisín", "Saoirse", "Sinéad", "Siobhán", "Sorcha",
];
const BOYS_IRISH: &[&str] = &[
    "Aidan", "Brendan", "Cathal", "Cian", "Cillian", "Colm", "Conor", "Cormac", "Dáithí", "Darragh", "Declan",
    "Diarmuid", "Donal", "Eoin", "Fergal", "Fionn", "Oisín", "Pádraig", "Ronan", "Tadhg",
];
const GIRLS_SOUTH_ASIAN: &[&str] = &[
    "Aaliyah", "Aisha", "Amina", "Ananya", "Anjali", "Ayesha", "Divya", "Fatima", "Hafsa", "Inaya", "Ishani",
    "Jasmeet", "Kavya", "Khadija", "Maryam", "Meera", "Mehreen", "Nadia", "Noor", "Pooja", "Priya", "Rabia", "Riya",
    "Safiya", "Saira", "Sana", "Simran", "Sumaiya", "Tanvi", "Zainab", "Zara",
];
const BOYS_SOUTH_ASIAN: &[&str] = &[
    "Aarav", "Abdullah", "Adnan", "Amir", "Arjun", "Armaan", "Bilal", "Danyal", "Dev", "Farhan", "Gurpreet", "Hamza",
    "Harjit", "Haroon", "Ibrahim", "Imran", "Ishaan", "Jaspal", "Kabir", "Mohammed", "Musa", "Nikhil", "Rahul",
    "Rohan", "Sahil", "Tariq", "Usman", "Vihaan", "Yusuf", "Zayn",
];
const GIRLS_POLISH: &[&str] = &[
    "Agnieszka",
    "Aleksandra",
    "Alicja",
    "Amelia",
    "Barbara",
    "Dominika",
    "Gabriela",
    "Hanna",
    "Iga",
    "Jagoda",
    "Julia",
    "Kaja",
    "Karolina",
    "Katarzyna",
    "Lena",
    "Łucja",
    "Maja",
    "Małgorzata",
    "Michalina",
    "Natalia",
    "Oliwia",
    "Wiktoria",
    "Zofia",
    "Zuzanna",
];
const BOYS_POLISH: &[&str] = &[
    "Adam",
    "Aleksander",
    "Antoni",
    "Bartosz",
    "Borys",
    "Dawid",
    "Dominik",
    "Filip",
    "Franciszek",
    "Igor",
    "Jakub",
    "Jan",
    "Kacper",
    "Kamil",
    "Krzysztof",
    "Łukasz",
    "Maciej",
    "Mateusz",
    "Michał",
    "Mikołaj",
    "Oskar",
    "Piotr",
    "Stanisław",
    "Szymon",
    "Wojciech",
];
const GIRLS_AFRICAN: &[&str] = &[
    "Abena", "Adaeze", "Ama", "Amara", "Asha", "Ayana", "Chiamaka", "Chidinma", "Efua", "Esi", "Folake", "Hodan",
    "Ifeoma", "Imani", "Khadra", "Makena", "Naledi", "Ngozi", "Nia", "Oluchi", "Sagal", "Temitope", "Thandiwe",
    "Wanjiru", "Yewande", "Zola",
];
const BOYS_AFRICAN: &[&str] = &[
    "Abdi",
    "Adewale",
    "Babajide",
    "Bongani",
    "Chidi",
    "Chukwuemeka",
    "Dele",
    "Ebuka",
    "Emeka",
    "Farah",
    "Jabari",
    "Kamau",
    "Kofi",
    "Kojo",
    "Kwame",
    "Mandla",
    "Mwangi",
    "Nnamdi",
    "Obinna",
    "Oluwaseun",
    "Sipho",
    "Tafadzwa",
    "Tendai",
    "Tunde",
    "Yaw",
    "Zuberi",
];
const SURNAMES_ENGLISH: &[&str] = &[
    "Aldridge",
    "Ashworth",
    "Atkinson",
    "Barlow",
    "Bennett",
    "Blackwood",
    "Bradshaw",
    "Brown",
    "Burgess",
    "Carter",
    "Chapman",
    "Clarke",
    "Cooper",
    "Crowther",
    "Davies",
    "Dawson",
    "Eastwood",
    "Ellison",
    "Fairbairn",
    "Fielding",
    "Fletcher",
    "Foster",
    "Gibson",
    "Goodwin",
    "Greenhalgh",
    "Hargreaves",
    "Harrison",
    "Hawthorne",
    "Holloway",
    "Hughes",
    "Hutchinson",
    "Ingham",
    "Jackson",
    "Kershaw",
    "Lambert",
    "Langley",
    "Lockwood",
    "Marsden",
    "Mason",
    "Middleton",
    "Moorhouse",
    "Newton",
    "Ogden",
    "Parkinson",
    "Pemberton",
    "Pickering",
    "Preston",
    "Ramsbottom",
    "Rawlinson",
    "Robinson",
    "Rowbotham",
    "Sanderson",
    "Shackleton",
    "Shaw",
    "Smith",
    "Stanhope",
    "Sutcliffe",
    "Taylor",
    "Thornton",
    "Turner",
    "Underhill",
    "Wainwright",
    "Walker",
    "Whitaker",
    "Whitehead",
    "Wilkinson",
    "Winterbourne",
    "Woodhouse",
    "Wright",
    "Yates",
];
const SURNAMES_WELSH: &[&str] = &[
    "ap Gwilym",
    "ap Rhys",
    "Bevan",
    "Bowen",
    "Ellis",
    "Evans",
    "Griffiths",
    "Gwynne",
    "Jenkins",
    "Llewellyn",
    "Lloyd",
    "Meredith",
    "Morgan",
    "Powell",
    "Prosser",
    "Prydderch",
    "Pugh",
    "Rees",
    "Roderick",
    "Vaughan",
];
const SURNAMES_IRISH: &[&str] = &[
    "Brennan",
    "Byrne",
    "Delaney",
    "Doyle",
    "Fitzgerald",
    "Gallagher",
    "Kavanagh",
    "MacDonagh",
    "Maguire",
    "McCarthy",
    "McLoughlin",
    "Ní Bhriain",
    "O'Brien",
    "O'Callaghan",
    "O'Connor",
    "O'Donnell",
    "O'Neill",
    "O'Sullivan",
    "Quinn",
    "Ryan",
];
const SURNAMES_SOUTH_ASIAN: &[&str] = &[
    "Ahmed",
    "Akhtar",
    "Ali",
    "Bashir",
    "Begum",
    "Bhatti",
    "Chaudhry",
    "Choudhury",
    "Desai",
    "Dhillon",
    "Gill",
    "Hussain",
    "Iqbal",
    "Joshi",
    "Kapoor",
    "Kaur",
    "Khan",
    "Mahmood",
    "Malik",
    "Mehta",
    "Mistry",
    "Nair",
    "Patel",
    "Qureshi",
    "Rahman",
    "Sandhu",
    "Shah",
    "Sharma",
    "Sidhu",
    "Siddiqui",
    "Singh",
    "Ul-Haq",
    "Uddin",
    "Verma",
];
const SURNAMES_POLISH: &[&str] = &[
    "Adamczyk",
    "Dąbrowski",
    "Duda",
    "Jabłoński",
    "Jankowski",
    "Kamiński",
    "Kowalczyk",
    "Kowalski",
    "Krawczyk",
    "Król",
    "Lewandowski",
    "Majewski",
    "Mazur",
    "Nowak",
    "Pawłowski",
    "Piotrowski",
    "Szczepański",
    "Szymański",
    "Wieczorek",
    "Wiśniewski",
    "Wójcik",
    "Zając",
    "Zieliński",
];
const SURNAMES_AFRICAN: &[&str] = &[
    "Abdullahi",
    "Acheampong",
    "Adebayo",
    "Adeyemi",
    "Afolabi",
    "Agyeman",
    "Asante",
    "Boateng",
    "Chikwanha",
    "Dlamini",
    "Eze",
    "Kamau",
    "Kariuki",
    "Mensah",
    "Moyo",
    "Mutasa",
    "Mwangi",
    "Ncube",
    "Nwosu",
    "Obi",
    "Okafor",
    "Okonkwo",
    "Osei",
    "Owusu",
    "Warsame",
    "Yusuf",
];

const DIMINUTIVES: &[(&str, &str)] = &[
    ("Abigail", "Abby"),
    ("Aleksander", "Olek"),
    ("Aleksandra", "Ola"),
    ("Alexander", "Alex"),
    ("Amelia", "Millie"),
    ("Angharad", "Haz"),
    ("Beatrice", "Bea"),
    ("Benjamin", "Ben"),
    ("Bartosz", "Bartek"),
    ("Catrin", "Cat"),
    ("Charlotte", "Lottie"),
    ("Chukwuemeka", "Emeka"),
    ("Dafydd", "Dai"),
    ("Daniel", "Danny"),
    ("Edward", "Ted"),
    ("Eleanor", "Ellie"),
    ("Elizabeth", "Lizzie"),
    ("Florence", "Flo"),
    ("Frederick", "Freddie"),
    ("Georgina", "Georgie"),
    ("Gruffydd", "Griff"),
    ("Gurpreet", "Gary"),
    ("Hannah", "Han"),
    ("Harriet", "Hattie"),
    ("Henry", "Harry"),
    ("Imogen", "Immy"),
    ("Isabella", "Bella"),
    ("Jacob", "Jake"),
    ("Jakub", "Kuba"),
    ("Jessica", "Jess"),
    ("Joseph", "Joe"),
    ("Joshua", "Josh"),
    ("Katarzyna", "Kasia"),
    ("Katherine", "Kate"),
    ("Lewis", "Lew"),
    ("Małgorzata", "Gosia"),
    ("Matilda", "Tilly"),
    ("Matthew", "Matt"),
    ("Megan", "Meg"),
    ("Mohammed", "Mo"),
    ("Nathaniel", "Nate"),
    ("Oliver", "Ollie"),
    ("Olivia", "Liv"),
    ("Oluwaseun", "Seun"),
    ("Rebecca", "Becky"),
    ("Rhiannon", "Rhi"),
    ("Samuel", "Sam"),
    ("Sebastian", "Seb"),
    ("Siobhán", "Shiv"),
    ("Sophie", "Soph"),
    ("Stanisław", "Staś"),
    ("Temitope", "Temi"),
    ("Thomas", "Tom"),
    ("Victoria", "Tori"),
    ("Wiktoria", "Wika"),
    ("William", "Will"),
    ("Wojciech", "Wojtek"),
    ("Zuzanna", "Zuzia"),
];

/// A given name of a tradition.
pub(crate) fn given(tradition: Tradition, girl: bool, dice: &mut Dice) -> &'static str {
    dice.pick(match (tradition, girl) {
        (Tradition::English, true) => GIRLS_ENGLISH,
        (Tradition::English, false) => BOYS_ENGLISH,
        (Tradition::Welsh, true) => GIRLS_WELSH,
        (Tradition::Welsh, false) => BOYS_WELSH,
        (Tradition::Irish, true) => GIRLS_IRISH,
        (Tradition::Irish, false) => BOYS_IRISH,
        (Tradition::SouthAsian, true) => GIRLS_SOUTH_ASIAN,
        (Tradition::SouthAsian, false) => BOYS_SOUTH_ASIAN,
        (Tradition::Polish, true) => GIRLS_POLISH,
        (Tradition::Polish, false) => BOYS_POLISH,
        (Tradition::African, true) => GIRLS_AFRICAN,
        (Tradition::African, false) => BOYS_AFRICAN,
    })
}

fn surname_part(tradition: Tradition, dice: &mut Dice) -> &'static str {
    dice.pick(match tradition {
        Tradition::English => SURNAMES_ENGLISH,
        Tradition::Welsh => SURNAMES_WELSH,
        Tradition::Irish => SURNAMES_IRISH,
        Tradition::SouthAsian => SURNAMES_SOUTH_ASIAN,
        Tradition::Polish => SURNAMES_POLISH,
        Tradition::African => SURNAMES_AFRICAN,
    })
}

/// A family's surname; one in twelve is double-barrelled.
pub(crate) fn surname(tradition: Tradition, dice: &mut Dice) -> String {
    let first = surname_part(tradition, dice);
    if dice.chance(1.0 / 12.0) {
        format!("{first}-{}", surname_part(Tradition::English, dice))
    } else {
        first.to_owned()
    }
}

/// What somebody of that given name is called for short.
pub(crate) fn diminutive(given: &str) -> Option<&'static str> {
    DIMINUTIVES.iter().find(|(long, _)| *long == given).map(|(_, short)| *short)
}

/// Names that are written in several ways, each line one name: mostly such as were first written in another script.
const SPELLINGS: &[&[&str]] = &[
    &["Mohammed", "Muhammad", "Mohamed", "Mohammad", "Muhammed"],
    &["Aisha", "Ayesha", "Aysha"],
    &["Abdullah", "Abdulla", "Abdallah"],
    &["Ahmed", "Ahmad"],
    &["Aleksander", "Alexander"],
    &["Choudhury", "Chowdhury", "Choudhary"],
    &["Chaudhry", "Chaudry", "Choudhry"],
    &["Ebrahim", "Ibrahim"],
    &["Fatima", "Fatimah", "Fathima"],
    &["Hussain", "Hussein", "Husain"],
    &["Jakub", "Jacob"],
    &["Katarzyna", "Katarina"],
    &["Maryam", "Mariam", "Maryum"],
    &["Michał", "Michael"],
    &["Qureshi", "Quraishi"],
    &["Rahman", "Rehman"],
    &["Siddiqui", "Siddique"],
    &["Usman", "Osman", "Uthman"],
    &["Wiktoria", "Victoria"],
    &["Yusuf", "Yousef", "Yousuf"],
    &["Zainab", "Zaynab"],
    &["Zofia", "Sofia"],
];

/// The same name in another spelling, where it has one.
pub(crate) fn other_spelling(name: &str, dice: &mut Dice) -> Option<&'static str> {
    let line = SPELLINGS.iter().find(|line| line.contains(&name))?;
    let others: Vec<&str> = line.iter().copied().filter(|other| *other != name).collect();
    Some(dice.pick(&others)).filter(|other| !other.is_empty())
}

/// The text with one slip of the key: a letter left out, doubled, changed for its neighbour in the alphabet, or two turned.
/// The first letter stands.
pub(crate) fn mistyped(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let last = letters.len().saturating_sub(1);
    if last < 2 {
        return text.to_owned();
    }
    let at = dice.between(1, last as i32 - 1) as usize;
    match dice.between(0, 3) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters.get(at).copied().unwrap_or_default()),
        2 => letters.swap(at, at + 1),
        _ => {
            if let Some(letter) = letters.get_mut(at) {
                *letter = match *letter {
                    'a'..='y' | 'A'..='Y' | '0'..='8' => char::from_u32(*letter as u32 + 1).unwrap_or(*letter),
                    'z' => 'y',
                    'Z' => 'Y',
                    '9' => '8',
                    other => other,
                };
            }
        }
    }
    letters.into_iter().collect()
}

/// The name as a system without accents keeps it.
pub(crate) fn without_marks(name: &str) -> String {
    let plain = |letter| match letter {
        'á' | 'â' | 'ą' => 'a',
        'ë' | 'é' | 'ę' => 'e',
        'í' | 'î' => 'i',
        'ó' | 'ô' => 'o',
        'ŷ' => 'y',
        'ł' => 'l',
        'ń' => 'n',
        'ś' => 's',
        'ż' | 'ź' => 'z',
        'Ł' => 'L',
        'É' => 'E',
        'Ó' => 'O',
        'Á' => 'A',
        other => other,
    };
    name.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_diminutive_shortens_a_name_of_the_lists() {
        let lists = [
            GIRLS_ENGLISH,
            BOYS_ENGLISH,
            GIRLS_WELSH,
            BOYS_WELSH,
            GIRLS_IRISH,
            BOYS_IRISH,
            GIRLS_SOUTH_ASIAN,
            BOYS_SOUTH_ASIAN,
            GIRLS_POLISH,
            BOYS_POLISH,
            GIRLS_AFRICAN,
            BOYS_AFRICAN,
        ];
        for (long, short) in DIMINUTIVES {
            assert!(lists.iter().any(|list| list.contains(long)), "{long}");
            assert_ne!(long, short);
        }
    }

    #[test]
    fn names_without_marks_are_ascii() {
        for list in [SURNAMES_IRISH, SURNAMES_POLISH, GIRLS_IRISH, BOYS_IRISH, GIRLS_POLISH, BOYS_POLISH, BOYS_WELSH] {
            assert!(list.iter().all(|name| without_marks(name).is_ascii()), "{list:?}");
        }
    }
}

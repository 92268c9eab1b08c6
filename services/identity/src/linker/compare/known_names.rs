//! Given names by which one person goes: common English diminutives, and spellings that are said alike.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Each line is one name as people write it.
const ONE_NAME: &str = "
abigail abbie abby gail
aidan aiden ayden
alexander alex alec xander sandy sasha
alexandra alex alexa lexi sandra sasha
alison ali
amelia millie amy mia emelia
andrew andy drew
anna ann anne annie hannah
anthony tony antony
arthur artie
barbara barb babs
benjamin ben benji
bethany beth
catherine katherine kathryn cathryn cath kath kate katie cathy kathy kitty
charlotte charlie lottie
charles charlie chas chuck
christina chris tina chrissie christine
christopher chris kit topher
daniel dan danny
danielle dani
david dave davey dai dafydd
deborah deb debbie debra
dominic dom
dorothy dot dotty
edward ed eddie ted teddy ned
eleanor ellie nell elinor eleanore nora
elizabeth elisabeth liz lizzie beth betty eliza libby elsie lisa
emily em emmy millie emilia
emma em
ethan
evan ifan
eve evie eva
florence flo florrie flossie
frances fran frankie
francis frank frankie
frederick fred freddie freddy
gabriel gabe
gabrielle gabby gabi
george georgie
georgina georgie gina georgia
gerald gerry jerry
geoffrey geoff jeff jeffrey
grace gracie
gregory greg
harold harry
harriet hattie harry
henry harry hal
isabella isabelle isabel bella izzy issy izzie ysabel
isaac zac
jacob jake
jacqueline jackie jacqui
james jamie jim jimmy
jane janie
jennifer jen jenny
jessica jess jessie
joanna jo joanne joey
john jack johnny jon
jonathan jon jonny johnathan jonathon
joseph joe joey
josephine jo josie
joshua josh
julia julie jules
kimberley kim kimberly
lawrence larry laurie laurence
leonard leo len lenny
leonardo leo
lewis louis lou louie
lily lilly lillie lillian
louisa louise lou
lucy lucie lucinda
madeleine maddie madeline maddy
margaret maggie meg peggy marge margie
matilda tilly mattie tilda
matthew matt mathew
maximilian max
megan meg meghan
michael mike mick mickey micky
mohammed muhammad mohammad mohamed muhammed mohamad mo
natalie nat
natasha tasha
nathan nathaniel nate nat
nicholas nick nicky nicolas
nicola nicky nikki
oliver ollie olly
olivia liv livvy livia
oscar
pamela pam
patricia pat patsy trish tricia
patrick pat paddy
paul
penelope penny
peter pete
philip phil phillip pip
phoebe
poppy
rachel rach rachael
rebecca becky becca bex
reginald reg reggie
rhys rees reece
richard rick ricky dick rich richie
robert rob bob bobby robbie bert
ronald ron ronnie
rosemary rose rosie
rosie rose
ruby
samantha sam sammy
samuel sam sammy
sarah sara sally
sean shaun shawn
sian shan
sophia sophie sofia
stephanie steph
stephen steven steve ste stevie
susan sue susie suzie
theodore theo ted teddy
theresa teresa terry tess
thomas tom tommy
timothy tim timmy
toby tobias
valerie val
victoria vicky tori vikki
vincent vince vinnie
william will bill billy willie liam wil
yusuf yousef youssef yousuf
zachary zac zach zack zak
zoe zoey
";

/// The lines on which a name stands.
static LINES: LazyLock<HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
    let mut lines: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, line) in ONE_NAME.lines().enumerate() {
        line.split_whitespace().for_each(|name| lines.entry(name).or_default().push(at));
    }
    lines
});

/// Whether somebody is called so.
pub(in crate::linker) fn is_known(name: &str) -> bool {
    LINES.contains_key(name)
}

/// Whether two given names stand on one line.
pub(super) fn are_one(one: &str, other: &str) -> bool {
    let (Some(ours), Some(theirs)) = (LINES.get(one), LINES.get(other)) else { return false };
    ours.iter().any(|line| theirs.contains(line))
}

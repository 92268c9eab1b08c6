//! Which kinds a source of a sector may say, and how the catalogue names them.

use connector_kit::authority::{check_kind, sector_of, sector_topic};
use prost::Message as _;
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind as FieldKind, MessageDescriptor};
use proto::event::KindNumber;
use proto::events::{Event, event::Kind};
use proto::fields::KINDS;
use std::sync::LazyLock;

use crate::check::value::plain;

/// The catalogue, by reflection: a kind that is added to it can be named by a mapping at once.
pub(crate) static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTORS).unwrap_or_default());

/// Kinds below this say something of other entries: no row does.
const FIRST_OF_A_SECTOR: u32 = 100;

/// An event of this kind that states nothing.
fn empty(kind: KindNumber) -> Option<Kind> {
    let mut bytes = Vec::new();
    prost::encoding::encode_key(kind.0, prost::encoding::WireType::LengthDelimited, &mut bytes);
    bytes.push(0);
    Event::decode(bytes.as_slice()).ok()?.kind
}

/// Whether a mapping of this name may make events of this kind.
pub(crate) fn may_say(name: &str, kind: KindNumber) -> bool {
    let topic = sector_of(name).and_then(sector_topic);
    let of_a_row = kind.0 >= FIRST_OF_A_SECTOR && kind.name() != "PersonDescribed";
    of_a_row && topic.zip(empty(kind)).is_some_and(|(topic, kind)| check_kind(topic, name, &kind).is_ok())
}

/// The kinds that it may, by name.
pub(crate) fn sayable(name: &str) -> Vec<&'static str> {
    KINDS.iter().filter(|kind| may_say(name, KindNumber(kind.number))).map(|kind| kind.name).collect()
}

/// The kind's message.
pub(crate) fn message(kind: KindNumber) -> Option<MessageDescriptor> {
    POOL.get_message_by_name(kind.info()?.message()?.name)
}

/// Lower-case letters, digits and hyphens: it names a folder of keys.
pub(crate) fn is_organisation_id(id: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=64).contains(&id.len()) && id.bytes().all(allowed)
}

/// The fields of a kind as a mapping names them, each with what a cell must be to fill it.
pub(crate) fn fields(kind: KindNumber) -> Vec<(String, String)> {
    message(kind).iter().flat_map(|message| message.fields().flat_map(|field| takes("", &field, 0))).collect()
}

/// Parts of parts of parts are no cell's.
const DEPTH_MAX: u8 = 3;

fn takes(within: &str, field: &FieldDescriptor, depth: u8) -> Vec<(String, String)> {
    let name = format!("{within}{}", field.name());
    let list = if field.is_list() { "; several of them by `split`" } else { "" };
    let what = match field.kind() {
        FieldKind::String => "text".to_owned(),
        FieldKind::Bool => "yes or no; words of your own by `yes` and `no`".to_owned(),
        FieldKind::Double | FieldKind::Float => "a number".to_owned(),
        FieldKind::Bytes => return Vec::new(),
        FieldKind::Enum(words) => {
            let values = words.values().filter(|word| word.number() != 0).map(|word| plain(word.name(), words.name()));
            format!("one of {}", values.collect::<Vec<_>>().join(", "))
        }
        FieldKind::Message(message) => match message.full_name() {
            "throughline.events.v1.Coded" => "a code; your words to its own by `codes`".to_owned(),
            "throughline.events.v1.Date" => "a day".to_owned(),
            "throughline.events.v1.When" => "a day, or a day and a time".to_owned(),
            "google.protobuf.Timestamp" => "a day and a time".to_owned(),
            // A row cannot say which of a list's parts it means.
            _ if field.is_list() || depth >= DEPTH_MAX => return Vec::new(),
            _ => return message.fields().flat_map(|part| takes(&format!("{name}."), &part, depth + 1)).collect(),
        },
        _ => "a whole number; of hundredths by `times = 100`".to_owned(),
    };
    vec![(name, format!("{what}{list}"))]
}

//! The answer to a message over MLLP.

use std::borrow::Cow;

use connector_kit::mllp::{Acknowledges, Answer};

use crate::Hl7V2;
use crate::er7::{Delimiters, Message, escape};

/// MSA-1 (table 0008). A sender that asks, in MSH-15 and MSH-16, to be told that its message was taken into safe keeping and
/// no more is answered in the codes of the enhanced mode.
fn code(answer: Answer, enhanced: bool) -> &'static str {
    match (answer, enhanced) {
        (Answer::Accept, false) => "AA",
        (Answer::Error, false) => "AE",
        (Answer::Reject, false) => "AR",
        (Answer::Accept, true) => "CA",
        // Its message is safe with us, so it is not to send it again: what is wrong with it is ours to see to.
        (Answer::Error, true) => "CE",
        (Answer::Reject, true) => "CR",
    }
}

impl Acknowledges for Hl7V2 {
    fn acknowledge(&self, raw: &[u8], answer: Answer, text: &str) -> Vec<u8> {
        acknowledge(raw, answer, text)
    }
}

/// The ACK message for a message as it came: its delimiters, its applications the other way round, its control id in MSA-2
/// (empty where none can be read). `text` goes to MSA-3 and ERR-8: it names segments and fields, never a value. The time in
/// MSH-7 is the sender's own, since nothing here reads a clock. Segments end in CR; the MLLP frame is not part of it.
pub fn acknowledge(raw: &[u8], answer: Answer, text: &str) -> Vec<u8> {
    let message = Message::parse(raw).ok();
    let header = message.as_ref().map(Message::header);
    let delimiters = message.as_ref().map_or(Delimiters::USUAL, |message| message.encoding().delimiters);
    // A field that spans lines would break the answer.
    let of_sender = |number: usize| -> Cow<'_, str> {
        let bytes = header.as_ref().map(|header| header.field(number).bytes()).unwrap_or_default();
        let bytes = bytes.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
        String::from_utf8_lossy(bytes)
    };
    let f = char::from(delimiters.field);
    let c = char::from(delimiters.component);
    let trigger = header.as_ref().map(|header| header.field(9).component(2).text().value).unwrap_or_default();
    let trigger = if trigger.is_empty() { String::new() } else { format!("{c}{}", escape(&trigger, delimiters)) };
    let mut ack = [
        "MSH".to_owned(),
        delimiters.encoding_characters(),
        of_sender(5).into_owned(),
        of_sender(6).into_owned(),
        of_sender(3).into_owned(),
        of_sender(4).into_owned(),
        of_sender(7).into_owned(),
        String::new(),
        format!("ACK{trigger}"),
        format!("ACK{}", of_sender(10)),
        of_sender(11).into_owned(),
        of_sender(12).into_owned(),
    ]
    .join(&f.to_string());
    let enhanced = !matches!(of_sender(15).as_ref(), "" | "NE") && of_sender(16) == "NE";
    ack.push_str(&format!("\rMSA{f}{}{f}{}", code(answer, enhanced), of_sender(10)));
    if !text.is_empty() {
        let text = escape(text, delimiters);
        ack.push_str(&format!("{f}{text}"));
        if answer != Answer::Accept {
            ack.push_str(&format!("\rERR{f}{f}{f}207{c}Application internal error{c}HL70357{f}E{f}{f}{f}{f}{text}"));
        }
    }
    ack.push('\r');
    ack.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_is_answered_in_its_own_delimiters() {
        let raw = b"MSH@~&#\\@SEND@FAC@RECV@OWN@20260419@@ADT~A01~ADT_A01@M1@P@2.5\rPID@1";
        let answer = acknowledge(raw, Answer::Reject, "PID-3 holds no @ number");
        assert_eq!(
            String::from_utf8(answer).unwrap(),
            "MSH@~&#\\@RECV@OWN@SEND@FAC@20260419@@ACK~A01@ACKM1@P@2.5\r\
             MSA@AR@M1@PID-3 holds no #F# number\r\
             ERR@@@207~Application internal error~HL70357@E@@@@PID-3 holds no #F# number\r"
        );
        let answer = acknowledge(raw, Answer::Accept, "");
        assert!(answer.ends_with(b"\rMSA@AA@M1\r"));
    }

    #[test]
    fn who_asks_for_safe_keeping_alone_is_told_of_it() {
        let answered = |conditions: &str, answer| {
            let raw = format!("MSH|^~\\&|A|B|C|D|20260419||ORU^R01|M1|P|2.5|||{conditions}\rPID|1");
            let answer = String::from_utf8(acknowledge(raw.as_bytes(), answer, "")).unwrap();
            answer.split('\r').nth(1).unwrap_or_default().to_owned()
        };
        assert_eq!(answered("AL|NE", Answer::Accept), "MSA|CA|M1");
        assert_eq!(answered("AL|NE", Answer::Error), "MSA|CE|M1");
        assert_eq!(answered("AL|NE", Answer::Reject), "MSA|CR|M1");
        for original in ["", "|", "NE|NE", "AL|AL", "NE|AL"] {
            assert_eq!(answered(original, Answer::Accept), "MSA|AA|M1", "{original}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_answered_all_the_same() {
        let answer = acknowledge(b"GET / HTTP/1.1", Answer::Reject, "no MSH segment");
        let read = Message::parse(&answer).unwrap();
        assert_eq!(read.segments().map(|s| s.name().to_owned()).collect::<Vec<_>>(), ["MSH", "MSA", "ERR"]);
        assert_eq!(read.segments().nth(1).unwrap().fields().field(3).text().value, "no MSH segment");
    }
}

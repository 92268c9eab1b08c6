//! Files of messages.

use std::io::{self, BufRead};

use connector_kit::text::TextReader;
use connector_kit::{Collected, Connector, Delivery, Descriptor, Output, Place, Rejection, SourceFile};
use proto::events::Family;
use proto::quarantine::Reason;

use crate::MAPPING_REVISION;
use crate::framing::{Piece, PieceKind, Pieces, starts_message};
use crate::header::Header;
use crate::saying::Standing;
use crate::translate;

/// HL7 v2 messages: one or many in a file, bare, in batches (FHS, BHS, BTS, FTS) or in MLLP frames, or one over MLLP.
#[derive(Clone, Default, Debug)]
pub struct Hl7V2 {
    /// Who answers for messages whose facility (MSH-4) is no organisation, where the connector answers for one organisation.
    pub organisation: Option<String>,
}

impl Connector for Hl7V2 {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "health-hl7v2",
            about: "HL7 v2 messages (ADT, SIU, ORU, VXU, MDM, PPR; others are kept), from files and over MLLP",
            family: Family::Health,
            delivery: Delivery::Feed,
            mapping_revision: MAPPING_REVISION,
        }
    }

    fn raw_stands_alone(&self) -> bool {
        true
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        let organisation = self.organisation.as_deref();
        for mut file in files {
            match starts_utf_16(file.bytes.as_mut()) {
                Ok(true) => match TextReader::open(file.bytes) {
                    Ok(Ok(mut decoded)) => Reader::of(&mut decoded, &file.name, organisation).read(out),
                    _ => Reader::of(&mut io::empty(), &file.name, organisation).unreadable(out),
                },
                Ok(false) => Reader::of(file.bytes.as_mut(), &file.name, organisation).read(out),
                Err(_) => Reader::of(&mut io::empty(), &file.name, organisation).unreadable(out),
            }
        }
    }
}

const NO_MESSAGE: &str = "no HL7 v2 message is in the file";

/// One file being read.
struct Reader<'a, 'n> {
    pieces: Pieces<'a>,
    name: &'n str,
    organisation: Option<&'n str>,
    records: u64,
    /// How many messages the open batch has held.
    batch: Option<u64>,
    /// Batches since FHS, and messages.
    of_file: Option<(u64, u64)>,
    /// What was said before the first MSH segment, until there is one. A file without any is one thing to look at, not
    /// as many as it has stretches.
    before: Option<Collected>,
}

/// Whether the file begins with the mark of UTF-16. It is then read as text first.
fn starts_utf_16(file: &mut (dyn BufRead + Send)) -> io::Result<bool> {
    let start = file.fill_buf()?;
    Ok(matches!(start, [0xff, 0xfe, rest @ ..] if !rest.starts_with(&[0, 0])) || start.starts_with(&[0xfe, 0xff]))
}

impl<'a, 'n> Reader<'a, 'n> {
    fn of(input: &'a mut (dyn BufRead + Send + 'a), name: &'n str, organisation: Option<&'n str>) -> Self {
        Self {
            pieces: Pieces::new(input),
            name,
            organisation,
            records: 0,
            batch: None,
            of_file: None,
            before: Some(Collected::default()),
        }
    }

    fn read(&mut self, out: &mut dyn Output) {
        match self.pieces.starts_wide() {
            Ok(false) => {}
            Ok(true) => {
                let why = "the file is UTF-32, or UTF-16 without its mark: send it as UTF-8, or as the charset that MSH-18 names";
                return self.reject(out, Reason::EncodingUnsupported, why, None);
            }
            Err(_) => return self.unreadable(out),
        }
        loop {
            match self.pieces.next() {
                Ok(Some(piece)) => self.next(piece, out),
                Ok(None) => break,
                Err(_) => return self.unreadable(out),
            }
        }
        if let Some(before) = self.before.take() {
            return self.no_message(before, out);
        }
        if self.batch.is_some() {
            let why = "the batch has no BTS segment: the file breaks off";
            self.reject(out, Reason::FileUnreadable, why, None);
        } else if self.of_file.is_some() {
            let why = "the file has no FTS segment: it breaks off";
            self.reject(out, Reason::FileUnreadable, why, None);
        }
    }

    fn next(&mut self, piece: Piece, out: &mut dyn Output) {
        match self.before.take() {
            Some(mut before) if !starts_message(&piece.bytes) => {
                self.piece(piece, &mut before);
                self.before = Some(before);
            }
            before => {
                let before = before.unwrap_or_default();
                (0..before.records).for_each(|_| out.record());
                before.rejections.into_iter().for_each(|rejection| out.reject(rejection));
                self.piece(piece, out);
            }
        }
    }

    fn no_message(&self, before: Collected, out: &mut dyn Output) {
        out.reject(Rejection {
            reason: Reason::FileUnreadable,
            message: NO_MESSAGE.to_owned(),
            place: Place { file: self.name.to_owned(), ..Place::default() },
            controller: None,
            raw: before.rejections.into_iter().next().map(|first| first.raw).unwrap_or_default(),
            scope_key: None,
            subject: None,
            digest: None,
        });
    }

    fn piece(&mut self, piece: Piece, out: &mut dyn Output) {
        if piece.kind == PieceKind::Batch {
            return self.batch(&piece, out);
        }
        self.records += 1;
        out.record();
        if piece.kind != PieceKind::Stray {
            self.batch = self.batch.map(|messages| messages + 1);
            self.of_file = self.of_file.map(|(batches, messages)| (batches, messages + 1));
        }
        match piece.kind {
            // Without its line end, and in a batch or a file of batches that has not ended, the last message may lack its last words.
            PieceKind::Message if piece.ended || self.batch.is_none() && self.of_file.is_none() => {
                translate::message(&piece.bytes, self.organisation, self.standing(&piece), out);
            }
            PieceKind::Message | PieceKind::CutShort => {
                let why = "the message breaks off before its end: have it sent again";
                self.reject(out, Reason::RecordMalformed, why, Some(&piece));
            }
            PieceKind::TooLarge => {
                let why = "the message is larger than 4 MiB; its first part is kept here";
                self.reject(out, Reason::RecordTooLarge, why, Some(&piece));
            }
            PieceKind::Stray | PieceKind::Batch => {
                let why = "text before any MSH segment";
                self.reject(out, Reason::RecordMalformed, why, Some(&piece));
            }
        }
    }

    /// A batch says how many messages it holds, so that one that was cut short can be told.
    fn batch(&mut self, piece: &Piece, out: &mut dyn Output) {
        match piece.bytes.get(..3).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"FHS") => self.of_file = Some((0, 0)),
            Some(b"BHS") => {
                self.batch = Some(0);
                self.of_file = self.of_file.map(|(batches, messages)| (batches + 1, messages));
            }
            // Senders that make no batches count messages.
            Some(b"FTS") => {
                let stated = trailer_count(&piece.bytes);
                let agrees = |(batches, messages)| stated == Some(batches) || batches == 0 && stated == Some(messages);
                if stated.is_some() && self.of_file.take().is_some_and(|held| !agrees(held)) {
                    let why = "FTS-1 says another number of batches than the file holds: have it sent again";
                    self.reject(out, Reason::FileUnreadable, why, Some(piece));
                }
                self.of_file = None;
            }
            Some(b"BTS") => {
                let held = self.batch.take();
                let stated = trailer_count(&piece.bytes);
                if held.is_some() && stated.is_some() && stated != held {
                    let why = "BTS-1 says another number of messages than the batch holds: have it sent again";
                    self.reject(out, Reason::FileUnreadable, why, Some(piece));
                }
            }
            _ => {}
        }
    }

    fn standing(&self, piece: &Piece) -> Standing<'_> {
        Standing { file: self.name, line: piece.line, record: self.records, byte_offset: piece.byte_offset }
    }

    fn unreadable(&self, out: &mut dyn Output) {
        self.reject(out, Reason::FileUnreadable, "the file could not be read to its end", None);
    }

    fn reject(&self, out: &mut dyn Output, reason: Reason, message: &str, piece: Option<&Piece>) {
        let place = match piece {
            Some(piece) => self.standing(piece).place(""),
            None => Place { file: self.name.to_owned(), ..Place::default() },
        };
        out.reject(Rejection {
            reason,
            message: message.to_owned(),
            place,
            controller: piece.and_then(|piece| Header::of_piece(&piece.bytes, self.organisation)?.controller()),
            raw: piece.map(|piece| piece.bytes.clone()).unwrap_or_default(),
            scope_key: None,
            subject: None,
            digest: None,
        });
    }
}

/// BTS-1, read with the field separator that stands after the segment's name.
fn trailer_count(trailer: &[u8]) -> Option<u64> {
    let separator = trailer.get(3)?;
    let digits = trailer.get(4..)?.split(|b| b == separator || b.is_ascii_whitespace()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(file: &[u8]) -> Vec<(Reason, String)> {
        let collected = Collected::of(&Hl7V2::default(), &[("a.hl7", file)]);
        collected.rejections.into_iter().map(|r| (r.reason, r.message)).collect()
    }

    #[test]
    fn a_file_without_any_message_is_one_thing_to_look_at() {
        let large = [b"x".repeat(5 << 20), b"\x1c\ry".to_vec()].concat();
        let files: [&[u8]; 7] = [
            b"",
            b"id,name\n1,a\n",
            b"\x89PNG\x1c12\x1c34\x0b56\x1c",
            b"\x0bnot a message",
            b"BHS|^~\\&\rBTS|3\r",
            b"BHS|^~\\&\r",
            &large,
        ];
        for file in files {
            assert_eq!(told(file), [(Reason::FileUnreadable, NO_MESSAGE.to_owned())], "{} bytes", file.len());
        }
    }

    #[test]
    fn the_last_message_of_what_breaks_off_is_not_taken() {
        let message = "MSH|^~\\&|PAS|RZ9|||20260105||ADT^A28|1|P|2.4\rPID|1||9990123454^^^^NHS||Invent";
        let why = "the message breaks off before its end: have it sent again".to_owned();
        for before in ["BHS|^~\\&\r", "FHS|^~\\&\r", "FHS|^~\\&\rBHS|^~\\&\r", "FHS|^~\\&\rBHS|^~\\&\rBTS|0\r"] {
            let told = told(format!("{before}{message}").as_bytes());
            assert!(told.contains(&(Reason::RecordMalformed, why.clone())), "{before}: {told:?}");
        }
        assert!(!told(message.as_bytes()).iter().any(|(_, message)| *message == why), "alone it may end anywhere");
    }

    #[test]
    fn what_stands_before_the_first_message_is_still_said() {
        let file = b"one\x1ctwo\x1cMSH|^~\\&|PAS|RZ9\r";
        let strays = told(file).into_iter().filter(|(_, message)| message == "text before any MSH segment").count();
        assert_eq!(strays, 2);
        assert_eq!(Collected::of(&Hl7V2::default(), &[("a.hl7", file)]).records, 3);
    }
}

//! A table whose columns stand at fixed places of a line, as older systems write it: read as the table that it would be saved as.

use std::io::{self, BufRead, Read};

use connector_kit::text::TextReader;

/// Longest line that is read; what is longer has no end of a record in it.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// Lines of so many characters a column, as lines of quoted cells.
pub(crate) struct Lines<'a> {
    text: TextReader<Box<dyn BufRead + Send + 'a>>,
    widths: &'a [usize],
    line: Vec<u8>,
    read: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: TextReader<Box<dyn BufRead + Send + 'a>>, widths: &'a [usize]) -> Self {
        Self { text, widths, line: Vec::new(), read: 0 }
    }

    /// The next line; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        let mut came = Vec::new();
        (&mut self.text).take(LINE_BYTES_MAX).read_until(b'\n', &mut came)?;
        (self.read, self.line) = (0, Vec::with_capacity(came.len() + 4 * self.widths.len()));
        if came.is_empty() {
            return Ok(false);
        }
        // A line that was not ended may have been cut, and whoever reads on must see that.
        let is_ended = came.ends_with(b"\n") || came.len() as u64 == LINE_BYTES_MAX;
        let came = String::from_utf8_lossy(&came);
        let came = came.trim_end_matches(['\r', '\n', '\u{1a}', '\u{c}']);
        if !came.trim().is_empty() {
            self.cells(came, is_ended);
        }
        if is_ended {
            self.line.push(b'\n');
        }
        Ok(true)
    }

    /// Of a line that may have been cut, only the cells that are there whole: the row is then one of too few.
    fn cells(&mut self, came: &str, is_ended: bool) {
        let mut letters = came.chars();
        for (at, width) in self.widths.iter().enumerate() {
            let cell: String = letters.by_ref().take(*width).collect();
            if !is_ended && cell.chars().count() < *width {
                break;
            }
            self.cell(at, &cell);
        }
        let rest: String = letters.collect();
        // What stands behind the last column makes the row one of too many cells.
        if !rest.trim().is_empty() {
            self.cell(self.widths.len(), &rest);
        }
    }

    fn cell(&mut self, at: usize, cell: &str) {
        if at > 0 {
            self.line.push(b',');
        }
        self.line.push(b'"');
        self.line.extend_from_slice(cell.trim().replace('"', "\"\"").as_bytes());
        self.line.push(b'"');
    }
}

impl BufRead for Lines<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.read >= self.line.len() {
            if !self.advance()? {
                return Ok(&[]);
            }
        }
        Ok(self.line.get(self.read..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount;
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(out)?;
        self.consume(amount);
        Ok(amount)
    }
}

//! Which numbers are held back. A reader who knows the rounding knows of each number that is told between which two it lies, and of each
//! that is not that it is nothing or more. From the sums that tie them together they work out more: a part is at most the total
//! without what the other parts hold at least, and at least the total without what these hold at most. This does the same sums, over
//! all populations and over those who are in everybody and not in one of them, until nothing more comes of them; while any small
//! number could not be every small one any more, the smallest number that is told beside it is held back.

use std::collections::{BTreeMap, BTreeSet};

use super::{Counting, LINES, Population};

/// More than any number, and so little that a million of them can be added up.
const WITHOUT_END: i64 = i64::MAX / 1_000_000;

/// To the nearest multiple.
pub(super) fn rounded(counting: &Counting, count: u32) -> u32 {
    let step = counting.round_to;
    count.saturating_add(step / 2) / step * step
}

/// All the numbers of a release, with what is told of them.
#[derive(Debug)]
pub(super) struct Table {
    fewest: i64,
    step: i64,
    cells: Vec<Cell>,
    sums: Vec<Sum>,
    /// A cell, and one that holds at least as many, since whoever is in the one is in the other.
    within: Vec<(usize, usize)>,
    populations: Vec<Places>,
}

/// Where a population's numbers are.
#[derive(Clone, Debug, Default)]
struct Places {
    total: usize,
    lines: [Vec<usize>; LINES],
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    count: i64,
    told: bool,
    /// Of how many it is not known where they belong is not told, and nothing is told of anybody by it; a reader may know it all the same.
    names_somebody: bool,
    /// How many are in one number and not in another: nobody asks for it, and what is told ties it to both.
    is_difference: bool,
}

/// A total and its parts.
#[derive(Debug)]
struct Sum {
    total: usize,
    parts: Vec<usize>,
    /// The parts may overlap: then they are together at least the total, and each at most.
    overlaps: bool,
}

/// Between which two numbers one lies.
type Span = (i64, i64);

/// The cells of a line, by what each counts.
type Named<'a> = BTreeMap<&'a str, usize>;

impl Table {
    /// The first population holds all the others.
    pub(super) fn of<'p>(counting: &Counting, populations: impl Iterator<Item = &'p Population>) -> Self {
        let (fewest, step) = (i64::from(counting.fewest), i64::from(counting.round_to));
        let mut table =
            Self { fewest, step, cells: Vec::new(), sums: Vec::new(), within: Vec::new(), populations: Vec::new() };
        let mut of_everybody: Option<(Places, Vec<Named<'_>>, [u32; LINES])> = None;
        for population in populations {
            let total = table.cell(population.total, true);
            let (mut places, mut named) = (Places { total, ..Places::default() }, Vec::new());
            let lines = population.lines.iter().zip(population.unplaced).zip(&mut places.lines).enumerate();
            for (line, ((parts, unplaced), cells)) in lines {
                cells.extend(parts.values().map(|count| table.cell(*count, true)));
                named.push(parts.keys().map(String::as_str).zip(cells.iter().copied()).collect::<Named<'_>>());
                // Everybody who is counted is with some service.
                let by_service = line + 1 == LINES;
                let rest = (!by_service).then(|| table.cell(unplaced, false));
                let parts = cells.iter().copied().chain(rest).collect();
                table.sums.push(Sum { total, parts, overlaps: by_service && population.services_overlap });
            }
            match &of_everybody {
                None => of_everybody = Some((places.clone(), named, population.unplaced)),
                Some((all, lines, all_unplaced)) => {
                    table.within.push((total, all.total));
                    for (of, all) in named.iter().zip(lines) {
                        let pairs = of.iter().filter_map(|(name, cell)| Some((*cell, *all.get(name)?)));
                        table.within.extend(pairs);
                    }
                    let others = table.difference(all.total, total);
                    // Services may overlap, and then so do those who are with them and not in the population.
                    for (line, (of, all)) in named.iter().zip(lines).enumerate().take(LINES - 1) {
                        let unplaced = |of: &[u32; LINES]| of.get(line).copied().unwrap_or_default();
                        let rest = unplaced(all_unplaced).saturating_sub(unplaced(&population.unplaced));
                        let mut parts = vec![table.cell(rest, false)];
                        for (name, all) in all {
                            parts.push(of.get(name).map_or(*all, |cell| table.difference(*all, *cell)));
                        }
                        table.sums.push(Sum { total: others, parts, overlaps: false });
                    }
                }
            }
            table.populations.push(places);
        }
        table
    }

    fn cell(&mut self, count: u32, names_somebody: bool) -> usize {
        let count = i64::from(count);
        let told = names_somebody && count >= self.fewest;
        self.cells.push(Cell { count, told, names_somebody, is_difference: false });
        self.cells.len() - 1
    }

    /// Those who are in the one and not in the other, which is within it.
    fn difference(&mut self, whole: usize, part: usize) -> usize {
        let count = |cell: usize| self.cells.get(cell).map_or(0, |cell| cell.count);
        let count = count(whole) - count(part);
        self.cells.push(Cell { count, told: false, names_somebody: true, is_difference: true });
        let rest = self.cells.len() - 1;
        self.sums.push(Sum { total: whole, parts: vec![part, rest], overlaps: false });
        rest
    }

    pub(super) fn is_total_told(&self, population: usize) -> bool {
        self.populations.get(population).is_some_and(|places| self.is_cell_told(places.total))
    }

    pub(super) fn is_told(&self, population: usize, line: usize, part: usize) -> bool {
        let cell = self.populations.get(population).and_then(|places| places.lines.get(line)?.get(part));
        cell.is_some_and(|cell| self.is_cell_told(*cell))
    }

    fn is_cell_told(&self, cell: usize) -> bool {
        self.cells.get(cell).is_some_and(|cell| cell.told)
    }

    /// Holds back what would give a small number away.
    pub(super) fn protect(&mut self) {
        loop {
            let given_away = self.given_away();
            let next: BTreeSet<usize> =
                given_away.into_iter().filter_map(|cell| self.smallest_told_beside(cell)).collect();
            if next.is_empty() {
                return;
            }
            for cell in next {
                if let Some(cell) = self.cells.get_mut(cell) {
                    cell.told = false;
                }
            }
        }
    }

    /// The small numbers that could not be every small one, by what is told.
    fn given_away(&self) -> Vec<usize> {
        let spans = self.spans();
        let cells = self.cells.iter().zip(&spans).enumerate();
        // Nobody is none: nothing is told of anybody by it.
        let counts = |cell: &Cell| cell.names_somebody && !cell.is_difference;
        let small = |cell: &Cell| counts(cell) && cell.count > 0 && cell.count < self.fewest;
        let given = cells.filter(|(_, (cell, span))| small(cell) && (span.0 > 0 || span.1 < self.fewest - 1));
        given.map(|(index, _)| index).collect()
    }

    /// What a reader can work out of each.
    fn spans(&self) -> Vec<Span> {
        let known = |cell: &Cell| {
            match cell {
                Cell { names_somebody: false, count, .. } => return (*count, *count),
                Cell { told: false, .. } => return (0, WITHOUT_END),
                _ => {}
            }
            let told = (cell.count + self.step / 2) / self.step * self.step;
            ((told - self.step / 2).max(self.fewest), told + (self.step - 1) / 2)
        };
        let mut spans: Vec<Span> = self.cells.iter().map(known).collect();
        // Each round takes something off a span, or is the last.
        loop {
            let before = spans.clone();
            self.sums.iter().for_each(|sum| sum.narrow(&mut spans));
            for (part, whole) in &self.within {
                let (of_part, of_whole) = (span(&spans, *part), span(&spans, *whole));
                set(&mut spans, *part, (of_part.0, of_part.1.min(of_whole.1)));
                set(&mut spans, *whole, (of_whole.0.max(of_part.0), of_whole.1));
            }
            if spans == before {
                return spans;
            }
        }
    }

    /// The smallest number that is told in a sum with it; the smallest in its population; the smallest of all.
    fn smallest_told_beside(&self, cell: usize) -> Option<usize> {
        let told = |candidates: &mut dyn Iterator<Item = usize>| {
            let told = candidates.filter(|index| self.is_cell_told(*index));
            told.min_by_key(|index| (self.cells.get(*index).map(|cell| cell.count), *index))
        };
        let its: Vec<&Sum> = self.sums.iter().filter(|sum| sum.total == cell || sum.parts.contains(&cell)).collect();
        let totals: BTreeSet<usize> = its.iter().map(|sum| sum.total).collect();
        let of_population = || self.sums.iter().filter(|sum| totals.contains(&sum.total));
        told(&mut its.iter().flat_map(|sum| sum.parts.iter().copied()))
            .or_else(|| told(&mut of_population().flat_map(|sum| sum.parts.iter().copied().chain([sum.total]))))
            .or_else(|| told(&mut (0..self.cells.len())))
    }
}

impl Sum {
    fn narrow(&self, spans: &mut [Span]) {
        let parts = || self.parts.iter().copied();
        let (mut least, mut most, mut greatest) = (0_i64, 0_i64, 0_i64);
        for part in parts() {
            let (from, to) = span(spans, part);
            (least, most, greatest) = (least + from, most + to, greatest.max(from));
        }
        let (from, to) = span(spans, self.total);
        let total = (from.max(if self.overlaps { greatest } else { least }), to.min(most));
        set(spans, self.total, total);
        for part in parts() {
            let (from, to) = span(spans, part);
            // The others together hold so many at least, and so many at most.
            let (others_least, others_most) = (least - from, (most - to).min(WITHOUT_END));
            let beside = if self.overlaps { 0 } else { others_least };
            set(spans, part, (from.max(total.0 - others_most), to.min(total.1 - beside)));
        }
    }
}

fn span(spans: &[Span], cell: usize) -> Span {
    spans.get(cell).copied().unwrap_or((0, WITHOUT_END))
}

fn set(spans: &mut [Span], cell: usize, to: Span) {
    if let Some(span) = spans.get_mut(cell) {
        *span = to;
    }
}

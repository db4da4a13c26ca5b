//! Owns [`Rows`]: for each of many numbers several others, in two arrays.

use super::number;

/// Rows of numbers, in compressed form.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    begins: Vec<u32>,
    cells: Vec<u32>,
}

impl Rows {
    /// So many rows; each pair is a row and a cell in it. The pairs are left in order.
    pub(super) fn of(rows: usize, pairs: &mut [(u32, u32)]) -> Self {
        pairs.sort_unstable();
        let mut begins = vec![0; rows + 1];
        for (row, _) in pairs.iter() {
            begins[*row as usize + 1] += 1;
        }
        for row in 0..rows {
            begins[row + 1] += begins[row];
        }
        let cells: Vec<u32> = pairs.iter().map(|(_, cell)| *cell).collect();
        debug_assert_eq!(begins[rows], number(cells.len()), "every pair has a row");
        Self { begins, cells }
    }

    pub(super) fn row(&self, row: u32) -> &[u32] {
        let (begin, end) = (self.begins[row as usize], self.begins[row as usize + 1]);
        &self.cells[begin as usize..end as usize]
    }
}

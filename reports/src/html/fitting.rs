//! Owns the fitting of many pieces of markup into a bound: each is rendered as whole as its share allows. What the
//! pieces are is the business of others.

use std::fmt;

use super::PageError;

/// How whole a piece is, from 0 for all of it; each further level is smaller.
pub(super) type Level = usize;

/// Renders `count` pieces into at most `bytes_max` together. If they do not all fit as a whole, the small ones come first,
/// and each of the others gets an equal share of what is left, at the first of its `levels` that fits. `None` stands for
/// a piece of which not even the last level does.
pub(super) fn fitted(
    count: usize,
    levels: usize,
    bytes_max: usize,
    render: impl Fn(usize, Level, &mut Bounded) -> askama::Result<()>,
) -> Result<Vec<Option<String>>, PageError> {
    let piece = |index, level, most| bounded(most, |into| render(index, level, into));
    let (mut pieces, mut sizes, mut sum) = (Vec::new(), Vec::new(), 0_usize);
    for index in 0..count {
        let whole = piece(index, 0, bytes_max)?;
        let size = whole.as_ref().map_or(bytes_max + 1, String::len);
        sum = sum.saturating_add(size);
        sizes.push((size, index));
        // Once they do not fit they are rendered again, so that what is held at a time is bounded as well.
        pieces.push(whole.filter(|_| sum <= bytes_max));
    }
    if sum <= bytes_max {
        return Ok(pieces);
    }
    sizes.sort_unstable();
    let mut left = bytes_max;
    for (place, (size, index)) in sizes.into_iter().enumerate() {
        let share = left / (count - place);
        pieces[index] = None;
        let first = usize::from(size > share);
        for level in first..levels {
            pieces[index] = piece(index, level, share)?;
            if pieces[index].is_some() {
                break;
            }
        }
        left -= pieces[index].as_ref().map_or(0, String::len);
    }
    Ok(pieces)
}

/// What `render` writes, unless that is more than `bytes_max`.
fn bounded(
    bytes_max: usize,
    render: impl FnOnce(&mut Bounded) -> askama::Result<()>,
) -> Result<Option<String>, PageError> {
    let mut into = Bounded { text: String::new(), bytes_max, is_full: false };
    match render(&mut into) {
        _ if into.is_full => Ok(None),
        Ok(()) => Ok(Some(into.text)),
        Err(error) => Err(error.into()),
    }
}

/// Text that takes so much and no more.
pub(super) struct Bounded {
    text: String,
    bytes_max: usize,
    is_full: bool,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.is_full |= self.text.len() + piece.len() > self.bytes_max;
        if self.is_full {
            return Err(fmt::Error);
        }
        self.text.push_str(piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// The sizes of what is rendered of pieces that have these sizes at their levels.
    fn sizes(of_pieces: &[Vec<usize>], bytes_max: usize) -> Vec<Option<usize>> {
        let levels = of_pieces.first().map_or(0, Vec::len);
        let write = |index: usize, level: Level, into: &mut Bounded| {
            Ok(into.write_str(&"x".repeat(of_pieces[index][level]))?)
        };
        let pieces = fitted(of_pieces.len(), levels, bytes_max, write).expect("rendering fails on no data");
        pieces.into_iter().map(|piece| piece.map(|text| text.len())).collect()
    }

    #[test]
    fn what_fits_is_whole() {
        assert_eq!(sizes(&[vec![60, 1], vec![40, 1]], 100), [Some(60), Some(40)]);
        assert_eq!(sizes(&[], 100), []);
    }

    /// One that is too large takes nothing from those that are not.
    #[test]
    fn large_piece_is_cut_and_small_ones_stay_whole() {
        assert_eq!(sizes(&[vec![1_000, 50, 2], vec![30, 5, 2]], 100), [Some(50), Some(30)]);
        assert_eq!(sizes(&[vec![1_000, 90, 2], vec![30, 5, 2]], 100), [Some(2), Some(30)]);
        assert_eq!(sizes(&[vec![1_000, 90, 80], vec![30, 5, 2]], 100), [None, Some(30)]);
    }

    proptest! {
        /// Whatever the pieces are, they keep the bound, and those that are there are one of their levels.
        #[test]
        fn bound_is_kept(of_pieces in prop::collection::vec(prop::collection::vec(0..400_usize, 3), 0..12), bytes_max in 0..900_usize) {
            let shown = sizes(&of_pieces, bytes_max);
            prop_assert!(shown.iter().flatten().sum::<usize>() <= bytes_max);
            let is_level = |(size, levels): (&Option<usize>, &Vec<usize>)| size.is_none_or(|size| levels.contains(&size));
            prop_assert!(shown.iter().zip(&of_pieces).all(is_level));
        }
    }
}

//! Owns [`Inventory`]: so many units, and never less than none.

use std::borrow::Cow;

use crate::check::linearizability::{Answer, Misfit, Model, Reported};

/// So many units of each article.
///
/// | operation | argument | result |
/// | --- | --- | --- |
/// | `sell`, `reserve`, `buy` | the article, then how many; both may be left out (1 unit) | any |
/// | `restock`, `cancel` | the same | any |
/// | `read`, `stock` | the article, or nothing | how many there are |
///
/// An argument of one number is how many. Articles are judged one by one. A sale needs enough units; a refused sale has found
/// too few, which is judged. Other refused operations are ignored.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// How many units there are of each article at first.
    pub units: u64,
}

/// An operation of an [`Inventory`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InventoryCall {
    /// So many were sold.
    Sell(u64),
    /// So many were not there.
    TooFew(u64),
    /// So many were sold if they were there.
    Perhaps(u64),
    /// So many came in.
    Restock(u64),
    /// So many were there.
    Read(u64),
}

/// The article and the number in an argument.
fn parts<'a>(reported: &Reported<'a>) -> Result<(&'a str, u64), Misfit> {
    let misfit = || Misfit::argument(reported, "an article and how many");
    let words: Vec<_> = reported.words().collect();
    match words[..] {
        [] => Ok(("", 1)),
        [word] => Ok(word.parse().map_or((word, 1), |units| ("", units))),
        [article, units] => Ok((article, units.parse().map_err(|_| misfit())?)),
        _ => Err(misfit()),
    }
}

impl Model for Inventory {
    type State = u64;
    type Call = InventoryCall;

    fn call(&self, reported: &Reported<'_>) -> Result<Option<InventoryCall>, Misfit> {
        let (_, units) = parts(reported)?;
        Ok(match (reported.name, reported.answer) {
            ("sell" | "reserve" | "buy", Answer::Ok(_)) => Some(InventoryCall::Sell(units)),
            ("sell" | "reserve" | "buy", Answer::Refused(_)) => Some(InventoryCall::TooFew(units)),
            ("sell" | "reserve" | "buy", Answer::Unknown) => Some(InventoryCall::Perhaps(units)),
            ("restock" | "cancel", Answer::Ok(_) | Answer::Unknown) => Some(InventoryCall::Restock(units)),
            ("read" | "stock", Answer::Ok(left)) => {
                let left = left.trim().parse().map_err(|_| Misfit::result(reported, "how many there are"))?;
                Some(InventoryCall::Read(left))
            }
            ("restock" | "cancel" | "read" | "stock", _) => None,
            _ => return Err(Misfit::name(reported, "an inventory", "sell, restock, read")),
        })
    }

    fn init(&self) -> u64 {
        self.units
    }

    fn step(&self, state: &u64, call: &InventoryCall) -> Option<u64> {
        match call {
            InventoryCall::Sell(units) => state.checked_sub(*units),
            InventoryCall::TooFew(units) => (state < units).then_some(*state),
            InventoryCall::Perhaps(units) => Some(state.checked_sub(*units).unwrap_or(*state)),
            InventoryCall::Restock(units) => Some(state.saturating_add(*units)),
            InventoryCall::Read(units) => (state == units).then_some(*state),
        }
    }

    fn key<'a>(&self, reported: &Reported<'a>) -> Option<Cow<'a, str>> {
        let article = parts(reported).map(|(article, _)| article);
        Some(Cow::Borrowed(article.unwrap_or_default()))
    }

    fn is_read(&self, call: &InventoryCall) -> bool {
        matches!(call, InventoryCall::Read(_) | InventoryCall::TooFew(_))
    }

    fn show(&self, state: &u64) -> String {
        format!("{state} left")
    }
}

#[cfg(test)]
mod tests {
    use super::Inventory;
    use crate::check::sample::{holds, ok, refused, unknown};

    #[test]
    fn last_unit_is_sold_once() {
        let stock = Inventory { units: 1 };
        assert!(holds(&stock, &[ok('A', "sell", "0", 0, 3), refused('B', "sell", 1, 2)]));
        assert!(!holds(&stock, &[ok('A', "sell", "0", 0, 3), ok('B', "sell", "-1", 1, 2)]));
        assert!(holds(&stock, &[ok('A', "sell x", "", 0, 3), ok('B', "sell y", "", 1, 2)]));
    }

    /// Nobody is turned away while there are units, unless they are on hold for somebody whose end is not known.
    #[test]
    fn refusal_is_right_only_if_too_few_are_left() {
        let stock = Inventory { units: 2 };
        assert!(!holds(&stock, &[ok('A', "sell", "", 0, 1), refused('B', "sell", 2, 3)]));
        assert!(holds(&stock, &[ok('A', "sell", "", 0, 1), refused('B', "sell 2", 2, 3)]));
        assert!(holds(
            &stock,
            &[ok('A', "sell", "", 0, 1), unknown('C', "sell", 0), refused('B', "sell", 2, 3)]
        ));
        assert!(!holds(&stock, &[refused('B', "sell", 2, 3), ok('A', "sell 2", "", 4, 5)]));
    }

    #[test]
    fn what_came_in_can_be_sold() {
        let sold = [ok('A', "restock 3", "", 0, 1), ok('B', "sell 3", "", 2, 3), ok('B', "stock", "0", 4, 5)];
        assert!(holds(&Inventory { units: 0 }, &sold) && !holds(&Inventory { units: 1 }, &sold));
    }
}

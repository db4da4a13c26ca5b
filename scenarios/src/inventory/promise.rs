//! Owns the product that most variants sell, and what is promised of its stock.

use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Invariant, View};

use crate::operations::{done, open};
use crate::rows;

/// Product 1 with `units` in stock, at version 0.
pub(super) async fn product(stores: &mut SetUp, units: i32) -> Result {
    let table = "CREATE TABLE items (id int PRIMARY KEY, stock int NOT NULL, version int NOT NULL)";
    stores.postgres().batch_execute(table).await?;
    stores.postgres().execute("INSERT INTO items VALUES (1, $1, 0)", &[&units]).await?;
    Ok(())
}

/// An empty table of who has taken which seat; `constraint` is that on the seat, such as `UNIQUE`.
pub(super) async fn seats(stores: &mut SetUp, constraint: &str) -> Result {
    let table = format!("CREATE TABLE reservations (buyer text PRIMARY KEY, seat int NOT NULL {constraint})");
    Ok(stores.postgres().batch_execute(&table).await?)
}

/// No more is sold than there was, and every unit is either sold or in stock.
pub(super) fn no_oversell(units: i64) -> Vec<Invariant> {
    vec![
        Invariant::new("no more is sold than there was", move |view: &View<'_>| match done(view, "buy") {
            sold if sold <= units => Ok(()),
            sold => {
                Err(format!("{sold} buyers were promised one of {units}; the stores hold {}", view.state))
            }
        }),
        Invariant::new("every unit is either sold or in stock", move |view: &View<'_>| {
            let (sold, left) = (done(view, "buy"), rows::sum(view, "items", "stock"));
            let unsure = i64::try_from(open(view, "buy")).expect("an execution has few operations");
            // A buyer who got an error may have bought.
            if (sold..=sold + unsure).contains(&(units - left)) {
                Ok(())
            } else {
                Err(format!("{sold} sold and {left} in stock of {units}"))
            }
        }),
        Invariant::new("stock is never below zero", |view: &View<'_>| {
            match rows::sum(view, "items", "stock") {
                left if left >= 0 => Ok(()),
                left => Err(format!("the stock is {left}")),
            }
        }),
    ]
}

/// A seat has one passenger at most, and whoever was told so has it.
pub(super) fn no_double_booking() -> Vec<Invariant> {
    vec![
        Invariant::new("a seat is reserved once", |view: &View<'_>| {
            match rows::count(view, "reservations", "seat", "1") {
                0 | 1 => Ok(()),
                booked => Err(format!("seat 1 is reserved {booked} times: {}", view.state)),
            }
        }),
        Invariant::new("whoever was told so has the seat", |view: &View<'_>| {
            let has_seat = |buyer: &str| rows::count(view, "reservations", "buyer", buyer) == 1;
            let without =
                view.done("reserve").map(|operation| &operation.argument).find(|buyer| !has_seat(buyer));
            without.map_or(Ok(()), |buyer| Err(format!("{buyer} has none: {}", view.state)))
        }),
    ]
}

//! Owns [`Shared`]: what workers share in their process, in one execution or for longer.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

type Values = BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>;

/// One value of each type that was asked for.
#[derive(Default)]
pub(crate) struct Shared(Mutex<Values>);

impl Shared {
    /// The value of type `T`; `make` makes it if it is asked for the first time.
    pub(super) fn get<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = values.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make()));
        Arc::clone(value).downcast().expect("a value is stored under its own type")
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_one_makes_the_value_and_types_do_not_meet() {
        let shared = Shared::default();
        assert_eq!(*shared.get(|| 1_u8), 1);
        assert_eq!((*shared.get(|| 2_u8), *shared.get(|| 3_u16)), (1, 3));
    }
}

//! Owns [`Item`]: an operation as the search sees it, and [`Part`], the items that are judged together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::model::{Misfit, Model, Reported};
use crate::history::Operation;

/// An operation as the search sees it.
#[derive(Debug)]
pub(super) struct Item<C> {
    /// Its position among the operations of the history.
    pub(super) operation: usize,
    pub(super) call: C,
    pub(super) invoked: u64,
    /// `None` if it may take effect at any time after its invocation, or never.
    pub(super) returned: Option<u64>,
    pub(super) is_read: bool,
    /// The last open item before this open one with an equal call. Whatever this one can do that one can do, so that one goes
    /// first.
    pub(super) twin: Option<u32>,
}

/// The items that are judged together, in the order of their invocations.
#[derive(Debug)]
pub(super) struct Part<C> {
    pub(super) key: Option<String>,
    pub(super) items: Vec<Item<C>>,
}

/// The parts of a history, in the order of their keys.
pub(super) fn parts<M: Model>(model: &M, operations: &[Operation]) -> Result<Vec<Part<M::Call>>, Misfit> {
    let mut parts: BTreeMap<Option<Cow<'_, str>>, Vec<Item<M::Call>>> = BTreeMap::new();
    let mut is_divided = true;
    let mut all = Vec::with_capacity(operations.len());
    for (index, operation) in operations.iter().enumerate() {
        let reported = Reported::of(operation);
        let about = |Misfit(text)| Misfit(format!("operation {}: {text}", index + 1));
        let Some(call) = model.call(&reported).map_err(about)? else { continue };
        let is_open = reported.answer == super::Answer::Unknown;
        let is_read = model.is_read(&call);
        // Whether it took effect or not: nobody can tell.
        if is_open && is_read {
            continue;
        }
        let key = model.key(&reported);
        is_divided &= key.is_some();
        let returned = operation.returned.filter(|_| !is_open);
        let item = Item { operation: index, call, invoked: operation.invoked, returned, is_read, twin: None };
        all.push((key, item));
    }
    for (key, item) in all {
        parts.entry(key.filter(|_| is_divided)).or_default().push(item);
    }
    let part = |(key, mut items): (Option<Cow<'_, str>>, Vec<Item<M::Call>>)| {
        items.sort_by_key(|item| item.invoked);
        pair(&mut items);
        Part { key: key.map(Cow::into_owned), items }
    };
    Ok(parts.into_iter().map(part).collect())
}

/// Tells each open item its twin.
fn pair<C: PartialEq>(items: &mut [Item<C>]) {
    let mut latest: Vec<usize> = Vec::new();
    for index in 0..items.len() {
        if items[index].returned.is_some() {
            continue;
        }
        match latest.iter_mut().find(|other| items[**other].call == items[index].call) {
            Some(other) => {
                items[index].twin = u32::try_from(*other).ok();
                *other = index;
            }
            None => latest.push(index),
        }
    }
}

//! Owns [`List`]: the invocations and returns that no operation placed so far has taken out, in the order of time.

/// A doubly linked list of invocations and returns, from which an operation is lifted and into which it is put back in
/// constant time, in the opposite order (Lowe, "Testing for linearizability", 2017).
#[derive(Debug)]
pub(super) struct List {
    nodes: Vec<Node>,
    /// Where the two nodes of each item are; the return's is [`HEAD`] if it has none.
    places: Vec<(u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    before: u32,
    after: u32,
    /// The item; [`RETURN`] for a return, whosever.
    item: u32,
}

/// Before the first and behind the last.
const HEAD: u32 = 0;
const RETURN: u32 = u32::MAX;

/// What stands at a place of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// This item was invoked.
    Call(u32),
    /// Some item returned, or the list is at its end.
    Return,
}

impl List {
    /// The list of items with these invocations and returns (none for an open one).
    pub(super) fn new(spans: impl ExactSizeIterator<Item = (u64, Option<u64>)>) -> Self {
        let mut places = vec![(HEAD, HEAD); spans.len()];
        let mut events = Vec::with_capacity(2 * spans.len());
        for (item, (invoked, returned)) in (0..).zip(spans) {
            // Of equal positions the invocation comes first: the two operations are concurrent.
            events.push((invoked, false, item));
            events.extend(returned.map(|returned| (returned, true, item)));
        }
        events.sort_unstable();
        let count = u32::try_from(events.len()).expect("a history has less than four billion events");
        let mut nodes = Vec::with_capacity(events.len() + 1);
        nodes.push(Node { before: count, after: u32::from(count > 0), item: RETURN });
        for (place, (_, is_return, item)) in (1..).zip(events) {
            let after = if place == count { HEAD } else { place + 1 };
            nodes.push(Node { before: place - 1, after, item: if is_return { RETURN } else { item } });
            let places: &mut (u32, u32) = &mut places[item as usize];
            *(if is_return { &mut places.1 } else { &mut places.0 }) = place;
        }
        Self { nodes, places }
    }

    pub(super) fn first(&self) -> u32 {
        self.nodes[HEAD as usize].after
    }

    pub(super) fn after(&self, place: u32) -> u32 {
        self.nodes[place as usize].after
    }

    pub(super) fn entry(&self, place: u32) -> Entry {
        match self.nodes[place as usize].item {
            RETURN => Entry::Return,
            item => Entry::Call(item),
        }
    }

    /// Where `item` was invoked.
    pub(super) fn place(&self, item: u32) -> u32 {
        self.places[item as usize].0
    }

    /// Whether nothing but `item` can come next.
    pub(super) fn is_alone(&self, item: u32) -> bool {
        let place = self.place(item);
        self.first() == place && self.entry(self.after(place)) == Entry::Return
    }

    /// Takes `item` out.
    pub(super) fn lift(&mut self, item: u32) {
        let (call, returned) = self.places[item as usize];
        self.unlink(call);
        if returned != HEAD {
            self.unlink(returned);
        }
    }

    /// Puts `item` back; it must be the last one that was lifted and is not back.
    pub(super) fn put_back(&mut self, item: u32) {
        let (call, returned) = self.places[item as usize];
        if returned != HEAD {
            self.link(returned);
        }
        self.link(call);
    }

    fn unlink(&mut self, place: u32) {
        let Node { before, after, .. } = self.nodes[place as usize];
        self.nodes[before as usize].after = after;
        self.nodes[after as usize].before = before;
    }

    fn link(&mut self, place: u32) {
        let Node { before, after, .. } = self.nodes[place as usize];
        self.nodes[before as usize].after = place;
        self.nodes[after as usize].before = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(list: &List) -> Vec<Entry> {
        let mut place = list.first();
        let mut entries = Vec::new();
        while place != HEAD {
            entries.push(list.entry(place));
            place = list.after(place);
        }
        entries
    }

    /// Item 0 lasts from 0 to 3, item 1 from 1 to 2, item 2 is open from 2 on (and so concurrent with item 1).
    #[test]
    fn lifted_items_come_back_where_they_were() {
        let mut list = List::new([(0, Some(3)), (1, Some(2)), (2, None)].into_iter());
        let whole = [Entry::Call(0), Entry::Call(1), Entry::Call(2), Entry::Return, Entry::Return];
        assert_eq!(shown(&list), whole);
        list.lift(1);
        list.lift(0);
        assert_eq!(shown(&list), [Entry::Call(2)]);
        list.put_back(0);
        assert_eq!(shown(&list), [Entry::Call(0), Entry::Call(2), Entry::Return]);
        list.put_back(1);
        assert_eq!(shown(&list), whole);
    }

    #[test]
    fn item_before_whose_return_no_other_is_invoked_is_alone() {
        let list = List::new([(0, Some(1)), (2, Some(5)), (3, Some(4))].into_iter());
        assert!(list.is_alone(0) && !list.is_alone(1) && !list.is_alone(2));
        assert_eq!(List::new(std::iter::empty()).first(), HEAD);
    }
}

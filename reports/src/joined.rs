//! Owns [`Joined`]: the records of several files as one, each outcome once.

use raceproof::Outcome;

use crate::document::Document;

/// A record, with the commands that show its violations again.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayable {
    /// The record.
    pub document: Document,
    /// One for each outcome; `None` where there is no violation or no record of it.
    pub commands: Vec<Option<String>>,
}

/// Records of which none holds an outcome that another one holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// The records, in their order. One of which nothing is left is there without outcomes.
    pub parts: Vec<Replayable>,
    /// How many outcomes were left out, since they were there already: the record of a violation beside the document of its run, or
    /// the same file twice.
    pub repeated: usize,
}

impl Joined {
    /// Joins records. An outcome stays where it comes up first; two of the same scenario that are not the same outcome both stay.
    #[must_use]
    pub fn of(mut parts: Vec<Replayable>) -> Self {
        let (mut seen, mut repeated) = (Vec::<Outcome>::new(), 0);
        for part in &mut parts {
            let outcomes = std::mem::take(&mut part.document.outcomes);
            let mut commands = std::mem::take(&mut part.commands).into_iter();
            for outcome in outcomes {
                let command = commands.next().flatten();
                if seen.contains(&outcome) {
                    repeated += 1;
                } else {
                    seen.push(outcome.clone());
                    part.document.outcomes.push(outcome);
                    part.commands.push(command);
                }
            }
        }
        Self { parts, repeated }
    }

    /// All as one record, made by `command` if they are several.
    #[must_use]
    pub fn whole(self, command: Vec<String>) -> Replayable {
        let Ok([only]) = <[Replayable; 1]>::try_from(self.parts.clone()) else {
            let begun_ms = self.parts.iter().filter_map(|part| part.document.begun_ms).min();
            let (mut outcomes, mut commands) = (Vec::new(), Vec::new());
            for part in self.parts {
                outcomes.extend(part.document.outcomes);
                commands.extend(part.commands);
            }
            let document = Document { begun_ms, ..Document::new(command, outcomes) };
            return Replayable { document, commands };
        };
        only
    }

    /// How many outcomes are of a part of a search only, so that `raceproof merge` has more to say of them.
    #[must_use]
    pub fn shards(&self) -> usize {
        let outcomes = self.parts.iter().flat_map(|part| &part.document.outcomes);
        outcomes.filter(|outcome| outcome.coverage.shard.is_some()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn part(outcomes: Vec<Outcome>, begun_ms: Option<u64>) -> Replayable {
        let commands = outcomes.iter().map(|outcome| Some(outcome.card.name.clone())).collect();
        Replayable { document: Document { begun_ms, ..Document::new(vec!["a".into()], outcomes) }, commands }
    }

    /// The record of a violation repeats what the document of its run says.
    #[test]
    fn outcome_that_is_there_twice_is_told_once() {
        let mut again = samples::caught();
        again.seed = 7;
        let parts = vec![
            part(vec![samples::caught(), samples::correct()], Some(5)),
            part(vec![samples::caught()], None),
            part(vec![again.clone(), samples::missed()], Some(3)),
        ];
        let joined = Joined::of(parts);
        assert_eq!((joined.repeated, joined.shards()), (1, 0));
        let whole = joined.whole(vec!["report".into()]);
        let names: Vec<_> = whole.document.outcomes.iter().map(|outcome| &outcome.card.name).collect();
        assert_eq!(names, ["counter/get-set", "counter/incr", "counter/get-set", "counter/watch-ignored"]);
        assert_eq!(whole.commands[3].as_deref(), Some("counter/watch-ignored"));
        assert_eq!((whole.document.begun_ms, whole.document.command[0].as_str()), (Some(3), "report"));
        assert_eq!(whole.document.outcomes[2], again);
    }

    #[test]
    fn one_record_stays_as_it_is() {
        let only = part(vec![samples::caught()], Some(1));
        assert_eq!(Joined::of(vec![only.clone()]).whole(vec!["report".into()]), only);
    }
}

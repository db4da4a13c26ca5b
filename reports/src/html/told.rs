//! Owns what the template of one violation is given, and how it gets smaller where the page has no room for all of it.

use askama::Template;
use raceproof::Outcome;

use super::Visible;
use super::drawn::Drawn;
use super::fitting::Level;
use super::grid::Piece;
use super::reproduce::Reproduce;
use super::row::class;
use crate::story::{BesideRow, Difference, Story};
use crate::wording;

/// How many steps are shown at the levels that show any; at the first it is as many as a story has.
const STEPS_MAX: [usize; 3] = [usize::MAX, 40, 12];
/// How many levels there are: with steps, without them, and what only says that it is too large.
pub(super) const LEVELS: usize = STEPS_MAX.len() + 2;

/// One violation.
#[derive(Template)]
#[template(path = "told.html")]
pub(super) struct Told<'a> {
    id: &'a str,
    title: Visible,
    class: &'static str,
    judgement: &'static str,
    /// Whether it is unfolded at first.
    is_open: bool,
    /// Whether its steps are left out for want of room.
    is_brief: bool,
    story: &'a Story,
    drawn: Drawn,
    reproduce: Reproduce,
}

/// What stands for a violation that is too large.
#[derive(Template)]
#[template(path = "untold.html")]
pub(super) struct Untold<'a> {
    id: &'a str,
    title: Visible,
    class: &'static str,
    judgement: &'static str,
}

/// What a violation is told from.
pub(super) struct Evidence<'a> {
    /// The name of its place on the page.
    pub(super) id: &'a str,
    /// The version of the program that found it.
    pub(super) program: &'a str,
    pub(super) outcome: &'a Outcome,
    /// The command that shows it again.
    pub(super) command: Option<&'a str>,
    pub(super) is_open: bool,
}

impl Evidence<'_> {
    /// Tells it, as whole as `level` says.
    pub(super) fn render(&self, level: Level, into: &mut impl std::fmt::Write) -> askama::Result<()> {
        let judgement = self.outcome.judgement();
        let (class, words) = (class(judgement), wording::judgement(judgement));
        let Some(mut story) = Story::of(self.outcome, self.command) else { return Ok(()) };
        let mut title = story.name.as_str().to_owned();
        if let Some(anomaly) = &story.anomaly {
            title = format!("{title}: {anomaly}");
        }
        if level + 1 == LEVELS {
            let title = Visible::cut_to(&title, UNTOLD_COLUMNS_MAX);
            return Untold { id: self.id, title, class, judgement: words }.render_into(into);
        }
        if level > 0 {
            (story.original, story.beside) = (None, None);
        }
        match STEPS_MAX.get(level) {
            None => (story.lanes, story.history, story.dependencies) = (None, None, None),
            Some(most) => {
                if let Some(lanes) = &mut story.lanes {
                    lanes.narrow(*most);
                }
            }
        }
        let told = Told {
            id: self.id,
            title: Visible::of(&title),
            class,
            judgement: words,
            is_open: self.is_open,
            is_brief: level >= STEPS_MAX.len(),
            reproduce: Reproduce::of(self.outcome, &story, self.program, level == 0),
            drawn: Drawn::of(&story),
            story: &story,
        };
        told.render_into(into)
    }
}

const UNTOLD_COLUMNS_MAX: usize = 80;

//! Owns [`Portfolio`]: a systematic search, and beside it samples of what that would come to last.

use super::pct::Pct;
use super::pos::PartialOrderSampling;
use super::state::{OTHER_STRATEGY, PortfolioState, StateError, StrategyState};
use super::{Decision, Point, RandomWalk, Strategy, Systematic, Transition};
use crate::id::WorkerId;
use crate::shard::Shard;

/// Executions of the systematic search before the first sample: what is small is exhausted by then.
const ALONE: u64 = 48;
/// Of the later executions, one in so many is a sample.
const SAMPLE_EVERY: u64 = 3;
/// Orderings that a race may need to be found by [`Pct`].
const PCT_DEPTH: usize = 3;

/// The default: begins with few preemptions and few faults, so that the first counterexample is already small, and, when that has
/// not come to an end after a while, samples in turn by partial order, by priority and by chance. It is exhausted when the systematic part is.
#[derive(Debug)]
pub struct Portfolio {
    systematic: Systematic,
    samplers: Samplers,
    executions: u64,
    /// Which of the samplers is on, if one is.
    sample: Option<u64>,
}

#[derive(Debug)]
struct Samplers {
    pos: PartialOrderSampling,
    pct: Pct,
    random: RandomWalk,
}

impl Samplers {
    fn get(&mut self, number: u64) -> &mut dyn Strategy {
        match number % 3 {
            0 => &mut self.pos,
            1 => &mut self.pct,
            _ => &mut self.random,
        }
    }
}

impl Portfolio {
    /// `systematic`, with samples from this seed, of one `shard` of them.
    #[must_use]
    pub fn new(systematic: Systematic, seed: u64, shard: Shard) -> Self {
        let samplers = Samplers {
            pos: PartialOrderSampling::new(seed, shard),
            pct: Pct::new(seed, PCT_DEPTH, shard),
            random: RandomWalk::new(seed, shard),
        };
        Self { systematic, samplers, executions: 0, sample: None }
    }

    fn current(&mut self) -> &mut dyn Strategy {
        match self.sample {
            Some(number) => self.samplers.get(number),
            None => &mut self.systematic,
        }
    }
}

impl Strategy for Portfolio {
    fn begin(&mut self) -> bool {
        self.executions += 1;
        let later = self.executions.saturating_sub(ALONE);
        self.sample =
            later.is_multiple_of(SAMPLE_EVERY).then_some(later / SAMPLE_EVERY).filter(|number| *number > 0);
        self.current().begin()
    }

    fn rewind(&mut self) {
        self.current().rewind();
    }

    fn choose(&mut self, point: &Point<'_>) -> Decision {
        self.current().choose(point)
    }

    fn observes(&self) -> bool {
        true
    }

    fn observe(&mut self, transition: Transition) {
        self.current().observe(transition);
    }

    fn cut_short(&mut self, unfinished: &[WorkerId]) {
        self.current().cut_short(unfinished);
    }

    fn end(&mut self, steps: usize) -> Result<(), String> {
        self.current().end(steps)
    }

    fn is_elsewhere(&self) -> bool {
        self.sample.is_none() && self.systematic.is_elsewhere()
    }

    fn exhausted(&self) -> bool {
        self.systematic.exhausted()
    }

    fn checkpoint(&mut self) -> Option<StrategyState> {
        let Samplers { pos, pct, random } = &self.samplers;
        Some(StrategyState::Portfolio(Box::new(PortfolioState {
            executions: self.executions,
            systematic: self.systematic.state(),
            pos: pos.state(),
            pct: pct.state(),
            random: random.state(),
        })))
    }

    fn restore(&mut self, state: StrategyState) -> Result<(), StateError> {
        let StrategyState::Portfolio(state) = state else { return Err(OTHER_STRATEGY) };
        let PortfolioState { executions, systematic, pos, pct, random } = *state;
        self.systematic.go_on_from(systematic)?;
        self.samplers.pos.go_on_from(pos)?;
        self.samplers.pct.go_on_from(&pct);
        self.samplers.random.go_on_from(&random);
        self.executions = executions;
        Ok(())
    }

    fn systematic(&mut self) -> Option<&mut Systematic> {
        Some(&mut self.systematic)
    }
}

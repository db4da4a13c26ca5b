//! Owns what an execution tells a strategy about each choice: whom it concerned, what it touched, what it showed.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::executed::Happened;
use super::execution::{Execution, Setting};
use super::halt::Halt;
use crate::choice::Choice;
use crate::explore::{Access, Footprint, Strategy, Touch, Transition};
use crate::fault::FaultKind;
use crate::gate::{Exchange, Stepped};
use crate::id::{ConnectionId, WorkerId};

/// Requests that wait in a store, wherever: which of them came first may matter.
const WAITING: &[u8] = b"\0waiting";
/// Which connections there are.
const CONNECTIONS: &[u8] = b"\0connections";

/// What is known of the last choice, before everything that it caused has come to rest.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// Whether anybody wants to know.
    pub(super) is_wanted: bool,
    transition: Option<Transition>,
    /// Invocations and returns before the choice.
    events: (usize, usize),
    /// Workers that had not ended before the choice.
    unfinished: usize,
}

impl Execution<'_> {
    /// Whether `choice` is a fault that ends something in a store beside what it hits, such as an open transaction.
    pub(super) fn ends_more(&self, choice: Choice) -> bool {
        let holds = |worker| self.gate.lingers(worker) || self.gate.presence(worker).listening;
        choice.fault().is_some() && choice.worker().is_none_or(holds)
    }

    /// Takes note of who has not ended before a choice.
    pub(super) fn note_unfinished(&mut self) {
        self.following.unfinished = self.unfinished().len();
    }

    /// Takes note of what a choice did at the stores; `ends_more` if it was a fault that [ends more](Self::ends_more) there.
    pub(super) async fn follow(&mut self, choice: Choice, ends_more: bool) -> Result<(), Halt> {
        self.following.events = self.log.counts();
        let mut transition = self.at_stores(choice).await?;
        transition.is_total |= ends_more || matches!(choice, Choice::Wake(_) | Choice::Victim(_));
        transition.is_everywhere = matches!(choice, Choice::Wake(_) | Choice::Victim(_));
        let waits_for_all = choice == Choice::Advance && !self.setting.model.pauses;
        transition.is_last_resort = waits_for_all || self.is_aftermath() || self.polling.forced.is_some();
        transition.woken.sort();
        transition.woken.dedup();
        self.following.transition = Some(transition);
        Ok(())
    }

    /// What the last choice did at the stores.
    async fn at_stores(&mut self, choice: Choice) -> Result<Transition, Halt> {
        let Some(step) = self.steps.last() else { return Ok(Transition::default()) };
        let mut transition = Transition { turn: choice.worker(), ..Transition::default() };
        let mut exchanges: Vec<(ConnectionId, Stepped)> = Vec::new();
        match &step.happened {
            Happened::Step(id, stepped) | Happened::Continuation(id, _, stepped) => {
                transition.is_total = stepped.request.is_empty() && matches!(choice, Choice::Run(_));
                exchanges.push((*id, stepped.clone()));
            }
            Happened::Fault(_, struck) => {
                let hit = struck.hit.iter().filter(|_| matches!(choice, Choice::LoseReply(_)));
                exchanges.extend(choice.connection().into_iter().zip(hit.cloned()));
                let caused = struck.after.iter().chain(&struck.hit);
                transition.woken.extend(caused.flat_map(|stepped| &stepped.woken).map(|(id, _)| id.worker));
            }
            Happened::Delivery { .. } | Happened::TimePassed { .. } => transition.is_total = true,
        }
        let mut footprints: BTreeMap<usize, Footprint> = BTreeMap::new();
        for (id, stepped) in &exchanges {
            let touched = self.touched(*id, stepped).await?;
            transition.woken.extend(stepped.woken.iter().map(|(id, _)| id.worker));
            footprints.entry(stepped.store).or_default().add(touched);
        }
        if choice.fault().is_some() {
            // Who looks at everything may see that a connection is gone.
            let object = Some(Bytes::from_static(CONNECTIONS));
            let ends = Touch { object, part: None, access: Access::Merges(Bytes::new()) };
            for store in 0..self.gate.backends().len() {
                footprints.entry(store).or_default().add(Footprint(vec![ends.clone()]));
            }
        }
        // What only repeats is repeated as long as nothing else changes: wherever that is.
        if self.polling.is_old {
            for store in 0..self.gate.backends().len() {
                let all = Touch { object: None, part: None, access: Access::Reads };
                footprints.entry(store).or_default().add(Footprint(vec![all]));
            }
        }
        transition.footprints = footprints.into_iter().collect();
        Ok(transition)
    }

    /// What a request, and those that its answer let go, touched.
    async fn touched(&mut self, id: ConnectionId, stepped: &Stepped) -> Result<Footprint, Halt> {
        let mut footprint = Footprint::nothing();
        let own = Exchange {
            connection: id,
            queued: &stepped.queued,
            request: &stepped.request,
            context: stepped.context.as_ref(),
            reply: stepped.reply.as_deref(),
        };
        let woken = stepped.woken.iter().map(|(id, answer)| Exchange {
            connection: *id,
            queued: &[],
            request: &[],
            context: answer.context.as_ref(),
            reply: Some(&answer.bytes),
        });
        if self.gate.is_heard(stepped.store) {
            // Footprints are asked for all the same: they follow what connections do.
            footprint = Footprint::everything();
        }
        let Setting { patience, .. } = *self.setting;
        for exchange in std::iter::once(own).chain(woken) {
            let asked = self.gate.footprint(stepped.store, &exchange);
            footprint
                .add(patience.for_store(self.setting.step_max(), "what a request touches", asked).await?);
        }
        if stepped.reply.is_none() && !stepped.has_stopped {
            let object = Some(Bytes::from_static(WAITING));
            footprint.add(Footprint(vec![Touch { object, part: None, access: Access::Writes }]));
        }
        Ok(footprint)
    }

    /// Tells the strategy what the last choice did, now that everything has come to rest.
    pub(super) async fn tell(&mut self, strategy: &mut dyn Strategy) -> Result<(), Halt> {
        let Some(mut transition) = self.following.transition.take() else { return Ok(()) };
        let (invoked, returned) = self.following.events;
        let (invoked_now, returned_now) = self.log.counts();
        transition.invokes = invoked_now > invoked;
        transition.returns = returned_now > returned;
        transition.is_total |= self.shares_memory;
        transition.finishes = self.unfinished().len() < self.following.unfinished;
        transition.enables = transition.finishes && self.may_anything_happen().await?;
        if !self.setting.always.is_empty() {
            let count = self.steps.len();
            let after = self.steps.last().and_then(|step| step.state.as_ref());
            let before = match count.checked_sub(2) {
                Some(index) => self.steps[index].state.as_ref(),
                None => self.initial_state.as_ref(),
            };
            transition.shows =
                after != before || transition.invokes || transition.returns || self.has_just_crashed();
        }
        strategy.observe(transition);
        Ok(())
    }

    /// Whether anything that is nobody's turn would be possible if somebody had not ended.
    async fn may_anything_happen(&mut self) -> Result<bool, Halt> {
        let Setting { patience, model, .. } = *self.setting;
        let outages = [FaultKind::Restart, FaultKind::Wipe, FaultKind::FailOver];
        if outages.into_iter().any(|kind| model.allows(kind)) {
            return Ok(true);
        }
        if !model.pauses {
            return Ok(false);
        }
        let asked = self.gate.next_deadline();
        Ok(patience.for_store(self.setting.step_max(), "its next deadline", asked).await?.is_some())
    }

    fn has_just_crashed(&self) -> bool {
        matches!(self.steps.last().map(|step| step.choice), Some(Choice::Crash(_)))
    }

    /// The workers that have not ended.
    pub(super) fn unfinished(&self) -> Vec<WorkerId> {
        self.tasks.iter().filter(|task| task.end.is_none()).map(|task| task.worker).collect()
    }
}

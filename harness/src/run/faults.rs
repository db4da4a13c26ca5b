//! Owns what may break in an execution, and lets it break: which faults are possible now is said here, when one happens
//! is the strategy's choice.

use super::executed::Happened;
use super::execution::{Execution, Setting, Task};
use super::halt::Halt;
use crate::choice::Choice;
use crate::fault::FaultKind;
use crate::gate::Struck;
use crate::history::{Fault, WorkerEnd};
use crate::id::{ConnectionId, Word, WorkerId};

impl Execution<'_> {
    /// The faults that may happen now, in canonical order.
    pub(super) fn possible_faults(&self) -> Vec<Choice> {
        let model = self.setting.model;
        if self.faults >= model.faults_max {
            return Vec::new();
        }
        let mut faults = Vec::new();
        if model.allows(FaultKind::Crash) {
            let may_crash = |task: &&Task| task.end.is_none() && self.may_crash(task.worker);
            faults.extend(self.tasks.iter().filter(may_crash).map(|task| Choice::Crash(task.worker)));
        }
        if model.allows(FaultKind::Drop) {
            faults.extend(self.gate.holding_requests().map(Choice::Drop));
        }
        if model.allows(FaultKind::LostReply) {
            faults.extend(self.gate.holding_requests().map(Choice::LoseReply));
        }
        if model.allows(FaultKind::Error) {
            let errors =
                |id: ConnectionId| self.gate.errors(id).into_iter().map(move |code| Choice::Refuse(id, code));
            faults.extend(self.gate.holding_requests().flat_map(errors));
        }
        faults.extend(self.possible_outages());
        faults.sort();
        faults
    }

    /// What may happen to whole stores, as long as somebody could notice.
    fn possible_outages(&self) -> Vec<Choice> {
        if self.tasks.iter().all(|task| task.end.is_some()) {
            return Vec::new();
        }
        let of = |kind: FaultKind, choice: fn(Word) -> Choice| {
            let stores = self.setting.model.allows(kind).then(|| self.gate.breakable(kind));
            stores.into_iter().flatten().map(choice)
        };
        let restarts = of(FaultKind::Restart, Choice::Restart);
        restarts
            .chain(of(FaultKind::Wipe, Choice::Wipe))
            .chain(of(FaultKind::FailOver, Choice::FailOver))
            .collect()
    }

    fn may_crash(&self, worker: WorkerId) -> bool {
        let sleeps = self.timers.iter().any(|timer| timer.worker == worker);
        self.gate.may_crash(worker, sleeps)
    }

    /// Lets a fault happen.
    pub(super) async fn break_it(&mut self, choice: Choice) -> Result<Happened, Halt> {
        let (fault, struck) = match choice {
            Choice::Crash(worker) => (Fault::Crash { worker }, self.crash(worker).await?),
            Choice::Drop(connection) => (Fault::Drop { connection }, self.drop_connection(connection).await?),
            Choice::LoseReply(connection) => {
                (Fault::LostReply { connection }, self.lose_reply(connection).await?)
            }
            Choice::Refuse(connection, code) => {
                (Fault::Error { connection, code }, self.refuse(connection, code).await?)
            }
            Choice::Restart(store) | Choice::Wipe(store) | Choice::FailOver(store) => {
                return self.strike(store, choice).await;
            }
            _ => unreachable!("it is not among the options"),
        };
        let step = self.steps.len() + 1;
        if let Some(worker) = fault.worker() {
            self.log.struck(worker, step, struck.executed);
        }
        for stepped in struck.hit.iter().chain(&struck.after) {
            self.note_answers(choice.connection(), stepped);
        }
        Ok(Happened::Fault(fault, struck))
    }

    /// The program is dropped where it waits, but only when nothing that it does in its fall is listened to any more. What
    /// it shares with others in this process stays as it is then.
    async fn crash(&mut self, worker: WorkerId) -> Result<Struck, Halt> {
        let Setting { patience, .. } = *self.setting;
        let limit = self.setting.step_max();
        self.timers.retain(|timer| timer.worker != worker);
        let task = self.tasks.iter_mut().find(|task| task.worker == worker).expect("only a worker crashes");
        task.end = Some(WorkerEnd::Crashed);
        task.handle.abort();
        let struck =
            patience.for_store(limit, format_args!("the crash of {worker}"), self.gate.crash(worker)).await?;
        // Whatever it was doing is of no interest.
        let _ = (&mut task.handle).await;
        Ok(struck)
    }

    /// Lets a whole store break and come back. What its clients had under way there is lost and was not executed.
    async fn strike(&mut self, store: Word, choice: Choice) -> Result<Happened, Halt> {
        let Setting { patience, .. } = *self.setting;
        let asked = format_args!("being killed ({choice})");
        let kind = choice.fault().expect("it is a fault");
        let (before, ends) = (self.surroundings_beside(0), self.gate.client_ends());
        let outage = self.gate.outage(store, kind);
        let (struck, workers) = patience.for_store(self.setting.step_max(), asked, outage).await?;
        // Clients whose connections were cut have not closed their ends yet.
        let after = self.surroundings_beside(ends.saturating_sub(self.gate.client_ends()));
        let seen = self.surroundings.take().zip(before).zip(after);
        self.surroundings = seen.map(|((own, before), after)| own.moved(&before, &after));
        let fault = match kind {
            FaultKind::Wipe => Fault::Wipe { store },
            FaultKind::FailOver => Fault::FailOver { store, lost: 1 },
            _ => Fault::Restart { store },
        };
        let step = self.steps.len() + 1;
        for worker in workers {
            self.log.struck(worker, step, false);
        }
        Ok(Happened::Fault(fault, struck))
    }

    async fn drop_connection(&mut self, id: ConnectionId) -> Result<Struck, Halt> {
        let Setting { patience, .. } = *self.setting;
        let asked = format_args!("the end of connection {id}");
        patience.for_store(self.setting.step_max(), asked, self.gate.drop_connection(id)).await
    }

    async fn refuse(&mut self, id: ConnectionId, code: Word) -> Result<Struck, Halt> {
        let Setting { patience, .. } = *self.setting;
        let asked = format_args!("the request of {id}, which is to fail with {code}");
        patience.for_store(self.setting.step_max(), asked, self.gate.refuse(id, code)).await
    }

    async fn lose_reply(&mut self, id: ConnectionId) -> Result<Struck, Halt> {
        let Setting { patience, .. } = *self.setting;
        let asked = format_args!("the request of {id}, whose reply is to be lost");
        let struck = patience.for_store(self.setting.step_max(), asked, self.gate.lose_reply(id)).await?;
        if !struck.executed {
            self.losses.insert(id, self.steps.len() + 1);
        }
        Ok(struck)
    }
}

//! Owns the death of a whole store and its return: who notices, and what is lost with it.

use super::connection::Connection;
use super::fault::Struck;
use super::step::Stepped;
use super::{Gate, GateError, Survival};
use crate::fault::{FaultKind, FaultModel};
use crate::id::{Word, WorkerId};

impl Gate {
    /// Stores to which this may happen now. One that nobody is connected to, and on which nothing was executed in this
    /// execution, would come back as it was without anybody having noticed, so it is left out: a restart is expensive.
    /// So is a fail-over that loses nothing.
    pub fn breakable(&self, kind: FaultKind) -> impl Iterator<Item = Word> + '_ {
        let concerned = move |store: &usize| {
            let is_used = self.touched[*store] || self.connections.iter().any(|other| other.store == *store);
            let backend = &self.backends[*store];
            is_used && backend.can(kind) && (kind != FaultKind::FailOver || backend.has_unreplicated())
        };
        let stores = (0..self.backends.len()).filter(concerned);
        stores.map(|store| self.backends[store].name().parse().expect("stores have short names"))
    }

    /// Why nothing of what `model` allows can happen here, if that is so: a search under it would prove nothing.
    #[must_use]
    pub fn impossible(&self, model: &FaultModel) -> Option<String> {
        const OUTAGES: [FaultKind; 3] = [FaultKind::Restart, FaultKind::Wipe, FaultKind::FailOver];
        let can = |kind: &FaultKind| self.wanted_backends().any(|backend| backend.can(*kind));
        let is_possible = |kind: &FaultKind| !OUTAGES.contains(kind) || can(kind);
        let is_hopeless = model.faults_max > 0 && !model.kinds.iter().any(is_possible);
        is_hopeless.then(|| format!("no store of this run can be made to break as `{model}` says"))
    }

    /// How often a store was killed so far. Whoever has a connection that is not the gate's must open it anew.
    #[must_use]
    pub fn outages(&self) -> u64 {
        self.outages
    }

    /// Kills the store called `name` and returns when it is back. All connections to it end; requests that were held
    /// or that waited in the store are lost. Also tells whose requests these were.
    ///
    /// # Errors
    /// The store does not come back.
    ///
    /// # Panics
    /// If no store has this name; the caller chooses among [`breakable`](Self::breakable).
    pub async fn outage(
        &mut self,
        name: Word,
        kind: FaultKind,
    ) -> Result<(Struck, Vec<WorkerId>), GateError> {
        let found = self.backends.iter().position(|backend| backend.name() == name.as_str());
        let store = found.expect("a choice names a store that exists");
        let hit = self.cut_off(store);
        self.outages += 1;
        self.move_on(store);
        let survival = match kind {
            FaultKind::Wipe => Survival::Nothing,
            FaultKind::FailOver => Survival::Replicated,
            _ => Survival::Acknowledged,
        };
        self.detoured[store] |= survival == Survival::Replicated;
        self.code_stored[store] |= self.backends[store].restart(survival).await?;
        let after = vec![Stepped::of(store)];
        Ok((Struck { after, ..Struck::default() }, hit))
    }

    /// Ends all connections to a store on both sides, and forgets those that were kept; tells whose requests are lost.
    fn cut_off(&mut self, store: usize) -> Vec<WorkerId> {
        self.arrivals.retain(|arrival| arrival.store != store);
        self.cancellations.retain(|cancellation| cancellation.store != store);
        self.warm[store].clear();
        self.used[store].clear();
        let of_store = |connection: &mut Connection| connection.store == store;
        let ended: Vec<Connection> = self.connections.extract_if(.., of_store).collect();
        self.code_stored[store] |= ended.iter().any(Connection::stored_code);
        let lost = ended.iter().filter(|connection| connection.holds_request() || connection.is_at_store());
        let mut workers: Vec<WorkerId> = lost.map(|connection| connection.id.worker).collect();
        workers.dedup();
        workers
    }
}

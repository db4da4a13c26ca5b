//! Owns what of the gate the system sees: its descriptors, and those of its clients.

use super::Gate;
use super::connection::Connection;

impl Gate {
    /// How many descriptors the gate and the clients that are connected to its endpoints have, if these are all in this
    /// process.
    #[must_use]
    pub fn descriptors(&self) -> usize {
        let kept: usize = self.warm.iter().chain(&self.used).map(Vec::len).sum();
        let ours = self.connections.len() + kept + self.endpoints.len();
        ours + 2 * self.client_ends()
    }

    /// How many of these the clients have.
    #[must_use]
    pub fn client_ends(&self) -> usize {
        let connected = self.connections.iter().filter(|connection| connection.through_kernel());
        let arriving = self.arrivals.iter().filter(|arrival| arrival.client.through_kernel());
        connected.count() + arriving.count()
    }

    /// Whether some client is outside this process's memory, so that its bytes are seen only after a
    /// poll of the system.
    #[must_use]
    pub fn through_kernel(&self) -> bool {
        self.connections.iter().any(Connection::through_kernel)
    }
}

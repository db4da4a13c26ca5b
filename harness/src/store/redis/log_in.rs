//! Owns what a new connection to a Redis server says first.

use crate::store::Server;

/// The commands that bring a new connection to where its client expects to be.
pub(super) fn log_in(server: &Server) -> Vec<Vec<&[u8]>> {
    let mut commands: Vec<Vec<&[u8]>> = Vec::new();
    if let Some(password) = &server.password {
        let user = server.user.as_deref().unwrap_or("default");
        commands.push(vec![b"AUTH", user.as_bytes(), password.as_bytes()]);
    }
    if server.database != "0" {
        commands.push(vec![b"SELECT", server.database.as_bytes()]);
    }
    commands
}

pub(super) fn slices<'a, 'b>(commands: &'a [Vec<&'b [u8]>]) -> Vec<&'a [&'b [u8]]> {
    commands.iter().map(Vec::as_slice).collect()
}

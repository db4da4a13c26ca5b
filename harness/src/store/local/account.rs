//! Owns the account that servers run under when we are root: PostgreSQL refuses root, and Redis need not have it.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::super::{StoreError, machine};

/// An account other than ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// None if we are not root: the servers run as we do.
    pub(super) fn for_servers() -> Option<Self> {
        if !machine::is_root() {
            return None;
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        // 65534 is what the kernel shows for users it has no number for.
        let overflow = Self { uid: 65_534, gid: 65_534 };
        Some(find(&passwd, "postgres").or_else(|| find(&passwd, "nobody")).unwrap_or(overflow))
    }

    /// The standard library drops the other groups together with the user.
    pub(super) fn apply(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    pub(super) fn own(self, path: &Path) -> Result<(), StoreError> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(StoreError::io("give away", path))
    }
}

/// passwd(5): name:password:uid:gid:…
fn find(passwd: &str, name: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2);
    Some(Account { uid: numbers.next()?.parse().ok()?, gid: numbers.next()?.parse().ok()? })
}

/// Makes a folder that only the servers' account and root can enter.
pub(super) fn make_server_folder(path: &Path, account: Option<Account>) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path).map_err(StoreError::io("create", path))?;
    account.map_or(Ok(()), |account| account.own(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd =
            "postgresql:x:1:1::/:/bin/sh\npostgres:x:105:113:PostgreSQL:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(find(passwd, "postgres"), Some(Account { uid: 105, gid: 113 }));
        assert_eq!(find(passwd, "nobody"), None);
    }
}

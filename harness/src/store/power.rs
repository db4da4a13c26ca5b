//! Owns [`Power`]: how the process of a server is killed and started again at the same place. Each provider has its own
//! way; what is lost with the process is the business of the server.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Server, StoreError};

/// The switch of one server.
#[async_trait]
pub(crate) trait Switch: fmt::Debug + Send + Sync {
    /// Kills the process and starts another, with `settings` after those that it had at first. Whoever was connected is not any more; whether the new
    /// one answers yet is for the caller to find out.
    async fn cycle(&self, settings: &str) -> Result<(), StoreError>;

    /// Starts another server of the same kind beside it, which lives by the same clock.
    async fn spare(&self) -> Result<Server, StoreError>;

    /// Why it will never answer, if that is known.
    fn over(&self) -> Option<StoreError> {
        None
    }
}

/// What kills the process of a server and starts it again with the same address, folder and clock.
#[derive(Clone)]
pub struct Power(Arc<dyn Switch>);

impl Power {
    pub(crate) fn new(switch: impl Switch + 'static) -> Self {
        Self(Arc::new(switch))
    }

    pub(crate) async fn cycle(&self, settings: &str) -> Result<(), StoreError> {
        self.0.cycle(settings).await
    }

    pub(crate) async fn spare(&self) -> Result<Server, StoreError> {
        self.0.spare().await
    }

    pub(crate) fn over(&self) -> Option<StoreError> {
        self.0.over()
    }
}

impl PartialEq for Power {
    /// The same switch.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Power {}

impl fmt::Debug for Power {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Writes the settings with which a server starts next. Servers of other accounts read them too.
pub(super) fn write_settings(file: &Path, settings: &str) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let write = || {
        std::fs::write(file, settings)?;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644))
    };
    write().map_err(StoreError::io("write", file))
}

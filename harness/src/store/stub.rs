//! stub
use super::*;
/// x
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct StoreError;
/// x
#[derive(Debug, Default)]
pub struct StoreOptions;
/// x
#[derive(Debug)]
pub struct Stores(Server);
/// x
pub struct D;
impl D { /// x
pub fn lines(&self) -> Vec<String> { vec!["stub".into()] } }
impl Stores {
    /// x
    pub async fn start(_: &StoreOptions) -> Result<Self, StoreError> {
        let path = std::env::var("RP_SOCK").unwrap();
        Ok(Self(Server { address: Address::Unix(path.into()), user: None, password: None, database: "0".into(), version: "7".into(), confined: false }))
    }
    /// x
    pub fn redis(&self) -> Option<&Server> { Some(&self.0) }
    /// x
    pub fn description(&self) -> D { D }
    /// x
    pub async fn stop(self) -> Result<(), StoreError> { Ok(()) }
}

//! placeholder replaced at merge.
use std::net::SocketAddr;
use std::path::PathBuf;
/// Where.
#[derive(Debug, Clone)]
pub enum Address { /// unix
Unix(PathBuf), /// tcp
Tcp(SocketAddr) }
/// Server.
#[derive(Debug, Clone)]
pub struct Server { /// a
pub address: Address, /// b
pub user: Option<String>, /// c
pub password: Option<String>, /// d
pub database: String, /// e
pub version: String, /// f
pub confined: bool }

//! Owns [`Reach`]: what one request touches, whoever sends it and whatever the server holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::super::exchange::Exchange;
use super::commands::{Command, Commands, Key, keys};
use crate::explore::{Access, Touch};
use crate::gate::BackendError;
use crate::wire::redis::{Argument, Arguments, Call, calls, name};

/// What one request touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    Nothing,
    Everything,
    /// Everything, and from now on the connection hears of what others do.
    Listens,
    /// The whole of the data is read; whether the answer shows in which order the server keeps its keys.
    Reads {
        shows_order: bool,
    },
    /// These keys.
    Keys(Arc<[Touch]>),
    /// These keys, which are watched until the next `EXEC`.
    Watches(Arc<[Touch]>),
    /// What was queued.
    Executes,
    /// A script that touches these keys; its name, and whether the server knows it by that name afterwards.
    Script {
        touches: Arc<[Touch]>,
        sha: Bytes,
        stores: bool,
    },
}

/// Requests and scripts that were looked at before.
#[derive(Debug, Default)]
pub(super) struct Reaches {
    commands: Commands,
    by_request: BTreeMap<Box<[u8]>, Reach>,
    /// What scripts call, by their names; `None` for one that is not understood.
    scripts: BTreeMap<String, Option<Arc<[Call]>>>,
}

/// Most requests, and most scripts, that are remembered; then all are forgotten.
const REMEMBERED_MAX: usize = 4_096;
/// Longest request that is looked at.
const REQUEST_BYTES_MAX: usize = 64 << 10;

/// Requests that nobody else can notice and that notice nobody.
const QUIET: &[&str] = &[
    "ASKING",
    "AUTH",
    "CLIENT|GETNAME",
    "CLIENT|ID",
    "CLIENT|SETINFO",
    "CLIENT|SETNAME",
    "COMMAND",
    "DISCARD",
    "ECHO",
    "HELLO",
    "MULTI",
    "PING",
    "QUIT",
    "READONLY",
    "READWRITE",
    "RESET",
    "TIME",
    "UNWATCH",
];
const LISTENING: &[&str] = &["CLIENT|TRACKING", "MONITOR", "PSUBSCRIBE", "SSUBSCRIBE", "SUBSCRIBE"];
/// Those that draw from the one source of chance that all commands share.
const RANDOM: &[&str] = &["HRANDFIELD", "RANDOMKEY", "SPOP", "SRANDMEMBER", "ZRANDMEMBER"];

impl Reaches {
    pub(super) async fn of(&mut self, control: &mut Exchange, request: &[u8]) -> Result<Reach, BackendError> {
        if let Some(known) = self.by_request.get(request) {
            return Ok(known.clone());
        }
        if request.len() > REQUEST_BYTES_MAX {
            return Ok(Reach::Everything);
        }
        let arguments: Vec<_> = Arguments::of(request).collect();
        let arguments: Vec<&[u8]> = arguments.iter().map(AsRef::as_ref).collect();
        let command = name(request);
        let Some(reach) = self.look(control, &command, &arguments).await? else {
            return Ok(Reach::Everything);
        };
        if self.by_request.len() >= REMEMBERED_MAX {
            self.by_request.clear();
        }
        self.by_request.insert(request.into(), reach.clone());
        Ok(reach)
    }

    /// `None` if it cannot be told yet.
    async fn look(
        &mut self,
        control: &mut Exchange,
        command: &str,
        arguments: &[&[u8]],
    ) -> Result<Option<Reach>, BackendError> {
        Ok(Some(match command {
            _ if QUIET.contains(&command) => Reach::Nothing,
            _ if LISTENING.contains(&command) => Reach::Listens,
            _ if RANDOM.contains(&command) => Reach::Everything,
            "EXEC" => Reach::Executes,
            "DBSIZE" => Reach::Reads { shows_order: false },
            "KEYS" | "SCAN" => Reach::Reads { shows_order: true },
            "EVAL" | "EVAL_RO" | "EVALSHA" | "EVALSHA_RO" => {
                return self.script(control, command, arguments).await;
            }
            "SCRIPT|LOAD" => {
                arguments.get(2).map(|script| self.learn(script));
                Reach::Everything
            }
            "FCALL" | "FCALL_RO" => Reach::Everything,
            "SORT" | "SORT_RO" if has_word(arguments, &["BY", "GET"]) => Reach::Everything,
            _ => match self.commands.of(control, command).await? {
                Some(row) if !row.reaches_beyond() => {
                    let keys = keys(control, arguments).await?.unwrap_or_default();
                    of_keys(command, &row, arguments, keys)
                }
                _ => Reach::Everything,
            },
        }))
    }

    /// Takes note of a script, and returns its name.
    fn learn(&mut self, script: &[u8]) -> String {
        let sha = sha1_smol::Sha1::from(script).digest().to_string();
        if self.scripts.len() >= REMEMBERED_MAX {
            self.scripts.clear();
        }
        self.scripts.entry(sha.clone()).or_insert_with(|| calls(script).map(Arc::from));
        sha
    }

    async fn script(
        &mut self,
        control: &mut Exchange,
        command: &str,
        arguments: &[&[u8]],
    ) -> Result<Option<Reach>, BackendError> {
        let stores = command.starts_with("EVAL") && !command.starts_with("EVALSHA");
        let (Some(script), Some(given)) = (arguments.get(1), given(arguments)) else {
            return Ok(Some(Reach::Everything));
        };
        let sha = match stores {
            true => self.learn(script),
            false => String::from_utf8_lossy(script).to_ascii_lowercase(),
        };
        // One that was stored before anybody listened may become known later.
        let Some(known) = self.scripts.get(&sha).cloned() else { return Ok(None) };
        let Some(calls) = known else { return Ok(Some(Reach::Everything)) };
        let mut touches = Vec::new();
        for call in calls.iter() {
            let row = self.commands.of(control, &call.command).await?;
            match row.and_then(|row| of_call(&row, call, given)) {
                Some(called) => touches.extend(called),
                None => return Ok(Some(Reach::Everything)),
            }
        }
        Ok(Some(Reach::Script { touches: tidied(touches), sha: sha.into(), stores }))
    }
}

/// What a script is given: its keys, and its further arguments.
type Given<'a> = (&'a [&'a [u8]], &'a [&'a [u8]]);

fn given<'a>(arguments: &'a [&'a [u8]]) -> Option<Given<'a>> {
    let count: usize = std::str::from_utf8(arguments.get(2)?).ok()?.parse().ok()?;
    arguments[3..].split_at_checked(count)
}

/// What one call of a script touches. `None` if that cannot be told.
fn of_call(row: &Command, call: &Call, given: Given<'_>) -> Option<Vec<Touch>> {
    let is = |names: &[&str]| names.contains(&call.command.as_str());
    if is(&["TIME", "PING", "ECHO"]) {
        return Some(Vec::new());
    }
    let beyond = row.reaches_beyond() || row.has("movablekeys") || row.first <= 0 || row.step <= 0;
    if beyond || is(RANDOM) || is(&["SORT", "SORT_RO"]) {
        return None;
    }
    let first = usize::try_from(row.first).ok()?;
    let last = match usize::try_from(row.last) {
        Ok(last) => last,
        // What is computed may be any number of arguments.
        Err(_) if call.arguments.contains(&Argument::Computed) => return None,
        Err(_) => usize::try_from(i64::try_from(call.arguments.len() + 1).ok()? + row.last).ok()?,
    };
    let writes = !row.has("readonly");
    let key = |position: usize| {
        let before = call.arguments.get(..position)?;
        let key = match before.split_last()? {
            (_, before) if before.contains(&Argument::Computed) => return None,
            (Argument::Text(text), _) => text.as_slice(),
            (Argument::Key(number), _) => given.0.get(number.checked_sub(1)?)?,
            (Argument::Value(number), _) => given.1.get(number.checked_sub(1)?)?,
            (Argument::Computed, _) => return None,
        };
        Some(touch(key, writes))
    };
    (first..=last).step_by(usize::try_from(row.step).ok()?).map(key).collect()
}

/// What a request touches that has these keys.
fn of_keys(command: &str, row: &Command, arguments: &[&[u8]], keys: Vec<Key>) -> Reach {
    if keys.is_empty() {
        return Reach::Everything;
    }
    // The table says of `XREADGROUP` that it reads, and means the entries.
    let writes_one = keys.iter().any(|(_, is_read)| !is_read);
    let waits = row.has("blocking") && (command != "XREAD" || has_word(arguments, &["BLOCK"]));
    // `OBJECT IDLETIME` notices who has only read.
    let writes_all = waits || command.starts_with("OBJECT") || (row.has("write") && !writes_one);
    let touches: Vec<Touch> = keys.iter().map(|(key, is_read)| touch(key, writes_all || !is_read)).collect();
    let touches = match command {
        "SET" if sets_blindly(arguments) => set(touches, arguments),
        _ => touches,
    };
    match command {
        "WATCH" => Reach::Watches(tidied(touches)),
        _ => Reach::Keys(tidied(touches)),
    }
}

/// Whether a `SET` leaves the same and is answered the same, whatever was there before.
fn sets_blindly(arguments: &[&[u8]]) -> bool {
    !has_word(arguments.get(3..).unwrap_or_default(), &["NX", "XX", "GET", "KEEPTTL", "IFEQ", "IFGT"])
}

/// Setting the same value for the same time twice is the same in either order.
fn set(touches: Vec<Touch>, arguments: &[&[u8]]) -> Vec<Touch> {
    let name = Bytes::from(arguments.get(2..).unwrap_or_default().join(&b' '));
    let merges = |touch: Touch| Touch { access: Access::Merges(name.clone()), ..touch };
    touches.into_iter().map(merges).collect()
}

fn has_word(arguments: &[&[u8]], words: &[&str]) -> bool {
    arguments.iter().any(|argument| words.iter().any(|word| argument.eq_ignore_ascii_case(word.as_bytes())))
}

fn touch(key: &[u8], writes: bool) -> Touch {
    Touch { object: Some([b"key ", key].concat().into()), part: None, access: Access::of(writes) }
}

fn tidied(mut touches: Vec<Touch>) -> Arc<[Touch]> {
    touches.sort();
    touches.dedup();
    touches.into()
}

//! Owns the key under which it is remembered what a request does.

use crate::wire::postgres::Executed;

/// Requests with the same key do the same.
pub(super) fn key(executed: &[Executed<'_>]) -> Vec<u8> {
    let mut key = Vec::new();
    for Executed { sql, parameters } in executed {
        key.extend(sql.len().to_le_bytes());
        key.extend_from_slice(sql);
        key.extend(parameters.len().to_le_bytes());
        for parameter in parameters {
            key.extend(parameter.type_id.unwrap_or(0).to_le_bytes());
            let text = parameter.text.as_deref();
            key.extend(text.map_or(usize::MAX, str::len).to_le_bytes());
            key.extend(text.unwrap_or_default().bytes());
        }
    }
    key
}

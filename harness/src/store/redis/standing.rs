//! Owns the reading of `CLIENT LIST`: how the store says that connections stand.

use crate::gate::Standing;

/// How each of `keys` stands according to the text that `CLIENT LIST` answers with; a connection that it does not
/// list is gone and therefore quiet.
pub(super) fn standings(list: &str, keys: &[u64]) -> Vec<Standing> {
    let lines: Vec<Line<'_>> = list.lines().map(Line).collect();
    let standing = |key: &u64| {
        let line = lines.iter().find(|line| line.number("id") == Some(*key));
        line.map_or(Standing::Quiet, Line::standing)
    };
    keys.iter().map(standing).collect()
}

/// One client: `id=3 addr=… flags=b … obl=0 oll=0 …`.
struct Line<'a>(&'a str);

impl<'a> Line<'a> {
    fn field(&self, name: &str) -> Option<&'a str> {
        self.0.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.field(name)?.trim().parse().ok()
    }

    fn standing(&self) -> Standing {
        let unsent = self.number("obl").unwrap_or(0) + self.number("oll").unwrap_or(0);
        if self.field("flags").is_some_and(|flags| flags.contains('b')) {
            Standing::Blocked(Vec::new())
        } else if unsent > 0 {
            Standing::Sending
        } else {
            Standing::Quiet
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as Redis 7.0 writes them, shortened.
    const LIST: &str = "id=3 addr=/run/r.sock:0 name= flags=b db=0 qbuf=0 obl=0 oll=0 cmd=blpop\n\
                        id=30 addr=/run/r.sock:0 name=flags=b flags=U db=0 qbuf=0 obl=5 oll=0 cmd=get\n\
                        id=4 addr=/run/r.sock:0 name= flags=P db=0 qbuf=0 obl=0 oll=0 cmd=subscribe\n";

    /// The id is compared as a whole, and a client's name cannot pass for its flags.
    #[test]
    fn each_connection_is_found_by_its_own_line() {
        let expected = [Standing::Quiet, Standing::Blocked(Vec::new()), Standing::Sending, Standing::Quiet];
        assert_eq!(standings(LIST, &[4, 3, 30, 99]), expected);
    }

    #[test]
    fn nonsense_is_quiet() {
        assert_eq!(standings("", &[1]), [Standing::Quiet]);
        assert_eq!(standings("id=1 flags", &[1]), [Standing::Quiet]);
    }
}

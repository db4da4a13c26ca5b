//! Owns [`Sessions`]: lists of statements, as a scenario and as a spec for isolationtester.

use std::fmt::Write;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, Worker};

use crate::statements::card;

/// Sessions whose statements are interleaved in every way, with errors as outcomes.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    pub(crate) name: &'static str,
    pub(crate) set_up: &'static str,
    pub(crate) tear_down: &'static str,
    pub(crate) sessions: Vec<Vec<&'static str>>,
    /// For each session the lock that it takes, if any: at which step, and whether it shares it; it is given back
    /// with the last step.
    pub(crate) locks: Vec<Option<(usize, bool)>>,
}

impl Sessions {
    /// Whether some of the interleavings wait for locks.
    pub(crate) fn blocks(&self) -> bool {
        self.locks.iter().any(Option::is_some)
    }

    /// The same for isolationtester: every interleaving in which no session has to send while it waits.
    pub(crate) fn spec(&self) -> String {
        let mut spec = format!("setup {{ {} }}\nteardown {{ {} }}\n", self.set_up, self.tear_down);
        for (session, steps) in self.sessions.iter().enumerate() {
            let _ = writeln!(spec, "session s{session}");
            for (step, sql) in steps.iter().enumerate() {
                let _ = writeln!(spec, "step s{session}_{step} {{ {sql} }}");
            }
        }
        for permutation in self.permutations() {
            let mut sent = vec![0; self.sessions.len()];
            let _ = write!(spec, "permutation");
            for session in permutation {
                let _ = write!(spec, " s{session}_{}", sent[session]);
                sent[session] += 1;
            }
            let _ = writeln!(spec);
        }
        spec
    }

    /// Every such interleaving, as the sessions in the order in which they send.
    pub(crate) fn permutations(&self) -> Vec<Vec<usize>> {
        let (mut found, mut open) = (Vec::new(), vec![Vec::new()]);
        while let Some(begun) = open.pop() {
            let ready = self.ready(&begun);
            if ready.is_empty() {
                found.push(begun);
                continue;
            }
            open.extend(ready.into_iter().map(|session| [&begun[..], &[session]].concat()));
        }
        found
    }

    /// Sessions that can send after `begun`: those that have something left and do not wait for the lock.
    fn ready(&self, begun: &[usize]) -> Vec<usize> {
        let mut sent = vec![0; self.sessions.len()];
        let (mut holders, mut queue) = (Vec::new(), Vec::<usize>::new());
        for &session in begun {
            if self.lock(session).is_some_and(|(step, _)| step == sent[session]) {
                queue.push(session);
            }
            sent[session] += 1;
            holders.retain(|holder: &usize| sent[*holder] < self.sessions[*holder].len());
            while let Some(first) = queue.first().copied().filter(|first| self.is_granted(*first, &holders)) {
                queue.remove(0);
                holders.push(first);
            }
        }
        let can =
            |session: &usize| sent[*session] < self.sessions[*session].len() && !queue.contains(session);
        (0..self.sessions.len()).filter(can).collect()
    }

    fn lock(&self, session: usize) -> Option<(usize, bool)> {
        self.locks.get(session).copied().flatten()
    }

    fn is_granted(&self, session: usize, holders: &[usize]) -> bool {
        let shares = |session: usize| self.lock(session).is_some_and(|(_, shares)| shares);
        holders.is_empty() || (shares(session) && holders.iter().all(|holder| shares(*holder)))
    }
}

#[async_trait(?Send)]
impl Scenario for Sessions {
    fn card(&self) -> Card {
        card("bench/sessions", self.sessions.len())
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute(self.set_up).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let client = worker.postgres().await?;
        for sql in &self.sessions[worker.index()] {
            // As in isolationtester, an error is an outcome and the next statement is sent.
            let _ = client.simple_query(sql).await;
        }
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::anything()]
    }
}

/// The cases that are compared: after the specs of PostgreSQL's own suite.
pub(crate) fn cases() -> Vec<Sessions> {
    let skew = "UPDATE test SET t = CASE WHEN t = 'apple' THEN 'pear' ELSE 'apple' END";
    let stock = "CREATE TABLE stock (id int PRIMARY KEY, n int); INSERT INTO stock VALUES (1, 9);";
    let buy: Vec<&str> = vec!["BEGIN; SELECT n FROM stock WHERE id = 1 FOR UPDATE;", "COMMIT;"];
    vec![
        Sessions {
            name: "read-write-unique",
            set_up: "CREATE TABLE test (i integer PRIMARY KEY);",
            tear_down: "DROP TABLE test;",
            sessions: vec![
                vec![
                    "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM test WHERE i = 42;",
                    "INSERT INTO test VALUES (42);",
                    "COMMIT;",
                ];
                2
            ],
            locks: vec![Some((1, false)); 2],
        },
        Sessions {
            name: "lock-update-delete",
            set_up: "CREATE TABLE foo (id int PRIMARY KEY, key int, value int); INSERT INTO foo VALUES (1, 1, 1);",
            tear_down: "DROP TABLE foo;",
            sessions: vec![
                vec!["BEGIN; SELECT * FROM foo WHERE id = 1 FOR KEY SHARE;", "COMMIT;"],
                vec!["BEGIN; UPDATE foo SET value = 2 WHERE id = 1;", "DELETE FROM foo;", "ROLLBACK;"],
            ],
            locks: vec![Some((0, true)), Some((1, false))],
        },
        Sessions {
            name: "three buyers, FOR UPDATE",
            set_up: stock,
            tear_down: "DROP TABLE stock;",
            sessions: vec![buy; 3],
            locks: vec![Some((0, false)); 3],
        },
        Sessions {
            name: "simple-write-skew",
            set_up: "CREATE TABLE test (i int PRIMARY KEY, t text); INSERT INTO test VALUES (5, 'apple'), (7, 'pear');",
            tear_down: "DROP TABLE test;",
            sessions: vec![
                vec!["BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM test;", "COMMIT;"],
                vec!["BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT t FROM test WHERE i = 5;", "COMMIT;"],
            ],
            locks: Vec::new(),
        },
        Sessions {
            name: "two-ids",
            set_up: "CREATE TABLE d1 (id int); CREATE TABLE d2 (id int); INSERT INTO d1 VALUES (1); INSERT INTO d2 VALUES (1);",
            tear_down: "DROP TABLE d1; DROP TABLE d2;",
            sessions: vec![
                vec!["BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE d1 SET id = id + 1;", "COMMIT;"],
                vec![
                    "BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE d2 SET id = (SELECT id + 1 FROM d1);",
                    "COMMIT;",
                ],
                vec!["BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT id FROM d2;", "COMMIT;"],
            ],
            locks: Vec::new(),
        },
        Sessions {
            name: "write skew over one table",
            set_up: "CREATE TABLE test (i int PRIMARY KEY, t text); INSERT INTO test VALUES (5, 'apple'), (7, 'pear');",
            tear_down: "DROP TABLE test;",
            sessions: vec![
                vec!["BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT t FROM test WHERE i = 5;", skew, "COMMIT;"],
                vec!["BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT t FROM test WHERE i = 7;", "COMMIT;"],
            ],
            locks: Vec::new(),
        },
    ]
}

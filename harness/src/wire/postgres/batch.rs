//! Owns [`Batch`]: what the messages of one unit do, and what they are owed.

use super::facts::Facts;
use super::frame::Message;
use super::message::{Bind, Parse, Target, execute};
use super::owed::Expected;
use super::statements::{Prepared, Reference, Statement, Statements};
use std::collections::VecDeque;
use std::sync::Arc;

/// What the messages of one unit add up to.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) expected: VecDeque<Expected>,
    pub(super) statements: Statements,
    pub(super) facts: Facts,
    /// Something of it runs.
    pub(super) steps: bool,
}

impl Batch {
    /// `None` if the message breaks off.
    pub(super) fn take(&mut self, message: Message<'_>, prepared: &mut Prepared) -> Option<()> {
        match message.tag {
            b'P' => {
                let Parse { name, sql, parameter_types } = Parse::of(message.body)?;
                prepared.prepare(name, sql, parameter_types);
                self.expected.push_back(Expected::Parsed);
            }
            b'B' => {
                let bind = Bind::of(message.body)?;
                self.refer(prepared.bind(bind.portal, bind.statement, bind.result_formats));
                self.expected.push_back(Expected::Bound);
            }
            b'D' => {
                let expected = match Target::of(message.body)? {
                    Target::Statement(name) => Expected::Statement(self.refer(prepared.statement(name))),
                    Target::Portal(name) => Expected::Portal(self.refer(prepared.portal(name))),
                };
                self.expected.push_back(expected);
            }
            b'C' => {
                match Target::of(message.body)? {
                    Target::Statement(name) => {
                        self.refer(prepared.statement(name));
                        prepared.close_statement(name);
                    }
                    Target::Portal(name) => {
                        self.refer(prepared.portal(name));
                        prepared.close_portal(name);
                    }
                }
                self.expected.push_back(Expected::Closed);
            }
            b'E' => {
                self.statements.executed.push(self.statements.references.len());
                let statement = self.refer(prepared.portal(execute(message.body)?.0));
                self.facts.add(statement.map_or_else(Facts::unknown, |statement| statement.facts));
                self.expected.push_back(Expected::Executed);
                self.steps = true;
            }
            b'Q' => self.facts.add(Facts::of(message.body.strip_suffix(b"\0")?)),
            // What a function does is not known.
            b'F' => self.facts.add(Facts::unknown()),
            _ => {}
        }
        Some(())
    }

    fn refer(&mut self, reference: Reference) -> Option<Arc<Statement>> {
        let statement = reference.statement.clone();
        self.statements.references.push(reference);
        statement
    }
}

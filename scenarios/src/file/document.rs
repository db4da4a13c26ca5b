//! Owns the scenario file as it is written; what it amounts to is [`super::race`]'s business. The JSON schema is made of this, so
//! the comments here are what editors show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// A race: stores, a set-up, workers that run at the same time, and what must hold whatever their order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Document {
    /// The scenario's name in records and reports, such as `seats/look-then-book`: lower case, digits, hyphens, and at most
    /// one slash. Without it, the file's.
    #[schemars(with = "Option<String>")]
    pub name: Option<Spanned<String>>,
    /// One or two sentences for the report: what the code does, and why it should hold.
    pub about: Option<String>,
    /// The anomaly that is expected to show, such as `lost update`, for a file that keeps a known bug. Without it no
    /// violation is expected.
    pub expected: Option<String>,
    /// The stores that workers talk to: `postgres`, `redis`.
    #[schemars(with = "Vec<StoreName>")]
    pub stores: Spanned<Vec<Spanned<String>>>,
    /// How long a program may do nothing, with nothing of it at the gate, until it is taken to wait for other workers; what
    /// sleeps for less is waited for. 100 without it.
    #[schemars(with = "Option<u64>", range(min = 1, max = 60_000))]
    pub grace_ms: Option<Spanned<u64>>,
    /// What brings the stores, which are empty, to the state in which every execution starts.
    pub set_up: Option<SetUp>,
    /// The workers: those that run at the same time.
    #[serde(default)]
    #[schemars(with = "Vec<Worker>", length(min = 1))]
    pub worker: Vec<Spanned<Worker>>,
    /// What must hold. Without any, every execution must come to what the workers come to one after the other in some
    /// order.
    #[serde(default)]
    #[schemars(with = "Vec<Invariant>")]
    pub invariant: Vec<Spanned<Invariant>>,
    /// Services that requests of workers go to, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Service>")]
    pub service: BTreeMap<String, Spanned<Service>>,
}

/// A store that a run can have.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum StoreName {
    /// A PostgreSQL with an empty database.
    Postgres,
    /// An empty Redis.
    Redis,
}

/// What brings the stores to the state in which every execution starts: SQL first, then Redis commands, then a program.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SetUp {
    /// SQL, of any number of statements.
    #[schemars(with = "Option<OneOrMany>")]
    pub sql: Option<Spanned<OneOrMany>>,
    /// Redis commands, each as one would type it: `SET stock 1`, quotes around what has blanks.
    #[schemars(with = "Option<OneOrMany>")]
    pub redis: Option<Spanned<OneOrMany>>,
    /// A program and its arguments. Its environment leads to the stores, past the gate.
    #[schemars(with = "Option<Vec<String>>")]
    pub program: Option<Spanned<Vec<String>>>,
}

/// One text, or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One text.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A worker: exactly one of `steps`, `program`, `lasting` and `request` says what it does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Worker {
    /// What the operation is called that the worker carries out; `{done.NAME}` in an invariant is how many of that name took
    /// effect.
    #[schemars(with = "Option<String>")]
    pub name: Option<Spanned<String>>,
    /// How many such workers there are; 1 without it.
    #[schemars(with = "Option<u16>", range(min = 1, max = 64))]
    pub count: Option<Spanned<u16>>,
    /// SQL statements and Redis commands, one after the other.
    #[schemars(with = "Option<Vec<Step>>")]
    pub steps: Option<Vec<Spanned<Step>>>,
    /// How often the steps begin anew after PostgreSQL has given up their transaction (40001, 40P01); 0 without it.
    pub retries: Option<u32>,
    /// What the steps report at their end, such as `{stock}`.
    #[schemars(with = "Option<String>")]
    pub returns: Option<Spanned<String>>,
    /// A program and its arguments, started for each execution. It took effect if it ends with status 0, and was refused if
    /// with 10; any other is an error. The last line that it writes is what it reports.
    #[schemars(with = "Option<Vec<String>>")]
    pub program: Option<Spanned<Vec<String>>>,
    /// A program and its arguments, started once, that speaks JSON lines: it is told `{"run": N, …}` for each execution and
    /// answers `{"ok": …}`, `{"refused": …}` or `{"error": …}`.
    #[schemars(with = "Option<Vec<String>>")]
    pub lasting: Option<Spanned<Vec<String>>>,
    /// A request to one of the services. A status below 400 took effect, below 500 was refused; any other is an error.
    #[schemars(with = "Option<Request>")]
    pub request: Option<Spanned<Request>>,
    /// Variables for the program's environment, beside those that lead to the stores.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// A step: exactly one of `sql`, `redis`, `sleep-ms` and `require`. `{name}` stands for what an earlier step has saved, for `{worker}`
/// (`A`, `B` …), `{index}` (0, 1 …) or `{workers}`; `{name + 1}` counts, with `+`, `-` or `*`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// One SQL statement, or several that are sent at once. Values are put in as literals, so no quotes around them.
    #[schemars(with = "Option<String>")]
    pub sql: Option<Spanned<String>>,
    /// One Redis command, as one would type it.
    #[schemars(with = "Option<String>")]
    pub redis: Option<Spanned<String>>,
    /// Sleeps for so many milliseconds of the run's clock, which take no real time.
    pub sleep_ms: Option<u64>,
    /// A condition without which the worker ends here, refused.
    #[schemars(with = "Option<String>")]
    pub require: Option<Spanned<String>>,
    /// The reason that is reported if `require` does not hold.
    pub refused: Option<String>,
    /// A name for what this step gives: the first value of the first row, how many rows a statement without rows has changed,
    /// or what Redis answers; `null` if there is none.
    #[schemars(with = "Option<String>")]
    pub save: Option<Spanned<String>>,
    /// A condition without which this step is left out, such as `stock > 0` or `holder == null`.
    #[schemars(with = "Option<String>")]
    pub when: Option<Spanned<String>>,
}

/// A promise: exactly one of `sql`, `redis` and `program` says how it is looked at. `{done}` stands for how many workers took effect,
/// `{refused}` for how many were refused, `{done.NAME}` and `{refused.NAME}` for those of one name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Invariant {
    /// The promise in words, a short sentence without a full stop; it names the violation.
    #[schemars(with = "String")]
    pub promise: Spanned<String>,
    /// A query. Its first value must be what the conditions below say; without any it must be true.
    #[schemars(with = "Option<String>")]
    pub sql: Option<Spanned<String>>,
    /// A Redis command that only reads. Its answer must be what the conditions below say.
    #[schemars(with = "Option<String>")]
    pub redis: Option<Spanned<String>>,
    /// A program and its arguments. The promise holds if it ends with status 0, and is broken if with 10; the last line that
    /// it writes says what was found. Any other status is an error.
    #[schemars(with = "Option<Vec<String>>")]
    pub program: Option<Spanned<Vec<String>>>,
    /// What the value must be.
    #[schemars(with = "Option<Scalar>")]
    pub equals: Option<Spanned<Scalar>>,
    /// The least that the value may be.
    #[schemars(with = "Option<Scalar>")]
    pub at_least: Option<Spanned<Scalar>>,
    /// The most that the value may be.
    #[schemars(with = "Option<Scalar>")]
    pub at_most: Option<Spanned<Scalar>>,
    /// Whether the query must give no row at all; those that it gives tell what was found.
    #[serde(default)]
    pub no_rows: bool,
    /// Whether it must hold after every step, and not only at the end.
    #[serde(default)]
    pub always: bool,
}

/// A number or a text.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A whole number.
    Number(i64),
    /// A text, in which `{…}` stands for values.
    Text(String),
}

/// A service: a program that answers HTTP requests, started once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// The program and its arguments; `{port}` is the port of 127.0.0.1 at which it is to listen. Its environment has it as
    /// `PORT`, too, and leads to the stores through the gate.
    #[schemars(with = "Vec<String>")]
    pub program: Spanned<Vec<String>>,
    /// The path that answers with a status below 400 when it is ready; without it, it is ready when its port is open.
    pub ready: Option<String>,
    /// Variables for its environment, beside those that lead to the stores.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// An HTTP request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Request {
    /// Which service.
    #[schemars(with = "String")]
    pub service: Spanned<String>,
    /// `GET` without it.
    #[schemars(with = "Option<String>")]
    pub method: Option<Spanned<String>>,
    /// The path with its query. `{worker}`, `{index}` and `{workers}` stand for values.
    #[schemars(with = "String")]
    pub path: Spanned<String>,
    /// Header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, in which `{worker}`, `{index}` and `{workers}` stand for values.
    #[schemars(with = "Option<String>")]
    pub body: Option<Spanned<String>>,
}

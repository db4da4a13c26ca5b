//! Owns the row that is made when it is first asked for.

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Scenario, View, Worker};

use crate::anomaly::{CHECK_THEN_ACT, PHANTOM};
use crate::card::{Details, broken, correct};
use crate::operations::all_answered;
use crate::rows;

const CLIENTS: &str = "CREATE TABLE clients (device text PRIMARY KEY, made_by text NOT NULL)";

/// `SELECT`, and `INSERT` if there was nothing, without a constraint.
///
/// ```text
/// A                        B
/// SELECT name x: 0 rows
///                          SELECT name x: 0 rows
/// INSERT name x            INSERT name x           every later get() finds two
/// ```
pub(super) struct GetOrCreate;

#[async_trait(?Send)]
impl Scenario for GetOrCreate {
    fn card(&self) -> Card {
        let about = "Each synchronisation looks for a repository by name and inserts it if there is none. Without a unique \
                     constraint two of them insert it, and whoever later asks for the one is told of two.";
        broken("token/get-or-create", about, CHECK_THEN_ACT).after("readthedocs/readthedocs.org#7727")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        let table = "CREATE TABLE repositories (id text PRIMARY KEY, name text NOT NULL)";
        Ok(stores.postgres().batch_execute(table).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let id = worker.id().to_string();
        let get = worker.invoke("get-or-create", "x");
        if let Some(row) = postgres.query_opt("SELECT id FROM repositories WHERE name = 'x'", &[]).await? {
            get.ok(row.try_get::<_, String>(0)?);
            return Ok(());
        }
        postgres.execute("INSERT INTO repositories VALUES ($1, 'x')", &[&id]).await?;
        get.ok(id);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("a name has one repository", |view: &View<'_>| {
            match rows::count(view, "repositories", "name", "x") {
                0 | 1 => Ok(()),
                found => Err(format!("`x` has {found}: {}", view.state)),
            }
        })]
    }
}

/// `FOR UPDATE` finds no row to lock, so the constraint stops the second request, which expected to wait.
///
/// ```text
/// A                              B
/// BEGIN                          BEGIN
/// SELECT … FOR UPDATE: 0 rows
///                                SELECT … FOR UPDATE: 0 rows
/// INSERT                         INSERT (waits)
/// COMMIT                         duplicate key: B's request ends in an error
/// ```
pub(super) struct ForUpdateMissingClient;

#[async_trait(?Send)]
impl Scenario for ForUpdateMissingClient {
    fn card(&self) -> Card {
        let about = "Each request locks a client with SELECT … FOR UPDATE and inserts it if there is none. A row that does not \
                     exist cannot be locked, so the unique violation that the lock was to prevent still ends the request.";
        broken("token/for-update-missing-client", about, PHANTOM).after("reown-com/push-server#235")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute(CLIENTS).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut postgres = worker.postgres().await?;
        let register = worker.invoke("register", "d");
        let transaction = postgres.transaction().await?;
        let locked = "SELECT made_by FROM clients WHERE device = 'd' FOR UPDATE";
        if transaction.query_opt(locked, &[]).await?.is_none() {
            transaction.execute("INSERT INTO clients VALUES ('d', $1)", &[&worker.id().to_string()]).await?;
        }
        transaction.commit().await?;
        register.ok("registered");
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![all_answered("register")]
    }
}

/// `ON CONFLICT` makes the second insert find the first, whoever commits when.
pub(super) struct OnConflict;

#[async_trait(?Send)]
impl Scenario for OnConflict {
    fn card(&self) -> Card {
        let about = "Each of three requests inserts a client with ON CONFLICT DO NOTHING and reads it. The insert waits for an \
                     open one of the same key, so all read the same client and none ends in an error.";
        correct("token/insert-on-conflict", about).workers(3).after("reown-com/push-server#235")
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute(CLIENTS).await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let postgres = worker.postgres().await?;
        let register = worker.invoke("register", "d");
        let insert = "INSERT INTO clients VALUES ('d', $1) ON CONFLICT DO NOTHING";
        postgres.execute(insert, &[&worker.id().to_string()]).await?;
        let row = postgres.query_one("SELECT made_by FROM clients WHERE device = 'd'", &[]).await?;
        register.ok(row.try_get::<_, String>(0)?);
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        let same = Invariant::new("all get the same client", |view: &View<'_>| {
            let clients = view.results("register");
            let is_same = clients.windows(2).all(|pair| pair[0] == pair[1]);
            if is_same { Ok(()) } else { Err(format!("they got those of {}", clients.join(", "))) }
        });
        vec![all_answered("register"), same]
    }
}

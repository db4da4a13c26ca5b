// Takes the seat whenever it is told to run, with node-postgres; speaks JSON lines.
const { Pool } = require("pg");
const lines = require("readline").createInterface({ input: process.stdin });

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1, idleTimeoutMillis: 0 });
const me = process.env.RACEPROOF_WORKER;

async function isTakenWithBug() {
  const { rows } = await pool.query("SELECT guest FROM seats WHERE id = 1");
  if (rows[0].guest !== null) return false;
  await pool.query("UPDATE seats SET guest = $1 WHERE id = 1", [me]);
  return true;
}

async function isTaken() {
  const { rowCount } = await pool.query("UPDATE seats SET guest = $1 WHERE id = 1 AND guest IS NULL", [me]);
  return rowCount === 1;
}

async function take() {
  const taken = await (process.argv[2] === "fix" ? isTaken() : isTakenWithBug());
  if (!taken) return { refused: "taken" };
  await pool.query("INSERT INTO tickets (seat, guest) VALUES (1, $1)", [me]);
  return { ok: "seat 1" };
}

console.log(JSON.stringify({ ready: true }));
lines.on("line", async () => {
  const answer = await take().catch((error) => ({ error: String(error) }));
  console.log(JSON.stringify(answer));
});

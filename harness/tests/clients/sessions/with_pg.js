// Simple, extended and prepared queries, a refused change, a transaction that is taken back, several statements at once.
const { Client } = require("pg");

async function main() {
  const client = new Client({ connectionString: process.argv[2] });
  await client.connect();
  console.log((await client.query("SELECT * FROM stock ORDER BY sku")).rows);
  for (let units = 0; units < 3; units++) {
    const named = { name: "at-least", text: "SELECT sku FROM stock WHERE units >= $1 ORDER BY sku", values: [units] };
    console.log((await client.query(named)).rows);
  }
  await client.query("UPDATE stock SET units = -1 WHERE sku = $1", [2]).catch((error) => console.log(error.code));
  await client.query("BEGIN");
  await client.query("DELETE FROM stock WHERE sku = ANY($1)", [[1, 2]]);
  await client.query("ROLLBACK");
  const several = await client.query("SELECT 1 AS one; INSERT INTO stock VALUES (9, 9, 'nine'); SELECT count(*) FROM stock");
  console.log(several.map((result) => result.rows));
  console.log((await client.query({ text: "SELECT units FROM stock WHERE sku = $1", values: [9], rowMode: "array" })).rows);
  await client.end();
  console.log("end");
}

main();

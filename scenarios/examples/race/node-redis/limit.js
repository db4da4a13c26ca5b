// Asks to be let through whenever it is told to run, with node-redis; speaks JSON lines.
const { createClient } = require("redis");
const lines = require("readline").createInterface({ input: process.stdin });

const LIMIT = 10;
const redis = createClient({ url: process.env.REDIS_URL });

async function isWithinWithBug() {
  if (Number(await redis.get("calls")) >= LIMIT) return false;
  await redis.incr("calls");
  return true;
}

async function isWithin() {
  return (await redis.incr("calls")) <= LIMIT;
}

async function call() {
  const within = await (process.argv[2] === "fix" ? isWithin() : isWithinWithBug());
  return within ? { ok: "through" } : { refused: "too many" };
}

lines.on("line", async () => {
  const answer = await call().catch((error) => ({ error: String(error) }));
  console.log(JSON.stringify(answer));
});
redis.connect().then(() => console.log(JSON.stringify({ ready: true })));

// Commands that are sent at once, a transaction, a script, a refused command, a subscription.
const { createClient } = require("redis");

async function main() {
  const client = createClient({ url: process.argv[2] });
  await client.connect();
  const sent = Array.from({ length: 50 }, (_, index) => client.rPush("list", String(index)));
  console.log((await Promise.all(sent)).at(-1));
  console.log(await client.multi().set("counter", "1").incrBy("counter", 41).get("counter").exec());
  console.log(await client.eval("return {KEYS[1], ARGV[1]}", { keys: ["counter"], arguments: ["7"] }));
  await client.lPush("counter", "1").catch((error) => console.log(error.message));
  const subscriber = client.duplicate();
  await subscriber.connect();
  const heard = new Promise((resolve) => subscriber.subscribe("news", resolve).then(() => client.publish("news", "hello")));
  console.log(await heard);
  await subscriber.quit();
  console.log(await client.hSet("hash", { a: "1", b: "2" }), await client.hGetAll("hash"));
  await client.del(["list", "counter", "hash"]);
  await client.quit();
  console.log("end");
}

main();

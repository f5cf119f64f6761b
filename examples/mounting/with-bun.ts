// Bun, Deno and Cloudflare take an object with `fetch`; in Bun, `bun with-bun.ts` serves it. Bun's own runtime has no
// better-sqlite3, so there the store is a PostgreSQL, named by MILLRACE_STORE.
import { API_KEY, openQueue } from "./queue.ts";

const queue = await openQueue();
const served = { port: 7337, fetch: queue.fetch };
// oxlint-disable-next-line no-default-export -- this is how Bun finds it
export default served;

// What follows is for this example: it asks once, without a socket.
if (!("Bun" in globalThis)) {
  const headers = { Authorization: `Bearer ${API_KEY}` };
  const answer = await served.fetch(new Request("http://localhost:7337/v1/stats", { headers }));
  console.log(answer.status, ((await answer.json()) as { queued: number }).queued);
  await queue.end();
}

// Output:
// 200 0

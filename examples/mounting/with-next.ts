// In a Next.js application this is app/api/queue/[...path]/route.ts: its exports are all that Next.js needs.
import { API_KEY, openQueue } from "./queue.ts";

const queue = await openQueue("/api/queue");

export const GET = queue.fetch;
export const POST = queue.fetch;
export const PUT = queue.fetch;
export const PATCH = queue.fetch;
export const DELETE = queue.fetch;
// Long polls and streams need Node, and no page that was made before.
export const runtime = "nodejs";
export const dynamic = "force-dynamic";

// What follows is for this example: it asks as Next.js would.
const request = new Request("https://shop.example.org/api/queue/v1/jobs", {
  method: "POST",
  headers: { Authorization: `Bearer ${API_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ kind: "mail.send", payload: { to: "you@example.org" } }),
});
const answer = await POST(request);
const { number, state } = (await answer.json()) as { number: number; state: string };
console.log(`${answer.status}: job ${number} is ${state}`);
await queue.end();

// Output:
// 201: job 1 is queued

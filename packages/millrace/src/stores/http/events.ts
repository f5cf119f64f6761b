import type { ChangeStore } from "../../core/store.ts";
import type { WireEvent } from "../../http/api/client.ts";
import { MOST_AT_ONCE } from "./portions.ts";
import type { Server } from "./server.ts";

/** As `Store.events`. */
export async function readEvents(
  { transport }: Server,
  after: string | null,
  limit: number,
): ReturnType<ChangeStore["events"]> {
  const query = { after, limit: Math.min(Math.max(1, limit), MOST_AT_ONCE) };
  const call = { method: "GET", path: "/v1/events", query, isRepeatable: true } as const;
  const page = await transport.send<{ readonly events: readonly WireEvent[]; readonly cursor: string }>(call);
  const events = page.events.map(({ at, ...event }) => ({ ...event, at: new Date(at) }));
  return { events: events as Awaited<ReturnType<ChangeStore["events"]>>["events"], cursor: page.cursor };
}

import type { LeaseRef } from "../../core/lease.ts";
import { MAX_LOG_LINE_LENGTH, type LogStream } from "../../core/log-line.ts";
import type { HeartbeatStatus, Report } from "../../core/store.ts";
import type { LogEntryBody } from "../../http/api/worker-client.ts";
import type { HttpWorker } from "./http-worker.ts";
import { inPortions } from "./portions.ts";
import type { Workers } from "./workers.ts";

/** Characters of the lines that go together. */
const MOST_TEXT = 100_000;
/** Characters of a lease in a request, with all that stands around it. */
export const LEASE_SIZE = 100;

/** As `Store.heartbeat`. */
export async function prolongLeases(
  worker: HttpWorker,
  leases: readonly LeaseRef[],
  leaseMs: number,
): Promise<readonly HeartbeatStatus[]> {
  // Without a lease, too: it says that the worker lives.
  if (leases.length === 0) await worker.client.heartbeat([], leaseMs);
  const refs = leases.map(({ job, token }) => ({ job, token }));
  const statuses = await inPortions(
    refs,
    () => LEASE_SIZE,
    (portion) => worker.client.heartbeat(portion, leaseMs),
  );
  leases.forEach((lease, i) => {
    if (statuses[i] === "lost") worker.held.end(lease);
  });
  return statuses;
}

/** As `Store.report`. Progress goes with a heartbeat, lines go to the logs; lost to one is lost to both. */
export async function keepReports(workers: Workers, reports: readonly Report[]): Promise<readonly ("kept" | "lost")[]> {
  const lost = new Set<Report>();
  for (const [worker, own] of byHolder(workers, reports)) {
    if (worker === undefined) own.forEach((report) => lost.add(report));
    else await send(worker, own, lost);
  }
  return reports.map((report) => (lost.has(report) ? "lost" : "kept"));
}

/** By the worker that holds them; `undefined` for those that none does. */
export function byHolder<T extends LeaseRef>(
  workers: Workers,
  leases: readonly T[],
): ReadonlyMap<HttpWorker | undefined, readonly T[]> {
  return Map.groupBy(leases, (lease) => workers.holderOf(lease));
}

async function send({ client, leaseMs }: HttpWorker, reports: readonly Report[], lost: Set<Report>): Promise<void> {
  const progressing = reports.filter(({ progress }) => progress !== null);
  const beats = progressing.map(({ job, token, progress }) => ({ job, token, progress: progress ?? undefined }));
  const [held, kept] = await Promise.all([
    inPortions(
      beats,
      ({ progress }) => LEASE_SIZE + (progress?.message?.length ?? 0),
      (portion) => client.heartbeat(portion, leaseMs),
    ),
    sendLines(client, reports),
  ]);
  progressing.forEach((report, i) => {
    if (held[i] === "lost") lost.add(report);
  });
  kept.forEach(({ report, status }) => {
    if (status === "lease_lost") lost.add(report);
  });
}

interface Entry {
  readonly report: Report;
  readonly body: LogEntryBody;
}

async function sendLines(
  client: HttpWorker["client"],
  reports: readonly Report[],
): Promise<readonly { readonly report: Report; readonly status: "kept" | "lease_lost" }[]> {
  const entries = reports.flatMap(entriesOf);
  const statuses = await inPortions(
    entries,
    ({ body }) => LEASE_SIZE + body.text.length,
    (portion) => client.logs(portion.map(({ body }) => body)),
  );
  return entries.map(({ report }, i) => ({ report, status: statuses[i] ?? "lease_lost" }));
}

/** Lines that follow each other in one stream go together, up to a size. */
function entriesOf(report: Report): readonly Entry[] {
  const { job, token } = report;
  const entries: { report: Report; body: { job: string; token: number; stream: LogStream; text: string } }[] = [];
  for (const { stream, text } of report.lines) {
    const last = entries.at(-1)?.body;
    // What is longer is cut over there; one character more lets it be seen that there was more.
    const line = `${text.slice(0, MAX_LOG_LINE_LENGTH + 1)}\n`;
    if (last?.stream === stream && last.text.length < MOST_TEXT) last.text += line;
    else entries.push({ report, body: { job, token, stream, text: line } });
  }
  return entries;
}

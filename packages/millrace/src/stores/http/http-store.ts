import { CallOrder } from "../../core/call-order.ts";
import { ShutdownError } from "../../core/errors.ts";
import type { Store } from "../../core/store.ts";
import { artifactsUnder } from "./attempt-artifacts.ts";
import { cancelJobs } from "./cancel.ts";
import { Changes } from "./changes.ts";
import { Enqueues } from "./enqueue.ts";
import { readEvents } from "./events.ts";
import { keepReports, prolongLeases } from "./lease.ts";
import { REFUSED, UPKEEP } from "./not-over-http.ts";
import { configureQueue, readQueues } from "./queues.ts";
import { reads } from "./read.ts";
import { putSchedule, readSchedules, removeSchedule } from "./schedules.ts";
import { serverOf, type HttpOptions, type Server } from "./server.ts";
import { settleAttempts } from "./settle.ts";
import { Workers } from "./workers.ts";

/**
 * Open the store that a server has: what its key may see and do of it.
 * @throws OptionsError; AccessError when the key is not good; StoreError when the server cannot be reached
 */
export async function openHttp(options: HttpOptions): Promise<Store> {
  const server = serverOf(options);
  const { org } = await server.client.me();
  return createHttpStore(server, org);
}

function createHttpStore(server: Server, org: string): Store {
  const { client } = server;
  const changes = new Changes(client);
  const workers = new Workers(server, () => changes.tell("cancel"));
  const enqueues = new Enqueues(server, workers);
  const read = reads(server);
  const order = new CallOrder(globalThis);
  let isClosed = false;

  function whileOpen<Args extends readonly unknown[], T>(
    work: (...args: Args) => Promise<T>,
  ): (...args: Args) => Promise<T> {
    return async (...args) => {
      if (isClosed) throw new ShutdownError("the client is closed");
      return order.make(() => work(...args));
    };
  }

  return {
    capabilities: { isSynchronous: false, isShared: true, isNumberedAtCommit: false, isWaitForAll: true },
    org,

    enqueue: whileOpen((requests, terms) => enqueues.enqueue(requests, terms)),
    get: whileOpen(read.get),
    ended: whileOpen((ids) => {
      changes.wantEvents();
      return read.ended(ids);
    }),
    findByNumber: whileOpen(read.findByNumber),
    list: whileOpen(read.list),
    counts: whileOpen(read.counts),
    attempts: whileOpen(read.attempts),
    cancel: whileOpen((requests) => cancelJobs(server, requests)),
    logs: whileOpen(read.logs),
    explain: whileOpen(read.explain),

    registerWorker: whileOpen((worker) => workers.register(worker)),
    removeWorker: whileOpen((id) => workers.remove(id)),
    workers: whileOpen(() => workers.list()),
    claim: whileOpen(async (request, wait) => workers.get(request.worker).claim(request, wait)),
    heartbeat: whileOpen(async (worker, leases, leaseMs) => prolongLeases(workers.get(worker), leases, leaseMs)),
    cancelRequests: whileOpen(async (worker) => workers.get(worker).cancels()),
    report: whileOpen((reports) => keepReports(workers, reports)),
    settle: whileOpen((settlements) => settleAttempts(workers, settlements)),

    configureQueue: whileOpen((_, name, change) => configureQueue(client, name, change)),
    queues: whileOpen(() => readQueues(client)),
    putSchedule: whileOpen((schedule) => putSchedule(client, schedule)),
    removeSchedule: whileOpen((_, name) => removeSchedule(client, name)),
    schedules: whileOpen(() => readSchedules(client)),

    onChange: (listener) => changes.listen(listener),
    events: whileOpen((_, after, limit) => {
      if (after !== null) changes.wantEvents();
      const page = readEvents(server, after, limit);
      // Where events stand now: what is called behind this happens behind it.
      if (after === null) order.putFirst(page);
      return page;
    }),

    ...UPKEEP,
    ...REFUSED,
    artifactsUnder: (lease, signal) => artifactsUnder(workers, lease, signal),
    companions: async (leases) => leases.map((lease) => workers.holderOf(lease)?.held.companionOf(lease) ?? null),

    close: async () => {
      isClosed = true;
      workers.stop();
      changes.close();
    },
  };
}

import { isMillraceError, NotFoundError } from "../../core/errors.ts";
import type { LeaseRef } from "../../core/lease.ts";
import type { WorkerRegistration } from "../../core/store.ts";
import type { WorkerInfo } from "../../core/worker-info.ts";
import { HttpWorker } from "./http-worker.ts";
import type { Server } from "./server.ts";

/** The workers of this process, each with a key of its own. */
export class Workers {
  readonly #server: Server;
  readonly #onCancel: () => void;
  readonly #workers = new Map<string, HttpWorker>();

  constructor(server: Server, onCancel: () => void) {
    this.#server = server;
    this.#onCancel = onCancel;
  }

  async register(registration: WorkerRegistration): Promise<"registered" | "taken"> {
    const before = this.#workers.get(registration.id);
    const worker = new HttpWorker(this.#server.transport, registration, this.#onCancel, before?.held);
    try {
      await worker.client.register();
    } catch (error) {
      if (isMillraceError(error) && error.code === "state_conflict") return "taken";
      throw error;
    }
    before?.stop();
    this.#workers.set(registration.id, worker);
    return "registered";
  }

  /** @throws NotFoundError */
  get(id: string): HttpWorker {
    const worker = this.#workers.get(id);
    if (worker !== undefined) return worker;
    throw new NotFoundError("worker_not_found", `this process has registered no worker "${id}"`);
  }

  /** The worker that was given the lease; none when it was not given to this process, or has ended long ago. */
  holderOf(lease: LeaseRef): HttpWorker | undefined {
    for (const worker of this.#workers.values()) if (worker.held.knows(lease)) return worker;
    return undefined;
  }

  async remove(id: string): Promise<number> {
    const worker = this.#workers.get(id);
    if (worker === undefined) return 0;
    worker.stop();
    const released = await worker.client.unregister();
    this.#workers.delete(id);
    return released;
  }

  async list(): Promise<readonly WorkerInfo[]> {
    return (await this.#server.client.workers()).map(({ startedAt, seenAt, ...rest }) => ({
      ...rest,
      startedAt: new Date(startedAt),
      seenAt: new Date(seenAt),
    }));
  }

  stop(): void {
    for (const worker of this.#workers.values()) worker.stop();
  }
}

import type { HandlerContext } from "../../core/handler.ts";
import type { Job } from "../../core/job.ts";
import { cancel, type Outcome } from "../../core/outcome.ts";
import { Millrace } from "../../runtime/millrace.ts";
import type { Vault } from "../../runtime/vault.ts";
import { DELIVERY_KIND, DELIVERY_LABEL, DELIVERY_QUEUE, type Delivery } from "./delivery.ts";
import { send } from "./send.ts";
import { signatureHeaders } from "./signature.ts";
import { openSecret } from "./webhook-secret.ts";
import { hostOf } from "./webhook-url.ts";

/** Deliveries of one organisation at the same time. */
const CONCURRENCY = 10;
/** Once the server stops, tries that go on for longer are given up, and made again later. */
const STOP_GRACE_MS = 1_000;
const USER_AGENT = "millrace";
const GONE = 410;

interface DelivererOptions {
  readonly mill: Millrace;
  readonly vault: Vault;
  readonly allowsPrivate: boolean;
}

/** Workers that send what the jobs of deliveries say: one for each organisation that has webhooks. */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #workers = new Map<string, ReturnType<Millrace["worker"]>>();

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** From now on, what is to be delivered for the organisation is. Safe to call again. */
  async serve(org: string): Promise<void> {
    if (this.#workers.has(org)) return;
    const worker = this.#options.mill.forOrg(org).worker({
      name: "webhooks",
      queues: [DELIVERY_QUEUE],
      labels: [DELIVERY_LABEL],
      concurrency: CONCURRENCY,
      stopGraceMs: STOP_GRACE_MS,
    });
    worker.handle<Delivery>(DELIVERY_KIND, async (job, ctx) => this.#deliver(job, ctx));
    await worker.start();
    this.#workers.set(org, worker);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  /** One try. Whatever is no success and no farewell is thrown, and so tried again. */
  async #deliver({ org, payload }: Job<Delivery>, { signal }: HandlerContext): Promise<Outcome | object> {
    const { mill, vault, allowsPrivate } = this.#options;
    const { store, clock, logger } = Millrace.kernelOf(mill);
    const { hook: id, messageId, event } = payload;
    const hook = (await store.webhooks(org)).find((each) => each.id === id);
    if (hook === undefined) return cancel("the webhook was removed");
    const body = JSON.stringify({ type: event.type, timestamp: event.at, data: event });
    const sentAt = new Date(clock.now());
    const signed = signatureHeaders(openSecret(vault, hook), { id: messageId, sentAt, body });
    const headers = { "Content-Type": "application/json", "User-Agent": USER_AGENT, ...signed };
    const url = new URL(hook.url);
    const status = await send({ url, headers, body, allowsPrivate, signal });
    if (status >= 200 && status < 300) return { status };
    if (status !== GONE) throw new Error(`${hostOf(url)} answered ${status}`);
    await store.removeWebhook(org, id);
    logger.warn({ webhook: id, org }, "a webhook was removed: its receiver says that it is gone");
    return { status };
  }
}

import type { StoredWebhook } from "../../core/webhook.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import { Loop } from "../../runtime/loop.ts";
import { deliveriesOf } from "./delivery.ts";

/** How late webhooks are seen that another server has written down. What happens meanwhile they are told then. */
const LIST_EVERY_MS = 10_000;
const ENQUEUE_AT_ONCE = 1_000;

/**
 * Hands on what happens to webhooks, as jobs that deliver it, and moves their cursors on after it.
 *
 *   events behind the cursor ── enqueued, under ids made of what they tell ──► cursor moved, if it stands where it stood
 *
 * Whoever dies between the two leaves the cursor; the same events make the same jobs again, which are there already. So
 * any number of servers may follow at once, and nothing is missed.
 */
export class WebhookFollower {
  readonly #kernel: Kernel;
  readonly #serve: (org: string) => Promise<void>;
  readonly #loop: Loop;
  #hasWebhooks = false;
  #stopListening: (() => void) | undefined;

  /** @param serve sees to it that deliveries of an organisation are made */
  constructor(kernel: Kernel, serve: (org: string) => Promise<void>) {
    this.#kernel = kernel;
    this.#serve = serve;
    const { clock, random } = kernel;
    this.#loop = new Loop({
      clock,
      random,
      everyMs: LIST_EVERY_MS,
      run: async () => this.#followAll(),
      onError: (error) => this.#warn({ error }, "webhooks could not be read; it will be tried again"),
    });
  }

  start(): void {
    // Without webhooks, a commit is nothing to look for.
    this.#stopListening = this.#kernel.store.onChange((changes) => {
      if (this.#hasWebhooks && changes.has("events")) this.#loop.wake();
    });
    this.#loop.start();
  }

  /** There may be webhooks that were not there before. */
  wake(): void {
    this.#loop.wake();
  }

  async stop(): Promise<void> {
    this.#stopListening?.();
    await this.#loop.stop();
  }

  async #followAll(): Promise<undefined> {
    const all = await this.#kernel.store.webhooks(null);
    this.#hasWebhooks = all.length > 0;
    for (const [org, hooks] of Map.groupBy(all, (hook) => hook.org)) {
      try {
        await this.#serve(org);
        await this.#follow(org, hooks);
      } catch (error) {
        // One organisation does not keep the others waiting.
        this.#warn({ error, org }, "webhooks could not be told what happened; it will be tried again");
      }
    }
  }

  /** Hooks that stand at the same place are read for together; those that do not meet when nothing happens for a moment. */
  async #follow(org: string, hooks: readonly StoredWebhook[]): Promise<void> {
    let groups = [...Map.groupBy(hooks, (hook) => hook.cursor)];
    while (groups.length > 0) {
      const pages = await Promise.all(
        groups.map(async ([cursor, members]) => ({ members, ...(await this.#kernel.eventReads.read(org, cursor)) })),
      );
      const isAlone = pages.length === 1;
      const moved: StoredWebhook[] = [];
      for (const { members, events, cursor } of pages) {
        if (events.length === 0 && isAlone) continue;
        await this.#enqueue(deliveriesOf(members, events));
        const kept = await this.#advance(members, cursor);
        // Where nothing came there is nothing more for now.
        if (events.length > 0) moved.push(...kept);
      }
      groups = [...Map.groupBy(moved, (hook) => hook.cursor)];
    }
  }

  async #enqueue(requests: ReturnType<typeof deliveriesOf>): Promise<void> {
    for (let i = 0; i < requests.length; i += ENQUEUE_AT_ONCE) {
      await this.#kernel.store.enqueue(requests.slice(i, i + ENQUEUE_AT_ONCE));
    }
  }

  /** Those that stood where they were read from; another server has seen to the others. */
  async #advance(hooks: readonly StoredWebhook[], cursor: string): Promise<readonly StoredWebhook[]> {
    const moved = await Promise.all(
      hooks.map(async (hook) =>
        hook.cursor === cursor || (await this.#kernel.store.advanceWebhook(hook.id, hook.cursor, cursor))
          ? { ...hook, cursor }
          : null,
      ),
    );
    return moved.filter((hook) => hook !== null);
  }

  #warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    // That the store is closed is no surprise then.
    if (!this.#kernel.closing.aborted) this.#kernel.logger.warn(fields, message);
  }
}

import { Millrace } from "../../runtime/millrace.ts";
import { Deliverer } from "./deliverer.ts";
import { WebhookFollower } from "./follower.ts";

export interface WebhookOptions {
  /**
   * Webhooks may lead to addresses that are not public: this machine, its networks, what clouds use inside. Whoever may
   * make a webhook can then reach what the server reaches. @default false
   */
  readonly allowPrivate?: boolean;
}

/** What a server does for webhooks, until it stops: hand events on to them, and deliver. */
export class Webhooks {
  readonly allowsPrivate: boolean;
  readonly #follower: WebhookFollower | undefined;

  constructor(mill: Millrace, { allowPrivate = false }: WebhookOptions, stopping: AbortSignal) {
    this.allowsPrivate = allowPrivate;
    const kernel = Millrace.kernelOf(mill);
    const { vault } = kernel;
    // Without the key nothing can be signed here; a server that has it may be there for those that are written down.
    if (vault === undefined || stopping.aborted) return;
    const deliverer = new Deliverer({ mill, vault, allowsPrivate: allowPrivate });
    const follower = new WebhookFollower(kernel, async (org) => deliverer.serve(org));
    this.#follower = follower;
    follower.start();
    stopping.addEventListener("abort", () => void follower.stop().then(() => deliverer.stop()), { once: true });
  }

  /** One was written down, here and now. */
  wake(): void {
    this.#follower?.wake();
  }
}

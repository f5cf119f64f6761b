import { refuseRequest } from "../core/options.ts";
import { queueSettingsProblems, type Queue, type QueueOverrides } from "../core/queue.ts";
import type { Store } from "../core/store.ts";

/** One queue, to steer. A queue exists from its first job, or its first setting, on. */
export class QueueHandle {
  readonly name: string;
  readonly #store: Store;
  readonly #org: string;

  constructor(store: Store, org: string, name: string) {
    this.name = name;
    this.#store = store;
    this.#org = org;
  }

  /** No claims any more; what runs goes on, and jobs can still be enqueued. */
  async pause(): Promise<Queue> {
    return this.#store.configureQueue(this.#org, this.name, { isPaused: true });
  }

  async resume(): Promise<Queue> {
    return this.#store.configureQueue(this.#org, this.name, { isPaused: false });
  }

  /** Set what is given, leave the rest. Holds for jobs enqueued from now on. @throws InputError with every wrong setting */
  async configure(settings: QueueOverrides): Promise<Queue> {
    refuseRequest(queueSettingsProblems(settings, `queue("${this.name}").configure()`));
    return this.#store.configureQueue(this.#org, this.name, { settings });
  }
}

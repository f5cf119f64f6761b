import { backoffProblem } from "../core/backoff.ts";
import { countProblem, durationProblem, refuseRequest, unknownKeys, type Problem } from "../core/options.ts";
import type { Queue, QueueOverrides } from "../core/queue.ts";
import type { Store } from "../core/store.ts";

const SETTINGS = ["numbered", "maxAttempts", "timeoutMs", "backoff", "cancelGraceMs", "retention"] as const;
const RETENTION = ["completedMs", "failedMs", "cancelledMs"] as const;
const FOR_EVER = Number.MAX_SAFE_INTEGER;

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
    refuseRequest(problemsOf(settings, `queue("${this.name}").configure()`));
    return this.#store.configureQueue(this.#org, this.name, { settings });
  }
}

function problemsOf(settings: QueueOverrides, where: string): Problem[] {
  const wrongKeys = unknownKeys(settings, SETTINGS, where);
  if (typeof settings !== "object" || settings === null) return wrongKeys;
  const { numbered, maxAttempts, timeoutMs, backoff, cancelGraceMs, retention } = settings;
  return [
    ...wrongKeys,
    numbered === undefined || typeof numbered === "boolean" ? undefined : `${where}: numbered must be true or false`,
    countProblem(maxAttempts, `${where}: maxAttempts`),
    durationProblem(timeoutMs, `${where}: timeoutMs`),
    backoffProblem(backoff, `${where}: backoff`),
    durationProblem(cancelGraceMs, `${where}: cancelGraceMs`, 0),
    ...(retention === undefined ? [] : unknownKeys(retention, RETENTION, `${where}: retention`)),
    ...RETENTION.map((name) => durationProblem(retention?.[name], `${where}: retention.${name}`, 0, FOR_EVER)),
  ];
}

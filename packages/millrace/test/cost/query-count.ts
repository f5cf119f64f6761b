import { Client, type ClientBase } from "pg";
import { raise } from "./meter.ts";

type Query = (this: ClientBase, ...args: unknown[]) => unknown;

/** Statements by which some loop looks, from time to time, whether there is something to do. Not a job's work. */
const BY_THE_CLOCK =
  /^(SELECT pg_notify|SELECT 1$|SHOW |LISTEN |PROMOTE_|RESCUE_|SCHEDULE_|PRUNE_|LEASE_|WORKER_|EVENT_PRESENT)/;

/**
 * Counts the statements that all clients of this process send, and the ways to the server and back: one begins with a
 * statement that is sent while its connection waits for no other answer.
 */
export class QueryCount {
  readonly statements = new Map<string, number>();
  trips = 0;
  isCounting = false;
  /** Grows with every statement, counted or not. */
  begunCount = 0;
  #openCount = 0;
  #onAnswered: (() => void)[] = [];
  readonly #openByClient = new WeakMap<ClientBase, number>();

  constructor() {
    const prototype = Client.prototype as unknown as { query: Query };
    const send = prototype.query;
    const count = (client: ClientBase, statement: unknown, answer: unknown): void =>
      this.#add(client, statement, answer);
    prototype.query = function counted(...args) {
      const answer = send.apply(this, args);
      count(this, args[0], answer);
      return answer;
    };
  }

  /** Resolves when all statements have been answered. */
  answered(): Promise<void> {
    if (this.#openCount === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#onAnswered.push(resolve));
  }

  forget(): void {
    this.statements.clear();
    this.trips = 0;
  }

  #add(client: ClientBase, statement: unknown, answer: unknown): void {
    const name = nameOf(statement);
    if (BY_THE_CLOCK.test(name) || !(answer instanceof Promise)) return;
    this.begunCount += 1;
    const open = this.#openByClient.get(client) ?? 0;
    if (this.isCounting) {
      raise(this.statements, name);
      if (open === 0) this.trips += 1;
    }
    this.#openCount += 1;
    this.#openByClient.set(client, open + 1);
    const answered = (): void => this.#answer(client);
    answer.then(answered, answered);
  }

  #answer(client: ClientBase): void {
    this.#openCount -= 1;
    this.#openByClient.set(client, (this.#openByClient.get(client) ?? 1) - 1);
    if (this.#openCount === 0) for (const resolve of this.#onAnswered.splice(0)) resolve();
  }
}

/** `ENQUEUE_WRITE` for a statement that the server keeps a plan of; the first words of another. */
function nameOf(statement: unknown): string {
  if (typeof statement === "string") return firstWords(statement);
  const { name, text = "" } = statement as { readonly name?: string; readonly text?: string };
  return name === undefined ? firstWords(text) : name.replace(/^millrace_(.+)_[0-9a-f]{8}$/, "$1").toUpperCase();
}

function firstWords(text: string): string {
  return text.split(/[;(]/, 1)[0]?.trim().slice(0, 40) ?? "";
}

import type pg from "pg";
import type { Change } from "../../core/store.ts";
import { destroy, type Connections } from "./connections.ts";
import { quoteName } from "./statements.ts";

const ALL_CHANGES: ReadonlySet<Change> = new Set<Change>(["ready", "scheduled", "cancel", "events"]);

/** Others hear of a commit at once, and of those that follow it within so long together. */
const TELL_EVERY_MS = 5;
/** Where it brought nothing but news of jobs, nobody is kept from working meanwhile. */
const TELL_NEWS_EVERY_MS = 20;
/** Where nobody can listen, others' commits are looked for as often as this. */
const POLL_MS = 200;
/** A connection that says nothing may be dead: it is asked, and has so long to answer. */
const ASK_EVERY_MS = 2_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

type Listener = (changes: ReadonlySet<Change>, isServed: boolean) => void;

/** How changes are written in a notification: the first letters. */
const LETTERS = { r: "ready", s: "scheduled", c: "cancel", e: "events" } as const satisfies Record<string, Change>;

export function lettersOf(changes: ReadonlySet<Change>): string {
  return [...changes].map((change) => change.slice(0, 1)).join("");
}

/** The channel of a schema. */
export function channelName(schema: string): string {
  return schema === "millrace" ? "millrace" : `millrace.${schema}`.slice(0, 63);
}

/**
 * Wake-ups. Our own commits tell this process at once, and others by NOTIFY: off the commit's way, many commits in one,
 * since a notification inside a transaction makes all commits of the database wait in line. Should it get lost, whoever
 * waits looks again before long.
 *
 *   nobody listens here ── listen() ──► connecting ──► listening ── cut ──► connecting (and all is looked at once)
 *                                           └── no session to be had (a pooler) ──► polling
 */
export class Changes {
  readonly #connections: Connections;
  readonly #channel: string;
  readonly #self: string;
  readonly #serve: () => void;
  readonly #listeners = new Set<Listener>();
  #client: pg.Client | undefined;
  #isStarted = false;
  #timer: NodeJS.Timeout | undefined;
  #tellTimer: NodeJS.Timeout | undefined;
  #untold = new Set<Change>();
  #retryMs = FIRST_RETRY_MS;

  /**
   * @param self names this store among all that listen
   * @param serve lets the claims that wait in this store look for tickets of others: some of each sort, not all
   */
  constructor(connections: Connections, schema: string, self: string, serve: () => void) {
    this.#serve = serve;
    this.#connections = connections;
    this.#channel = channelName(schema);
    this.#self = self;
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (!this.#isStarted) {
      this.#isStarted = true;
      void this.#connect();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** A commit of ours. */
  committed(changes: ReadonlySet<Change>): void {
    this.#tell(changes, true);
    for (const change of changes) this.#untold.add(change);
    if (this.#tellTimer === undefined) this.#tellOthers();
  }

  stop(): void {
    this.#isStarted = false;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) client.end().catch(() => destroy(client));
  }

  close(): void {
    this.#listeners.clear();
    clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
    this.#untold.clear();
    this.stop();
  }

  #tell(changes: ReadonlySet<Change>, isServed = false): void {
    for (const listener of this.#listeners) listener(changes, isServed);
  }

  /** At once for the first; what comes within the pause goes along with the next. */
  #tellOthers(): void {
    this.#tellTimer = undefined;
    if (this.#untold.size === 0) return;
    const letters = lettersOf(this.#untold);
    this.#untold = new Set();
    this.#notify(`${this.#self}:${letters}`);
    this.#tellTimer = setTimeout(() => this.#tellOthers(), letters === "e" ? TELL_NEWS_EVERY_MS : TELL_EVERY_MS);
    this.#tellTimer.unref();
  }

  #notify(payload: string): void {
    const text = "SELECT pg_notify($1, $2)";
    const send = (client: pg.ClientBase): Promise<unknown> => client.query({ text, values: [this.#channel, payload] });
    const sent =
      this.#client === undefined
        ? this.#connections.use(send, { limitMs: ASK_EVERY_MS, isRepeatable: false })
        : send(this.#client);
    // Whoever did not hear it looks again before long.
    sent.catch(() => undefined);
  }

  async #connect(): Promise<void> {
    try {
      const client = await this.#connections.openListener(async (opened) => {
        opened.on("notification", ({ payload = "" }) => this.#hear(payload));
        await opened.query(`LISTEN ${quoteName(this.#channel)}`);
      });
      if (client === undefined) {
        this.#poll();
        return;
      }
      if (!this.#isStarted || this.#client !== undefined) {
        client.end().catch(() => destroy(client));
        return;
      }
      this.#client = client;
      client.on("end", () => this.#reconnect(client));
      (client as pg.Client & { unref(): void }).unref();
      this.#retryMs = FIRST_RETRY_MS;
      // What was committed while nobody listened.
      this.#tell(ALL_CHANGES);
      this.#askSoon(client);
    } catch {
      this.#reconnect(this.#client);
    }
  }

  #reconnect(client: pg.Client | undefined): void {
    if (!this.#isStarted || this.#client !== client) return;
    this.#client = undefined;
    if (client !== undefined) destroy(client);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#timer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  /** From time to time, whether anybody is at the other end. */
  #askSoon(client: pg.Client): void {
    this.#timer = setTimeout(() => void this.#ask(client), ASK_EVERY_MS);
    this.#timer.unref();
  }

  async #ask(client: pg.Client): Promise<void> {
    const dead = setTimeout(() => this.#reconnect(client), ASK_EVERY_MS);
    dead.unref();
    try {
      await client.query("SELECT 1");
      if (this.#client === client) this.#askSoon(client);
    } catch {
      this.#reconnect(client);
    } finally {
      clearTimeout(dead);
    }
  }

  #poll(): void {
    if (!this.#isStarted) return;
    this.#tell(ALL_CHANGES);
    this.#timer = setTimeout(() => this.#poll(), POLL_MS * (0.9 + Math.random() / 5));
    this.#timer.unref();
  }

  #hear(payload: string): void {
    const [who, letters = ""] = payload.split(":");
    if (who === this.#self) return;
    const changes = new Set<Change>();
    for (const letter of letters) if (isLetter(letter)) changes.add(LETTERS[letter]);
    const heard = changes.size === 0 ? ALL_CHANGES : changes;
    if (heard.has("ready")) this.#serve();
    this.#tell(heard, true);
  }
}

function isLetter(letter: string): letter is keyof typeof LETTERS {
  return Object.hasOwn(LETTERS, letter);
}

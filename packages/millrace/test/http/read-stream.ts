import { API_KEY, type Bench } from "./bench.ts";

/** What a client of server-sent events was told. */
export interface Told {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A client of server-sent events: it skips comments, and remembers the last id. */
export class StreamReader {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";
  lastId: string | undefined;

  constructor(response: Response) {
    this.response = response;
    if (response.body === null) throw new Error("there is no stream to read");
    this.#reader = response.body.getReader();
  }

  /** The next event; `undefined` when the stream has ended. */
  async next(): Promise<Told | undefined> {
    for (;;) {
      const block = await this.block();
      if (block === undefined) return undefined;
      const fields = new Map(
        block.split("\n").map((line) => {
          const [name = "", ...rest] = line.split(": ");
          return [name, rest.join(": ")];
        }),
      );
      this.lastId = fields.get("id") ?? this.lastId;
      const data = fields.get("data");
      if (data === undefined) continue;
      return { id: fields.get("id"), event: fields.get("event"), data: JSON.parse(data) as Told["data"] };
    }
  }

  /** So many events, or as many as there are. */
  async take(count: number): Promise<Told[]> {
    const told: Told[] = [];
    while (told.length < count) {
      const next = await this.next();
      if (next === undefined) break;
      told.push(next);
    }
    return told;
  }

  /** Everything up to the end of the stream. */
  async rest(): Promise<Told[]> {
    return this.take(Number.POSITIVE_INFINITY);
  }

  /** The next block as it stands, comments too. */
  async block(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return block;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** Go away, as a client does whose connection is cut. */
  async cut(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** Ask for a stream. */
export async function follow(
  { fetch }: Pick<Bench, "fetch">,
  path: string,
  {
    key = API_KEY,
    lastId,
    signal = null,
  }: { key?: string; lastId?: string | undefined; signal?: AbortSignal | null } = {},
): Promise<StreamReader> {
  const headers = new Headers({ Authorization: `Bearer ${key}`, Accept: "text/event-stream" });
  if (lastId !== undefined) headers.set("Last-Event-ID", lastId);
  return new StreamReader(await fetch(new Request(`http://server${path}`, { headers, signal })));
}

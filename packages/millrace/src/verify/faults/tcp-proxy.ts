import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "./free-port.ts";

/** Where a connection goes through the proxy. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** "mute": what the server says is thrown away. "silent": nothing is read on either side. */
  state: "open" | "mute" | "silent";
  /** Silent for good, as after a router has forgotten it. */
  isForgotten: boolean;
}

/** Where a server listens: on a port, or on a socket in the file system. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * The network between a client and a server. It forwards, until it is told otherwise.
 *
 *   forwarding ── cut ──────► every connection is reset; new ones are forwarded
 *       │  ────── forget ───► connections stay open and nothing gets through any more; new ones are forwarded
 *       │  ────── silence ──► likewise, and new ones are accepted and lead nowhere
 *       │  ────── mute ─────► what clients say gets through, what the server answers is lost
 *       │  ────── refuse ───► every connection is reset, new ones are refused
 *       └── heal ◄─────────── from all of these: what was silent goes on, what was mute is reset
 */
export class TcpProxy {
  #target: Address;
  readonly #links = new Set<Link>();
  readonly port: number;
  /**
   * Hears what clients say before it is forwarded; what it does to the proxy holds for that already.
   * @param cut resets the connection on which it was said
   */
  onSaid: (text: string, cut: () => void) => void = () => undefined;
  /** What becomes of what the server says. */
  onAnswered: (bytes: Buffer) => Buffer = (bytes) => bytes;
  #listener: Server | undefined;
  #newState: Link["state"] = "open";

  private constructor(target: Address, port: number) {
    this.#target = target;
    this.port = port;
  }

  static async to(target: Address): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, await freePort());
    await proxy.#listen();
    return proxy;
  }

  /** Connections that are open through it now. */
  get linkCount(): number {
    return this.#links.size;
  }

  /** The same URL, by way of this proxy. */
  through(url: string): string {
    const there = new URL(url);
    there.hostname = "127.0.0.1";
    there.port = String(this.port);
    return there.href;
  }

  /** New connections lead to another server; those that are open stay where they are. */
  lead(target: Address): void {
    this.#target = target;
  }

  /** Every connection is reset, on both sides. Answers how many there were. */
  cut(): number {
    const links = [...this.#links];
    for (const link of links) reset(link);
    return links.length;
  }

  /** The network goes on, but has forgotten the connections there are: half-open, for good. */
  forget(): void {
    for (const link of this.#links) {
      still(link);
      link.isForgotten = true;
    }
  }

  /** What the network has forgotten is found out about, as keepalives do in the end. */
  bury(): void {
    for (const link of this.#links) if (link.isForgotten) reset(link);
  }

  /** The network stands still, in both directions; nobody is told. */
  silence(): void {
    this.#newState = "silent";
    for (const link of this.#links) still(link);
  }

  /** What is asked reaches the server and is done there; the answers are lost. */
  mute(): void {
    this.#newState = "mute";
    for (const link of this.#links) if (link.state === "open") link.state = "mute";
  }

  /** As if nobody listened there. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    const closed = listener === undefined ? undefined : once(listener, "close");
    listener?.close();
    this.cut();
    await closed;
  }

  async heal(): Promise<void> {
    this.#newState = "open";
    for (const link of this.#links) {
      if (link.state === "mute") reset(link);
      else if (!link.isForgotten) this.#open(link);
    }
    if (this.#listener === undefined) await this.#listen();
  }

  async close(): Promise<void> {
    await this.refuse();
  }

  async #listen(): Promise<void> {
    const listener = createServer((client) => this.#accept(client));
    listener.listen(this.port, "127.0.0.1");
    await once(listener, "listening");
    this.#listener = listener;
  }

  #accept(client: Socket): void {
    const server = connect({ ...this.#target, noDelay: true });
    client.setNoDelay(true);
    const link: Link = { client, server, state: this.#newState, isForgotten: false };
    this.#links.add(link);
    // An error is followed by `close`, which is what counts.
    client.on("error", () => undefined);
    server.on("error", () => undefined);
    client.on("data", (bytes) => {
      this.onSaid(bytes.toString("latin1"), () => reset(link));
      // What was said before the silence is lost in it.
      if (link.state !== "silent") server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (link.state === "open") client.write(this.onAnswered(bytes));
    });
    for (const side of [client, server]) {
      side.on("close", () => {
        // The other side of a silent connection hears of it when the silence is over, if ever.
        if (link.state !== "silent") this.#end(link);
      });
    }
    if (link.state === "silent") still(link);
  }

  #open(link: Link): void {
    link.state = "open";
    if (link.client.destroyed || link.server.destroyed) {
      this.#end(link);
      return;
    }
    link.client.resume();
    link.server.resume();
  }

  #end(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}

function still(link: Link): void {
  link.state = "silent";
  link.client.pause();
  link.server.pause();
}

function reset(link: Link): void {
  // Not silent, so that its end is heard.
  link.state = "open";
  link.client.resetAndDestroy();
  link.server.resetAndDestroy();
}

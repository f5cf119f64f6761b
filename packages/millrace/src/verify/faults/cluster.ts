import { isUp } from "./own-connection.ts";
import { holding } from "./passing.ts";
import { startServer, type PostgresServer, type ServerOptions } from "./server/postgres-server.ts";
import { inStep, promote, startStandby } from "./server/standby.ts";

const UP_LIMIT_MS = 60_000;

export interface ClusterOptions extends ServerOptions {
  /** Whether a second server follows the first, and can take its place. */
  readonly hasStandby: boolean;
}

/**
 * A PostgreSQL of the drive's own: one server, or two, of which one follows the other and has all that it acknowledged.
 * They change places and are made anew, and stay at the two ports that they have.
 */
export class Cluster {
  #primary: PostgresServer;
  #standby: PostgresServer | undefined;
  readonly #options: ServerOptions;

  private constructor(primary: PostgresServer, standby: PostgresServer | undefined, options: ServerOptions) {
    this.#primary = primary;
    this.#standby = standby;
    this.#options = options;
  }

  static async start({ hasStandby, ...options }: ClusterOptions): Promise<Cluster> {
    const primary = await startServer(options);
    try {
      return new Cluster(primary, hasStandby ? await startStandby(primary, options) : undefined, options);
    } catch (error) {
      await primary.remove();
      throw error;
    }
  }

  /** Who takes writes. */
  get primary(): PostgresServer {
    return this.#primary;
  }

  /** One URL with all of its hosts; the driver passes over the one that takes no writes. It stays true for good. */
  get url(): string {
    if (this.#standby === undefined) return this.#primary.url;
    const ports = [this.#primary.port, this.#standby.port].toSorted((a, b) => a - b);
    const hosts = ports.map((port) => `127.0.0.1:${port}`).join(",");
    return `postgres://postgres:${this.#primary.place.password}@${hosts}/postgres?target_session_attrs=read-write`;
  }

  /**
   * Start the primary if it does not run, or dies of what was done to it before; resolves when it takes writes, and the
   * standby has all that it acknowledged.
   */
  async recover(): Promise<void> {
    let reason: unknown;
    const isBack = async (): Promise<boolean> => {
      try {
        if (this.#primary.pid === undefined) await this.#primary.start();
        return await isUp(this.#primary.url);
      } catch (error) {
        reason = error;
        return false;
      }
    };
    await holding("the server is up", isBack, UP_LIMIT_MS).catch((error: Error) => {
      throw new Error(error.message, { cause: reason });
    });
    if (this.#standby !== undefined) await inStep(this.#primary);
  }

  /** The standby becomes the primary, whose processes and data are gone from one moment to the next. */
  async failOver(): Promise<void> {
    const [lost, heir] = [this.#primary, this.#standby];
    if (heir === undefined) throw new Error("there is no standby to fail over to");
    await lost.kill();
    await promote(heir);
    this.#primary = heir;
    this.#standby = lost;
  }

  /** After a failover: a new standby in place of the old primary. The primary is stopped for a moment. */
  async makeStandby(): Promise<void> {
    const lost = this.#standby;
    if (lost === undefined) throw new Error("there was no failover");
    await lost.remove();
    this.#standby = await startStandby(this.#primary, { ...this.#options, port: lost.port });
  }

  async remove(): Promise<void> {
    await this.#standby?.remove();
    await this.#primary.remove();
  }

  /** End it, and leave the data of the primary. Answers where. */
  async keep(): Promise<string> {
    await this.#standby?.remove();
    return this.#primary.keep();
  }
}

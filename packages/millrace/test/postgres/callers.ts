import { Client } from "pg";
import { testUrl } from "./test-database.ts";

/** Connections of somebody who uses PostgreSQL for data of their own, one for each transaction that is open. */
export class Callers {
  readonly #idle: Client[] = [];
  readonly #all: Client[] = [];

  /** Run `work` in a transaction; commit when it is done, roll back when it fails. */
  async transaction<T>(work: (client: Client) => T | Promise<T>): Promise<T> {
    const client = this.#idle.pop() ?? (await this.#connect());
    await client.query("BEGIN");
    try {
      const value = await work(client);
      await client.query("COMMIT");
      return value;
    } catch (error) {
      await client.query("ROLLBACK");
      throw error;
    } finally {
      this.#idle.push(client);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((client) => client.end()));
  }

  async #connect(): Promise<Client> {
    const client = new Client(testUrl());
    this.#all.push(client);
    await client.connect();
    return client;
  }
}

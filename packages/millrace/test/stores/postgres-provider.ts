import type { Store } from "../../src/core/store.ts";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import type { StoreProvider } from "../../src/testing/index.ts";
import { Callers } from "../postgres/callers.ts";
import { SchemaPool } from "../postgres/schema-pool.ts";
import type { TestSchema } from "../postgres/test-database.ts";
import { sameClock, type ClockOf } from "./sqlite-provider.ts";

type Edit = (name: string, sql: string) => string;

export interface PostgresProviderOptions {
  readonly edit?: Edit;
  /** Is told of each statement when it is first used. */
  readonly onStatement?: (name: string, sql: string) => void;
  /** Puts another store in front of each one that is opened. */
  readonly wrap?: (store: Store, url: string, now: () => number) => Store;
  /** The clock of each connection, the first being 0. @default that of the test for all */
  readonly clockOf?: ClockOf;
  /** Makes the tables before a store is opened, which otherwise does it. */
  readonly makeTables?: (schema: TestSchema) => Promise<void>;
  /** Shared by several providers; whoever made it disposes of it. @default one of its own */
  readonly schemas?: SchemaPool;
}

export interface PostgresProvider extends StoreProvider {
  /** Call it when no more cases are run. */
  dispose(): Promise<void>;
}

/** Stores in a schema of their own, with connections and transactions beside them. */
export function postgresProvider(options: PostgresProviderOptions = {}): PostgresProvider {
  const { edit, onStatement, wrap, makeTables, clockOf = sameClock, schemas = new SchemaPool() } = options;
  const isSound = edit === undefined && wrap === undefined && makeTables === undefined;
  const told: Edit = (name, sql) => {
    onStatement?.(name, sql);
    return edit === undefined ? sql : edit(name, sql);
  };
  return {
    async open(testNow) {
      const schema = schemas.take();
      const callers = new Callers();
      let connections = 0;
      const openAnother = async (): Promise<Store> => {
        const now = clockOf(testNow, connections++);
        const store = await openPostgres({ target: schema.url, now, edit: told });
        return wrap === undefined ? store : wrap(store, schema.url, now);
      };
      await makeTables?.(schema);
      return {
        store: await openAnother(),
        openAnother,
        transaction: (work) => callers.transaction(work),
        async discard(failed) {
          await callers.end();
          await schemas.giveBack(schema, failed && isSound);
        },
      };
    },
    dispose: async () => {
      if (options.schemas === undefined) await schemas.dispose();
    },
  };
}

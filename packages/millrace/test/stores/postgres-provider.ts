import type { Store } from "../../src/core/store.ts";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import type { StoreProvider } from "../../src/testing/index.ts";
import { Callers } from "../postgres/callers.ts";
import { SchemaPool } from "../postgres/schema-pool.ts";
import type { TestSchema } from "../postgres/test-database.ts";

type Edit = (name: string, sql: string) => string;

export interface PostgresProviderOptions {
  readonly edit?: Edit;
  /** Puts another store in front of each one that is opened. */
  readonly wrap?: (store: Store, url: string, now: () => number) => Store;
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
  const { edit, wrap, makeTables, schemas = new SchemaPool() } = options;
  const isSound = edit === undefined && wrap === undefined && makeTables === undefined;
  return {
    async open(now) {
      const schema = schemas.take();
      const callers = new Callers();
      const openAnother = async (): Promise<Store> => {
        const store = await openPostgres({ target: schema.url, now, ...(edit === undefined ? {} : { edit }) });
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

import { afterAll, describe, it } from "vitest";
import { postgresProvider } from "../stores/postgres-provider.ts";
import { expectSound, LIMIT_MS } from "../verify/expect-sound.ts";
import { missingPostgres } from "./test-database.ts";

describe.skipIf(missingPostgres() !== undefined)("a sound store", () => {
  const provider = postgresProvider();
  afterAll(() => provider.dispose());

  it("is found sound: PostgreSQL, each worker with connections of its own", { timeout: LIMIT_MS }, async () =>
    expectSound(provider),
  );
});

import { DURABLE, NOT_DURABLE, type Row } from "../scenario.ts";

type Setup = Omit<Row, "measure" | "counts">;

export const MILLRACE: Setup = { name: "Millrace", contestant: "millrace", durability: DURABLE };
export const BARE: Setup = { name: "bare SQL loop", contestant: "bare", durability: DURABLE };

/** As it comes. */
export const PLAINJOB: Setup = {
  name: "plainjob",
  contestant: "plainjob",
  variant: "NORMAL",
  durability: NOT_DURABLE,
};
export const PLAINJOB_FULL: Setup = {
  name: "plainjob, synchronous=FULL",
  contestant: "plainjob",
  variant: "FULL",
  durability: DURABLE,
};

export const BULLMQ: Setup = {
  name: "BullMQ, appendfsync everysec",
  contestant: "bullmq",
  redis: "everysec",
  durability: "the last second may be lost",
};
export const BULLMQ_ALWAYS: Setup = {
  name: "BullMQ, appendfsync always",
  contestant: "bullmq",
  redis: "always",
  durability: DURABLE,
};

const onPostgres = { isOnPostgres: true, durability: DURABLE } as const;

export const MILLRACE_PG: Setup = { name: "Millrace", contestant: "millrace", ...onPostgres };
export const BARE_PG: Setup = {
  name: "bare SQL loop, one statement",
  contestant: "bare-postgres",
  variant: "fused",
  ...onPostgres,
};
export const BARE_PG_SEPARATE: Setup = {
  name: "bare SQL loop, two statements",
  contestant: "bare-postgres",
  variant: "separate",
  ...onPostgres,
};
export const GRAPHILE: Setup = {
  name: "graphile-worker, batched",
  contestant: "graphile-worker",
  variant: "batched",
  ...onPostgres,
};
export const GRAPHILE_PLAIN: Setup = {
  name: "graphile-worker, not batched",
  contestant: "graphile-worker",
  variant: "plain",
  ...onPostgres,
};
export const PG_BOSS: Setup = { name: "pg-boss", contestant: "pg-boss", ...onPostgres };
export const PG_BOSS_NOTIFY: Setup = {
  name: "pg-boss, notify",
  contestant: "pg-boss",
  variant: "notify",
  ...onPostgres,
};
export const BULLMQ_PG: Setup = { name: "BullMQ on PostgreSQL", contestant: "bullmq", ...onPostgres };

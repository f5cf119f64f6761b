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

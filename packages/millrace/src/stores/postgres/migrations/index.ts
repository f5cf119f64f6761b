import type { Migration } from "../../sql/migration.ts";
import { membership } from "./0001-membership.ts";
import { server } from "./0002-server.ts";
import { byHand } from "./0003-by-hand.ts";
import { slots } from "./0004-slots.ts";

/** All steps, oldest first. */
export const MIGRATIONS: readonly Migration[] = [membership, server, byHand, slots];

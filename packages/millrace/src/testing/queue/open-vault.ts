import type { Vault } from "../../runtime/vault.ts";

/** Hides nothing: what is kept in memory leaves the process as little as the key would. */
export const OPEN_VAULT: Vault = { seal: (text) => text, open: (text) => text };

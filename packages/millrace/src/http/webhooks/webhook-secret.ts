import type { Webhook } from "../../core/webhook.ts";
import type { Vault } from "../../runtime/vault.ts";

type Owner = Pick<Webhook, "id" | "org">;

/** For this hook alone: beside another one it does not open. */
export function sealSecret(vault: Vault, hook: Owner, secret: string): string {
  return vault.seal(secret, contextOf(hook));
}

/** @throws OptionsError when the key that sealed it is not here */
export function openSecret(vault: Vault, hook: Owner & { readonly sealed: string }): string {
  return vault.open(hook.sealed, contextOf(hook));
}

function contextOf({ id, org }: Owner): string {
  return `webhook ${id} of ${org}`;
}

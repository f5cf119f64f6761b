import type { Command } from "commander";
import type { ApiKey } from "../../core/api-key.ts";
import { NotFoundError } from "../../core/errors.ts";
import { show } from "../../core/options.ts";
import { isRole, ROLES, type Role } from "../../core/role.ts";
import { nameFlag } from "../flags.ts";
import { guide, guideGroup } from "../guide.ts";
import { withStore, type Session } from "../session.ts";
import type { Column } from "../table.ts";
import { unknownWord, UsageError } from "../usage-error.ts";

const DEFAULT_ORG = "default";

export function defineKeys(command: Command, session: Session): void {
  guideGroup(command, "Keys for the HTTP API. They lie in the store, as digests; each is shown once.", [
    "millrace keys create --role owner --name ada",
    "millrace keys list",
    "millrace keys revoke key_01k0c9m2w8x7q5v3r1t4y6p8n0",
  ]);
  defineCreate(command.command("create"), session);
  defineList(command.command("list"), session);
  defineRevoke(command.command("revoke"), session);
}

interface CreateFlags {
  readonly role: Role;
  readonly org: string;
  readonly name?: string;
}

function defineCreate(command: Command, session: Session): void {
  guide(command, {
    description: "Make a key and print it. It is not shown again.",
    notes: [
      "Roles: owner and admin may do everything in their organisation, member acts on jobs of its own, viewer looks,\n" +
        "worker registers workers. What is done with the key is written down under its name, so give each its own.",
    ],
    examples: [
      "millrace keys create --role owner --name ada",
      "millrace keys create --role worker --org acme --name render-farm --json",
    ],
  })
    .requiredOption("--role <role>", ROLES.join(", "), roleFlag)
    .option("--org <org>", "the organisation that it opens", nameFlag("--org"), DEFAULT_ORG)
    .option("--name <name>", "what it is called (default its id)", nameFlag("--name"))
    .action(async ({ role, org, name }: CreateFlags) => {
      const target = session.storeTarget();
      const { apiKeyDigest, createApiKey, createKeyId } = await import("../../http/api-key.ts");
      const key = createApiKey();
      const id = createKeyId(Date.now());
      const added = await withStore(
        target,
        (store) =>
          store.addApiKey({ id, org, role, name: name ?? id, createdBy: session.env.user, digest: apiKeyDigest(key) }),
        { mayCreate: true },
      );
      session.out.answer({ ...added, key }, () => [key]);
      session.out.note(
        `This key of ${role} in ${show(org)} is not shown again. Revoke it with: millrace keys revoke ${id}`,
      );
    });
}

function defineList(command: Command, session: Session): void {
  const { out } = session;
  const columns: readonly Column<ApiKey>[] = [
    { title: "KEY", text: ({ id }) => id },
    { title: "ORG", text: ({ org }) => org, canShrink: true },
    { title: "ROLE", text: ({ role }) => role },
    { title: "NAME", text: ({ name }) => name, canShrink: true },
    { title: "BY", text: ({ createdBy }) => createdBy ?? "", canShrink: true },
    { title: "CREATED", text: ({ createdAt }) => out.instant(createdAt) },
    { title: "REVOKED", text: ({ revokedAt }) => out.instant(revokedAt) },
  ];
  guide(command, {
    description: "List the keys, newest first; the revoked ones too.",
    examples: ["millrace keys list", "millrace keys list --org acme --json"],
  })
    .option("--org <org>", "of one organisation (default all)", nameFlag("--org"))
    .action(async ({ org = null }: { readonly org?: string | null }) => {
      const keys = await withStore(session.storeTarget(), (store) => store.apiKeys(org));
      out.table(keys, columns, keys, "No keys.");
    });
}

function defineRevoke(command: Command, session: Session): void {
  guide(command, {
    description: "Revoke a key: from now on it opens nothing, at any server on this store. Revoking it again is fine.",
    examples: ["millrace keys revoke key_01k0c9m2w8x7q5v3r1t4y6p8n0"],
    exits: { 4: "there is no such key" },
  })
    .argument("<id>", "as `millrace keys list` shows it")
    .action(async (id: string) => {
      const target = session.storeTarget();
      // Not repeated: it may be a key that was pasted here.
      if (!id.startsWith("key_")) throw new UsageError("the id of a key begins with key_");
      const revoked = await withStore(target, (store) => store.revokeApiKey(null, id));
      if (revoked === null) throw new NotFoundError("key_not_found", `there is no key ${show(id)}`);
      session.out.answer(revoked, () => [
        `Revoked ${revoked.id} (${revoked.role} in ${show(revoked.org)}, ${show(revoked.name)}).`,
      ]);
    });
}

function roleFlag(text: string): Role {
  if (isRole(text)) return text;
  throw unknownWord(`--role: ${show(text)} is no role`, text, ROLES);
}

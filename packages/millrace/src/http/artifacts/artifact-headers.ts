import type { Artifact } from "../../core/artifact.ts";

/**
 * What is said of an artifact. Whatever type it was sent with, no browser opens it as a page of this server: it is saved,
 * or shown where nothing of it may run.
 */
export function artifactHeaders({ name, sha256, contentType, createdAt }: Artifact): Record<string, string> {
  return {
    "Content-Type": contentType,
    "Content-Disposition": dispositionOf(name),
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Accept-Ranges": "bytes",
    // Another may take its place under the same name.
    "Cache-Control": "private, no-cache",
    "Last-Modified": createdAt.toUTCString(),
    ETag: `"${sha256}"`,
    "Repr-Digest": `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`,
  };
}

/** Whether a list of tags names this one; `*` names any. */
export function namesTag(list: string | undefined, sha256: string): boolean {
  if (list === undefined) return false;
  return list.split(",").some((tag) => ["*", `"${sha256}"`].includes(tag.trim().replace(/^W\//, "")));
}

/**
 * The SHA-256 in a `Repr-Digest` (RFC 9530), in hexadecimal digits; `undefined` when it has none.
 */
export function digestOf(header: string | undefined): string | undefined {
  const found = /(?:^|,)\s*sha-256=:([\w+/]{43}=):/.exec(header ?? "");
  return found?.[1] === undefined ? undefined : Buffer.from(found[1], "base64").toString("hex");
}

/** Plain for old readers, and as it is for all others (RFC 6266). */
function dispositionOf(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["%\\]/gu, "_");
  const encoded = encodeURIComponent(name).replace(/['()*!]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

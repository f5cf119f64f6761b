import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { OptionsError } from "./core/errors.ts";
import type { Vault } from "./runtime/vault.ts";

const ALGORITHM = "aes-256-gcm";
const VERSION = 1;
const KEY_ID_BYTES = 4;
const HEAD_BYTES = 1 + KEY_ID_BYTES;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const HEX = /^[\da-f]{64}$/i;
const BASE64 = /^[\w+/-]{43}=?$/;

interface VaultKey {
  readonly bytes: Buffer;
  /** Written in front of what it has sealed, so that it is found again. */
  readonly id: Buffer;
}

/**
 * A vault with AES-256-GCM and a nonce of its own for each text. What it seals is, in base64:
 *
 *   version (1 byte) · key id (4) · nonce (12) · tag (16) · cipher text
 *
 * Version, key id and context are covered by the tag.
 */
export class AesVault implements Vault {
  readonly #keys: readonly [VaultKey, ...VaultKey[]];

  /**
   * @param secretKey 32 random bytes in base64 or hexadecimal digits. Several with commas between them: the first seals,
   *   all of them open, so that a key can be replaced.
   * @throws OptionsError; no part of the key is in its message
   */
  constructor(secretKey: string) {
    const [first = "", ...others] = secretKey.split(",");
    const isOnly = others.length === 0;
    this.#keys = [
      keyOf(first, isOnly ? "the secret key" : "key 1 of the secret keys"),
      ...others.map((text, i) => keyOf(text, `key ${i + 2} of the secret keys`)),
    ];
  }

  seal(text: string, context: string): string {
    const [{ bytes, id }] = this.#keys;
    const head = Buffer.from([VERSION, ...id]);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, bytes, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.concat([head, Buffer.from(context)]));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([head, nonce, cipher.getAuthTag(), sealed]).toString("base64");
  }

  open(sealed: string, context: string): string {
    const bytes = Buffer.from(sealed, "base64");
    if (bytes[0] !== VERSION || bytes.length < HEAD_BYTES + NONCE_BYTES + TAG_BYTES) {
      throw new Error("this was not sealed here, or by a later version of Millrace");
    }
    const head = bytes.subarray(0, HEAD_BYTES);
    const id = head.subarray(1);
    const key = this.#keys.find((each) => each.id.equals(id));
    if (key === undefined) {
      throw new OptionsError(
        `this was sealed with the key ${id.toString("hex")}, which is not here; list it behind the present one: \`new,old\``,
      );
    }
    const nonce = bytes.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
    const tag = bytes.subarray(HEAD_BYTES + NONCE_BYTES, HEAD_BYTES + NONCE_BYTES + TAG_BYTES);
    const decipher = createDecipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.concat([head, Buffer.from(context)]));
    decipher.setAuthTag(tag);
    const text = decipher.update(bytes.subarray(HEAD_BYTES + NONCE_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([text, decipher.final()]).toString("utf8");
    } catch (cause) {
      throw new Error("this was sealed for something else, or was changed since", { cause });
    }
  }
}

function keyOf(given: string, which: string): VaultKey {
  const text = given.trim();
  const encoding = HEX.test(text) ? "hex" : BASE64.test(text) ? "base64" : undefined;
  if (encoding === undefined) {
    throw new OptionsError(
      `${which} (MILLRACE_SECRET_KEY) must be 32 bytes in base64 or hexadecimal digits; got ${text.length} characters ` +
        "that are not that. Make one with `openssl rand -base64 32`",
    );
  }
  const bytes = Buffer.from(text, encoding);
  const id = createHash("sha256").update("millrace key id\0").update(bytes).digest().subarray(0, KEY_ID_BYTES);
  return { bytes, id };
}

import { show } from "../../core/options.ts";
import { OptionsError } from "../../core/errors.ts";
import { FolderPlaces } from "./folder-places.ts";
import type { Places } from "./places.ts";
import { S3Places } from "./s3-places.ts";

/** The folder where artifacts lie unless another place is named. */
export const ARTIFACTS_FOLDER = "millrace-artifacts";

/** @param target a folder, or `s3://bucket/prefix?endpoint=…&region=…` @throws OptionsError when it is neither */
export function placesOf(target: string): Places {
  if (target === "") throw new OptionsError("artifacts must be a folder or an s3:// URL; it is empty");
  if (/^s3:/i.test(target)) return new S3Places(target);
  // A letter alone is a drive.
  if (/^[a-z][a-z\d+.-]+:/i.test(target)) {
    throw new OptionsError(`artifacts must be a folder or an s3:// URL; got ${show(target)}`);
  }
  return new FolderPlaces(target);
}

import { InputError, OptionsError } from "../core/errors.ts";
import type { JobId } from "../core/job.ts";
import type { Secrets } from "../core/secrets.ts";
import type { Vault } from "./vault.ts";

interface OwnerOfSecrets {
  readonly org: string;
  readonly id: JobId;
}

/** For this job alone: beside another one they do not open. @throws InputError without a vault */
export function sealSecrets(vault: Vault | undefined, job: OwnerOfSecrets, secrets: Secrets): string {
  if (vault === undefined) {
    throw new InputError(
      "request_invalid",
      "a job with secrets needs a key to encrypt them with, and there is none: set MILLRACE_SECRET_KEY where the server " +
        "or the command line runs, or the option `secretKey` of openMillrace()",
    );
  }
  return vault.seal(JSON.stringify(secrets), contextOf(job));
}

/** @throws OptionsError when the key that sealed them is not here */
export function openSecrets(vault: Vault | undefined, job: OwnerOfSecrets, sealed: string): Secrets {
  if (vault === undefined) {
    throw new OptionsError(
      "the job has secrets, and there is no key to decrypt them with: set MILLRACE_SECRET_KEY, or the option " +
        "`secretKey` of openMillrace(), to that of whoever enqueued it",
    );
  }
  return JSON.parse(vault.open(sealed, contextOf(job))) as Secrets;
}

function contextOf({ org, id }: OwnerOfSecrets): string {
  return `secrets of ${id} of ${org}`;
}

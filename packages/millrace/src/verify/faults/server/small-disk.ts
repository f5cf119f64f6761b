import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { OptionsError } from "../../../core/errors.ts";
import type { ServerUser } from "./server-user.ts";

const run = promisify(execFile);
/** It shrinks under somebody who writes, and may be too small the moment it is asked for. */
const TRY_LIMIT = 20;

/** A file system in memory, which can be full at any moment, and have room again. */
export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param folder an empty one, where it is mounted */
  static async mount(folder: string, user?: ServerUser): Promise<SmallDisk> {
    const owner = user === undefined ? "" : `,uid=${user.uid},gid=${user.gid}`;
    await run("mount", ["-t", "tmpfs", "-o", `mode=0700,size=50%${owner}`, "millrace", folder]);
    return new SmallDisk(folder);
  }

  /** From now on there is no room for anything more. */
  async fill(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const { blocks, bfree, bsize } = statfsSync(this.folder);
      try {
        return await this.#resize(String((blocks - bfree) * bsize));
      } catch (error) {
        if (tries === TRY_LIMIT) throw error;
      }
    }
  }

  async makeRoom(): Promise<void> {
    await this.#resize("50%");
  }

  async unmount(): Promise<void> {
    await run("umount", ["-l", this.folder]);
  }

  async #resize(size: string): Promise<void> {
    await run("mount", ["-o", `remount,size=${size}`, this.folder]);
  }
}

/** @throws OptionsError where this user may not mount one, with the reason */
export async function refuseWithoutMounts(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-disk-"));
  try {
    const disk = await SmallDisk.mount(folder);
    await disk.unmount();
  } catch (error) {
    const said = (error as { readonly stderr?: string }).stderr?.split("\n")[0] ?? String(error);
    throw new OptionsError(
      `the fault "disk" gives the server a file system of its own that runs full, and only root on Linux may mount one (${said})`,
      { cause: error },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

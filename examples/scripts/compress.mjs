#!/usr/bin/env node
// name: compress
// description: Compresses a file with gzip and with Brotli, and keeps the smaller one
// inputs: file (required), outDir (required)
// outputs: bytes (required), gzip (required), brotli (required), saved (required), output (required)
// tags: files, compression
// timeout: 2m

import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { env, exit } from "node:process";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createBrotliCompress, createGzip } from "node:zlib";

const { file, outDir } = /** @type {{ file: string, outDir: string }} */ (JSON.parse(env.MILLRACE_PAYLOAD ?? "{}"));
const stats = await stat(file).catch(() => undefined);
if (!stats?.isFile()) {
  console.error(`${file} is not a file`);
  exit(64); // trying again is of no use
}
const { size } = stats;

const name = join(outDir, env.MILLRACE_JOB_ID ?? "compressed");
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
const gzip = await compress(createGzip({ level: 9 }), `${name}.gz`, 0);
const brotli = await compress(createBrotliCompress(quality), `${name}.br`, 50);

const [kept, dropped] = brotli <= gzip ? [`${name}.br`, `${name}.gz`] : [`${name}.gz`, `${name}.br`];
await rm(dropped);
const saved = size === 0 ? 0 : Math.round((1 - Math.min(gzip, brotli) / size) * 100);
console.log(JSON.stringify({ bytes: size, gzip, brotli, saved: `${saved} %`, output: kept }));

/**
 * The size of the compressed file. Progress is told in whole percents, from `fromPercent` on.
 * @param {import("node:stream").Transform} codec
 * @param {string} output
 * @param {number} fromPercent
 */
async function compress(codec, output, fromPercent) {
  let read = 0;
  let told = -1;
  const count = new Transform({
    transform(/** @type {Buffer} */ chunk, _encoding, done) {
      read += chunk.length;
      const percent = fromPercent + Math.floor((read / size) * 50);
      if (percent > told) console.log(`::progress ${(told = percent)} ${output.slice(-2)}`);
      done(null, chunk);
    },
  });
  await pipeline(createReadStream(file), count, codec, createWriteStream(`${output}.part`));
  await rename(`${output}.part`, output);
  return (await stat(output)).size;
}

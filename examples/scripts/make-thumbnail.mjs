#!/usr/bin/env node
// name: make-thumbnail
// description: Draws a small picture (PNG) of any file: a dot for each pair of bytes that follow each other,
//   brighter the more often they do. Text, code and compressed data look quite different
// inputs: file (required), outDir (required)
// outputs: width (required), height (required), bytes (required), output (required)
// tags: media, image
// timeout: 60

import { createReadStream } from "node:fs";
import { rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { env, exit } from "node:process";
import { deflateSync } from "node:zlib";

/** A pixel for each value of the first and of the second byte, two values to a pixel. */
const SIZE = 128;

const { file, outDir } = /** @type {{ file: string, outDir: string }} */ (JSON.parse(env.MILLRACE_PAYLOAD ?? "{}"));
if (!(await stat(file).catch(() => undefined))?.isFile()) {
  console.error(`${file} is not a file`);
  exit(64); // trying again is of no use
}

const counts = new Uint32Array(SIZE * SIZE);
let last = 0;
for await (const chunk of createReadStream(file)) {
  for (const byte of /** @type {Buffer} */ (chunk)) {
    const at = (last >> 1) * SIZE + (byte >> 1);
    counts[at] = (counts[at] ?? 0) + 1;
    last = byte;
  }
}

const png = Buffer.concat([
  Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
  part("IHDR", Buffer.from([0, 0, 0, SIZE, 0, 0, 0, SIZE, 8, 2, 0, 0, 0])), // eight bits each of red, green and blue
  part("IDAT", deflateSync(pixels(), { level: 9 })),
  part("IEND", Buffer.alloc(0)),
]);
const output = join(outDir, `${env.MILLRACE_JOB_ID ?? "thumbnail"}.png`);
await writeFile(`${output}.part`, png);
await rename(`${output}.part`, output);
console.log(JSON.stringify({ width: SIZE, height: SIZE, bytes: png.length, output }));

/** The rows of the picture from dark blue to yellow, each after a byte that says it is stored as it is. */
function pixels() {
  const rows = Buffer.alloc(SIZE * (1 + SIZE * 3));
  const brightest = Math.log1p(counts.reduce((most, count) => Math.max(most, count), 1));
  counts.forEach((count, at) => {
    const light = Math.log1p(count) / brightest;
    const [row, column] = [Math.floor(at / SIZE), at % SIZE];
    const color = [255 * light, 220 * light ** 1.5, 60 + 60 * Math.sin(light * Math.PI)];
    rows.set(color.map(Math.round), row * (1 + SIZE * 3) + 1 + column * 3);
  });
  return rows;
}

/**
 * A part of a PNG file: its length, its type, its data and their checksum.
 * @param {string} type
 * @param {Buffer} data
 */
function part(type, data) {
  const checked = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(checked.length + 8);
  framed.writeUInt32BE(data.length, 0);
  checked.copy(framed, 4);
  framed.writeUInt32BE(crc32(checked), checked.length + 4);
  return framed;
}

/** @param {Buffer} bytes */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

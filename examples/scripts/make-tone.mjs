#!/usr/bin/env node
// name: make-tone
// description: Makes a WAV file with a tone that fades out (16 bit, mono, 22 050 Hz)
// inputs: outDir (required), hertz (optional), seconds (optional)
// outputs: hertz (required), seconds (required), bytes (required), output (required)
// tags: media, sound
// timeout: 60

import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { env, exit } from "node:process";

const RATE = 22_050;
const HEADER_BYTES = 44;

const {
  outDir,
  hertz = 440,
  seconds = 1,
} = /** @type {{ outDir: string, hertz?: number, seconds?: number }} */ (JSON.parse(env.MILLRACE_PAYLOAD ?? "{}"));
if (!(hertz > 0 && hertz < RATE / 2 && seconds > 0 && seconds <= 60)) {
  console.error(`hertz must be between 0 and ${RATE / 2}, seconds at most 60; got ${hertz} and ${seconds}`);
  exit(64); // trying again is of no use
}

const count = Math.round(RATE * seconds);
const wav = Buffer.alloc(HEADER_BYTES + count * 2);
wav.write("RIFF", 0);
wav.writeUInt32LE(wav.length - 8, 4);
wav.write("WAVEfmt ", 8);
wav.writeUInt32LE(16, 16); // the length of what follows about the format
wav.writeUInt16LE(1, 20); // plain samples
wav.writeUInt16LE(1, 22); // one channel
wav.writeUInt32LE(RATE, 24);
wav.writeUInt32LE(RATE * 2, 28);
wav.writeUInt16LE(2, 32);
wav.writeUInt16LE(16, 34);
wav.write("data", 36);
wav.writeUInt32LE(count * 2, 40);
for (let at = 0; at < count; at++) {
  const turn = (at / RATE) * hertz * 2 * Math.PI;
  // The octave above gives it some body; the fade keeps the end from clicking.
  const wave = 0.7 * Math.sin(turn) + 0.3 * Math.sin(2 * turn);
  wav.writeInt16LE(Math.round(wave * (1 - at / count) * 30_000), HEADER_BYTES + at * 2);
}

const output = join(outDir, `${env.MILLRACE_JOB_ID ?? "tone"}.wav`);
await writeFile(`${output}.part`, wav);
await rename(`${output}.part`, output);
console.log(JSON.stringify({ hertz, seconds, bytes: wav.length, output }));

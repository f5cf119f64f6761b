#!/usr/bin/env node
// name: resample-audio
// description: Makes a stereo WAV file mono, of half its sample rate, and tells how far it is
// inputs: source (required), output (required), seconds (required), speed (optional), keepFreeMb (optional)
// outputs: output (required), bytes (required), seconds (required)
// tags: media, sound
// timeout: 30m

import { appendFile, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseWav, wavHeader } from "../wav.ts";
import { writeOutput } from "./output-file.ts";

interface Input {
  readonly source: string;
  readonly output: string;
  /** How long the sound is. */
  readonly seconds: number;
  /** A live source comes at its own pace: 1, or so many times as fast. */
  readonly speed?: number;
  readonly keepFreeMb?: number;
}

const TAPS = 127;
/** As a share of what the source can hold; the lower rate can hold half of it. */
const CUTOFF = 0.45;
const STEPS = 40;

const { source, output, seconds, speed, keepFreeMb } = JSON.parse(process.env["MILLRACE_PAYLOAD"] ?? "{}") as Input;
console.log(`process ${process.pid}`);
const bytes = await writeOutput(output, resample, { keepFreeMb });
console.log(JSON.stringify({ output, bytes, seconds }));

async function resample(partial: string, signal: AbortSignal): Promise<void> {
  const { rate, channels, samples } = parseWav(await readFile(source));
  const mono = mixed(samples, channels);
  const kernel = lowPass();
  const length = Math.floor(samples.length / channels / 2);
  await writeFile(partial, wavHeader({ rate: rate / 2, channels: 1 }, length));
  const startedAt = performance.now();
  for (let step = 1, from = 0; step <= STEPS; step++) {
    const to = Math.floor((length * step) / STEPS);
    const block = Int16Array.from({ length: to - from }, (_, at) => filtered(mono, (from + at) * 2, kernel));
    await appendFile(partial, new Uint8Array(block.buffer));
    from = to;
    const second = (seconds * step) / STEPS;
    console.log(`::progress ${(100 * step) / STEPS} ${second.toFixed(1)} s of ${seconds} s`);
    const dueMs = speed === undefined ? 0 : (second / speed) * 1_000;
    await sleep(Math.max(0, startedAt + dueMs - performance.now()), undefined, { signal });
  }
}

/** All channels in one, with silence before and after it for the filter to begin and to end in. */
function mixed(samples: Int16Array, channels: number): Float64Array {
  const frames = samples.length / channels;
  const mono = new Float64Array(frames + TAPS - 1);
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += samples[frame * channels + channel] ?? 0;
    mono[frame + (TAPS - 1) / 2] = sum / channels;
  }
  return mono;
}

/** A windowed sinc: what is below the cutoff goes through, what is above does not. */
function lowPass(): Float64Array {
  const kernel = Float64Array.from({ length: TAPS }, (_, tap) => {
    const at = tap - (TAPS - 1) / 2;
    const turn = (2 * Math.PI * tap) / (TAPS - 1);
    const window = 0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn);
    return at === 0 ? CUTOFF : (window * Math.sin(Math.PI * CUTOFF * at)) / (Math.PI * at);
  });
  const sum = kernel.reduce((all, weight) => all + weight, 0);
  return kernel.map((weight) => weight / sum);
}

function filtered(samples: Float64Array, from: number, kernel: Float64Array): number {
  let sum = 0;
  for (let tap = 0; tap < TAPS; tap++) sum += (kernel[tap] ?? 0) * (samples[from + tap] ?? 0);
  return Math.round(sum);
}

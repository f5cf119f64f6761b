/** A value's place on an axis, and the values that are written beside it. */
export interface Scale {
  readonly place: (value: number) => number;
  readonly marks: readonly number[];
}

/** From 0 at `bottom` up to a round number that is no less than `most`, at `top`. */
export function evenScale(most: number, bottom: number, top: number): Scale {
  const step = roundStep(Math.max(most, 1e-9) / 3);
  const count = Math.max(1, Math.ceil(most / step));
  const place = (value: number): number => bottom + ((top - bottom) * value) / (step * count);
  return { place, marks: Array.from({ length: count + 1 }, (_, i) => i * step) };
}

/** By powers of ten, from one that is no more than `least` at `bottom` to one that is no less than `most` at `top`. */
export function logScale(least: number, most: number, bottom: number, top: number): Scale {
  const low = Math.floor(Math.log10(Math.max(1, least)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1, most))));
  const place = (value: number): number =>
    bottom + ((top - bottom) * (Math.log10(Math.max(1, value)) - low)) / (high - low);
  return { place, marks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)) };
}

/** Time from the left to the right; marks at round numbers of seconds since `from`. All in microseconds. */
export function timeScale(from: number, until: number, left: number, right: number): Scale {
  const length = Math.max(1, until - from);
  const seconds = length / 1_000_000;
  const step = seconds < 60 ? roundStep(seconds / 6) : roundMinutes(seconds);
  const count = Math.floor(seconds / step + 1e-9);
  return {
    place: (us) => left + ((right - left) * (us - from)) / length,
    marks: Array.from({ length: count + 1 }, (_, i) => from + i * step * 1_000_000),
  };
}

/** 1, 2 or 5 and noughts: the next that is no less. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function roundMinutes(seconds: number): number {
  const steps = [10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400];
  return steps.find((step) => seconds / step <= 10) ?? roundStep(seconds / 10);
}

import { parseDecimal } from "./numbers.ts";

/** A moment: whole seconds since 1970 (negative before it), and the nanoseconds after that second, 0 to 999999999. */
export interface TarTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const dot = 0x2e;
const minus = 0x2d;
const zero = 0x30;
const nanosecondDigits = 9;
const nanosecondsPerSecond = 1_000_000_000;

/**
 * The time of a PAX record, `1700000000.123456789`, to the nanosecond; further digits are cut off, as Go and
 * GNU tar do. Undefined where it is none, or beyond ±(2^53 - 1) seconds.
 */
export function parsePaxTime(bytes: Uint8Array): TarTime | undefined {
  const point = bytes.indexOf(dot);
  const end = point === -1 ? bytes.length : point;
  const seconds = parseDecimal(bytes, 0, end);
  if (seconds === undefined) return undefined;
  let nanoseconds = 0;
  for (let index = end + 1; index < bytes.length; index++) {
    const digit = (bytes[index] as number) - zero;
    if (digit < 0 || digit > 9) return undefined;
    const place = index - end;
    if (place <= nanosecondDigits) nanoseconds += digit * 10 ** (nanosecondDigits - place);
  }
  if (bytes[0] !== minus || nanoseconds === 0) return { seconds, nanoseconds };
  if (seconds === -Number.MAX_SAFE_INTEGER) return undefined;
  return { seconds: seconds - 1, nanoseconds: nanosecondsPerSecond - nanoseconds };
}

/** A time as a PAX record has it, without needless digits. */
export function formatPaxTime({ seconds, nanoseconds }: TarTime): string {
  if (nanoseconds === 0) return String(seconds);
  const [sign, whole, part] =
    seconds < 0 ? ["-", -(seconds + 1), nanosecondsPerSecond - nanoseconds] : ["", seconds, nanoseconds];
  const digits = String(part).padStart(nanosecondDigits, "0").replace(/0+$/, "");
  return `${sign}${whole}.${digits}`;
}

/** The nearest whole second, a half rounded up, as Go's writer does where no format is asked for. */
export function roundToSecond({ seconds, nanoseconds }: TarTime): TarTime {
  return { seconds: nanoseconds * 2 >= nanosecondsPerSecond ? seconds + 1 : seconds, nanoseconds: 0 };
}

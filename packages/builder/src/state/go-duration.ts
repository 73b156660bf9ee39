import { DrayageError } from "@drayage/errors";

const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/**
 * A time such as `1m30s` or `1.5h` in nanoseconds, as Go's `time.ParseDuration` reads it.
 *
 * @throws ERR_DRAYAGE_USAGE, also for what is longer than 2^53 nanoseconds (104 days)
 */
export function parseGoDuration(text: string, what: string): number {
  const unsigned = text.replace(/^[-+]/, "");
  const sign = text.startsWith("-") ? -1 : 1;
  if (unsigned === "0") return 0;
  let total = 0;
  let rest = unsigned;
  while (rest !== "") {
    const part = /^(\d{0,20})(?:\.(\d{0,20}))?(ns|us|µs|μs|ms|s|m|h)(?=[\d.]|$)/.exec(rest);
    const [all = "", whole = "", fraction = "", unit = ""] = part ?? [];
    if (part === null || (whole === "" && fraction === "")) throw invalid(text, what);
    const size = units[unit] ?? 0;
    total += Number(whole) * size + Math.trunc(Number(fraction || "0") * (size / 10 ** fraction.length));
    rest = rest.slice(all.length);
  }
  if (unsigned === "" || !Number.isSafeInteger(total)) throw invalid(text, what);
  return total === 0 ? 0 : sign * total;
}

/** As Go writes it: `1m30s`. */
export function formatGoDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  const sign = nanoseconds < 0 ? "-" : "";
  const size = Math.abs(nanoseconds);
  if (size < 1e9) {
    const [unit, scale] = size < 1e3 ? ["ns", 1] : size < 1e6 ? ["µs", 1e3] : ["ms", 1e6];
    return `${sign}${decimal(size, Number(scale))}${unit}`;
  }
  const minutes = Math.floor(size / 60e9);
  const hours = Math.floor(minutes / 60);
  const seconds = `${decimal(size - minutes * 60e9, 1e9)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes % 60}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

function decimal(value: number, scale: number): string {
  const whole = Math.floor(value / scale);
  const digits = String(scale).length - 1;
  const fraction = String(value - whole * scale)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  return digits === 0 || fraction === "" ? String(whole) : `${whole}.${fraction}`;
}

function invalid(text: string, what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `${what} ${JSON.stringify(text)} is no duration`, {
    hint: "write numbers with units, ns, us, ms, s, m or h: 1m30s",
  });
}

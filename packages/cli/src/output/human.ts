const prefixes = ["", "k", "M", "G", "T", "P", "E"];

/** A count of bytes as podman prints it: powers of 1000, so many digits that count. `space` stands before the unit. */
export function humanSize(
  bytes: number,
  {
    digits = 3,
    space = " ",
  }: { readonly digits?: number | undefined; readonly space?: string | undefined } = {},
): string {
  let value = bytes;
  let unit = 0;
  // What would be rounded to 1000 is 1 of the next unit.
  while (Number(value.toPrecision(digits)) >= 1000 && unit < prefixes.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(digits))}${space}${prefixes[unit] ?? ""}B`;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** How long ago something was, as docker and podman say it: `3 weeks ago`. */
export function humanAge(time: Date, now: Date = new Date()): string {
  return `${humanDuration(now.getTime() - time.getTime())} ago`;
}

function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / second);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(milliseconds / minute);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(milliseconds / hour + 0.5);
  if (hours === 1) return "About an hour";
  const longer = [
    { until: 48, of: 1, name: "hours" },
    { until: 24 * 7 * 2, of: 24, name: "days" },
    { until: 24 * 30 * 2, of: 24 * 7, name: "weeks" },
    { until: 24 * 365 * 2, of: 24 * 30, name: "months" },
  ].find(({ until }) => hours < until);
  return longer === undefined
    ? `${Math.trunc(milliseconds / hour / 24 / 365)} years`
    : `${Math.trunc(hours / longer.of)} ${longer.name}`;
}

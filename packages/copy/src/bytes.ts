const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** A count of bytes for a person: `512 B`, `4.2 MiB`. */
export function formatBytes(count: number): string {
  let value = count;
  let unit = 0;
  // 1023.96 KiB would be rounded to 1024.0.
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

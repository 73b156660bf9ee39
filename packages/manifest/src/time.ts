/** What Go prints for a time that was never set. */
export const zeroTime = "0001-01-01T00:00:00Z";

/** A time as Go prints it: RFC 3339 without zeros at the end of a fraction. */
export function goTime(time: Date): string {
  return time.toISOString().replace(/\.?0*Z$/, "Z");
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * A time of RFC 3339 as Go reads and prints it again: at most nine digits of a second, no zeros at their end,
 * `Z` for an offset of zero. Undefined where it is no such time.
 */
export function normalizeTime(text: string): string | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = ""] = match;
  const [fraction = "", sign = "", offsetHour = "00", offsetMinute = "00"] = match.slice(7);
  if (Number(month) < 1 || Number(month) > 12) return undefined;
  if (Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const digits = fraction.slice(0, 9).replace(/0+$/, "");
  const zone =
    Number(offsetHour) === 0 && Number(offsetMinute) === 0 ? "Z" : `${sign}${offsetHour}:${offsetMinute}`;
  const point = digits === "" ? "" : `.${digits}`;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}${point}${zone}`;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

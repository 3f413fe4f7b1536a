// The machine's wall clock, worked out from virtual time: every machine boots at the same moment,
// so that equal runs print equal dates. Only UTC.

/** Boot: Mon Aug 21 08:00:00 UTC 2023, in seconds since 1970. */
const bootSeconds = 1_692_604_800;

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const months = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

/** A moment, taken apart. */
export interface Moment {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  readonly weekday: string;
  readonly monthName: string;
  /** Seconds since 1970. */
  readonly unix: number;
}

/** The moment at a virtual time. */
export function momentAt(timeNs: number): Moment {
  const unix = bootSeconds + Math.floor(timeNs / 1e9);
  const days = Math.floor(unix / 86_400);
  const rest = unix % 86_400;
  const { year, month, day } = dateOfDay(days);
  return {
    year,
    month,
    day,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    nanosecond: Math.floor(timeNs % 1e9),
    weekday: weekdays[(days + 4) % 7]!,
    monthName: months[month - 1]!,
    unix,
  };
}

/** The date of a day since 1970-01-01 (proleptic Gregorian; years that begin in March). */
function dateOfDay(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524);
  const yearOfEra = Math.floor((dayOfEra - leaps + Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

export const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** `08:00:12`. */
export const clockText = ({ hour, minute, second }: Moment): string =>
  [hour, minute, second].map(twoDigits).join(':');

/** `Mon Aug 21 08:00:12 2023`, as ctime() has it. */
export const ctimeText = (moment: Moment): string => {
  const day = String(moment.day).padStart(2);
  return `${moment.weekday} ${moment.monthName} ${day} ${clockText(moment)} ${moment.year}`;
};

// Numbers as the reader's locale writes them. Decimals come as text and are never made floats here:
// Intl.NumberFormat takes the digits themselves.
import { text } from '../text';

const MINUS = '−';
const SCALES: [number, string][] = [
  [12, 'tn'],
  [9, 'bn'],
  [6, 'M'],
];
const formats = new Map<string, Intl.NumberFormat>();

function format(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let made = formats.get(key);
  if (!made) {
    made = new Intl.NumberFormat(undefined, options);
    formats.set(key, made);
  }
  return made;
}

function shown(made: Intl.NumberFormat, value: string): string {
  return made.format(value as Intl.StringNumericLiteral).replace('-', MINUS);
}

/** The power of ten of the first digit of a decimal. */
function magnitude(value: string): number {
  const digits = value.replace('-', '');
  const [whole = '', fraction = ''] = digits.split('.');
  const lead = whole.replace(/^0+/, '');
  if (lead) return lead.length - 1;
  const zeros = /^0*/.exec(fraction)?.[0].length ?? 0;
  return zeros === fraction.length ? 0 : -zeros - 1;
}

/** A decimal divided by a power of ten, as digits. */
function shifted(value: string, power: number): string {
  const sign = value.startsWith('-') ? '-' : '';
  const [whole = '0', fraction = ''] = value.replace('-', '').split('.');
  const padded = whole.padStart(power + 1, '0');
  const at = padded.length - power;
  return `${sign}${padded.slice(0, at)}.${padded.slice(at)}${fraction}`;
}

export function money(value: string | null | undefined, currency: string | null): string {
  if (value === null || value === undefined) return text.unknown;
  if (!currency) return number(value, 2);
  try {
    const made = format({ style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
    const decimals = made.resolvedOptions().maximumFractionDigits ?? 2;
    const least = `0.${'0'.repeat(Math.max(0, decimals - 1))}1`;
    if (/[1-9]/.test(value) && magnitude(value) < -decimals)
      return value.startsWith('-') ? `>${MINUS}${shown(made, least)}` : `<${shown(made, least)}`;
    return shown(made, value);
  } catch {
    return `${number(value, 2)} ${currency}`;
  }
}

/** Money on an axis: no more digits than it needs. */
export function axisMoney(value: number, currency: string | null): string {
  const options = { notation: 'compact', maximumSignificantDigits: 3 } as const;
  const made = currency
    ? format({ ...options, style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
    : format(options);
  return made.format(value).replace('-', MINUS);
}

/** Money for a headline: millions are named, the exact value stands in the hover. */
export function shortMoney(value: string | null | undefined, currency: string | null): string {
  if (value === null || value === undefined || magnitude(value) < 6) return money(value, currency);
  const [power, word] = scaleOf(value);
  return `${money(rounded(shifted(value, power)), currency)} ${word}`;
}

function scaleOf(value: string): [number, string] {
  const size = magnitude(value);
  return SCALES.find(([power]) => size >= power) ?? [0, ''];
}

function rounded(value: string): string {
  return value.replace(/(\.\d{6})\d+$/, '$1');
}

export function signedMoney(value: string | null | undefined, currency: string | null): string {
  if (value === null || value === undefined) return text.unknown;
  const made = money(value, currency);
  if (value.startsWith('-') || !/[1-9]/.test(value)) return made;
  return made.startsWith('<') ? `<+${made.slice(1)}` : `+${made}`;
}

export function number(value: string | number, decimals = 0): string {
  return shown(
    format({ minimumFractionDigits: decimals, maximumFractionDigits: decimals }),
    String(value),
  );
}

export function signedNumber(value: string | number): string {
  return shown(format({ signDisplay: 'exceptZero', maximumFractionDigits: 0 }), String(value));
}

/** Tokens: 58.55 M, 41.2 bn. */
export function tokens(value: string | null | undefined): string {
  if (value === null || value === undefined) return text.unknown;
  const [power, word] = scaleOf(value);
  if (power === 0) return exact(value);
  const digits = magnitude(value) - power >= 2 ? 1 : 2;
  return `${number(shifted(value, power), digits)} ${word}`;
}

/** Every digit, grouped. */
export function exact(value: string | number): string {
  return shown(format({ maximumFractionDigits: 20 }), String(value));
}

/** A unit cost: four significant digits and at least two decimals, as `pertoken matrix` prints. */
export function unitCost(value: string | null | undefined, currency: string | null): string {
  if (value === null || value === undefined) return text.unknown;
  const decimals = Math.min(20, Math.max(2, 3 - magnitude(value)));
  const options = { minimumFractionDigits: 2, maximumFractionDigits: decimals };
  try {
    return shown(
      format(
        currency
          ? { ...options, style: 'currency', currency, currencyDisplay: 'narrowSymbol' }
          : options,
      ),
      value,
    );
  } catch {
    return `${shown(format(options), value)} ${currency ?? ''}`;
  }
}

/** Zeros that stand unseen behind a unit cost, so that points stand below each other. */
export function padding(shown: string): string {
  const digits = /[.,](\d+)(?=\D*$)/.exec(shown)?.[1]?.length ?? 0;
  return '0'.repeat(Math.max(0, 5 - digits));
}

export function perUnit(per: string): string {
  return { token: '/token', '1K': '/K', '1M': '/M' }[per] ?? `/${per}`;
}

/** A share in percent, never rounded to the whole nor to nothing. */
export function share(value: string | null | undefined): string {
  if (value === null || value === undefined) return text.unknown;
  const ratio = Number(value);
  const made = format({ style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  if (ratio < 1 && ratio >= 0.9995) return `>${shown(made, '0.999')}`;
  if (ratio > 0 && ratio < 0.0005) return `<${shown(made, '0.001')}`;
  return shown(made, value);
}

export function change(value: string | null | undefined): string {
  if (value === null || value === undefined) return text.unknown;
  const decimals = Math.abs(Number(value)) >= 10 ? 0 : 1;
  const made = format({
    style: 'percent',
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    signDisplay: 'exceptZero',
  });
  return shown(made, value);
}

/** A month in words: Sep 2026. */
export function monthName(month: string): string {
  const [year = 0, of = 1] = month.split('-').map(Number);
  return new Intl.DateTimeFormat(undefined, {
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(Date.UTC(year, of - 1, 1));
}

/** A period in words: a month, months, or days; `to` is exclusive. */
export function periodName(from: string | null, to: string | null): string {
  if (!from || !to) return text.filters.all;
  if (!isDay(from) || !isDay(to)) return `${from} – ${to}`;
  const first = from.slice(0, 7);
  if (isFirst(from) && isFirst(to)) {
    const last = addMonths(to.slice(0, 7), -1);
    return last === first ? monthName(first) : `${monthName(first)} – ${monthName(last)}`;
  }
  const end = addDays(to, -1);
  return end === dayOf(from) ? end : `${dayOf(from)} – ${end}`;
}

/** Whether both ends are known and hold no day between them. */
export function holdsNoDay(from: string | null, to: string | null): boolean {
  return isDay(from) && isDay(to) && dayOf(from) >= dayOf(to);
}

function isDay(text: string | null): text is string {
  return text !== null && /^\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$/.test(text);
}

/** The last part of a scope's path. */
export function scopeName(name: string): string {
  const last = name.split('/').filter(Boolean).at(-1) ?? name;
  return last.length > 28 ? `${last.slice(0, 27)}…` : last;
}

function isFirst(day: string): boolean {
  return day.length === 7 || day.endsWith('-01');
}

export function dayOf(day: string): string {
  return day.length === 7 ? `${day}-01` : day;
}

export function addDays(day: string, count: number): string {
  const date = new Date(`${dayOf(day)}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + count);
  return date.toISOString().slice(0, 10);
}

export function addMonths(month: string, count: number): string {
  const [year = 0, of = 1] = month.split('-').map(Number);
  const index = year * 12 + of - 1 + count;
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${String((index % 12) + 1).padStart(2, '0')}`;
}

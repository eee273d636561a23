// Sums of decimals that stay exact: digits in, digits out, no float between.

/** The exact sum of decimals written as digits. */
export function sum(values: readonly string[]): string {
  const places = Math.max(0, ...values.map((each) => (each.split('.')[1] ?? '').length));
  let total = 0n;
  for (const value of values) {
    const [whole = '0', fraction = ''] = value.split('.');
    total += BigInt(whole + fraction.padEnd(places, '0'));
  }
  const sign = total < 0n ? '-' : '';
  const digits = (total < 0n ? -total : total).toString().padStart(places + 1, '0');
  if (places === 0) return sign + digits;
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** The difference of two decimals. */
export function less(from: string, by: string): string {
  return sum([from, by.startsWith('-') ? by.slice(1) : `-${by}`]);
}

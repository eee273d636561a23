// The meter that the side panel shows, named in the address by its name and product.
import type { Cell } from './api';
import { setParams, type Patch } from './url';

export function openMeter(
  by: readonly string[],
  labels: readonly Cell[],
  currency?: string | null,
): void {
  const value = (column: string) => {
    const at = by.indexOf(column);
    return at < 0 ? undefined : labels[at];
  };
  const product = value('x_SkuMeterSubcategory');
  setParams({
    meter: String(value('SkuMeter') ?? ''),
    product: product === undefined ? null : String(product ?? ''),
    meter_currency: currency ?? null,
    charges: null,
  });
}

export const METER_CLOSED: Patch = { meter: null, product: null, meter_currency: null };

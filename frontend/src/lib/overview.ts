// The overview as the API gives it: figures of a period, of the one before, and what moved.
import type { Cell } from './api';

export interface Figure {
  now: string | null;
  before: string | null;
  difference: string | null;
  change: string | null;
}

export interface Mover {
  labels: Cell[];
  EffectiveCost: Figure;
  x_TokenQuantity: Figure;
  x_UnitCost: Figure;
}

export interface CurrencyOverview {
  BillingCurrency: string;
  EffectiveCost: Figure;
  x_TokenQuantity: Figure;
  x_UnitCost: Figure;
  mixed: boolean;
  ReadShare: string | null;
  ProvenShare: string | null;
  TaggedShare: string | null;
  movers: { by: string[]; rows: Mover[] }[];
}

export interface OverviewAnswer {
  compare: { from: string; to: string } | null;
  currencies: CurrencyOverview[];
}

// The pages: one file and one line each. What is not here is not in the navigation.
import type { ComponentType } from 'react';
import { part, type Part } from './lib/part';
import { text } from './text';

export interface Page extends Part {
  path: string;
  name: string;
  /** Whether the filter bar narrows what the page shows. */
  filtered: boolean;
}

type Code = () => Promise<{ default: ComponentType }>;

function page(path: string, name: string, code: Code, filtered = true): Page {
  return Object.assign(
    part(async () => (await code()).default),
    { path, name, filtered },
  );
}

export const PAGES: readonly Page[] = [
  page('/', text.pages.overview, () => import('./pages/overview')),
  page('/unit-costs', text.pages.unitCosts, () => import('./pages/unit-costs')),
  page('/trends', text.pages.trends, () => import('./pages/trends')),
  page('/data', text.pages.data, () => import('./pages/data'), false),
  page('/meters', text.pages.meters, () => import('./pages/meters'), false),
];

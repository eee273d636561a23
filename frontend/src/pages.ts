// The pages: one file and one line each. What is not here is not in the navigation.
import { lazy, type ComponentType } from 'react';
import { text } from './text';

export interface Page {
  path: string;
  name: string;
  /** Whether the filter bar narrows what the page shows. */
  filtered: boolean;
  view: ComponentType;
}

export const PAGES: readonly Page[] = [
  {
    path: '/',
    name: text.pages.overview,
    filtered: true,
    view: lazy(() => import('./pages/overview')),
  },
  {
    path: '/unit-costs',
    name: text.pages.unitCosts,
    filtered: true,
    view: lazy(() => import('./pages/unit-costs')),
  },
  {
    path: '/trends',
    name: text.pages.trends,
    filtered: true,
    view: lazy(() => import('./pages/trends')),
  },
  {
    path: '/data',
    name: text.pages.data,
    filtered: false,
    view: lazy(() => import('./pages/data')),
  },
  {
    path: '/meters',
    name: text.pages.meters,
    filtered: false,
    view: lazy(() => import('./pages/meters')),
  },
];

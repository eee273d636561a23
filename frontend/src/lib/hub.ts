import { createContext, useContext } from 'react';
import { sentence } from '../text';
import type { Hub } from './api';

export const HubContext = createContext<Hub | null>(null);

export function useHub(): Hub {
  const hub = useContext(HubContext);
  if (!hub) throw new Error('a page is drawn before its hub is known');
  return hub;
}

/** Where a number comes from, for its hover. */
export function sourceOf(hub: Hub): string {
  return sentence('source', hub.commit.slice(0, 8), hub.throughDay ?? '?');
}

import { DEFAULT_BY } from '../../lib/allocation';
import { apiFilters, usePlace } from '../../lib/url';

/** What the address asks of an attribution, and its question to the API. */
export function useAsked(): {
  by: string[];
  evidence: string;
  idle: string;
  reservations: string;
  query: URLSearchParams;
} {
  const { params } = usePlace();
  const by = (params.get('by') ?? DEFAULT_BY).split(',');
  const evidence = params.get('evidence') ?? '';
  const idle = params.get('idle') ?? 'spread';
  const reservations = params.get('reservations') ?? 'billed';
  const query = new URLSearchParams();
  const filters = apiFilters(params);
  for (const name of ['from', 'to', 'currency']) {
    const value = filters.get(name);
    if (value) query.set(name, value);
  }
  query.set('by', by.join(','));
  if (evidence) query.set('evidence', evidence);
  if (idle !== 'spread') query.set('idle', idle);
  if (reservations !== 'billed') query.set('reservations', reservations);
  return { by, evidence, idle, reservations, query };
}

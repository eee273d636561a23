// The API as the page uses it: the public one, with answers kept while the hub stands still.
import { useEffect, useState, useSyncExternalStore } from 'react';

export interface Problem {
  code: string;
  message: string;
  where: string;
  help: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message);
  }
}

export interface Column {
  name: string;
  kind: string;
}

export type Cell = string | number | boolean | null;

export interface TableAnswer {
  commit: string;
  table: string;
  columns: Column[];
  rows: Cell[][];
  total: number;
  offset: number;
  next: number | null;
  notes?: string[];
  problems?: string[];
  sums?: { BillingCurrency: string; Rows: number; EffectiveCost: string; BilledCost: string }[];
}

export interface Hub {
  commit: string;
  committedAt: string;
  version: string;
  person: {
    name: string;
    role: string;
    roles: string[];
    seesAll: boolean;
    teams: string[];
    /** Whether somebody signed in; else it is the user of the operating system. */
    signedIn: boolean;
  };
  months: { month: string; state: string }[];
  scopes: { key: string; name: string }[];
  currencies: string[];
  throughDay: string | null;
  tagKeys: string[];
}

const MOST_KEPT = 80;
/** Somebody else writes the hub, or changed it: what is shown may be old. */
const CONFLICT = 409;
const ASKS: RequestInit = { headers: { Accept: 'application/json' } };
const kept = new Map<string, Promise<unknown>>();
const watchers = new Set<() => void>();
let turn = 0;

/** Forget every answer, for the hub has changed: what is shown is asked again, and stays till then. */
export function forget(): void {
  kept.clear();
  turn += 1;
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export async function ask<T>(url: string, keep = true): Promise<T> {
  const held = keep ? kept.get(url) : undefined;
  if (held) return held as Promise<T>;
  const answer = fetched<T>(url);
  if (keep) {
    kept.set(url, answer);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value ?? '');
    answer.catch(() => kept.delete(url));
  }
  return answer;
}

/** Ask with a body that is too long for an address; it changes nothing. */
export async function askWith<T>(path: string, body: object): Promise<T> {
  return fetched<T>(`/api/${path}`, posted(body));
}

/** Do something to the hub: POST /api/PATH, and forget every answer once it is done. */
export async function act<T>(path: string, body: object): Promise<T> {
  try {
    const done = await fetched<T>(`/api/${path}`, posted(body));
    forget();
    return done;
  } catch (error) {
    if (error instanceof ApiError && error.status === CONFLICT) forget();
    throw error;
  }
}

function posted(body: object): RequestInit {
  const headers = {
    Accept: 'application/json',
    'Content-Type': 'application/json',
    'X-Pertoken-Act': '1',
  };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

async function fetched<T>(url: string, options: RequestInit = ASKS): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new ApiError(0, { code: 'Unreachable', message: '', where: url, help: '' });
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as T;
  const problems = (body as { errors?: Problem[] } | null)?.errors;
  throw new ApiError(
    response.status,
    problems?.[0] ?? { code: 'Unreadable', message: response.statusText, where: url, help: '' },
  );
}

export interface Answer<T> {
  data: T | undefined;
  error: ApiError | undefined;
  /** Whether what is shown belongs to a former question. */
  stale: boolean;
  retry: () => void;
}

/**
 * The answer to a question; the former one stays, marked stale, until the new one is there. Once
 * the hub has changed it is asked again.
 */
export function useApi<T>(url: string | null): Answer<T> {
  const [state, setState] = useState<{ url: string | null; data?: T; error?: ApiError }>({
    url: null,
  });
  const [retries, setRetries] = useState(0);
  const hubTurn = useSyncExternalStore(watch, () => turn);
  useEffect(() => {
    if (url === null) return undefined;
    let wanted = true;
    ask<T>(url).then(
      (data) => wanted && setState({ url, data }),
      (error: unknown) => {
        if (wanted && error instanceof ApiError) setState({ url, error });
      },
    );
    return () => {
      wanted = false;
    };
  }, [url, retries, hubTurn]);
  return {
    data: state.data,
    error: state.url === url ? state.error : undefined,
    stale: state.url !== url,
    retry: () => setRetries((each) => each + 1),
  };
}

/** A URL of the API. */
export function api(name: string, params: URLSearchParams): string {
  const query = params.toString();
  return query ? `/api/${name}?${query}` : `/api/${name}`;
}

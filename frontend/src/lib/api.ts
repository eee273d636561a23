// The API as the page uses it: the public one, with answers kept while the hub stands still.
import { useEffect, useState } from 'react';

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
  person: { name: string; role: string; roles: string[]; seesAll: boolean; teams: string[] };
  months: { month: string; state: string }[];
  scopes: { key: string; name: string }[];
  currencies: string[];
  throughDay: string | null;
  tagKeys: string[];
}

const MOST_KEPT = 80;
const ASKS: RequestInit = { headers: { Accept: 'application/json' } };
const kept = new Map<string, Promise<unknown>>();

/** Forget every answer: the hub has a new commit. */
export function forget(): void {
  kept.clear();
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

/** Do something to the hub: POST /api/PATH, and forget every answer once it is done. */
export async function act<T>(path: string, body: object): Promise<T> {
  const done = await fetched<T>(`/api/${path}`, {
    method: 'POST',
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/json',
      'X-Pertoken-Act': '1',
    },
    body: JSON.stringify(body),
  });
  forget();
  return done;
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

/** The answer to a question; the former one stays, marked stale, until the new one is there. */
export function useApi<T>(url: string | null): Answer<T> {
  const [state, setState] = useState<{ url: string | null; data?: T; error?: ApiError }>({
    url: null,
  });
  const [turn, setTurn] = useState(0);
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
  }, [url, turn]);
  return {
    data: state.data,
    error: state.url === url ? state.error : undefined,
    stale: state.url !== url,
    retry: () => setTurn((each) => each + 1),
  };
}

/** A URL of the API. */
export function api(name: string, params: URLSearchParams): string {
  const query = params.toString();
  return query ? `/api/${name}?${query}` : `/api/${name}`;
}

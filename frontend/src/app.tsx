import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { FilterBar } from './parts/filter-bar';
import { KeyList } from './parts/key-list';
import { Navigation } from './parts/navigation';
import { Panel } from './parts/panel';
import { Failure, NotYours, Waiting } from './parts/states';
import { TipRoot } from './parts/tip';
import { ApiError, ask, forget, useApi, type Hub } from './lib/api';
import { addMonths } from './lib/format';
import { HubContext } from './lib/hub';
import { useKeys } from './lib/keys';
import { part, usePart, type Part } from './lib/part';
import { setParams, usePlace } from './lib/url';
import { codeOf } from './page-code';
import { maySee, PAGES, pagesFor, type Page } from './pages';
import NotFound from './pages/not-found';
import { text } from './text';

const CHARGES = part(async () => (await import('./parts/charges-panel')).ChargesPanel);
const METER = part(async () => (await import('./parts/meter-panel')).MeterPanel);
const CODE_IS_MISSING = new ApiError(0, { code: 'Unreachable', message: '', where: '', help: '' });
const LOOK_EVERY = 20_000;

export function App() {
  const { path, params } = usePlace();
  const [showsKeys, setShowsKeys] = useState(false);
  const hub = useApi<Hub>('/api/hub');
  const writing = useHubWatch(hub.data?.commit);
  const page = PAGES.find((each) => each.path === path);
  const ready = useDefaults(hub.data, page?.filtered ?? false);
  const person = hub.data?.person;
  const pages = useMemo(() => pagesFor(person), [person]);
  useKeys(
    pages,
    useCallback(() => setShowsKeys((each) => !each), []),
  );
  useEffect(() => {
    document.title = page ? `${page.name} · ${text.product}` : text.product;
  }, [page]);
  const closeKeys = useCallback(() => setShowsKeys(false), []);
  const data = hub.data;
  return (
    <div className="frame">
      <a className="skip" href="#content">
        {text.skip}
      </a>
      <Navigation pages={pages} person={person} />
      <div className="content">
        {data && page?.filtered && <FilterBar hub={data} by={page.filtered} />}
        {writing && (
          <p className="banner" role="status">
            {text.writing}
          </p>
        )}
        <main id="content" tabIndex={-1}>
          {!page ? (
            <NotFound />
          ) : hub.error ? (
            <Failure error={hub.error} retry={hub.retry} />
          ) : !data || !ready ? (
            <Waiting lines={14} height={640} />
          ) : !maySee(page, data.person) ? (
            <NotYours />
          ) : (
            <HubContext value={data}>
              <Shown key={path} part={codeOf(page)} waiting={<Waiting lines={14} height={640} />} />
              <Shown part={panelOf(params)} />
            </HubContext>
          )}
        </main>
        {data && (
          <footer className="foot">
            <span>{text.asOf(data.throughDay ?? '?')}</span>
            <button type="button" className="link" onClick={() => setShowsKeys(true)}>
              {text.keys.open}
            </button>
            <span>
              {text.product} {data.version}
            </span>
          </footer>
        )}
      </div>
      {showsKeys && (
        <Panel title={text.keys.title} onClose={closeKeys}>
          <KeyList pages={pages} />
        </Panel>
      )}
      <TipRoot />
    </div>
  );
}

/** A page or a panel, once its code is there. */
function Shown(props: { part: Part | undefined; waiting?: ReactNode }) {
  const { view: View, failed, retry } = usePart(props.part);
  if (!props.part) return null;
  if (failed) return <Failure error={CODE_IS_MISSING} retry={retry} />;
  return View ? <View /> : props.waiting;
}

function panelOf(params: URLSearchParams): Part | undefined {
  if (params.has('charges')) return CHARGES;
  return params.has('meter') ? METER : undefined;
}

/** Put the period and the currency into the address, so that a view without them is a link too. */
function useDefaults(hub: Hub | undefined, filtered: Page['filtered']): boolean {
  const { params } = usePlace();
  const last = hub?.months.at(-1)?.month;
  const needs = filtered !== false && last !== undefined;
  const from = params.get('from');
  const to = params.get('to');
  const currency = params.get('currency');
  const first = hub?.currencies[0];
  const lacksPeriod = needs && filtered !== 'columns' && !from && !to;
  const lacksCurrency = needs && !currency && first !== undefined;
  useEffect(() => {
    if (lacksPeriod) setParams({ from: last ?? null, to: addMonths(last ?? '', 1) }, true);
    if (lacksCurrency) setParams({ currency: first ?? null }, true);
  }, [lacksPeriod, lacksCurrency, last, first]);
  return hub !== undefined && !lacksPeriod && !lacksCurrency;
}

/** Look now and then whether the hub has changed, or is being written, while the page is seen. */
function useHubWatch(commit: string | undefined): boolean {
  const [writing, setWriting] = useState(false);
  const saved = useRef<string>(undefined);
  useEffect(() => {
    if (commit === undefined) return undefined;
    const look = () => {
      if (document.hidden) return;
      ask<{ commit: string; saved: string; writing: boolean }>('/api/writing', false).then(
        (state) => {
          const former = saved.current ?? state.saved;
          saved.current = state.saved;
          setWriting(state.writing);
          if (state.commit !== commit || state.saved !== former) forget();
        },
        () => undefined,
      );
    };
    look();
    const timer = window.setInterval(look, LOOK_EVERY);
    document.addEventListener('visibilitychange', look);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [commit]);
  return writing;
}

import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { FilterBar } from './parts/filter-bar';
import { Choice } from './parts/choice';
import { Panel } from './parts/panel';
import { Failure, Waiting } from './parts/states';
import { TipRoot } from './parts/tip';
import { ApiError, ask, forget, useApi, type Hub } from './lib/api';
import { addMonths } from './lib/format';
import { HubContext } from './lib/hub';
import { part, usePart, type Part } from './lib/part';
import { setTheme, useTheme, type Theme } from './lib/theme';
import { address, filtersOf, go, setParams, usePlace } from './lib/url';
import { PAGES } from './pages';
import NotFound from './pages/not-found';
import { text } from './text';

const CHARGES = part(async () => (await import('./parts/charges-panel')).ChargesPanel);
const METER = part(async () => (await import('./parts/meter-panel')).MeterPanel);
const CODE_IS_MISSING = new ApiError(0, { code: 'Unreachable', message: '', where: '', help: '' });
const LOOK_EVERY = 20_000;
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export function App() {
  const [turn, setTurn] = useState(0);
  const { path, params } = usePlace();
  const [showsKeys, setShowsKeys] = useState(false);
  const hub = useApi<Hub>(`/api/hub${turn ? `#${turn}` : ''}`);
  const writing = useHubWatch(hub.data?.commit, () => setTurn((each) => each + 1));
  const page = PAGES.find((each) => each.path === path);
  const ready = useDefaults(hub.data, page?.filtered ?? false);
  useKeys(() => setShowsKeys((each) => !each));
  useEffect(() => {
    document.title = page ? `${page.name} · ${text.product}` : text.product;
  }, [page]);
  const closeKeys = useCallback(() => setShowsKeys(false), []);
  const data = hub.data;
  return (
    <>
      <a className="skip" href="#content">
        {text.skip}
      </a>
      <Top hub={data} />
      {data && page?.filtered && <FilterBar hub={data} />}
      {writing && (
        <p className="banner" role="status">
          {text.writing}
        </p>
      )}
      <main id="content" tabIndex={-1}>
        {!page ? (
          <NotFound />
        ) : hub.error ? (
          <Failure error={hub.error} retry={() => setTurn((each) => each + 1)} />
        ) : !data || !ready ? (
          <Waiting lines={14} height={640} />
        ) : (
          <HubContext value={data}>
            <Shown key={path} part={page} waiting={<Waiting lines={14} height={640} />} />
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
      {showsKeys && (
        <Panel title={text.keys.title} onClose={closeKeys}>
          <dl className="keys">
            {text.keys.list.map(([key, words]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{words}</dd>
              </div>
            ))}
          </dl>
        </Panel>
      )}
      <TipRoot />
    </>
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

function Top(props: { hub: Hub | undefined }) {
  const { path, params } = usePlace();
  const theme = useTheme();
  const filters = filtersOf(params);
  const person = props.hub?.person;
  const current = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    void current.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [path]);
  return (
    <header className="top">
      <span className="brand">{text.product}</span>
      <nav aria-label={text.navigation}>
        {PAGES.map((each) => (
          <a
            key={each.path}
            ref={each.path === path ? current : undefined}
            href={address(each.path, filters)}
            aria-current={each.path === path ? 'page' : undefined}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return;
              event.preventDefault();
              go(each.path, filters);
            }}
          >
            {each.name}
          </a>
        ))}
      </nav>
      <div className="top-end">
        {person && person.name !== 'this machine' && (
          <>
            <span className="quiet who">{text.role(person.name, person.role)}</span>
            <button
              type="button"
              className="link"
              onClick={() =>
                void fetch('/auth/logout', { method: 'POST' }).then(() =>
                  window.location.assign('/'),
                )
              }
            >
              {text.signOut}
            </button>
          </>
        )}
        <Choice
          label={text.theme}
          value={theme}
          options={THEMES.map((value) => ({ value, label: text.themes[value] }))}
          onChoose={(value) => setTheme(THEMES.find((each) => each === value) ?? 'system')}
        />
      </div>
    </header>
  );
}

/** Put the period and the currency into the address, so that a view without them is a link too. */
function useDefaults(hub: Hub | undefined, filtered: boolean): boolean {
  const { params } = usePlace();
  const last = hub?.months.at(-1)?.month;
  const needs = filtered && last !== undefined;
  const from = params.get('from');
  const to = params.get('to');
  const currency = params.get('currency');
  const first = hub?.currencies[0];
  const lacksPeriod = needs && !from && !to;
  const lacksCurrency = needs && !currency && first !== undefined;
  useEffect(() => {
    if (lacksPeriod) setParams({ from: last ?? null, to: addMonths(last ?? '', 1) }, true);
    if (lacksCurrency) setParams({ currency: first ?? null }, true);
  }, [lacksPeriod, lacksCurrency, last, first]);
  return hub !== undefined && !lacksPeriod && !lacksCurrency;
}

/** Look now and then whether the hub has a new commit, or is being written. */
function useHubWatch(commit: string | undefined, onNew: () => void): boolean {
  const [writing, setWriting] = useState(false);
  useEffect(() => {
    if (commit === undefined) return undefined;
    const look = () => {
      if (document.hidden) return;
      ask<{ commit: string; writing: boolean }>('/api/writing', false).then(
        (state) => {
          setWriting(state.writing);
          if (state.commit !== commit) {
            forget();
            onNew();
          }
        },
        () => undefined,
      );
    };
    look();
    const timer = window.setInterval(look, LOOK_EVERY);
    return () => window.clearInterval(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `onNew` only counts
  }, [commit]);
  return writing;
}

function useKeys(onHelp: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target;
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      if (target instanceof HTMLElement && target.matches('input, select, textarea')) return;
      const { params } = { params: new URLSearchParams(window.location.search) };
      const page = PAGES[Number(event.key) - 1];
      if (page) go(page.path, filtersOf(params));
      else if (event.key === '/')
        document
          .querySelector<HTMLElement>('[role="dialog"] [data-search], [data-search]')
          ?.focus();
      else if (event.key === 'f') document.querySelector<HTMLElement>('#filters button')?.focus();
      else if (event.key === 't') {
        const held = document.documentElement.dataset.theme ?? 'system';
        const at = THEMES.findIndex((each) => each === held);
        setTheme(THEMES[(at + 1) % THEMES.length] ?? 'system');
      } else if (event.key === '?') onHelp();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `onHelp` only toggles
  }, []);
}

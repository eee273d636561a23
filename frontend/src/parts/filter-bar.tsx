import { createContext, useContext, useState, type ReactNode } from 'react';
import { api, useApi, type Hub } from '../lib/api';
import { addMonths, dayOf, holdsNoDay, monthName, periodName, scopeName } from '../lib/format';
import { apiFilters, pairsOf, setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { Choice, OptionList, Popover, type Option } from './choice';
import { OwnDates } from './own-dates';
import { Waiting } from './states';

const words = text.filters;
/** Whether values are those of the period in the address; else of every day. */
const OfPeriod = createContext(true);
const FIXED = [
  { column: 'x_SkuMeterSubcategory', label: words.service },
  { column: 'x_ModelId', label: words.model },
];

/** The one filter bar; everything it holds stands in the address. Pages take all of it, or a part. */
export function FilterBar(props: { hub: Hub; by: true | 'period' | 'columns' }) {
  const { params } = usePlace();
  const { hub } = props;
  const bar = (more: ReactNode) => (
    <OfPeriod value={props.by !== 'columns'}>
      <section className="filters" aria-label={words.label} id="filters">
        {props.by !== 'columns' && <Period hub={hub} />}
        <Currency hub={hub} />
        {more}
      </section>
    </OfPeriod>
  );
  if (props.by === 'period') return bar(null);
  const pairs = pairsOf(params);
  const extra = [...new Set(pairs.map(([column]) => column))].filter(
    (column) => column !== 'x_ScopeKey' && !FIXED.some((each) => each.column === column),
  );
  return bar(
    <>
      {hub.scopes.length > 1 && (
        <Values
          column="x_ScopeKey"
          label={words.scope}
          names={Object.fromEntries(hub.scopes.map((each) => [each.key, scopeName(each.name)]))}
        />
      )}
      {FIXED.map((each) => (
        <Values key={each.column} column={each.column} label={each.label} />
      ))}
      {extra.map((column) => (
        <Values key={column} column={column} label={column.replace(/^Tags\./, 'Tag ')} />
      ))}
      <AddFilter hub={hub} used={extra} />
      {pairs.length > 0 && (
        <button type="button" className="link" onClick={() => setParams({ where: null })}>
          {words.clear}
        </button>
      )}
    </>,
  );
}

function Currency(props: { hub: Hub }) {
  const { params } = usePlace();
  const held = params.get('currency');
  if (props.hub.currencies.length < 2) return null;
  return (
    <Choice
      label={words.currency}
      value={held === 'all' ? '' : (held ?? '')}
      options={[
        ...props.hub.currencies.map((each) => ({ value: each, label: each })),
        { value: '', label: words.allCurrencies },
      ]}
      onChoose={(value) => setParams({ currency: value || 'all' })}
    />
  );
}

function Period(props: { hub: Hub }) {
  const { params } = usePlace();
  const months = props.hub.months.map((each) => each.month);
  const last = months.at(-1);
  const first = months[0];
  const from = params.get('from');
  const to = params.get('to');
  const options: Option[] = [...props.hub.months].reverse().map((each) => ({
    value: `${each.month}:${addMonths(each.month, 1)}`,
    label: monthName(each.month),
    note: each.state === 'closed' ? undefined : each.state,
  }));
  for (const count of [3, 6, 12]) {
    if (last && months.length > count)
      options.push({
        value: `${addMonths(last, 1 - count)}:${addMonths(last, 1)}`,
        label: words.months(count),
      });
  }
  if (first && last) options.push({ value: `${first}:${addMonths(last, 1)}`, label: words.all });
  const value = `${(from ?? '').replace(/-01$/, from?.length === 10 ? '' : '-01')}:${(to ?? '').replace(/-01$/, to?.length === 10 ? '' : '-01')}`;
  const reversed = from && to && holdsNoDay(from, to) ? { from, to } : null;
  return (
    <>
      <Popover
        label={words.period}
        value={
          reversed ? words.noDay(dayOf(reversed.from), dayOf(reversed.to)) : periodName(from, to)
        }
        wrong={reversed !== null}
      >
        {(close) => (
          <>
            <OptionList
              label={words.period}
              options={options}
              chosen={[value]}
              onChoose={(chosen) => {
                const [start = '', end = ''] = chosen.split(':');
                setParams({ from: start, to: end });
                close();
              }}
            />
            <OwnDates
              from={from}
              to={to}
              onApply={(start, end) => {
                setParams({ from: start, to: end });
                close();
              }}
            />
          </>
        )}
      </Popover>
      {reversed && reversed.from !== reversed.to && (
        <button
          type="button"
          className="link"
          onClick={() => setParams({ from: reversed.to, to: reversed.from })}
        >
          {words.swap}
        </button>
      )}
    </>
  );
}

function Values(props: { column: string; label: string; names?: Record<string, string> }) {
  const { params } = usePlace();
  const chosen = pairsOf(params)
    .filter(([column]) => column === props.column)
    .map(([, value]) => value);
  const nameOf = (value: string) =>
    value === '' ? words.unknownValue : (props.names?.[value] ?? value);
  const [one] = chosen;
  const value =
    one === undefined ? words.any : chosen.length === 1 ? nameOf(one) : words.some(chosen.length);
  return (
    <Popover label={props.label} value={value} active={chosen.length > 0}>
      {() => <ValueList column={props.column} label={props.label} nameOf={nameOf} />}
    </Popover>
  );
}

function ValueList(props: { column: string; label: string; nameOf: (value: string) => string }) {
  const { params } = usePlace();
  const own = apiFilters(params);
  own.delete('where');
  if (!useContext(OfPeriod)) for (const name of ['from', 'to']) own.delete(name);
  for (const [column, value] of pairsOf(params))
    if (column !== props.column) own.append('where', `${column}=${value}`);
  own.set('column', props.column);
  own.set('limit', '2000');
  const answer = useApi<{ values: (string | null)[] }>(api('values', own));
  const chosen = pairsOf(params)
    .filter(([column]) => column === props.column)
    .map(([, value]) => value);
  if (answer.error) return <p className="bad">{answer.error.problem.message}</p>;
  if (!answer.data) return <Waiting lines={4} />;
  const values = [...new Set([...chosen, ...answer.data.values.map((each) => each ?? '')])];
  return (
    <OptionList
      label={props.label}
      many
      chosen={chosen}
      options={values.map((value) => ({ value, label: props.nameOf(value) }))}
      onChoose={(value) => setParams({ where: toggled(params, props.column, value) })}
    />
  );
}

function toggled(params: URLSearchParams, column: string, value: string): string[] {
  const pair = `${column}=${value}`;
  const held = params.getAll('where');
  return held.includes(pair) ? held.filter((each) => each !== pair) : [...held, pair];
}

const MORE = [
  'x_ModelFamily',
  'x_ModelDeveloper',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'x_DeploymentScope',
  'x_ServiceTier',
  'x_MeterUse',
  'x_MeterStatus',
  'SubAccountName',
  'x_ResourceGroupName',
  'ResourceName',
  'RegionId',
  'ChargeCategory',
  'SkuMeter',
];

function AddFilter(props: { hub: Hub; used: readonly string[] }) {
  const [column, setColumn] = useState<string | null>(null);
  const options = [
    ...props.hub.tagKeys.map((key) => ({ value: `Tags.${key}`, label: `Tag ${key}` })),
    ...MORE.map((name) => ({ value: name, label: name })),
  ].filter((each) => !props.used.includes(each.value));
  return (
    <Popover label={words.tags} value={words.more}>
      {() =>
        column === null ? (
          <OptionList label={words.column} options={options} chosen={[]} onChoose={setColumn} />
        ) : (
          <>
            <button type="button" className="link" onClick={() => setColumn(null)}>
              {words.back}
            </button>
            <ValueList
              column={column}
              label={column}
              nameOf={(value) => (value === '' ? words.unknownValue : value)}
            />
          </>
        )
      }
    </Popover>
  );
}

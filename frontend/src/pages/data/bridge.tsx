import { useMemo } from 'react';
import { Choice } from '../../parts/choice';
import { DataTable, useTable, type RowOf } from '../../parts/data-table';
import { Waterfall } from '../../parts/waterfall';
import type { TableAnswer } from '../../lib/api';
import { axisMoney, exact, money, monthName, signedMoney } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { setParams, usePlace } from '../../lib/url';
import { text } from '../../text';

const words = text.data;
const FIRST = ['Step', 'Kind', 'Amount', 'BillingCurrency'];

interface Walk {
  currency: string;
  steps: { step: string; kind: string; amount: string | null }[];
}

/** The walk from the invoice to the effective cost of a month, drawn and in figures. */
export function Bridge() {
  const { params } = usePlace();
  const hub = useHub();
  const month = params.get('bridge_month') ?? hub.months.at(-1)?.month ?? '';
  const asked = useMemo(() => new URLSearchParams({ month }), [month]);
  const answer = useTable('bridge', asked);
  const walks = useMemo(() => (answer.data ? walksOf(answer.data) : []), [answer.data]);
  return (
    <>
      <div className="controls bar">
        <Choice
          label={words.month}
          value={month}
          options={[...hub.months]
            .reverse()
            .map((each) => ({ value: each.month, label: monthName(each.month) }))}
          onChoose={(value) => setParams({ bridge_month: value })}
        />
      </div>
      {answer.data?.problems?.map((each) => (
        <p key={each} className="warn">
          {each}
        </p>
      ))}
      {answer.data?.notes?.map((each) => (
        <p key={each} className="quiet">
          {each}
        </p>
      ))}
      <div className={walks.length > 1 ? 'pair' : undefined}>
        {walks.map((each) => (
          <section className="block" key={each.currency}>
            <header className="block-head">
              <h2>
                {hasInvoice(each) ? words.fromInvoice : words.fromParts}{' '}
                <span className="note">
                  {each.currency}, {monthName(month)}
                </span>
              </h2>
            </header>
            <Walked walk={each} month={month} />
          </section>
        ))}
      </div>
      <section className="block">
        <header className="block-head">
          <h2>{words.steps}</h2>
          <p className="quiet">{words.stepsHelp}</p>
        </header>
        <DataTable
          name="bridge"
          label={words.bridge}
          first={FIRST}
          params={asked}
          rowClass={totalClass}
        />
      </section>
    </>
  );
}

const totalClass: RowOf<string | undefined> = (row, columns) =>
  row.cells[columns.indexOf('Kind')] === 'total' ? 'total' : undefined;

const hasInvoice = (walk: Walk) => walk.steps[0]?.amount !== null;

function Walked(props: { walk: Walk; month: string }) {
  const { walk } = props;
  const steps = useMemo(() => stepsOf(walk), [walk]);
  const axis = useMemo(() => {
    const currency = walk.currency;
    return (value: number) => axisMoney(value, currency);
  }, [walk]);
  return (
    <Waterfall
      label={`${words.bridge}, ${walk.currency} ${props.month}`}
      name={`bridge-${props.month}-${walk.currency}`}
      steps={steps}
      axis={axis}
    />
  );
}

function walksOf(table: TableAnswer): Walk[] {
  const at = (name: string) => table.columns.findIndex((each) => each.name === name);
  const [step, kind, amount, currency] = ['Step', 'Kind', 'Amount', 'BillingCurrency'].map(at);
  const walks = new Map<string, Walk>();
  for (const row of table.rows) {
    const name = String(row[currency ?? -1]);
    const walk = walks.get(name) ?? { currency: name, steps: [] };
    const value = row[amount ?? -1];
    walk.steps.push({
      step: String(row[step ?? -1]),
      kind: String(row[kind ?? -1]),
      amount: typeof value === 'string' ? value : null,
    });
    walks.set(name, walk);
  }
  return [...walks.values()];
}

/** Where an invoice is known the walk leads from it to the bill, else the parts of the bill do. */
function stepsOf(walk: Walk) {
  const isMoved = (value: string) => /[1-9]/.test(value);
  return walk.steps.flatMap(({ step, kind, amount }) => {
    const isTotal = kind === 'total';
    if (amount === null || kind === 'memo' || (kind === 'part' && hasInvoice(walk))) return [];
    if (!isTotal && !isMoved(amount)) return [];
    return [
      {
        name: step,
        value: Number(amount),
        shown: isTotal ? money(amount, walk.currency) : signedMoney(amount, walk.currency),
        exact: `${exact(amount)} ${walk.currency}`,
        isTotal,
      },
    ];
  });
}

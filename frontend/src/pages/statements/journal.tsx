import { useMemo } from 'react';
import { DataTable, useTable, type RowOf } from '../../parts/data-table';
import { State } from '../../parts/states';
import { less, sum } from '../../lib/decimal';
import { exact, money, monthName } from '../../lib/format';
import { sentence } from '../../text';
import { statementText as words } from '../../text/statements';
import { rowsOf, type Row } from './answers';

const FIRST = [
  'JournalLine',
  'Entity',
  'BillingCurrency',
  'LedgerAccount',
  'CostCenter',
  'Team',
  'Debit',
  'Credit',
  'Statement',
  'Status',
  'SuspenseReason',
];

/** What the ledger is given for a month, balanced by entity and currency. */
export function Journal(props: { month: string | null; turn: number }) {
  const { month } = props;
  if (month === null)
    return (
      <State title={words.chooseMonth}>
        <p>{words.chooseMonthHelp}</p>
      </State>
    );
  return <OfMonth key={`${month} ${props.turn}`} month={month} />;
}

function OfMonth(props: { month: string }) {
  const asked = useMemo(() => new URLSearchParams({ month: props.month }), [props.month]);
  const answer = useTable('journal', asked);
  return (
    <>
      <p className="quiet">{words.journalHelp(monthName(props.month))}</p>
      {answer.data && answer.data.total > 0 && <Balance rows={rowsOf(answer.data)} />}
      <section className="block">
        <DataTable
          name="journal"
          label={words.journal}
          params={asked}
          first={FIRST}
          rowClass={provisional}
        />
      </section>
    </>
  );
}

const provisional: RowOf<string | undefined> = (row, columns) =>
  row.cells[columns.indexOf('SuspenseReason')] === null ? undefined : 'note-row';

function Balance(props: { rows: readonly Row[] }) {
  const places = [
    ...new Set(props.rows.map((each) => JSON.stringify([each.Entity, each.BillingCurrency]))),
  ];
  return (
    <section className="block">
      <div className="scrolls" tabIndex={0} role="region" aria-label={words.balance}>
        <table className="sums balance">
          <caption>{words.balance}</caption>
          <thead>
            <tr>
              <th scope="col">{words.entity}</th>
              <th scope="col">{words.debits}</th>
              <th scope="col">{words.credits}</th>
              <th scope="col">{words.status}</th>
            </tr>
          </thead>
          <tbody>
            {places.map((place) => {
              const [entity, currency] = JSON.parse(place) as [string | null, string | null];
              const held = props.rows.filter(
                (each) => each.Entity === entity && each.BillingCurrency === currency,
              );
              const debits = sum(held.flatMap((each) => each.Debit ?? []));
              const credits = sum(held.flatMap((each) => each.Credit ?? []));
              const balanced = !/[1-9]/.test(less(debits, credits));
              return (
                <tr key={place} data-balance={`${entity} ${currency}`}>
                  <th scope="row">
                    {entity} <span className="quiet">{currency}</span>
                  </th>
                  {[debits, credits].map((each, at) => (
                    <td key={at} data-tip={sentence('exact', `${exact(each)} ${currency}`)}>
                      {money(each, currency)}
                    </td>
                  ))}
                  <td className={balanced ? 'good' : 'bad'}>
                    {balanced ? words.balanced : words.unbalanced}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

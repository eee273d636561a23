import { useMemo } from 'react';
import { Choice } from '../../parts/choice';
import { DataTable, type RowOf } from '../../parts/data-table';
import { openWholeCharges } from '../../lib/drill';
import { addDays, monthName } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { setParams, usePlace } from '../../lib/url';
import { text } from '../../text';

const words = text.data;
const RUNS = [
  'BillingMonth',
  'SubmittedTime',
  'Status',
  'Rows',
  'RowsChange',
  'EffectiveCost',
  'EffectiveCostChange',
  'BillingCurrency',
  'Scope',
  'BilledCost',
  'BilledCostChange',
];
const GROUPS = [
  'SkuMeter',
  'ChargeDate',
  'Change',
  'EffectiveCostBefore',
  'EffectiveCostAfter',
  'EffectiveCostChange',
  'BillingCurrency',
  'ChargeCategory',
  'ChargeClass',
  'ResourceId',
];
const DRILL = ['SkuMeter', 'ResourceId', 'ChargeCategory'];

/** What each later run of a month changed, and the groups of charges that it changed. */
export function Restatements() {
  const { params } = usePlace();
  const hub = useHub();
  const restated = hub.months.filter((each) => each.state === 'restated').reverse();
  const month = params.get('diff') ?? restated[0]?.month;
  const asked = useMemo(() => new URLSearchParams({ diff: month ?? '' }), [month]);
  return (
    <>
      <section className="block first">
        <header className="block-head">
          <h2>{words.byRun}</h2>
          <p className="quiet">{words.byRunHelp}</p>
        </header>
        <DataTable
          name="restatements"
          label={words.restatements}
          first={RUNS}
          onOpen={openDiff}
          emptyTitle={words.noRestatement}
          emptyHelp={words.noRestatementHelp}
        />
      </section>
      {month && (
        <section className="block">
          <header className="block-head">
            <h2>{words.byGroup}</h2>
            <p className="quiet">{words.byGroupHelp}</p>
          </header>
          <DataTable
            name="periods"
            grid="diff"
            label={`${words.byGroup}, ${month}`}
            first={GROUPS}
            params={asked}
            onOpen={openGroup}
            emptyTitle={words.notRestated(monthName(month))}
            emptyHelp={words.notRestatedHelp}
            tools={
              <Choice
                label={words.month}
                value={month}
                options={[...hub.months].reverse().map((each) => ({
                  value: each.month,
                  label: monthName(each.month),
                  note: each.state === 'restated' ? words.restated : undefined,
                }))}
                onChoose={(value) => setParams({ diff: value })}
              />
            }
          />
        </section>
      )}
    </>
  );
}

const openDiff: RowOf<void> = (row, columns) =>
  setParams({ diff: String(row.cells[columns.indexOf('BillingMonth')]) });

/** The charges of the group as they stand now; a group that was removed has none. */
const openGroup: RowOf<void> = (row, columns) => {
  const cell = (name: string) => row.cells[columns.indexOf(name)] ?? null;
  const day = String(cell('ChargeDate'));
  openWholeCharges(DRILL, DRILL.map(cell), String(cell('BillingCurrency')), {
    from: day,
    to: addDays(day, 1),
  });
};

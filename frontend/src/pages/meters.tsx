import { useCallback } from 'react';
import { Choice } from '../parts/choice';
import { DataTable } from '../parts/data-table';
import type { TableRow } from '../lib/columns';
import { openMeter } from '../lib/meter';
import { setParams, usePlace } from '../lib/url';
import { text } from '../text';

const words = text.meters;
const FIRST = [
  'SkuMeter',
  'EffectiveCost',
  'ShareOfCost',
  'BillingCurrency',
  'x_MeterStatus',
  'x_ModelId',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'x_DeploymentScope',
  'Unit',
  'x_SkuMeterSubcategory',
  'x_ModelVersion',
];

/** Every AI meter of the hub, how its name was read, and what the unread ones cost. */
export default function Meters() {
  const { params } = usePlace();
  const status = params.get('status') ?? 'all';
  const keep = useCallback(
    (row: TableRow, columns: readonly string[]) =>
      status !== 'unread' || row.cells[columns.indexOf('x_MeterStatus')] !== 'recognised',
    [status],
  );
  return (
    <DataTable
      name="meters"
      page={text.pages.meters}
      label={text.pages.meters}
      first={FIRST}
      keep={keep}
      onOpen={open}
      rowClass={unread}
      tools={
        <>
          <Choice
            label={words.show}
            value={status}
            options={[
              { value: 'all', label: words.all },
              { value: 'unread', label: words.unreadOnly },
            ]}
            onChoose={(value) => setParams({ status: value === 'all' ? null : value })}
          />
          <span className="quiet">{words.wholeHub}</span>
        </>
      }
    />
  );
}

function open(row: TableRow, columns: readonly string[]): void {
  const by = ['SkuMeter', 'x_SkuMeterSubcategory'];
  openMeter(
    by,
    by.map((each) => row.cells[columns.indexOf(each)] ?? null),
    String(row.cells[columns.indexOf('BillingCurrency')]),
  );
}

function unread(row: TableRow, columns: readonly string[]): string | undefined {
  return row.cells[columns.indexOf('x_MeterStatus')] === 'recognised' ? undefined : 'unread';
}

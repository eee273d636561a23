import { Empty, Failure, Waiting } from '../parts/states';
import { api, useApi } from '../lib/api';
import type { OverviewAnswer } from '../lib/overview';
import { useHub } from '../lib/hub';
import { apiFilters, usePlace } from '../lib/url';
import { text } from '../text';
import { Ahead } from './overview/ahead';
import { AttributionRow, ToAllocation } from './overview/attribution';
import { Daily } from './overview/daily';
import { Findings } from './overview/findings';
import { Headline } from './overview/headline';
import { Movers } from './overview/movers';

/** This month at a glance: cost, tokens, unit cost, what moved, and what is not known. */
export default function Overview() {
  const { params } = usePlace();
  const hub = useHub();
  const filters = apiFilters(params);
  const answer = useApi<OverviewAnswer>(api('overview', filters));
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!answer.data) return <Waiting lines={12} height={640} />;
  if (answer.data.currencies.length === 0)
    return hub.person.teams.length > 0 ? <ToAllocation /> : <Empty />;
  const { compare, currencies } = answer.data;
  return (
    <div className={answer.stale ? 'stale' : undefined}>
      <h1 className="visually-hidden">{text.pages.overview}</h1>
      {currencies.map((each) => (
        <Headline key={each.BillingCurrency} of={each} compare={compare} />
      ))}
      <AttributionRow />
      <Daily currency={currencies.length === 1 ? (currencies[0]?.BillingCurrency ?? null) : null} />
      {currencies.map((each) => (
        <Movers key={each.BillingCurrency} of={each} compare={compare} />
      ))}
      <Findings />
      {currencies.map((each) => (
        <Ahead key={each.BillingCurrency} currency={each.BillingCurrency} />
      ))}
    </div>
  );
}

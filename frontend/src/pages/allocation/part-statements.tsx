import { useMemo } from 'react';
import { Failure, Waiting } from '../../parts/states';
import { useApi, type TableAnswer } from '../../lib/api';
import { money, monthName } from '../../lib/format';
import { address, go, usePlace } from '../../lib/url';
import { text } from '../../text';
import { statementText } from '../../text/statements';
import { listUrl, rowsOf, type Row } from '../statements/answers';
import { StatementFiles } from '../statements/files';

const words = text.allocation;

/** The statements of a team and currency in the months of the period, with their documents. */
export function PartStatements(props: { team: string; currency: string | null }) {
  const { team, currency } = props;
  const { params } = usePlace();
  const answer = useApi<TableAnswer>(listUrl(0));
  const from = params.get('from');
  const to = params.get('to');
  const held = useMemo(() => {
    const isOfPart = (each: Row) =>
      each.Team === team && each.BillingCurrency === currency && each.State !== 'void';
    return rowsOf(answer.data).filter((each) => isOfPart(each) && overlaps(each, from, to));
  }, [answer.data, team, currency, from, to]);
  return (
    <section className="block" aria-label={words.statements}>
      <header className="block-head">
        <h2>{words.statements}</h2>
      </header>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={2} height={56} />
      ) : held.length === 0 ? (
        <p className="quiet">{words.noStatement}</p>
      ) : (
        held.map((each) => (
          <p key={each.Statement} className="part-statement">
            <a
              className="link"
              href={address('/statements', opened(each))}
              onClick={(event) => {
                event.preventDefault();
                go('/statements', opened(each));
              }}
            >
              {statementText.title(each.Statement ?? '')}
            </a>
            <span>
              {monthName(each.BillingMonth ?? '')},{' '}
              {statementText.states[each.State ?? ''] ?? each.State}
            </span>
            <strong>{money(each.Amount, each.BillingCurrency ?? null)}</strong>
            <StatementFiles number={each.Statement ?? ''} />
          </p>
        ))
      )}
    </section>
  );
}

const opened = (statement: Row) => new URLSearchParams({ n: statement.Statement ?? '' });

/** Whether the month of a statement has a day of the period; an open side is any day. */
function overlaps(statement: Row, from: string | null, to: string | null): boolean {
  const month = statement.BillingMonth ?? '';
  return (!from || month >= from.slice(0, 7)) && (!to || `${month}-01` < to);
}

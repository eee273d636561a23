import { padding, unitCost } from '../lib/format';

/** A unit cost in a column: its point stands below the others'. */
export function UnitCost(props: { value: string | null; currency: string | null }) {
  const shown = unitCost(props.value, props.currency);
  if (props.value === null) return shown;
  return (
    <span>
      {shown}
      <span className="pad" aria-hidden="true">
        {padding(shown)}
      </span>
    </span>
  );
}

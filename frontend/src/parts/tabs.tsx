import { useEffect, useRef } from 'react';
import { address, patched, setParams, usePlace } from '../lib/url';

interface Tab {
  name: string;
  label: string;
}

/** The views of a page; which one stands in the address as `view`. */
export function Tabs(props: { label: string; views: readonly Tab[]; current: Tab | undefined }) {
  const { params, path } = usePlace();
  const shown = props.current;
  const current = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    void current.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [shown]);
  return (
    <nav className="tabs" aria-label={props.label}>
      {props.views.map((each) => (
        <a
          key={each.name}
          ref={each === shown ? current : undefined}
          href={address(path, patched(params, { view: each.name }))}
          aria-current={each === shown ? 'page' : undefined}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            setParams({ view: each.name });
          }}
        >
          {each.label}
        </a>
      ))}
    </nav>
  );
}

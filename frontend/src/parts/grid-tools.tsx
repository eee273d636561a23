import { useEffect, useRef, useState, type ReactNode } from 'react';
import { csvOf, saved } from '../lib/files';
import { tablePicture } from '../lib/picture';
import { setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { OptionList, Popover } from './choice';
import type { GridColumn } from './grid';

const WAIT = 150;

interface Props<R> {
  name: string;
  label: string;
  columns: readonly GridColumn<R>[];
  visible: readonly GridColumn<R>[];
  rows: readonly { row: R; depth: number }[];
  totals: readonly R[];
  count: number;
  found: number;
  exports?: { csv: string; xlsx: string };
  isTree: boolean;
  levels: number;
  compact?: boolean;
  children?: ReactNode;
}

/** What can be done with a table: search, choose columns, copy, export; a compact one less. */
export function GridTools<R>(props: Props<R>) {
  const { name, columns, visible } = props;
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(
      csvOf(visible, [...props.rows.map((each) => each.row), ...props.totals]),
    );
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1500);
  };
  const { levels } = props;
  if (props.compact)
    return (
      <div className="tools compact-tools">
        <h2>{props.label}</h2>
        <Exports {...props} copied={copied} copy={() => void copy()} />
      </div>
    );
  return (
    <div className="tools">
      {props.children}
      <Search name={name} />
      {props.isTree && (
        <button
          type="button"
          className="button"
          onClick={() => setParams({ [`${name}_levels`]: levels > 1 ? '0' : '9' }, true)}
        >
          {levels > 1 ? text.table.collapseAll : text.table.expandAll}
        </button>
      )}
      <Popover label={text.table.columns} value={`${visible.length}/${columns.length}`}>
        {() => (
          <OptionList
            label={text.table.columns}
            many
            options={columns.slice(1).map((each) => ({ value: each.id, label: each.title }))}
            chosen={visible.map((each) => each.id)}
            onChoose={(id) => {
              const held = visible.slice(1).map((each) => each.id);
              const next = held.includes(id) ? held.filter((each) => each !== id) : [...held, id];
              setParams({ [`${name}_columns`]: next.join(',') || '-' }, true);
            }}
          />
        )}
      </Popover>
      <span className="tools-end">
        <span className="quiet count" role="status">
          {text.table.rows(props.found, props.count)}
        </span>
        <Exports {...props} copied={copied} copy={() => void copy()} />
      </span>
    </div>
  );
}

function Exports<R>(props: Props<R> & { copied: boolean; copy: () => void }) {
  return (
    <span className="exports">
      <button
        type="button"
        className="button"
        aria-label={text.table.copyLabel}
        onClick={props.copy}
      >
        {props.copied ? text.table.copied : text.table.copy}
      </button>
      {props.exports && (
        <>
          <a className="button" href={props.exports.csv} download>
            {text.table.csv}
          </a>
          <a className="button" href={props.exports.xlsx} download>
            {text.table.xlsx}
          </a>
        </>
      )}
      <button
        type="button"
        className="button"
        onClick={() =>
          saved(
            tablePicture(props.label, props.visible, props.rows, props.totals),
            `pertoken-${props.name}.png`,
          )
        }
      >
        {text.table.png}
      </button>
    </span>
  );
}

function Search(props: { name: string }) {
  const { params } = usePlace();
  const held = params.get(`${props.name}_q`) ?? '';
  const [typed, setTyped] = useState(held);
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const [former, setFormer] = useState(held);
  if (former !== held) {
    setFormer(held);
    setTyped(held);
  }
  return (
    <input
      type="search"
      className="input search"
      data-search
      placeholder={text.table.search}
      aria-label={text.table.searchLabel}
      value={typed}
      onChange={(event) => {
        const value = event.target.value;
        setTyped(value);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(
          () => setParams({ [`${props.name}_q`]: value || null }, true),
          WAIT,
        );
      }}
    />
  );
}

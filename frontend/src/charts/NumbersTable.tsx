import { useState } from 'react';

import { TableScroll } from '@/components/TableScroll';
import { Time } from '@/components/Time';

interface NumbersTableProps {
  caption: string;
  heads: readonly string[];
  /** Newest first; built only once somebody opens the table. */
  rows: () => { at: string; cells: string[] }[];
}

/** The same numbers a chart draws, for everybody who would rather read them. */
export function NumbersTable({ caption, heads, rows }: NumbersTableProps) {
  const [open, setOpen] = useState(false);
  return (
    <details
      className="border-t border-line text-xs"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="px-4 py-2 text-ink-3 hover:text-ink">Table of these numbers</summary>
      {open && (
        <TableScroll label={caption} className="max-h-72 overflow-auto">
          <table className="table-quiet">
            <caption className="sr-only">{caption}</caption>
            <thead className="sticky top-0 bg-surface">
              <tr>
                <th scope="col">From</th>
                {heads.map((head) => (
                  <th key={head} scope="col" className="num">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map((row) => (
                <tr key={row.at}>
                  <th scope="row" className="font-normal!">
                    <Time at={row.at} />
                  </th>
                  {row.cells.map((cell, index) => (
                    <td key={heads[index]} className="num">
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
    </details>
  );
}
